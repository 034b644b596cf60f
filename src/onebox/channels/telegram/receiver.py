"""Asks Telegram for updates, for as long as a flow wants them. An update is stored before Telegram may forget it.

What happens to an update, and what a crash at each point means:
1. `getUpdates` gives it. A crash: Telegram gives it again, for a day.
2. It is handed to the inbox, which stores it once by its number. A crash: it is given again, and known.
3. The next `getUpdates` asks for what comes after it: Telegram forgets it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from onebox.channels.telegram.api import ApiRefused, ApiUnreachable
from onebox.channels.telegram.trigger import CHANNEL, topic_of
from onebox.channels.telegram.updates import event_of
from onebox.kernel.errors import OneboxError
from onebox.messaging.inbox import Arrival

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.channels.telegram.api import BotApi
    from onebox.flows.book import FlowBook
    from onebox.kernel.clock import Clock
    from onebox.messaging.inbox import Inbox

log = structlog.get_logger("onebox.telegram")

_POLL = 50
"""seconds that Telegram may hold a question for updates, the most that it takes"""
_MARGIN = 10.0
_PAGE = 100
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_CALL = 30.0


class TelegramReceiver:
    """Fetches the updates of one bot."""

    def __init__(self, *, account: str, api: BotApi, book: FlowBook, inbox: Inbox, clock: Clock) -> None:
        self._account = account
        self._api = api
        self._book = book
        self._inbox = inbox
        self._clock = clock
        self._offset = 0
        self._wanted: Sequence[str] = ()
        self._changed = asyncio.Event()
        self._answering: set[asyncio.Task[None]] = set()
        book.on_change(self._look)

    async def run(self) -> None:
        """Asks for ever; rests while no flow wants updates of this bot."""
        trouble: str | None = None
        pause = _FIRST_PAUSE
        ready = False
        while True:
            if not self._wanted:
                self._changed.clear()
                await self._changed.wait()
                continue
            try:
                if not ready:
                    await self._take_over()
                    ready = True
                await self._fetch()
            except OneboxError as error:
                if error.message != trouble:
                    log.warning("updates_troubled", account=self._account, why=error.message, hint=error.hint)
                trouble = error.message
                asked = _asked_pause(error)
                await asyncio.sleep(pause if asked is None else asked)
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
        self._wanted = sorted(kinds)
        self._changed.set()

    async def _take_over(self) -> None:
        """A bot that has a webhook gives no updates to who asks: the box asks, so a webhook is taken away."""
        webhook = await self._call("getWebhookInfo", {})
        if isinstance(webhook, dict) and webhook.get("url"):
            await self._call("deleteWebhook", {"drop_pending_updates": False})
            log.warning("webhook_removed", account=self._account, why="the box asks for updates itself")

    async def _fetch(self) -> None:
        asked = {"offset": self._offset, "timeout": _POLL, "limit": _PAGE, "allowed_updates": self._wanted}
        updates = await self._call("getUpdates", asked, limit=_POLL + _MARGIN)
        for update in updates if isinstance(updates, list) else ():
            number = update.get("update_id") if isinstance(update, dict) else None
            if isinstance(number, int):
                await self._store(number, update)
                self._offset = number + 1

    async def _store(self, number: int, update: dict[str, Any]) -> None:
        data = event_of(update, self._account, self._clock.now())
        sender = data["sender"]["id"]
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


def _explained(refused: ApiRefused, account: str) -> ApiRefused | ApiUnreachable:
    """With what to do about it."""
    if refused.status in {401, 404}:
        refused.hint = f"the token of {account} is wrong or was revoked: set its secret anew, and start the box again"
    elif refused.status == 409:  # noqa: PLR2004 - Conflict
        refused.hint = "another program asks for this bot's updates: only one can, so stop the other"
    return refused


def _asked_pause(error: OneboxError) -> float | None:
    after = getattr(error, "parameters", {}).get("retry_after", getattr(error, "retry_after", None))
    return float(after) if isinstance(after, (int, float)) else None
