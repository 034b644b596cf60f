"""What a `send` step says, as the parameters of Telegram's `sendMessage`."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from onebox.kernel.nearest import did_you_mean
from onebox.messaging.markup.formats import to_simple_html
from onebox.messaging.splitting import split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 4096
"""UTF-16 units of one message, as it is shown: tags do not count"""

_TEXTS = ("text", "markdown", "markup")
_KEYS = (*_TEXTS, "silent", "link_preview", "reply_to", "to")
_CHAT = re.compile(r"-?[0-9]{1,19}")
_NAME = re.compile(r"@[A-Za-z][A-Za-z0-9_]{2,31}")
_TAG = re.compile(r"<[^>]*>")


def utf16_units(text: str) -> int:
    """How long Telegram takes a text to be.

    >>> utf16_units("é🙂")
    3
    """
    return len(text) + sum(character > "\uffff" for character in text)


def parts(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The messages that one content becomes. A `markup` is not split: a cut could part a tag from its end.

    >>> [part["text"] for part in parts({"text": "a" * 5000, "reply_to": 7})] == ["a" * 4096, "a" * 904]
    True
    """
    text, markdown = content.get("text"), content.get("markdown")
    if isinstance(text, str) and markdown is None:
        texts = [{"text": part} for part in split(text, LONGEST, utf16_units, markdown=False)]
    elif isinstance(markdown, str) and text is None:
        texts = [{"markdown": part} for part in split(markdown, LONGEST, _shown_units)]
    else:
        return [content]
    if len(texts) <= 1:
        return [content]
    later = {key: value for key, value in content.items() if key != "reply_to"}
    return [{**content, **texts[0]}, *({**later, **part} for part in texts[1:])]


def parameters(recipient: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Of `sendMessage`. Raises ValueError that says what is wrong with the step."""
    wrong = next((key for key in content if key not in _KEYS), None)
    if wrong is not None:
        message = f"a message to Telegram has no {wrong!r}{did_you_mean(wrong, _KEYS)}"
        raise ValueError(message)
    made: dict[str, Any] = {"chat_id": _chat(recipient), **_text(content)}
    if _flag(content, "silent", usual=False):
        made["disable_notification"] = True
    if not _flag(content, "link_preview", usual=True):
        made["link_preview_options"] = {"is_disabled": True}
    if (reply_to := content.get("reply_to")) is not None:
        made["reply_parameters"] = {"message_id": _message_id(reply_to), "allow_sending_without_reply": True}
    return made


def _chat(recipient: str) -> int | str:
    if _CHAT.fullmatch(recipient):
        return int(recipient)
    if _NAME.fullmatch(recipient):
        return recipient
    message = f"to must be the id of a chat, the @name of a channel or ${{event.sender}}, got {recipient[:80]!r}"
    raise ValueError(message)


def _text(content: Mapping[str, Any]) -> dict[str, Any]:
    given = [key for key in _TEXTS if content.get(key) is not None]
    if len(given) != 1:
        message = f"expected one of {', '.join(_TEXTS)}, got {' and '.join(given) or 'none'}"
        raise ValueError(message)
    [key] = given
    value = content[key]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        message = f"{key} must be a text, got {value!r:.80}"
        raise ValueError(message)  # noqa: TRY004 - all that is wrong with a step is a ValueError
    shown = to_simple_html(value) if key == "markdown" else value
    if not shown.strip():
        message = f"{key} is empty"
        raise ValueError(message)
    return {"text": shown} if key == "text" else {"text": shown, "parse_mode": "HTML"}


def _flag(content: Mapping[str, Any], key: str, *, usual: bool) -> bool:
    value = content.get(key)
    if value is None:
        return usual
    if not isinstance(value, bool):
        message = f"{key} must be true or false, got {value!r:.80}"
        raise ValueError(message)  # noqa: TRY004
    return value


def _message_id(value: Any) -> int:
    text = str(value)
    if isinstance(value, (int, str)) and not isinstance(value, bool) and text.isascii() and text.isdigit():
        return int(text[:19])
    message = f"reply_to must be the message_id of a message, got {value!r:.80}"
    raise ValueError(message)


def _shown_units(markdown: str) -> int:
    return utf16_units(html.unescape(_TAG.sub("", to_simple_html(markdown))))
