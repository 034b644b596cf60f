"""What is kept of feeds: how each one stands, and which of its items were met. The port of storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from onebox.kernel.ledger import Change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """How a feed of a flow stands. `url` is as the flow names it, `address` where it has moved to for good.

    `digest` is that of the body that was read last: without one, no body was ever read. `failures` counts those since
    it went well, `failing_since` is when they began, `error` what the last one was. `gone_at`: it said that it is gone.
    """

    flow: str
    url: str
    next_at: datetime
    address: str | None = None
    title: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    polled_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    error: str | None = None
    gone_at: datetime | None = None


@dataclass(slots=True)
class RememberFeed(Change[None]):
    """Keeps how a feed stands, instead of how it stood."""

    feed: Feed


@dataclass(slots=True)
class KeepItems(Change[None]):
    """Notes that these items of a feed were in it at `at`; those that are known already are seen anew."""

    flow: str
    url: str
    items: Sequence[str]
    at: datetime


@dataclass(slots=True)
class DropItems(Change[None]):
    """Forgets the items of a feed that were last seen before `before`."""

    flow: str
    url: str
    before: datetime


@dataclass(slots=True)
class ForgetFeed(Change[None]):
    """Forgets a feed of a flow, and all its items."""

    flow: str
    url: str


class FeedReader(Protocol):
    """What is read of feeds. Never waits for the writer."""

    async def feeds(self, flow: str | None = None) -> list[Feed]:
        """The feeds that are kept of a flow, or of all flows, by flow and URL."""
        ...

    async def known_items(self, flow: str, url: str, items: Sequence[str]) -> dict[str, datetime]:
        """Which of these items are known, and when each was last seen."""
        ...

    async def item_counts(self, flow: str) -> Mapping[str, int]:
        """How many items are known of each feed of a flow that has any, by URL."""
        ...
