"""The trigger `form`, for the catalogue; and what its events hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.kinds import EventRefused, TriggerKind
from onebox.web.form.fields import SentFile
from onebox.web.form.settings import EVENT_NAMES, PREFIX, FormSettings
from onebox.web.form.submission import FormReader

_LARGEST_EXAMPLE = 100_000_000

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from onebox.web.form.submission import Submission


def form_trigger() -> TriggerKind:
    """The trigger kind."""
    return TriggerKind(
        name="form",
        settings=FormSettings,
        topic=lambda _flow, settings: f"form.{settings.path.removeprefix(PREFIX)}",
        names=EVENT_NAMES,
        conflicts=lambda settings: [f"POST {settings.path}"],
        example=_example,
        given=_given,
    )


def event_data(
    settings: FormSettings, submission: Submission, files: Sequence[str], *, remote: str, origin: str, user_agent: str
) -> dict[str, Any]:
    """What a flow sees. `files` are the names of the files in the box's files folder, in the order of `sent_files`."""
    names = iter(files)
    return {
        "fields": {name: _kept(value, names) for name, value in submission.values.items()},
        "extra": submission.extra,
        "form": settings.path,
        "remote": remote,
        "origin": origin,
        "user_agent": user_agent,
    }


def sent_files(submission: Submission) -> list[SentFile]:
    """The files of a form, in order."""
    lists = (value if isinstance(value, list) else [value] for value in submission.values.values())
    return [one for values in lists for one in values if isinstance(one, SentFile)]


def _kept(value: Any, names: Any) -> Any:
    if isinstance(value, list):
        return [_kept(one, names) for one in value]
    if not isinstance(value, SentFile):
        return value
    file = next(names)
    return {"filename": value.filename, "content_type": value.content_type, "size": value.size, "file": file}


def _example(settings: FormSettings, given: Mapping[str, Any], _at: datetime) -> Mapping[str, Any]:
    """Reads the fields as if they had been sent."""
    submission = FormReader(settings).read({name: _as_sent(value) for name, value in given.items()})
    if submission.is_spam:
        raise EventRefused(f"the honeypot {settings.spam.honeypot!r} is filled: a bot")
    if submission.faults:
        raise EventRefused("; ".join(submission.faults.values()))
    files = [f"example/{number}" for number, _ in enumerate(sent_files(submission), 1)]
    return event_data(settings, submission, files, remote="203.0.113.7", origin="", user_agent="")


def _as_sent(value: Any) -> Any:
    """A file that a test describes, as if it had come: with as many bytes as it says."""
    if isinstance(value, list):
        return [_as_sent(one) for one in value]
    if not isinstance(value, dict) or "filename" not in value:
        return value
    size = value.get("size", 0)
    content = bytes(min(size, _LARGEST_EXAMPLE)) if isinstance(size, int) else b""
    return {"content_type": "application/octet-stream", **value, "bytes": content}


def _given(_settings: FormSettings, data: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = {name: value for name, value in (data.get("fields") or {}).items() if value is not None}
    return {**(data.get("extra") or {}), **fields}
