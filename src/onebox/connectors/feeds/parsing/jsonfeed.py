"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from onebox.connectors.feeds.parsing.items import MOST_READ, Content, RawFeed, RawItem
from onebox.connectors.feeds.parsing.refusal import Refused

_VERSION = "jsonfeed.org/version/1"


def read_json(text: str, url: str) -> RawFeed:
    """Raises Refused."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise Refused(f"this looks like JSON and is none: {why}") from None
    version = found.get("version") if isinstance(found, dict) else None
    if not (isinstance(version, str) and _VERSION in version and isinstance(found.get("items"), list)):
        raise Refused(f"this is JSON, but no JSON Feed: {_missing(found, version)}")
    items = [one for one in found["items"][:MOST_READ] if isinstance(one, dict)]
    return RawFeed(
        title=_plain(found, "title"),
        link=_text(found, "home_page_url"),
        items=[_item(one, url, _author(found)) for one in items],
    )


def _missing(found: Any, version: Any) -> str:
    if not isinstance(found, dict):
        return "it is no object"
    if not isinstance(version, str) or _VERSION not in version:
        return f"its version is {version!r:.60}" if "version" in found else "it has no version"
    return "it has no list of items"


def _item(item: dict[str, Any], url: str, author: str) -> RawItem:
    html = _text(item, "content_html")
    content = Content(html, base=url) if html else _plain(item, "content_text")
    number = item.get("id")
    return RawItem(
        id=str(number) if isinstance(number, (int, float)) and not isinstance(number, bool) else _text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_plain(item, "title"),
        summary=_plain(item, "summary"),
        content=content,
        author=_author(item) or author,
        published=_instant(item, "date_published"),
        updated=_instant(item, "date_modified"),
        tags=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
        image=_text(item, "image") or _text(item, "banner_image"),
        enclosures=[
            (_text(one, "url"), _text(one, "mime_type"), one.get("size_in_bytes"))
            for one in _list(item, "attachments")
            if isinstance(one, dict)
        ],
    )


def _author(found: dict[str, Any]) -> str:
    authors = [*_list(found, "authors"), found.get("author")]
    return next((name for one in authors if isinstance(one, dict) and (name := _text(one, "name"))), "")


def _plain(found: dict[str, Any], name: str) -> Content | None:
    value = _text(found, name)
    return Content(value, is_html=False) if value else None


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _list(found: dict[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    return value if isinstance(value, list) else []


def _instant(found: dict[str, Any], name: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(_text(found, name))
        return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
