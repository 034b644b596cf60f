"""What a person sent, by the type that WhatsApp gives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from onebox.kernel.encoding import EncodingError, from_json
from onebox.messaging import chat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

EventKind = Literal["message", "press", "reaction", "edit", "deletion", "system", "unsupported", "unusable"]
EVENT_NAMES = tuple(sorted((*chat.EVENT_NAMES, "form", "reason", "type")))
_MEDIA = {"image": "photo", "sticker": "photo", "video": "video", "audio": "audio", "document": "document"}
_DEEPEST_EDIT = 1


class Unusable(Exception):
    """Why a part of what Meta told cannot be used."""


@dataclass(frozen=True, slots=True)
class Content:
    """`about`: the id of the message that a reaction, an edit or a deletion is about; `form`: what was filled in."""

    kind: EventKind = "message"
    text: str = ""
    choice: str | None = None
    media: Sequence[Mapping[str, Any]] = ()
    location: Mapping[str, Any] | None = None
    contact: Mapping[str, Any] | None = None
    about: Any = None
    form: Mapping[str, Any] | None = None
    protected: bool = field(default=False)


def content_of(message: Mapping[str, Any], account: str, depth: int = 0) -> Content:
    """Raises Unusable."""
    kind = message.get("type")
    if not isinstance(kind, str):
        raise Unusable("a message needs a type")
    if message.get("group_id") is not None:
        return Content("unsupported")
    if kind == "edit" and depth < _DEEPEST_EDIT:
        return _edit(_part(message, kind), account, depth)
    if kind in _MEDIA:
        return _media(kind, _part(message, kind), account)
    reader = _READERS.get(kind)
    return reader(message) if reader is not None else Content("unsupported")


def _edit(part: Mapping[str, Any], account: str, depth: int) -> Content:
    inner = content_of(_part(part, "message"), account, depth + 1)
    return Content("edit", inner.text, media=inner.media, about=part.get("original_message_id"))


def _media(type: str, part: Mapping[str, Any], account: str) -> Content:
    kind = "voice" if type == "audio" and part.get("voice") is True else _MEDIA[type]
    known = {
        "kind": kind,
        "id": _needed(part, "id", type),
        "account": account,
        "name": _optional(part, "filename"),
        "type": _optional(part, "mime_type"),
        "size": None,
    }
    return Content(text=_optional(part, "caption") or "", media=[known])


def _text(message: Mapping[str, Any]) -> Content:
    return Content(text=_needed(_part(message, "text"), "body", "text"))


def _location(message: Mapping[str, Any]) -> Content:
    part = _part(message, "location")
    place = {key: part.get(key) for key in ("latitude", "longitude")}
    if not all(isinstance(degrees, (int, float)) and not isinstance(degrees, bool) for degrees in place.values()):
        raise Unusable("location needs latitude and longitude")
    return Content(location={**place, **{key: _optional(part, key) for key in ("name", "address")}})


def _contacts(message: Mapping[str, Any]) -> Content:
    given = message.get("contacts")
    first = given[0] if isinstance(given, list) and given else None
    if not isinstance(first, dict):
        raise Unusable("contacts holds nobody")
    phones = first.get("phones")
    phone = phones[0] if isinstance(phones, list) and phones and isinstance(phones[0], dict) else {}
    name = first.get("name")
    contact = {
        "name": _optional(name, "formatted_name") if isinstance(name, dict) else None,
        "phone": _optional(phone, "phone"),
        "user_id": _optional(phone, "wa_id"),
    }
    return Content(contact=contact, protected=True)


def _interactive(message: Mapping[str, Any]) -> Content:
    part = _part(message, "interactive")
    for kind in ("button_reply", "list_reply"):
        if kind in part:
            reply = _part(part, kind)
            text = _optional(reply, "title") or ""
            return Content("press", text, choice=_needed(reply, "id", kind), protected=True)
    if "nfm_reply" in part:
        reply = _part(part, "nfm_reply")
        return Content(text=_optional(reply, "body") or "", form=_form(reply), protected=True)
    return Content("unsupported")


def _form(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        form = from_json(_needed(reply, "response_json", "nfm_reply"))
    except EncodingError as error:
        raise Unusable(f"nfm_reply.response_json is {error.message}") from None
    if not isinstance(form, dict):
        raise Unusable("nfm_reply.response_json is no mapping")
    return form


def _button(message: Mapping[str, Any]) -> Content:
    part = _part(message, "button")
    text = _optional(part, "text") or ""
    return Content("press", text, choice=_optional(part, "payload") or text, protected=True)


def _reaction(message: Mapping[str, Any]) -> Content:
    """Without an emoji it was taken back."""
    part = _part(message, "reaction")
    return Content("reaction", _optional(part, "emoji") or "", about=_needed(part, "message_id", "reaction"))


def _revoke(message: Mapping[str, Any]) -> Content:
    part = _part(message, "revoke")
    return Content("deletion", about=_needed(part, "original_message_id", "revoke"))


def _order(message: Mapping[str, Any]) -> Content:
    return Content(text=_optional(_part(message, "order"), "text") or "", protected=True)


def _system(message: Mapping[str, Any]) -> Content:
    return Content("system", _optional(_part(message, "system"), "body") or "", protected=True)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Content]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "reaction": _reaction,
    "revoke": _revoke,
    "order": _order,
    "system": _system,
    "request_welcome": lambda _message: Content("system"),
}


def _part(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = message.get(name)
    if not isinstance(part, dict):
        raise Unusable(f"{name} is missing")
    return part


def _needed(part: Mapping[str, Any], key: str, where: str) -> str:
    value = part.get(key)
    if not isinstance(value, str):
        raise Unusable(f"{where} needs {key}")
    return value


def _optional(part: Mapping[str, Any], key: str) -> str | None:
    value = part.get(key)
    return value if isinstance(value, str) and value else None
