"""A form that was sent, read whole: values, files, faults, or a bot. Pure.

A field is found, in this order: by its name; by a name under `from`; as `your-NAME`, as Contact Form 7 sends it; by its
name or label where case, blanks and punctuation do not count (`Your E-mail` is `email`). WPForms' list of entries is
taken as the fields that it holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.web.form.fields import FieldFault, cleaned, is_empty, readers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onebox.web.form.fields import FieldReader
    from onebox.web.form.settings import FormSettings

_MOST_EXTRA = 50
_PUNCTUATION = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Submission:
    """`values` by field (of a file: a `SentFile`, or a list of them); `faults` by field, with its label."""

    values: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    is_spam: bool = False


class FormReader:
    """Reads what is sent to one form. Made once, when its flow is loaded."""

    def __init__(self, settings: FormSettings) -> None:
        self._settings = settings
        self._readers = readers(settings.fields)

    def read(self, body: Mapping[str, Any]) -> Submission:
        """All of it, each field with its own fault."""
        sent = flat(body)
        honeypot = self._settings.spam.honeypot
        if honeypot is not None and _is_filled(sent.get(honeypot)):
            return Submission(is_spam=True)
        found = Submission()
        loose = {_loose(name): name for name in reversed(sent)}
        used = {honeypot}
        for reader in self._readers:
            name = _name_in(sent, loose, reader)
            used.add(name)
            try:
                found.values[reader.name] = reader.read(None if name is None else sent[name])
            except FieldFault as fault:
                found.faults[reader.name] = f"{reader.label} {fault}"
        if self._settings.extra == "keep":
            found.extra = dict(_extra(sent, used))
        return found


def flat(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by name. Those in WPForms' `fields` come after what stands beside them.

    >>> flat({"fields": {"1": {"id": 1, "name": "Name", "value": "Ana"}}, "form_id": "7"})
    {'form_id': '7', 'Name': 'Ana'}
    """
    inner = body.get("fields")
    if not isinstance(inner, (dict, list)):
        return dict(body)
    sent = {name: value for name, value in body.items() if name != "fields"}
    entries = inner.items() if isinstance(inner, dict) else enumerate(inner)
    for key, entry in entries:
        if isinstance(entry, dict) and "value" in entry:
            sent.setdefault(str(entry.get("name") or key), entry["value"])
        else:
            sent.setdefault(str(key), entry)
    return sent


def _name_in(sent: Mapping[str, Any], loose: Mapping[str, str], reader: FieldReader) -> str | None:
    exact = (reader.name, *reader.settings.other_names, f"your-{reader.name}")
    named = next((name for name in exact if name in sent), None)
    if named is not None:
        return named
    return next((loose[like] for like in (_loose(reader.name), _loose(reader.label)) if like in loose), None)


def _loose(name: str) -> str:
    """
    >>> _loose("Your E-mail")
    'email'
    """
    plain = _PUNCTUATION.sub("", name).casefold()
    return plain.removeprefix("your") or plain


def _is_filled(sent: Any) -> bool:
    return any(not is_empty(one) and one is not False for one in (sent if isinstance(sent, list) else [sent]))


def _extra(sent: Mapping[str, Any], used: set[str | None]) -> Iterator[tuple[str, str]]:
    for name in [name for name in sent if name not in used and not name.startswith("_")][:_MOST_EXTRA]:
        try:
            yield cleaned(name)[:100], cleaned(sent[name])[:1000]
        except FieldFault:
            continue
