"""One poll of one feed: asks it, reads it, and hands in what is new."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from onebox.connectors.feeds.events import event_data
from onebox.connectors.feeds.failure import FeedFailed
from onebox.connectors.feeds.settings import topic_of
from onebox.connectors.feeds.standing import after_failure, after_success, to_tell
from onebox.flows.feeds import DropItems, KeepItems, RememberFeed
from onebox.messaging.inbox import Arrival

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from onebox.connectors.feeds.documents import Document, Documents
    from onebox.connectors.feeds.fetching import Fetched, Fetcher
    from onebox.connectors.feeds.standing import Watch
    from onebox.flows.feeds import Feed, FeedReader
    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Change
    from onebox.messaging.inbox import Inbox

log = structlog.get_logger(__name__)

KEPT = timedelta(days=180)
"""for so long an item is known after it was last in its feed, and a feed after it was last named"""
_SEEN_AGAIN = timedelta(days=1)
"""how exactly it is noted when an item was last in its feed"""


class Polls:
    """Polls feeds. `poll` returns how the feed stands, and whether that is kept already."""

    def __init__(
        self, *, fetcher: Fetcher, documents: Documents, inbox: Inbox, reader: FeedReader, clock: Clock
    ) -> None:
        self._fetcher = fetcher
        self._documents = documents
        self._inbox = inbox
        self._reader = reader
        self._clock = clock

    async def poll(self, feed: Feed, watch: Watch) -> tuple[Feed, bool]:
        """Raises what the inbox raises; then nothing was told and nothing is remembered."""
        try:
            fetched = await self._fetch(feed)
            if fetched.body is None or (digest := _digest(fetched.body)) == feed.digest:
                stands = after_success(feed, watch, fetched, self._clock.now())
                kept = False
            else:
                document = await self._documents.read(fetched.body, url=fetched.url, content_type=fetched.content_type)
                stands = after_success(feed, watch, fetched, self._clock.now())
                stands = replace(stands, digest=digest, title=document.title or feed.title)
                kept = await self._tell(feed, watch, document, stands)
        except FeedFailed as failed:
            stands, kept = after_failure(feed, watch, failed, self._clock.now()), False
        _say(feed, stands)
        return stands, kept

    async def close(self) -> None:
        """Closes connections, and ends the process that reads."""
        await self._fetcher.close()
        await self._documents.close()

    async def _fetch(self, feed: Feed) -> Fetched:
        asked = feed.address or feed.url
        if feed.digest is None:
            return await self._fetcher.fetch(asked)
        return await self._fetcher.fetch(asked, etag=feed.etag, last_modified=feed.last_modified)

    async def _tell(self, feed: Feed, watch: Watch, document: Document, stands: Feed) -> bool:
        """Hands in what is new, and notes it: in one unit, so that a crash tells each item once. False: there was
        nothing but how the feed stands."""
        now = self._clock.now()
        keys = [*(item["key"] for item in document.items), *document.others]
        known = await self._reader.known_items(feed.flow, feed.url, keys)
        told = to_tell(feed, watch, document, known)
        faded = [key for key, seen_at in known.items() if seen_at < now - _SEEN_AGAIN]
        seen = [*(key for key in keys if key not in known), *faded]
        changes: list[Change[Any]] = [KeepItems(feed.flow, feed.url, seen, now)] if seen else []
        if faded:
            changes.append(DropItems(feed.flow, feed.url, now - KEPT))
        if changes:
            arrivals = [_arrival(feed, item, document) for item in told]
            await self._inbox.receive_all(arrivals, [*changes, RememberFeed(stands)])
        _say_what_was_told(feed, document, known, len(told))
        return bool(changes)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _arrival(feed: Feed, item: Mapping[str, Any], document: Document) -> Arrival:
    return Arrival(
        source=f"feed:{feed.flow}",
        topic=topic_of(feed.flow),
        data=event_data(item, feed.url, document.title, document.link),
        sender=feed.url,
    )


def _say_what_was_told(feed: Feed, document: Document, known: Mapping[str, datetime], told: int) -> None:
    count = len(document.items) + len(document.others)
    if feed.digest is None:
        said = f"first poll: {count} items known, {told or 'none'} told"
        log.info("feed_first_poll", flow=feed.flow, feed=feed.url, message=said)
        return
    left_out = sum(key not in known for key in document.others)
    if left_out:
        said = f"{left_out} of the new items are left out: there are more than one poll tells"
        log.warning("feed_items_left_out", flow=feed.flow, feed=feed.url, message=said)


def _say(before: Feed, after: Feed) -> None:
    """What an operator wants to know, when it begins and when it ends."""
    told = {"flow": after.flow, "feed": after.url}
    if after.gone_at is not None:
        log.warning("feed_gone", **told, message="it is not asked again until it is taken off its flow's list and back")
    elif after.error is not None and not before.failures:
        log.warning("feed_failing", **told, message=after.error, next_at=after.next_at.isoformat())
    elif after.error is None and before.failures:
        since = before.failing_since.isoformat() if before.failing_since else None
        log.info("feed_well_again", **told, failures=before.failures, since=since)
    if after.address is not None and after.address != before.address:
        log.info("feed_moved", **told, to=after.address)
