"""What `send` may give for the web chat, and what is kept of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.messaging.choices import choices_of
from onebox.messaging.content import body_of, check_keys, in_parts, invalid
from onebox.messaging.media import media_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 10_000
"""characters of one entry"""
_KEYS = ("choices", "choices_title", "media", "edit", "message_template")
_TEXTS = ("text", "markdown")


def parts(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The contents of the entries that a content becomes: media are with the first, choices with the last. Raises
    DeliveryFailed."""
    said(content)
    if not any(content.get(key) is not None for key in _TEXTS):
        return [content]
    pieces = in_parts(content, limit=LONGEST, length=lambda body: len(body.text), known=_KEYS)
    if len(pieces) > 1 and content.get("edit") is not None:
        raise invalid(f"an edited entry has at most {LONGEST} characters", "send a shorter text, or send it anew")
    return [
        {key: value for key, value in piece.items() if _is_with(key, first=number == 0, last=piece is pieces[-1])}
        for number, piece in enumerate(pieces)
    ]


def _is_with(key: str, *, first: bool, last: bool) -> bool:
    """Whether a part has this key."""
    return first if key == "media" else last or not key.startswith("choices")


def said(content: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry holds: `text` or `markdown`, `choices`, `media`. Raises DeliveryFailed."""
    check_keys(content, _KEYS)
    if isinstance(content.get("to"), list):
        raise invalid("to is a list, and the web chat takes one chat at a time", "send to several with each")
    media = [_named(**{slot: getattr(one, slot) for slot in one.__slots__}) for one in media_of(content)]
    kept: dict[str, Any] = {}
    if not media or any(content.get(key) is not None for key in _TEXTS):
        body = body_of(content, known=_KEYS)
        kept[body.key] = body.text
    if media:
        kept["media"] = media
    choices = choices_of(content)
    if choices:
        kept["choices"] = [
            _named(id=one.id, title=one.title, description=one.description, url=one.url) for one in choices
        ]
    return kept


def _named(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
