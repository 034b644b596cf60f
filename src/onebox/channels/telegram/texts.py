"""What `send` may give for Telegram, and how it is split: at most 4,096 UTF-16 units of text a message."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from onebox.messaging.content import check_keys, invalid
from onebox.messaging.markup.formats import to_plain_text, to_simple_html
from onebox.messaging.splitting import split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 4096
FORMS = ("text", "markdown", "markup")
_KEYS = ("markup", "silent", "link_preview", "reply_to")
_TAG = re.compile(r"<[^<>]*>")


def units(text: str) -> int:
    """The length as Telegram counts it.

    >>> units("a🙂")
    3
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _shown_units(markdown: str) -> int:
    # Links are not counted by Telegram, and are in the plain text: a little less is sent than could be.
    return units(to_plain_text(markdown))


def parts(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The contents of the messages that a content goes out as. Raises DeliveryFailed, as `body_of` does."""
    body_of(content)
    for form, length in (("text", units), ("markdown", _shown_units)):
        text = content.get(form)
        if text is not None and length(text) > LONGEST:
            pieces = split(text, LONGEST, length, markdown=form == "markdown")
            return [_piece(content, form, piece, number) for number, piece in enumerate(pieces)]
    return [content]


def _piece(content: Mapping[str, Any], form: str, text: str, number: int) -> Mapping[str, Any]:
    """The first piece alone is the answer to a message."""
    kept = {key: value for key, value in content.items() if key != "reply_to" or number == 0}
    return {**kept, form: text}


def body_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `sendMessage` but for the chat. Raises DeliveryFailed for what Telegram could make nothing of."""
    check_keys(content, _KEYS)
    if isinstance(content.get("to"), list):
        raise invalid("to is a list, and Telegram takes one chat at a time", "send to several with each")
    body = _text(content)
    if _flag(content, "silent"):
        body["disable_notification"] = True
    if _flag(content, "link_preview") is False:
        body["link_preview_options"] = {"is_disabled": True}
    if (number := _message_number(content)) is not None:
        body["reply_parameters"] = {"message_id": number, "allow_sending_without_reply": True}
    return body


def _text(content: Mapping[str, Any]) -> dict[str, Any]:
    given = [form for form in FORMS if content.get(form) is not None]
    if len(given) != 1:
        what = f"{' and '.join(given)} exclude each other" if given else "text is missing"
        raise invalid(what, "give one of text, markdown, markup and template")
    [form] = given
    text = content[form]
    if not isinstance(text, str):
        raise invalid(f"{form} must be a text, got {text!r:.80}")
    sent = to_simple_html(text) if form == "markdown" else text
    shown = text if form == "text" else html.unescape(_TAG.sub("", sent))
    if not shown.strip():
        raise invalid(f"{form} is empty", "a message needs at least one character that can be seen")
    if form == "markup" and units(shown) > LONGEST:
        what = f"markup shows {units(shown)} characters, and Telegram takes {LONGEST}"
        raise invalid(what, "text and markdown are split, markup is not")
    return {"text": sent} if form == "text" else {"text": sent, "parse_mode": "HTML"}


def _flag(content: Mapping[str, Any], key: str) -> bool | None:
    value = content.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise invalid(f"{key} must be true or false, got {value!r:.80}")


def _message_number(content: Mapping[str, Any]) -> int | None:
    """The message that this one answers."""
    value = content.get("reply_to")
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise invalid(f"reply_to must be the number of a message, got {value!r:.80}", "such as ${event.message_id}")
