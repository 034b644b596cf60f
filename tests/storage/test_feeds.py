"""Port suite: how feeds stand, and which of their items were met."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.storage.rows import NOON, after, event

from onebox.flows.feeds import DropItems, Feed, ForgetFeed, KeepItems, RememberFeed
from onebox.messaging.event import StoreEvent
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.conftest import Kept

NEWS = "https://news.example.org/feed"
BLOG = "https://blog.example.org/feed"


async def test_a_feed_comes_back_whole(kept: Kept) -> None:
    feed = Feed(
        flow="news",
        url=NEWS,
        next_at=after(minutes=15),
        address="https://news.example.org/new",
        title="News of Ana",
        etag='"1"',
        last_modified="Sun, 01 Mar 2026 12:00:00 GMT",
        digest="d1",
        polled_at=NOON,
        failures=2,
        failing_since=after(hours=-1),
        error="answered 500",
        gone_at=after(hours=1),
    )
    await kept(RememberFeed(feed))
    assert await kept.read.feeds("news") == [feed]


async def test_a_feed_stands_as_it_was_told_last(kept: Kept) -> None:
    await kept(RememberFeed(Feed("news", NEWS, NOON, etag='"1"', failures=3, error="down")))
    await kept(RememberFeed(Feed("news", NEWS, after(hours=1), digest="d1")))
    assert await kept.read.feeds("news") == [Feed("news", NEWS, after(hours=1), digest="d1")]


async def test_feeds_are_listed_by_flow_and_url(kept: Kept) -> None:
    one, two, other = Feed("news", NEWS, NOON), Feed("news", BLOG, NOON), Feed("blogs", NEWS, NOON)
    await kept(*map(RememberFeed, (one, two, other)))
    assert await kept.read.feeds() == [other, two, one]
    assert await kept.read.feeds("news") == [two, one]
    assert await kept.read.feeds("none") == []


async def test_items_are_known_by_flow_and_feed(kept: Kept) -> None:
    await kept(KeepItems("news", NEWS, ["a", "b", "b"], NOON), KeepItems("news", BLOG, ["c"], NOON))
    assert await kept.read.known_items("news", NEWS, ["a", "c", "x"]) == {"a": NOON}
    assert await kept.read.known_items("other", NEWS, ["a"]) == {}
    assert await kept.read.known_items("news", NEWS, []) == {}
    assert await kept.read.item_counts("news") == {NEWS: 2, BLOG: 1}
    assert await kept.read.item_counts("other") == {}


async def test_an_item_is_seen_anew(kept: Kept) -> None:
    await kept(KeepItems("news", NEWS, ["a", "b"], NOON))
    await kept(KeepItems("news", NEWS, ["b", "c"], after(days=1)))
    known = await kept.read.known_items("news", NEWS, ["a", "b", "c"])
    assert known == {"a": NOON, "b": after(days=1), "c": after(days=1)}


async def test_keeping_no_items_is_no_fault(kept: Kept) -> None:
    await kept(KeepItems("news", NEWS, [], NOON))
    assert await kept.read.item_counts("news") == {}


async def test_items_that_were_not_seen_for_long_go(kept: Kept) -> None:
    await kept(KeepItems("news", NEWS, ["old"], NOON), KeepItems("news", BLOG, ["old"], NOON))
    await kept(KeepItems("news", NEWS, ["young"], after(days=1)))
    await kept(DropItems("news", NEWS, after(days=1)))
    assert await kept.read.item_counts("news") == {NEWS: 1, BLOG: 1}
    assert await kept.read.known_items("news", NEWS, ["young", "old"]) == {"young": after(days=1)}


async def test_a_feed_is_forgotten_with_its_items(kept: Kept) -> None:
    await kept(*(RememberFeed(Feed("news", url, NOON)) for url in (NEWS, BLOG)))
    await kept(*(KeepItems("news", url, ["a"], NOON) for url in (NEWS, BLOG)))
    await kept(ForgetFeed("news", NEWS))
    assert await kept.read.feeds() == [Feed("news", BLOG, NOON)]
    assert await kept.read.item_counts("news") == {BLOG: 1}


async def test_texts_that_no_row_can_hold_are_mended(database: Path | str) -> None:
    storage = await open_storage(database, own=True)
    await storage.ledger.commit([RememberFeed(Feed("news", NEWS, NOON, title="a\0b\ud800", error="\0"))])
    [feed] = await storage.reader.feeds("news")
    await storage.close()
    assert (feed.title, feed.error) == ("a␀b?", "␀")


async def test_a_unit_that_fails_keeps_neither_items_nor_feed(kept: Kept) -> None:
    await kept(StoreEvent(event("e1")))
    unit = [StoreEvent(event("e2")), KeepItems("news", NEWS, ["a"], NOON), RememberFeed(Feed("news", NEWS, NOON))]
    with pytest.raises(Exception, match=r"e1|UNIQUE|unique"):
        await kept(*unit, StoreEvent(event("e1")))
    assert await kept.read.event("e2") is None
    assert (await kept.read.feeds(), await kept.read.item_counts("news")) == ([], {})
