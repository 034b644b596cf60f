"""Fetches what people write to one bot, and stores it before Telegram is told that it was taken.

What happens to one update, and what a crash at each point means:
1. `getUpdates` gives it. A crash: Telegram gives it again.
2. It is stored, with its `update_id` as the key. A crash: Telegram gives it again, and it is a duplicate.
3. The next `getUpdates` asks from the number after it. Only now does Telegram forget it.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import structlog

from onebox.channels.telegram.api import TelegramRefused, TelegramUnreachable
from onebox.channels.telegram.channel import wrong_token
from onebox.channels.telegram.trigger import CHANNEL, telegram_topic
from onebox.channels.telegram.updates import PRESS, event_data
from onebox.kernel.encoding import dump, normalise
from onebox.kernel.errors import OneboxError
from onebox.kernel.ledger import StorageFull
from onebox.messaging.inbox import Arrival, BacklogFull

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from onebox.channels.telegram.api import BotApi
    from onebox.flows.book import FlowBook
    from onebox.kernel.clock import Clock
    from onebox.messaging.inbox import Inbox

log = structlog.get_logger(__name__)

_POLL = 50
"""seconds that Telegram holds a request while there is nothing"""
_MOST = 100
_LIMIT = 15.0
"""seconds that an answer may take beyond that"""
_LONGEST_PAUSE = 30.0


class TelegramReceiver:
    """Fetches for the bot of `account` while a flow of the book takes what comes by it."""

    connections: ClassVar[int] = 8
    """that it needs at a time: one is held all the time, the others answer presses"""

    def __init__(
        self,
        *,
        account: str,
        api: BotApi,
        book: FlowBook,
        inbox: Inbox,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._account = account
        self._bot = account.removeprefix(f"{CHANNEL}/")
        self._api = api
        self._book = book
        self._inbox = inbox
        self._clock = clock
        self._pause = pause
        self._wanted: list[str] = []
        self._changed = asyncio.Event()
        self._offset: int | None = None
        self._without_webhook = False
        self._failures = 0
        self._trouble: object = None
        self._answering: set[asyncio.Task[None]] = set()
        book.on_change(self._read_book)

    async def run(self) -> None:
        """For ever; ends at once when it is cancelled."""
        while True:
            self._changed.clear()
            if not self._wanted:
                await self._changed.wait()
                continue
            try:
                await self._fetch()
            except TelegramRefused as refused:
                await self._back_off(refused.status, self._explain(refused), refused.retry_after)
            except TelegramUnreachable as error:
                await self._back_off(error.code, error.message)

    def poke(self) -> None:
        """The clock has no part in it."""

    async def close(self) -> None:
        """Closes the connections, after `run` was cancelled."""
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self._api.close()

    def _read_book(self) -> None:
        triggers = [trigger.settings for _, trigger in self._book.triggers(CHANNEL)]
        wanted = sorted({kind for one in triggers if one.account == self._account for kind in one.updates})  # type: ignore[attr-defined]
        if wanted != self._wanted:
            self._wanted = wanted
            self._changed.set()

    # --- asking ---------------------------------------------------------------------------------------------------

    async def _fetch(self) -> None:
        if not self._without_webhook:
            # While a webhook is set, getUpdates is refused. What waits there is kept.
            await self._api.call("deleteWebhook", {"drop_pending_updates": False}, within=_LIMIT)
            self._without_webhook = True
        updates = await self._unless_changed(self._poll())
        if updates is None:
            return
        if not isinstance(updates, list):
            message = f"getUpdates answered with what is no list: {updates!r:.80}"
            raise TelegramUnreachable(message)
        before = self._offset
        for update in updates:
            await self._take(update)
        if updates and self._offset == before:
            message = f"getUpdates gave {len(updates)} updates without a number: {updates[0]!r:.80}"
            raise TelegramUnreachable(message)
        if not updates:
            self._offset = None  # all is confirmed; after a quiet week the numbers may begin anywhere
        self._recovered()

    def _poll(self) -> Awaitable[Any]:
        asked: dict[str, Any] = {"timeout": _POLL, "limit": _MOST, "allowed_updates": self._wanted}
        if self._offset is not None:
            asked["offset"] = self._offset
        return self._api.call("getUpdates", asked, within=_POLL + _LIMIT)

    async def _unless_changed(self, asking: Awaitable[Any]) -> Any:
        """The answer; None where the flows want something else before it comes. Nothing is lost by that: what was
        not stored is not confirmed."""
        tasks = [asyncio.ensure_future(asking), asyncio.ensure_future(self._changed.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return tasks[0].result() if tasks[0].done() else None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- storing --------------------------------------------------------------------------------------------------

    async def _take(self, update: Any) -> None:
        number = update.get("update_id") if isinstance(update, dict) else None
        if not isinstance(number, int) or isinstance(number, bool):
            log.error("telegram_update_unreadable", account=self._account, update=f"{update!r:.200}")
            return
        try:
            arrival = self._arrival(number, update)
        except (OneboxError, ValueError, TypeError, AttributeError) as error:
            log.error("telegram_update_unreadable", account=self._account, update_id=number, why=str(error))  # noqa: TRY400
        else:
            await self._store(arrival)
            self._acknowledge_press(arrival.data)
        self._offset = max(number + 1, self._offset or 0)

    def _arrival(self, number: int, update: Mapping[str, Any]) -> Arrival:
        data = normalise(event_data(update, self._account, self._clock.now()))
        return Arrival(
            source=f"{CHANNEL}:{self._bot}",
            topic=telegram_topic(self._bot),
            data=data,
            key=str(number),
            sender=data["sender"]["id"],
            payload=dump(data),
        )

    async def _store(self, arrival: Arrival) -> None:
        """Hands it in until it is taken: nothing that comes after it may be confirmed before."""
        while True:
            try:
                await self._inbox.receive(arrival)
            except (BacklogFull, StorageFull) as full:
                await self._back_off(full.code, full.message, full.retry_after)
            except OneboxError as error:
                await self._back_off(error.code, error.message)
            else:
                return

    def _acknowledge_press(self, data: Mapping[str, Any]) -> None:
        """Ends the clock that the button shows. Without it the button looks busy for a while, nothing more."""
        if data["kind"] == PRESS and data["callback_id"]:
            task = asyncio.create_task(self._answer(data["callback_id"]))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, callback_id: str) -> None:
        try:
            await self._api.call("answerCallbackQuery", {"callback_query_id": callback_id}, within=_LIMIT)
        except OneboxError as error:
            log.info("telegram_press_not_answered", account=self._account, why=error.message)

    # --- trouble --------------------------------------------------------------------------------------------------

    async def _back_off(self, trouble: object, why: str, seconds: float | None = None) -> None:
        """Says it once for each sort of trouble, and waits longer each time."""
        if trouble != self._trouble:
            self._trouble = trouble
            log.warning("telegram_troubled", account=self._account, why=why)
        pause = min(_LONGEST_PAUSE, 2.0 ** min(self._failures, 10))
        self._failures += 1
        await self._pause(pause if seconds is None else seconds)

    def _recovered(self) -> None:
        if self._trouble is not None:
            log.info("telegram_recovered", account=self._account, failures=self._failures)
        self._failures, self._trouble = 0, None

    def _explain(self, refused: TelegramRefused) -> str:
        if refused.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            return wrong_token(self._account, refused)
        if refused.status == HTTPStatus.CONFLICT:
            return f"another program fetches with this bot's token, or it has a webhook: {refused.message}"
        return f"Telegram refused: {refused.status} {refused.message}"
