"""What is told of an item and of its feed: bounded texts, one shape for all kinds of feeds."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.connectors.feeds.parsing.decoding import without_forbidden
from onebox.connectors.feeds.parsing.tidy import Tidied, plain, shortened, tidied, web_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

MOST_ITEMS = 500
"""that are told of one answer: the newest ones; of the others, it is only noted that they were there"""
MOST_READ = 5000
"""items that are looked at in one document"""
LONGEST_TEXT = 20_000
LONGEST_SUMMARY = 1000
LONGEST_TITLE = 500
LONGEST_NAME = 200
MOST_TAGS = 20
MOST_ENCLOSURES = 10
_ROOM = 8_000_000
"""characters of all items of one answer"""
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Content:
    """A text as it stands in the feed; `base` is what its links are relative to."""

    value: str
    is_html: bool = True
    base: str = ""

    def tidied(self, most: int) -> Tidied:
        """For people."""
        value = without_forbidden(self.value)
        return tidied(value, base=self.base, most=most) if self.is_html else plain(value, most=most)


@dataclass(slots=True)
class RawItem:
    """An item as its feed says it."""

    id: str = ""
    link: str = ""
    base: str = ""
    title: Content | None = None
    summary: Content | None = None
    content: Content | None = None
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    tags: Sequence[str] = ()
    image: str = ""
    enclosures: Sequence[tuple[str, str, Any]] = ()
    """address, media type, size"""


@dataclass(slots=True)
class RawFeed:
    """A feed as it says itself, its items in the order of the document."""

    title: Content | None = None
    link: str = ""
    items: list[RawItem] = field(default_factory=list)


def answer(feed: RawFeed, url: str) -> dict[str, Any]:
    """`{title, link, items, others}`: items as events have them, each with its `key`, newest first; `others` are the
    keys of those that there is no room for."""
    items: list[dict[str, Any]] = []
    others: list[str] = []
    met: set[str] = set()
    room = _ROOM
    for raw in _newest_first(feed.items):
        key = _key(raw)
        if key in met:
            continue
        met.add(key)
        if len(items) == MOST_ITEMS or room <= 0:
            others.append(key)
            continue
        item = {"key": key, **_told(raw, url)}
        room -= sum(len(value) for value in item.values() if isinstance(value, str))
        items.append(item)
    return {
        "title": _line(feed.title, LONGEST_TITLE) or None,
        "link": web_address(feed.link, url) if feed.link else None,
        "items": items,
        "others": others,
    }


def _newest_first(items: Sequence[RawItem]) -> list[RawItem]:
    """By their dates; if one has none, in the order of the document, where the newest usually comes first."""
    dated = [(at, item) for item in items if (at := item.published or item.updated) is not None]
    if len(dated) < len(items):
        return list(items)
    return [item for _, item in sorted(dated, key=lambda one: one[0], reverse=True)]


def _key(item: RawItem) -> str:
    """What an item is known by: its id, else its link, else its title and text. A site that moves from http to https
    does not make its items new."""
    if item.id or item.link:
        known = _SCHEME.sub("//", (item.id or item.link).strip())
    else:
        parts = [part.value for part in (item.title, item.content or item.summary) if part is not None]
        known = "\n".join(["", *parts])
    return hashlib.sha256(known.encode("utf-8", "replace")).hexdigest()[:32]


def _told(raw: RawItem, url: str) -> dict[str, Any]:
    body = raw.content or raw.summary
    text = body.tidied(LONGEST_TEXT) if body else Tidied("", "")
    summary = raw.summary.tidied(LONGEST_SUMMARY) if raw.summary and raw.summary is not body else text
    base = raw.base or url
    enclosures = list(_enclosures(raw, base))
    pictures = (one["url"] for one in enclosures if (one["type"] or "").startswith("image/"))
    return {
        "id": shortened(without_forbidden(raw.id).strip(), 1000) or None,
        "link": web_address(raw.link, base) if raw.link else None,
        "title": _line(raw.title, LONGEST_TITLE),
        "summary": shortened(summary.text, LONGEST_SUMMARY),
        "text": text.text,
        "markup": text.markup,
        "author": _words(raw.author) or None,
        "published": _instant(raw.published or raw.updated),
        "updated": _instant(raw.updated),
        "tags": list(dict.fromkeys(filter(None, map(_words, raw.tags))))[:MOST_TAGS],
        "image": (web_address(raw.image, base) if raw.image else None) or next(pictures, text.image),
        "enclosures": enclosures,
    }


def _enclosures(raw: RawItem, base: str) -> Iterable[dict[str, Any]]:
    for address, kind, size in raw.enclosures[:MOST_ENCLOSURES]:
        url = web_address(address, base) if address else None
        if url is not None:
            yield {"url": url, "type": _words(kind) or None, "size": _size(size)}


def _size(given: Any) -> int | None:
    text = str(given).strip() if given is not None else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 16 and int(text) else None  # noqa: PLR2004 - a petabyte


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _line(content: Content | None, most: int) -> str:
    return "" if content is None else " ".join(content.tidied(most).text.split())


def _words(text: Any) -> str:
    words = " ".join(without_forbidden(text).split()) if isinstance(text, str) else ""
    return shortened(words, LONGEST_NAME)
