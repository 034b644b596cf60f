"""Templates that Meta approved: what alone reaches a person whose window is closed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onebox.messaging.content import invalid

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4}){0,2}")
_KEYS = ("name", "language", "values")
_WHERE = "message_template"


@dataclass(frozen=True, slots=True)
class Template:
    """One in one language; `values` stand in its body, each with its name where the template names them."""

    name: str
    language: str
    values: tuple[tuple[str | None, str], ...] = ()

    @property
    def message(self) -> dict[str, Any]:
        """As the API takes it, but for the recipient."""
        told: dict[str, Any] = {"name": self.name, "language": {"code": self.language}}
        if self.values:
            told["components"] = [{"type": "body", "parameters": [_parameter(*value) for value in self.values]}]
        return {"type": "template", "template": told}


def template_of(content: Mapping[str, Any]) -> Template | None:
    """What stands under `message_template`. Raises DeliveryFailed."""
    given = content.get(_WHERE)
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise invalid(f"{_WHERE} must be a mapping, got {given!r:.80}", "such as {name: …, language: en, values: […]}")
    for key in given:
        if key not in _KEYS:
            raise invalid(f"{_WHERE}: there is no {key!r}", f"it has {', '.join(_KEYS)}")
    name, language = given.get("name"), given.get("language")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        what = f"{_WHERE}.name must be of small letters, digits and _, got {name!r:.80}"
        raise invalid(what, "as the WhatsApp Manager shows it, under Message templates")
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise invalid(f"{_WHERE}.language must be a language such as en or pt_BR, got {language!r:.80}")
    return Template(name, language, tuple(_values(given.get("values"))))


def _values(given: Any) -> list[tuple[str | None, str]]:
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [(str(name), _value(value, f"{_WHERE}.values.{name}")) for name, value in given.items()]
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise invalid(f"{_WHERE}.values must be a list, or a mapping for named values, got {given!r:.80}")
    return [(None, _value(value, f"{_WHERE}.values[{number}]")) for number, value in enumerate(given)]


def _value(value: Any, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise invalid(f"{where} must be a text or a number, got {value!r:.80}")
    # Meta takes no line breaks, no tabs and not many spaces in a row.
    text = " ".join(str(value).split())
    if not text:
        raise invalid(f"{where} is empty", "WhatsApp takes no empty values in a template")
    return text


def _parameter(name: str | None, text: str) -> dict[str, str]:
    return {"type": "text", **({"parameter_name": name} if name else {}), "text": text}
