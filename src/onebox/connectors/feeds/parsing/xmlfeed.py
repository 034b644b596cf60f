"""RSS, RDF and Atom, read by feedparser: the only module that knows it."""

from __future__ import annotations

import calendar
import io
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import feedparser

from onebox.connectors.feeds.parsing.decoding import with_plain_references
from onebox.connectors.feeds.parsing.document import refuse_other, refuse_swollen, root_of
from onebox.connectors.feeds.parsing.items import MOST_READ, Content, RawFeed, RawItem
from onebox.connectors.feeds.parsing.refusal import Refused
from onebox.connectors.feeds.parsing.tidy import web_address

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_UTF8 = {"content-type": "application/xml; charset=utf-8"}
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_xml(text: str, url: str) -> RawFeed:
    """Raises Refused."""
    root, text = root_of(text)
    refuse_other(root, text, url)
    refuse_swollen(text)
    text, whole = _cut(with_plain_references(text), root)
    source = io.BytesIO(
        f"<?xml version='1.0' encoding='utf-8'?>{text}".encode()
    )  # a text might be taken for an address
    try:
        # What is relative stays so, or an item's id would change with its feed's address; and we tidy markup ourselves.
        found = feedparser.parse(source, response_headers=_UTF8, sanitize_html=False, resolve_relative_uris=False)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, AssertionError) as error:
        raise Refused(f"this feed is too broken to be read ({type(error).__name__}: {error})"[:300]) from None
    entries = found.entries if whole else found.entries[:-1]
    if not (found.version or entries):
        raise Refused(f"this is XML, but no feed that is known: its root is <{root}>")
    return RawFeed(
        title=_content(found.feed, "title_detail", url),
        link=_text(found.feed, "link"),
        items=[_item(entry, url) for entry in entries],
    )


def _cut(text: str, root: str) -> tuple[str, bool]:
    """The document with its first items alone, and whether its last item is whole."""
    starts = [found.start() for _, found in zip(range(MOST_READ + 1), _ITEM.finditer(text), strict=False)]
    if len(starts) > MOST_READ:
        head = text[: starts[-1]]
        inside = "</channel" not in head.lower() and "<channel" in head.lower()
        return f"{head}{'</channel>' if inside else ''}</{root}>", True
    return text, not starts or f"</{root}" in text[starts[-1] :] or _ITEM_END.search(text, starts[-1]) is not None


def _item(entry: dict[str, Any], url: str) -> RawItem:
    summary = _content(entry, "summary_detail", url) or _of_text(_text(entry, "summary"), url)
    content = _main_content(entry, url)
    if content is not None and summary is not None and content.value == summary.value:
        summary = None
    author = dict.get(entry, "author_detail") or {}
    return RawItem(
        id=_text(entry, "id"),
        link=_text(entry, "link"),
        base=content.base if content else summary.base if summary else url,
        title=_content(entry, "title_detail", url),
        summary=summary,
        content=content,
        author=_text(author, "name") or _text(entry, "author"),
        published=_instant(entry, "published_parsed"),
        updated=_instant(entry, "updated_parsed"),
        tags=[_text(tag, "label") or _text(tag, "term") for tag in _list(entry, "tags")],
        image=next(_images(entry), ""),
        enclosures=[
            (_text(link, "href"), _text(link, "type"), dict.get(link, "length"))
            for link in _list(entry, "links")
            if dict.get(link, "rel") == "enclosure"
        ],
    )


def _main_content(entry: dict[str, Any], url: str) -> Content | None:
    """Of several contents the first that is HTML, else the first."""
    contents = [_detail(one, url) for one in _list(entry, "content") if _text(one, "value")]
    return next((one for one in contents if one.is_html), contents[0] if contents else None)


def _content(found: dict[str, Any], name: str, url: str) -> Content | None:
    detail = dict.get(found, name)
    return _detail(detail, url) if isinstance(detail, dict) and _text(detail, "value") else None


def _detail(detail: dict[str, Any], url: str) -> Content:
    kind, base = _text(detail, "type"), _text(detail, "base")
    return Content(_text(detail, "value"), kind in _HTML, (web_address(base, url) if base else None) or url)


def _of_text(value: str, url: str) -> Content | None:
    return Content(value, base=url) if value else None


def _images(entry: dict[str, Any]) -> Iterator[str]:
    for picture in _list(entry, "media_thumbnail"):
        yield _text(picture, "url")
    for medium in _list(entry, "media_content"):
        if _text(medium, "medium") == "image" or _text(medium, "type").startswith("image/"):
            yield _text(medium, "url")
    image = dict.get(entry, "image")
    if isinstance(image, dict):
        yield _text(image, "href")


def _text(found: dict[str, Any], name: str) -> str:
    """What stands there itself: feedparser's own access makes up what is missing, and warns of it."""
    value = dict.get(found, name)
    return value if isinstance(value, str) else ""


def _list(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = dict.get(found, name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _instant(entry: dict[str, Any], name: str) -> datetime | None:
    parsed = dict.get(entry, name)
    try:
        return None if parsed is None else _EPOCH + timedelta(seconds=calendar.timegm(parsed))
    except (ValueError, OverflowError, TypeError):
        return None
