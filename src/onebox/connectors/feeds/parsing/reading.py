"""A document, read: what is told of the feed and its items, or why it is not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.connectors.feeds.parsing.decoding import decoded
from onebox.connectors.feeds.parsing.items import answer
from onebox.connectors.feeds.parsing.jsonfeed import read_json
from onebox.connectors.feeds.parsing.refusal import Refused

if TYPE_CHECKING:
    from onebox.connectors.feeds.parsing.items import RawFeed


def read(raw: bytes, *, url: str, content_type: str = "") -> dict[str, Any]:
    """`{title, link, items, others}`, see `items.answer`. Raises Refused."""
    text = decoded(raw, content_type).strip()
    if not text:
        raise Refused("the answer is empty")
    feed = read_json(text, url) if text[0] in "{[" else _xml(text, url)
    return answer(feed, url)


def _xml(text: str, url: str) -> RawFeed:
    from onebox.connectors.feeds.parsing.xmlfeed import read_xml  # a box with JSON Feeds alone needs no feedparser

    return read_xml(text, url)
