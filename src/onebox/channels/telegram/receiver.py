"""Asks Telegram for updates, for as long as a flow wants them. An update is stored before Telegram may forget it.

What happens to an update, and what a crash at each point means:
1. `getUpdates` gives it. A crash: Telegram gives it again, for a day.
2. It is handed to the reception with all that came with it, which stores each once by its number, in their order, in
   one unit. A crash: they are given again, and known.
3. The next `getUpdates` asks for what comes after them: Telegram forgets them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from onebox.channels.telegram.api import ApiRefused, ApiUnreachable
from onebox.channels.telegram.reading import integer
from onebox.channels.telegram.updates import post_of
from onebox.channels.telegram.wanted import Trouble, Wanted, explained, log, tell_of_unusable, tells_of_webhook
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from onebox.channels.telegram.api import BotApi
    from onebox.flows.book import FlowBook
    from onebox.kernel.clock import Clock
    from onebox.messaging.chat import Reception

_Answer = TypeVar("_Answer")

_POLL = 50
"""seconds that Telegram may hold a question for updates, the most that it takes"""
_MARGIN = 10.0
_PAGE = 100
_CALL = 30.0


class TelegramReceiver:
    """Fetches the updates of one bot. `pause(seconds)` waits; it is `asyncio.sleep` but in tests."""

    def __init__(
        self,
        *,
        account: str,
        api: BotApi,
        book: FlowBook,
        reception: Reception,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._account = account
        self._api = api
        self._reception = reception
        self._clock = clock
        self._wanted = Wanted(account, book)
        self._trouble = Trouble(account, pause)
        self._offset = 0
        self._has_webhook = False  # until Telegram says so

    async def run(self) -> None:
        """Asks for ever; rests while no flow wants updates of this bot."""
        while True:
            self._wanted.changed.clear()
            if not self._wanted.kinds:
                await self._wanted.changed.wait()
                continue
            try:
                if self._has_webhook:
                    await self._take_over()
                await self._fetch()
            except OneboxError as error:
                self._has_webhook = self._has_webhook or tells_of_webhook(error)
                await self._trouble.wait(error)
            else:
                self._trouble.over()

    def poke(self) -> None:
        """Telegram has a clock of its own."""

    async def close(self) -> None:
        """Closes the connections."""
        await self._api.close()

    async def _take_over(self) -> None:
        """A bot that has a webhook gives no updates to who asks: the box asks, so a webhook is taken away."""
        await self._call("deleteWebhook", {"drop_pending_updates": False})
        log.warning("webhook_removed", account=self._account, why="the box asks for updates itself")
        self._has_webhook = False

    async def _fetch(self) -> None:
        updates = await self._unless_changed(self._updates())
        if updates:
            now = self._clock.now()
            posts = [post_of(update, self._account, now) for update in updates]
            tell_of_unusable(posts)
            await self._reception.receive(posts)
            # Another server of the same bot, as one that was started anew, may number from below.
            self._offset = 1 + max(filter(None, map(_number_of, updates)), default=0)
        elif updates == []:
            self._offset = 0  # all is confirmed; after a quiet week Telegram may number from anywhere

    async def _updates(self) -> list[Any]:
        """Those that wait, in the order of their numbers. Raises ApiUnreachable where the answer is no such thing:
        asked again at once, it would be the same again and again."""
        asked = {"offset": self._offset, "timeout": _POLL, "limit": _PAGE, "allowed_updates": self._wanted.asked_for}
        given = await self._call("getUpdates", asked, limit=_POLL + _MARGIN)
        listed: list[Any] = given if isinstance(given, list) else [None]
        if listed and all(_number_of(update) is None for update in listed):
            raise ApiUnreachable(f"getUpdates gave no update that has a number: {given!r:.80}")
        return sorted(listed, key=lambda update: _number_of(update) or 0)

    async def _unless_changed(self, asking: Coroutine[Any, Any, _Answer]) -> _Answer | None:
        """The answer; None where the flows want something else before it comes. Nothing is lost by that: what was
        not stored is not confirmed."""
        changed = self._wanted.changed
        answer, change = asyncio.create_task(asking), asyncio.create_task(changed.wait())
        try:
            await asyncio.wait({answer, change}, return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() else None
        finally:
            answer.cancel()
            change.cancel()
            await asyncio.gather(answer, change, return_exceptions=True)

    async def _call(self, method: str, arguments: dict[str, Any], *, limit: float = _CALL) -> Any:
        try:
            return await self._api.call(method, arguments, limit=limit)
        except ApiRefused as refused:
            raise explained(refused, self._account) from None


def _number_of(update: Any) -> int | None:
    return integer(update.get("update_id")) if isinstance(update, dict) else None
