"""Entities: where in a text, in UTF-16 units, something begins and how long it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onebox.sandbox.telegram.refusals import bad

if TYPE_CHECKING:
    from collections.abc import Iterator

Entity = dict[str, Any]

KINDS = frozenset(
    "bold italic underline strikethrough spoiler code pre text_link text_mention custom_emoji blockquote "
    "expandable_blockquote mention hashtag cashtag bot_command url email phone_number bank_card date_time".split()
)
_FOUND = re.compile(
    r"(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<url>https?://[^\s<>\"]+[^\s<>\".,;:!?)])"
    r"|(?<![\w/@<>])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?)(?![\w/<>])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z]\w{2,31})"
    r"|(?<![\w#])(?P<hashtag>#\w*[^\W\d]\w*)"
)
_OPAQUE = {"code", "pre", "text_link", "text_mention"}


def units(text: str) -> int:
    """How long a text is for Telegram.

    >>> units("a😀")
    3
    """
    return len(text.encode("utf-16-le")) // 2


def piece(text: str, entity: Entity) -> str:
    """What an entity covers."""
    encoded = text.encode("utf-16-le")
    return encoded[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le", "replace")


def given(value: Any, text: str) -> list[Entity]:
    """Entities as a bot gives them. Raises Refused."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad("can't parse entities: Expected an Array of MessageEntity")
    return [_given(one, text) for one in value]


def _given(value: Any, text: str) -> Entity:
    if not isinstance(value, dict):
        raise bad("can't parse MessageEntity: expected an Object")
    kind, offset, length = value.get("type"), value.get("offset"), value.get("length")
    if not isinstance(kind, str):
        raise bad("can't parse MessageEntity: Can't find field \"type\"")
    for name, number in (("offset", offset), ("length", length)):
        if isinstance(number, bool) or not isinstance(number, int):
            raise bad(f'can\'t parse MessageEntity: Field "{name}" must be of type Number')
    assert isinstance(offset, int)
    assert isinstance(length, int)
    if kind not in KINDS:
        raise bad("can't parse MessageEntity: Unsupported type specified")
    end = units(text)
    if offset < 0 or offset > end:
        raise bad(f"entity begins after the end of the text at UTF-16 offset {end}")
    if length < 0 or offset + length > end:
        raise bad(f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}")
    if kind == "text_link" and not is_address(value.get("url")):
        raise bad(f"entity URL '{value.get('url')}' is invalid: Wrong HTTP URL")
    return {**value, "offset": offset, "length": length}


def is_address(url: Any) -> bool:
    """Whether Telegram takes that for an address."""
    if not isinstance(url, str) or re.search(r"\s", url):
        return False
    return bool(
        re.match(r"(?:https?://)?[^/?#@]+\.[^/?#@]+|https?://(?:localhost|\[?[\w.:]+)|tg://|ton://", url, re.IGNORECASE)
    )


def tidy(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """The text without space around it, and all its entities in order, those among them that Telegram finds by itself."""
    shown = text.rstrip()
    lead = units(shown) - units(shown.lstrip())
    shown = shown.lstrip()
    end = units(shown)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        stop = min(entity["offset"] - lead + entity["length"], end)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    kept += [entity for entity in found(shown) if not _is_inside(entity, kept)]
    return shown, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def found(text: str) -> Iterator[Entity]:
    """Commands, names, hashtags and addresses in a text."""
    for match in _FOUND.finditer(text):
        assert match.lastgroup is not None
        yield {"type": match.lastgroup, "offset": units(text[: match.start()]), "length": units(match.group())}


def _is_inside(entity: Entity, others: list[Entity]) -> bool:
    start, stop = entity["offset"], entity["offset"] + entity["length"]
    return any(
        one["type"] in _OPAQUE and one["offset"] < stop and start < one["offset"] + one["length"] for one in others
    )
