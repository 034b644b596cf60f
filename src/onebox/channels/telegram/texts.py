"""What `send` may give for Telegram, and how it is split: at most 4,096 UTF-16 units of text a message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.markup.formats import to_plain_text, to_simple_html
from onebox.messaging.splitting import split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 4096
FORMS = ("text", "markdown", "markup")
_TAG = re.compile(r"<[^>]*>")


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
    """The contents of the messages that a content goes out as. What is no text is left for `body_of` to refuse."""
    for form, length in (("text", units), ("markdown", _shown_units)):
        text = content.get(form)
        if isinstance(text, str) and length(text) > LONGEST:
            pieces = split(text, LONGEST, length, markdown=form == "markdown")
            return [{**content, form: piece} for piece in pieces]
    return [content]


def body_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `sendMessage` but for the chat. Raises DeliveryFailed for what is no text."""
    given = [form for form in FORMS if content.get(form) is not None]
    if len(given) != 1 or not isinstance(content[given[0]], str):
        has = " and ".join(given) or "none"
        message = f"telegram: a message has one of {', '.join(FORMS)}, as a text; this one has {has}"
        raise DeliveryFailed(message, permanent=True, kind="invalid")
    text = content[given[0]]
    body: dict[str, Any] = {"text": text}
    if given[0] != "text":
        body = {"text": to_simple_html(text) if given[0] == "markdown" else text, "parse_mode": "HTML"}
    if not _TAG.sub("", body["text"]).strip():
        raise DeliveryFailed("telegram: the text is empty", permanent=True, kind="invalid")
    if content.get("silent"):
        body["disable_notification"] = True
    if content.get("link_preview") is False:
        body["link_preview_options"] = {"is_disabled": True}
    if content.get("reply_to") is not None:
        body["reply_parameters"] = {"message_id": content["reply_to"], "allow_sending_without_reply": True}
    return body
