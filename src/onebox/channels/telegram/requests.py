"""Makes a call of the Bot API of each message: which method, which arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.channels.telegram.invoices import invoice_of
from onebox.channels.telegram.keyboards import keyboard_of
from onebox.channels.telegram.parts import location_of, message_number
from onebox.channels.telegram.texts import words_of
from onebox.messaging.content import invalid
from onebox.messaging.media import media_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_METHODS = {
    "photo": "sendPhoto",
    "document": "sendDocument",
    "video": "sendVideo",
    "audio": "sendAudio",
    "voice": "sendVoice",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A call, all but the chat. `plain` are the arguments without any format, for when Telegram takes it not."""

    method: str
    arguments: Mapping[str, Any]
    plain: Mapping[str, Any] | None = None


def sending(content: Mapping[str, Any], places: Sequence[str]) -> Request:
    """The call that sends a content that is one message; `places` are where its media are. Raises DeliveryFailed."""
    if (location := location_of(content)) is not None:
        return Request("sendVenue" if "title" in location else "sendLocation", {**location, **_manner(content)})
    if content.get("invoice") is not None:
        return Request("sendInvoice", {**invoice_of(content["invoice"]), **_manner(content)})
    media = media_of(content)
    if len(media) > 1:
        return _album(content, places)
    if media:
        [one], [place] = media, places
        fixed = {one.kind: place, **_manner(content)}
        return _worded(_METHODS[one.kind], "caption", content, fixed)
    if words_of(content) is None:
        raise invalid("text is missing", "give one of text, markdown, markup and template")
    return _worded("sendMessage", "text", content, {**_manner(content), **_preview(content)})


def editing(content: Mapping[str, Any], places: Sequence[str]) -> list[Request]:
    """The calls that may change a message into this one, each to be tried where Telegram says that the one before it is
    not for such a message; none where no message can be changed into it."""
    media = media_of(content)
    if len(media) > 1 or any(content.get(key) is not None for key in ("location", "invoice", "request")):
        return []
    keyboard = _keyboard(content)
    if media:
        [one], [place] = media, places
        if one.kind == "voice":
            return []  # no message becomes one
        return [_with_file("editMessageMedia", {"type": one.kind, "media": place}, content, keyboard)]
    if words_of(content) is None:
        return [Request("editMessageReplyMarkup", keyboard)]
    return [
        _worded("editMessageText", "text", content, {**keyboard, **_preview(content)}),
        _worded("editMessageCaption", "caption", content, keyboard),
    ]


def _worded(method: str, key: str, content: Mapping[str, Any], fixed: Mapping[str, Any]) -> Request:
    words = words_of(content)
    if words is None:
        return Request(method, fixed)
    plain = None if words.form == "text" else {**words.arguments(key, plain=True), **fixed}
    return Request(method, {**words.arguments(key), **fixed}, plain)


def _with_file(method: str, file: Mapping[str, Any], content: Mapping[str, Any], more: Mapping[str, Any]) -> Request:
    words = words_of(content)
    if words is None:
        return Request(method, {"media": file, **more})
    shown = {"media": {**file, **words.arguments("caption")}, **more}
    return Request(method, shown, {"media": {**file, **words.arguments("caption", plain=True)}, **more})


def _album(content: Mapping[str, Any], places: Sequence[str]) -> Request:
    if keyboard_of(content) is not None:
        raise invalid("choices cannot hang on several files", "give a text, or choices_title")
    files = [{"type": one.kind, "media": place} for one, place in zip(media_of(content), places, strict=True)]
    words, manner = words_of(content), _manner(content)
    if words is None:
        return Request("sendMediaGroup", {"media": files, **manner})
    first, *others = files
    formatted, plain = words.arguments("caption"), words.arguments("caption", plain=True)
    return Request(
        "sendMediaGroup",
        {"media": [{**first, **formatted}, *others], **manner},
        {"media": [{**first, **plain}, *others], **manner},
    )


def _manner(content: Mapping[str, Any]) -> dict[str, Any]:
    """How it is sent, whatever it is."""
    made = _keyboard(content)
    if content.get("silent"):
        made["disable_notification"] = True
    if (answered := message_number(content)) is not None:
        made["reply_parameters"] = {"message_id": answered, "allow_sending_without_reply": True}
    return made


def _keyboard(content: Mapping[str, Any]) -> dict[str, Any]:
    keyboard = keyboard_of(content)
    return {} if keyboard is None else {"reply_markup": keyboard}


def _preview(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"link_preview_options": {"is_disabled": True}} if content.get("link_preview") is False else {}
