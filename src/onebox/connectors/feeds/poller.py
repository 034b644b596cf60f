"""Follows the feeds of all flows: asks each in its turn, for as long as the box runs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import structlog
import yarl

from onebox.connectors.feeds.failure import FeedFailed
from onebox.connectors.feeds.pace import first_poll, next_poll
from onebox.connectors.feeds.poll import KEPT, Polls
from onebox.connectors.feeds.settings import FeedSettings, feed_urls
from onebox.connectors.feeds.standing import Watch, after_failure, removed
from onebox.connectors.feeds.turns import Key, Turns
from onebox.flows.feeds import Feed, ForgetFeed, RememberFeed
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from datetime import datetime

    from onebox.connectors.feeds.documents import Documents
    from onebox.connectors.feeds.fetching import Fetcher
    from onebox.flows.book import FlowBook
    from onebox.flows.feeds import FeedReader
    from onebox.kernel.clock import Clock
    from onebox.messaging.inbox import Inbox

log = structlog.get_logger(__name__)

_LONGEST_SLEEP = 30.0  # the wall clock may be set
_BETWEEN_SAVES = 1.0
_AFTER_A_SAVE_THAT_FAILED = 30.0
_NOT_TAKEN = timedelta(seconds=30)
"""when a feed is asked again whose items the inbox did not take"""
_BETWEEN_CLEARINGS = timedelta(days=1)


class FeedPoller:
    """The source of the trigger `feed`."""

    def __init__(
        self,
        *,
        book: FlowBook,
        inbox: Inbox,
        reader: FeedReader,
        clock: Clock,
        fetcher: Fetcher,
        documents: Documents,
    ) -> None:
        self._book = book
        self._inbox = inbox
        self._reader = reader
        self._clock = clock
        self._polls = Polls(fetcher=fetcher, documents=documents, inbox=inbox, reader=reader, clock=clock)
        self._turns = Turns()
        self._watched: dict[Key, Watch] = {}
        self._feeds: dict[Key, Feed] = {}
        """how they stand: those that are named, and those that were"""
        self._unsaved: dict[Key, Feed] = {}
        self._refused = False
        """the inbox took nothing when it was asked last; that is said once"""
        self._save_at = 0.0
        self._clear_at: datetime | None = None
        self._looking = asyncio.Lock()
        self._recalled = False
        self._list_changed = True
        self._changed = asyncio.Event()
        self._polling: set[asyncio.Task[None]] = set()
        book.on_change(self._note_change)

    async def run(self) -> None:
        """Asks feeds for ever."""
        try:
            while True:
                self._changed.clear()
                await self._look_at_lists()
                self._begin_due()
                if self._loop_time() >= self._save_at:
                    await self._save()
                await self._sleep()
        finally:
            await self._stop_polling()

    async def poll_due(self) -> int:
        """Asks all that is due now, and returns when all have answered; how many there were."""
        await self._look_at_lists()
        count = 0
        while (begun := self._begin_due()) or self._polling:
            count += begun
            await asyncio.wait(self._polling, return_when=asyncio.FIRST_COMPLETED)
        await self._save()
        return count

    def poke(self) -> None:
        """The clock was moved: look again."""
        self._changed.set()

    async def close(self) -> None:
        """Keeps what is not kept yet, closes connections, ends the process that reads."""
        await self._stop_polling()
        with suppress(OneboxError):
            await self._save()
        await self._polls.close()

    # --- which feeds there are ---

    def _note_change(self) -> None:
        self._list_changed = True
        self._changed.set()

    async def _look_at_lists(self) -> None:
        async with self._looking:  # `poll_due` may be asked beside `run`
            if not self._recalled:
                self._feeds = {(feed.flow, feed.url): feed for feed in await self._reader.feeds()} | self._unsaved
            if self._list_changed:
                self._list_changed = False
                self._take_lists()
            self._recalled = True
            now = self._clock.now()
            if self._clear_at is None or now >= self._clear_at:
                self._clear_at = now + _BETWEEN_CLEARINGS
                await self._forget_unnamed(now)

    def _take_lists(self) -> None:
        named: dict[Key, Watch] = {}
        for flow, trigger in self._book.triggers("feed"):
            settings = cast("FeedSettings", trigger.settings)
            for url in feed_urls(settings, trigger.files):
                named.setdefault((flow.name, url), Watch(settings.every, settings.first))
        now = self._clock.now()
        for key in self._feeds.keys() - named.keys():
            self._turns.drop(key)
            if self._feeds[key].gone_at is not None:
                self._stands(key, removed(self._feeds[key], now))
        added = [key for key in named if key not in self._watched]
        self._watch(added, named, now)
        for key, watch in named.items():
            if key in self._watched and watch.every < self._watched[key].every and not self._feeds[key].failures:
                self._plan(key, min(self._feeds[key].next_at, next_poll(key[1], watch.every, now)))
        self._watched = named

    def _watch(self, added: list[Key], named: dict[Key, Watch], now: datetime) -> None:
        """Plans the first poll of each. What was followed before this process began goes on as it was planned."""
        asked_now = [key for key in added if not self._goes_on(key, now)]
        for key in asked_now:
            feed = self._feeds.get(key) or Feed(*key, next_at=now)
            at = first_poll(feed.url, named[key].every, len(asked_now), now)
            self._feeds[key] = feed = replace(feed, next_at=at)
            self._plan(key, at)
        for key in set(added) - set(asked_now):
            feed = self._feeds[key]
            soonest = feed.next_at if feed.failures else min(feed.next_at, next_poll(feed.url, named[key].every, now))
            self._plan(key, soonest)

    def _goes_on(self, key: Key, now: datetime) -> bool:
        feed = self._feeds.get(key)
        return feed is not None and (feed.gone_at is not None or (not self._recalled and feed.next_at > now))

    def _plan(self, key: Key, at: datetime) -> None:
        feed = self._feeds[key]
        if feed.gone_at is None:
            self._turns.plan(key, yarl.URL(feed.address or feed.url).host or "", at)

    async def _forget_unnamed(self, now: datetime) -> None:
        old = [
            key
            for key, feed in self._feeds.items()
            if key not in self._watched and (feed.polled_at or feed.next_at) < now - KEPT
        ]
        if not old:
            return
        try:
            await self._inbox.receive_all([], [ForgetFeed(*key) for key in old])
        except OneboxError as error:
            log.warning("feeds_not_forgotten", code=error.code, message=error.message)
            return
        for key in old:
            del self._feeds[key]
            self._unsaved.pop(key, None)

    # --- asking ---

    def _begin_due(self) -> int:
        """Begins what may begin; how many that were."""
        count = 0
        while (key := self._turns.take(self._clock.now())) is not None:
            task = asyncio.create_task(self._poll(key, self._feeds[key], self._watched[key]))
            self._polling.add(task)
            task.add_done_callback(self._polling.discard)
            count += 1
        return count

    async def _poll(self, key: Key, feed: Feed, watch: Watch) -> None:
        at: datetime | None = None
        try:
            stands, kept = await self._polls.poll(feed, watch)
            self._stands(key, stands, kept=kept)
            self._refused = self._refused and not kept
        except OneboxError as error:  # no room, or too much waits: what is new is still to come
            at = self._clock.now() + _NOT_TAKEN
            if not self._refused:
                log.warning("feed_not_taken", flow=feed.flow, feed=feed.url, code=error.code, message=error.message)
            self._refused = True
        except Exception as error:
            log.exception("feed_poll_failed", flow=feed.flow, feed=feed.url)
            failed = FeedFailed(f"something went wrong in the box: {type(error).__name__}")
            self._stands(key, after_failure(feed, watch, failed, self._clock.now()))
        finally:
            self._turns.ended(key)
            if key in self._watched:
                self._plan(key, at or self._feeds[key].next_at)
            self._changed.set()

    def _stands(self, key: Key, feed: Feed, *, kept: bool = False) -> None:
        if feed.gone_at is not None and key not in self._watched:
            feed, kept = removed(feed, self._clock.now()), False
        self._feeds[key] = feed
        if kept:
            self._unsaved.pop(key, None)
        else:
            self._unsaved[key] = feed

    async def _save(self) -> None:
        """Keeps how feeds stand, many at once: nothing is lost with it but the time of a poll that found nothing."""
        self._save_at = self._loop_time() + _BETWEEN_SAVES
        saved, self._unsaved = self._unsaved, {}
        if not saved:
            return
        try:
            await self._inbox.receive_all([], [RememberFeed(feed) for feed in saved.values()])
        except OneboxError as error:
            self._unsaved = saved | self._unsaved
            self._save_at = self._loop_time() + _AFTER_A_SAVE_THAT_FAILED
            log.warning("feeds_not_kept", code=error.code, message=error.message)

    async def _sleep(self) -> None:
        soonest = self._turns.soonest()
        seconds = _LONGEST_SLEEP if soonest is None else (soonest - self._clock.now()).total_seconds()
        longest = self._save_at - self._loop_time() if self._unsaved else _LONGEST_SLEEP
        with suppress(TimeoutError):
            async with asyncio.timeout(max(min(seconds, longest), 0.0)):
                await self._changed.wait()

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

    async def _stop_polling(self) -> None:
        for task in self._polling:
            task.cancel()
        await asyncio.gather(*self._polling, return_exceptions=True)
