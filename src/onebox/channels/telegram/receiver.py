"""Asks Telegram for updates, for as long as a flow wants them. An update is stored before Telegram may forget it.

What happens to an update, and what a crash at each point means:
1. `getUpdates` gives it. A crash: Telegram gives it again, for a day.
2. It is handed to the inbox, which stores it once by its number. A crash: it is given again, and known.
3. The next `getUpdates` asks for what comes after it: Telegram forgets it.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from onebox.channels.telegram.api import ApiRefused, ApiUnreachable
from onebox.channels.telegram.trigger import CHANNEL, topic_of
from onebox.channels.telegram.updates import event_of
from onebox.kernel.encoding import EncodingError, normalise
from onebox.kernel.errors import OneboxError
from onebox.messaging.inbox import Arrival

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from onebox.channels.telegram.api import BotApi
    from onebox.flows.book import FlowBook
    from onebox.kernel.clock import Clock
    from onebox.messaging.inbox import Inbox

_Answer = TypeVar("_Answer")

log = structlog.get_logger("onebox.telegram")

_POLL = 50
"""seconds that Telegram may hold a question for updates, the most that it takes"""
_MARGIN = 10.0
_PAGE = 100
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_CALL = 30.0


class TelegramReceiver:
    """Fetches the updates of one bot. `pause(seconds)` waits; it is `asyncio.sleep` but in tests."""

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
        self._api = api
        self._book = book
        self._inbox = inbox
        self._clock = clock
        self._pause = pause
        self._offset = 0
        self._wanted: list[str] = []
        self._changed = asyncio.Event()
        self._answering: set[asyncio.Task[None]] = set()
        book.on_change(self._look)

    async def run(self) -> None:
        """Asks for ever; rests while no flow wants updates of this bot."""
        trouble: tuple[str, int | None] | None = None
        pause = _FIRST_PAUSE
        ready = False
        while True:
            self._changed.clear()
            if not self._wanted:
                await self._changed.wait()
                continue
            try:
                if not ready:
                    await self._take_over()
                    ready = True
                await self._fetch()
            except OneboxError as error:
                ready = ready and not _tells_of_webhook(error)
                if _sort_of(error) != trouble:
                    hint = {"hint": error.hint} if error.hint else {}
                    log.warning("updates_troubled", account=self._account, why=error.message, **hint)
                trouble = _sort_of(error)
                asked = _asked_pause(error)
                await self._pause(pause if asked is None else asked)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                if trouble is not None:
                    log.info("updates_come_again", account=self._account)
                trouble, pause = None, _FIRST_PAUSE

    def poke(self) -> None:
        """Telegram has a clock of its own."""

    async def close(self) -> None:
        """Closes the connections."""
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self._api.close()

    def _look(self) -> None:
        settings: list[Any] = [trigger.settings for _, trigger in self._book.triggers(CHANNEL)]
        kinds = {kind for one in settings if one.account == self._account for kind in one.updates}
        if sorted(kinds) != self._wanted:
            self._wanted = sorted(kinds)
            self._changed.set()

    async def _take_over(self) -> None:
        """A bot that has a webhook gives no updates to who asks: the box asks, so a webhook is taken away."""
        webhook = await self._call("getWebhookInfo", {})
        if isinstance(webhook, dict) and webhook.get("url"):
            await self._call("deleteWebhook", {"drop_pending_updates": False})
            log.warning("webhook_removed", account=self._account, why="the box asks for updates itself")

    async def _fetch(self) -> None:
        updates = await self._unless_changed(self._updates())
        for number, update in updates or ():
            await self._store(number, update)
            self._offset = max(number + 1, self._offset)
        if updates == []:
            self._offset = 0  # all is confirmed; after a quiet week Telegram may number from anywhere

    async def _updates(self) -> list[tuple[int, dict[str, Any]]]:
        """Those that wait, with their numbers. Raises ApiUnreachable where the answer is no such thing: asked again at
        once, it would be the same again and again."""
        asked = {"offset": self._offset, "timeout": _POLL, "limit": _PAGE, "allowed_updates": self._wanted}
        given = await self._call("getUpdates", asked, limit=_POLL + _MARGIN)
        listed: list[Any] = given if isinstance(given, list) else [None]
        numbered = [(update["update_id"], update) for update in listed if _has_number(update)]
        if listed and not numbered:
            raise ApiUnreachable(f"getUpdates gave no update that has a number: {given!r:.80}")
        return numbered

    async def _unless_changed(self, asking: Coroutine[Any, Any, _Answer]) -> _Answer | None:
        """The answer; None where the flows want something else before it comes. Nothing is lost by that: what was
        not stored is not confirmed."""
        answer, change = asyncio.create_task(asking), asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait({answer, change}, return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() else None
        finally:
            answer.cancel()
            change.cancel()
            await asyncio.gather(answer, change, return_exceptions=True)

    async def _store(self, number: int, update: dict[str, Any]) -> None:
        data = event_of(update, self._account, self._clock.now())
        sender = data["sender"]["id"]
        try:
            data = normalise(data)
        except EncodingError as error:  # it cannot be kept, now or ever
            log.error("update_unreadable", account=self._account, number=number, why=error.message)  # noqa: TRY400
            return
        await self._inbox.receive(
            Arrival(
                source=f"telegram:{self._account}",
                topic=topic_of(self._account),
                data=data,
                key=str(number),
                sender=None if sender is None else str(sender),
            )
        )
        if data["callback_id"] is not None:
            task = asyncio.create_task(self._answer(data["callback_id"]))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, callback_id: str) -> None:
        """Ends the waiting of the button that was pressed; its flow answers with a message."""
        try:
            await self._call("answerCallbackQuery", {"callback_query_id": callback_id})
        except OneboxError as error:
            log.info("press_not_answered", account=self._account, why=error.message)

    async def _call(self, method: str, arguments: dict[str, Any], *, limit: float = _CALL) -> Any:
        try:
            return await self._api.call(method, arguments, limit=limit)
        except ApiRefused as refused:
            raise _explained(refused, self._account) from None


def _explained(refused: ApiRefused, account: str) -> ApiRefused:
    """With what to do about it."""
    if refused.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
        refused.hint = f"the token of {account} is wrong or was revoked: set its secret anew, and start the box again"
    elif _tells_of_webhook(refused):
        refused.hint = "another program gave this bot a webhook, which the box takes away; see that it does so no more"
    elif refused.status == HTTPStatus.CONFLICT:
        refused.hint = "another program asks for this bot's updates: only one can, so stop the other"
    return refused


def _tells_of_webhook(error: OneboxError) -> bool:
    """Whether updates go to a webhook now, of which this box knows nothing."""
    conflict = isinstance(error, ApiRefused) and error.status == HTTPStatus.CONFLICT
    return conflict and "webhook" in error.message.lower()


def _has_number(update: Any) -> bool:
    return isinstance(update, dict) and type(update.get("update_id")) is int


def _sort_of(error: OneboxError) -> tuple[str, int | None]:
    """What makes two troubles the same one: their messages count what waits, and for how long."""
    return error.code, getattr(error, "status", None)


def _asked_pause(error: OneboxError) -> float | None:
    after = getattr(error, "parameters", {}).get("retry_after", getattr(error, "retry_after", None))
    return float(after) if isinstance(after, (int, float)) else None
