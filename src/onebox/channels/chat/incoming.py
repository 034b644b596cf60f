"""What a visitor sends, read with care: JSON, or a form with or without a file. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from onebox.channels.chat.showing import LONGEST_TEXT
from onebox.kernel.encoding import EncodingError, from_json
from onebox.kernel.errors import OneboxError
from onebox.kernel.multipart import MultipartInvalid, boundary_of, parts

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_FILE = 10_000_000
"""bytes of one file"""
LARGEST_BODY = LARGEST_FILE + 100_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,126}")
_UNKNOWN = "application/octet-stream"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MOST_FIELDS = 20
_LONGEST_NAME = 200
_BOUNDS = {"latitude": 90, "longitude": 180}


class NotTaken(OneboxError):
    """A request that the chat does not take. `error` is a word for programs; `retry_after` is in whole seconds."""

    code = "chat_refused"

    def __init__(
        self, status: int, error: str, message: str, *, hint: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.error = error
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came. `type` is what the sender says that it is."""

    name: str
    content: bytes
    type: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A text, with or without a file; or a choice of the message at a place; or a location. `id` is the sender's own:
    the same twice is stored once."""

    id: str
    text: str = ""
    choice: str | None = None
    message: int | None = None
    location: Mapping[str, Any] | None = None
    upload: Upload | None = None


def read(body: bytes, content_type: str) -> Sent:
    """Raises NotTaken."""
    if len(body) > LARGEST_BODY:
        raise _too_large()
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _sent(_json(body), None)
    if kind == "application/x-www-form-urlencoded":
        return _sent(_urlencoded(body), None)
    if kind == "multipart/form-data":
        return _sent(*_multipart(body, boundary_of(content_type)))
    hint = "send application/json, or a form"
    raise NotTaken(415, "type_unknown", f"a message cannot be read from {kind[:80]!r}", hint=hint)


def _sent(given: Mapping[str, Any], upload: Upload | None) -> Sent:
    key, text, choice = given.get("id"), given.get("text") or "", given.get("choice")
    if not isinstance(key, str) or not _ID.fullmatch(key):
        hint = "make a new one for each message, and the same one for the same message sent again"
        raise NotTaken(422, "id_invalid", "id must be 1 to 64 letters, digits, - and _", hint=hint)
    if not isinstance(text, str) or not isinstance(choice, str | None):
        raise NotTaken(422, "message_invalid", "text and choice must be texts")
    text = _clean(text)
    if len(text) > LONGEST_TEXT:
        message = f"the text has {len(text)} characters, and at most {LONGEST_TEXT} are taken"
        raise NotTaken(422, "text_too_long", message, hint="send it in parts")
    location = _location(given.get("location"))
    said = [bool(text or upload), bool(choice), location is not None]
    if sum(said) != 1:
        what = "a text, a choice and a location exclude each other" if any(said) else "there is nothing in it"
        raise NotTaken(422, "message_invalid", what, hint="give one of text, choice, location and a file")
    return Sent(key, text, choice or None, _place(given.get("message")) if choice else None, location, upload)


def _clean(text: str) -> str:
    r"""
    >>> _clean(" a\r\nb\0 ")
    'a\nb'
    """
    return _CONTROL.sub("", text.replace("\r\n", "\n")).strip()


def _place(given: Any) -> int:
    text = str(given)
    if isinstance(given, bool) or not text.isascii() or not text.isdecimal() or len(text) > 15:  # noqa: PLR2004 - as JavaScript counts
        hint = "it is the position of the entry whose choice it is"
        raise NotTaken(422, "message_invalid", "message must be a number", hint=hint)
    return int(text)


def _location(given: Any) -> dict[str, Any] | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise _no_location()
    found: dict[str, Any] = {}
    for name, most in _BOUNDS.items():
        value = given.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > most:
            raise _no_location()
        found[name] = value
    for name in ("name", "address"):
        value = given.get(name)
        found[name] = _clean(value)[:_LONGEST_NAME] or None if isinstance(value, str) else None
    return found


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        given = from_json(body)
    except EncodingError as error:
        raise NotTaken(400, "json_invalid", error.message) from None
    if not isinstance(given, dict):
        raise NotTaken(400, "json_invalid", "a message is a JSON object")
    return given


def _urlencoded(body: bytes) -> Mapping[str, Any]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise NotTaken(400, "form_invalid", f"the form has more than {_MOST_FIELDS} fields") from None


def _multipart(body: bytes, boundary: str) -> tuple[Mapping[str, Any], Upload | None]:
    fields: dict[str, str] = {}
    upload = None
    try:
        for part in parts(body, boundary):
            if part.filename is None:
                fields[part.name] = part.content.decode("utf-8", "replace")
            elif part.content or part.filename:  # a form whose file was left out sends an empty one without a name
                if upload is not None:
                    raise NotTaken(422, "message_invalid", "there is more than one file", hint="send one at a time")
                upload = _upload(part.filename, part.content, part.content_type or "")
    except MultipartInvalid as error:
        raise NotTaken(400, "form_invalid", f"the form {error.message}") from None
    return fields, upload


def _upload(filename: str, content: bytes, type: str) -> Upload:
    if len(content) > LARGEST_FILE:
        raise _too_large()
    name = _CONTROL.sub("", re.split(r"[/\\]", filename)[-1]).strip()[-_LONGEST_NAME:]
    kind = type.partition(";")[0].strip().lower()
    return Upload(name or "file", content, kind if _TYPE.fullmatch(kind) else _UNKNOWN)


def _too_large() -> NotTaken:
    return NotTaken(413, "too_large", f"a file may have up to {LARGEST_FILE // 1_000_000} MB", hint="send a link to it")


def _no_location() -> NotTaken:
    return NotTaken(422, "message_invalid", "location must have latitude and longitude, in degrees")
