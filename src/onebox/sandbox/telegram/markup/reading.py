"""The text of a call: its parse mode, its entities, its length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.sandbox.telegram.markup.entities import Entity, given, tidy, units
from onebox.sandbox.telegram.markup.html import parse_html
from onebox.sandbox.telegram.markup.markdown import parse_markdown, parse_markdown_v2
from onebox.sandbox.telegram.refusals import bad

if TYPE_CHECKING:
    from onebox.sandbox.telegram.call import Call

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
_PARSERS = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}


def text_of(call: Call) -> dict[str, Any]:
    """`text` and `entities` of a message. Raises Refused."""
    if not call.text("text"):
        raise bad("message text is empty")
    text, entities = formatted(call.text("text"), call.text("parse_mode"), _entities(call, "entities"))
    if not text:
        raise bad("text must be non-empty")
    if units(text) > LONGEST_TEXT:
        raise bad("message is too long")
    return {"text": text, "entities": entities} if entities else {"text": text}


def caption_of(call: Call) -> dict[str, Any]:
    """`caption` and `caption_entities`. Raises Refused."""
    return caption(call.text("caption"), call.text("parse_mode"), _entities(call, "caption_entities"))


def caption(text: str, parse_mode: str, entities: Any) -> dict[str, Any]:
    """`caption` and `caption_entities` of a medium. Raises Refused."""
    text, found = formatted(text, parse_mode, entities)
    if units(text) > LONGEST_CAPTION:
        raise bad("message caption is too long")
    if not text:
        return {}
    return {"caption": text, "caption_entities": found} if found else {"caption": text}


def formatted(text: str, parse_mode: str, entities: Any) -> tuple[str, list[Entity]]:
    """What is shown, and its entities. Raises Refused."""
    mode = parse_mode.lower()
    if mode and mode != "none":
        if mode not in _PARSERS:
            raise bad("unsupported parse_mode")
        return tidy(*_PARSERS[mode](text))
    return tidy(text, given(entities, text))


def _entities(call: Call, name: str) -> Any:
    return call.json(name, "can't parse entities: can't parse entities JSON object")
