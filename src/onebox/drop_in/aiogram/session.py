"""The session that keeps Telegram's limits, and that closes."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, cast

from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from aiogram.methods import GetUpdates

from onebox.drop_in.aiogram.handed import HandedOver
from onebox.drop_in.aiogram.handling import current, cut_off
from onebox.drop_in.aiogram.pacer import Call, Limits, Pacer
from onebox.drop_in.aiogram.requests import SessionClosed, can_be_handed_over, chat_of, message_to_come

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiogram import Bot
    from aiogram.methods import TelegramMethod
    from aiogram.methods.base import TelegramType
    from aiogram.types import Update
    from aiohttp import ClientSession

    from onebox.drop_in.aiogram.handling import Handling
    from onebox.drop_in.aiogram.journal import Journal

_log = logging.getLogger(__name__)
_MOST_HANDED_OVER = 20
"""messages of one handler that are taken from it before they could be sent"""


class Guard(Protocol):
    """What the session asks of the throttle that it works with."""

    journal: Journal | None

    async def room(self, bot_id: int) -> None:
        """Waits until more updates may be taken from Telegram."""
        ...

    async def keep(self, bot_id: int, updates: Sequence[Update]) -> list[Update]:
        """Makes updates durable before Telegram forgets them; those that were not taken before."""
        ...

    async def drain(self) -> bool:
        """Stops taking updates in, and finishes what is in hand. True: nothing of it was lost."""
        ...

    def first_left(self, bot_id: int) -> int | None:
        """The first update that was taken from Telegram and must come again; None: there is none."""
        ...


class PacedSession(AiohttpSession):
    """Sends no faster than Telegram allows, in order per chat; who is refused goes again when the time has come.

    An answer whose handler would wait longer than `hand_over_after` for it is handed over: it is sent in its turn, and
    the handler goes on with a message whose id is 0. None: handlers wait as long as it takes. `close` waits up to
    `close_within` for what is still to be sent. Other arguments are those of aiogram's session.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        hand_over_after: timedelta | None = timedelta(seconds=3),
        close_within: timedelta = timedelta(seconds=60),
        **aiogram: Any,
    ) -> None:
        super().__init__(**aiogram)
        self._limits = limits or Limits()
        self._patience = hand_over_after.total_seconds() if hand_over_after is not None else None
        self._close_within = close_within.total_seconds()
        self._pacers: dict[int, Pacer] = {}
        self._guard: Guard | None = None
        self._handed: set[HandedOver] = set()
        self._quiet = asyncio.Event()
        self._taken: dict[Bot, int] = {}  # the offset that would confirm what was taken, of those not confirmed
        self._closed = False
        self._closing: asyncio.Task[None] | None = None
        self._opener: asyncio.Task[Any] | None = None

    def pacer_of(self, bot_id: int) -> Pacer:
        """The pace of one bot."""
        pacer = self._pacers.get(bot_id)
        if pacer is None:
            pacer = self._pacers[bot_id] = Pacer(self._limits)
        return pacer

    @property
    def refused_count(self) -> int:
        """How often Telegram refused a request for coming too fast."""
        return sum(pacer.refused_count for pacer in self._pacers.values())

    async def work_with(self, guard: Guard, bot: Bot) -> None:
        """Opens the session for a bot that starts; sends what it was handed in an earlier life."""
        if self._closing is not None:
            await asyncio.wait({self._closing})
        self._guard, self._closed, self._closing = guard, False, None
        if guard.journal is not None:
            for row in await guard.journal.unsent(bot.id):
                self._send_later(HandedOver.read(self, bot, guard.journal, row))

    # --- requests

    async def make_request(
        self, bot: Bot, method: TelegramMethod[TelegramType], timeout: int | None = None
    ) -> TelegramType:
        """One request, in its turn. Raises SessionClosed, and what aiogram's session raises, but TelegramRetryAfter."""
        try:
            return await self._request(bot, method, timeout)
        except SessionClosed:
            cut_off()
            raise

    async def _request(self, bot: Bot, method: TelegramMethod[TelegramType], timeout: int | None) -> TelegramType:
        if isinstance(method, GetUpdates):
            return cast("TelegramType", await self._get_updates(bot, method, timeout))
        chat = chat_of(method)
        if chat is not None:
            return await self._send(bot, method, chat, timeout)
        try:
            return await self.request_now(bot, method, timeout)
        except TelegramRetryAfter as refused:
            # Telegram says of no method that it limits it, and may do so; then it waits like a send.
            chat = str(getattr(method, "chat_id", method.__api_method__))
            return await self._send(bot, method, chat, timeout, refused_for=refused.retry_after)

    async def request_now(
        self, bot: Bot, method: TelegramMethod[TelegramType], timeout: int | None = None
    ) -> TelegramType:
        """One request at once, as aiogram's session does it."""
        if self._closed:
            raise self._is_closed(method)
        return await super().make_request(bot, method, timeout)

    async def _send(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        chat: str,
        timeout: int | None,
        refused_for: float | None = None,
    ) -> TelegramType:
        pacer, handling = self.pacer_of(bot.id), current(bot.id, chat)
        turn = _Turn(chat, self._is_closed(method))
        if handling is not None:
            handling.spoke()
        pacer.submit(turn.call, hurry=handling is not None, right=handling.right if handling is not None else None)
        while True:
            if not await self._wait(pacer, turn, method, handling):
                return cast("TelegramType", await self._hand_over(bot, method, turn.call))
            try:
                if refused_for is None:
                    answer = await self.request_now(bot, method, timeout)
                    pacer.ended(turn.call)
                    self._quiet.set()
                    return answer
            except TelegramRetryAfter as refused:
                refused_for = refused.retry_after
            except BaseException:
                pacer.ended(turn.call)
                self._quiet.set()
                raise
            turn.renew()
            pacer.refused(turn.call, refused_for)
            refused_for = None

    async def _wait(self, pacer: Pacer, turn: _Turn, method: TelegramMethod[Any], handling: Handling | None) -> bool:
        """Waits for the turn. False: it takes longer than the handler should wait, and has not come."""
        left = self._patience_left(handling, method)
        started = pacer.now()
        try:
            if left is None:
                await turn.came
            elif not turn.came.done() and pacer.expected_wait(turn.call.chat) <= left:
                await asyncio.wait({turn.came}, timeout=left)
        except asyncio.CancelledError:
            pacer.withdraw(turn.call)
            raise
        if handling is not None:
            handling.waited += (pacer.now() - started).total_seconds()
        if turn.came.done():
            turn.came.result()
            return True
        return False

    def _patience_left(self, handling: Handling | None, method: TelegramMethod[Any]) -> float | None:
        """Seconds that the send may wait; None: as long as it takes."""
        if handling is None or self._patience is None or not can_be_handed_over(method):
            return None
        if sum(handed.call.chat == handling.chat for handed in self._handed) >= _MOST_HANDED_OVER:
            return None
        return max(0.0, self._patience - handling.waited)

    # --- messages that were handed over

    async def _hand_over(self, bot: Bot, method: TelegramMethod[Any], call: Call) -> object:
        handed = HandedOver(self, bot, method, call)
        self._handed.add(handed)
        call.start, call.give_up = handed.start, handed.give_up
        if self._guard is not None and self._guard.journal is not None:
            await handed.keep(self._guard.journal)
        return message_to_come(bot, method)

    def _send_later(self, handed: HandedOver) -> None:
        self._handed.add(handed)
        self.pacer_of(handed.bot.id).submit(handed.call, hurry=True)

    def forget(self, handed: HandedOver) -> None:
        """A message that was handed over is over."""
        self._handed.discard(handed)
        self._quiet.set()

    # --- updates

    async def _get_updates(self, bot: Bot, method: GetUpdates, timeout: int | None) -> list[Update]:
        if self._guard is None:
            return await self.request_now(bot, method, timeout)
        await self._guard.room(bot.id)
        taken = self._taken.get(bot, 0)
        if taken > (method.offset or 0):  # aiogram counts what it was given, and is not given what was known
            method = method.model_copy(update={"offset": taken})
        updates = await self.request_now(bot, method, timeout)
        self._taken.pop(bot, None)  # what was taken before is confirmed by this one's offset
        fresh = await self._guard.keep(bot.id, updates)
        if updates:  # only now: what could not be kept must come again
            self._taken[bot] = updates[-1].update_id + 1
        return fresh

    async def _confirm(self) -> None:
        """Says of the last updates that they were taken; a poll that would say it does not come any more."""
        while self._taken and self._guard is not None:
            bot, offset = self._taken.popitem()
            left = self._guard.first_left(bot.id)
            offset = offset if left is None else min(offset, left)
            try:
                await self.request_now(bot, GetUpdates(offset=offset, limit=1, timeout=0), timeout=5)
            except (TelegramAPIError, OSError) as error:
                _log.warning("the last updates may come again at the next start, since Telegram says: %s", error)

    # --- the end

    async def close(self) -> None:
        """Finishes what is in hand, and closes for good: a request that comes later raises SessionClosed."""
        if asyncio.current_task() is self._opener:  # aiogram closes before it opens
            await super().close()
            return
        if self._closing is None:  # several bots may share the session, and each closes it
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            if self._guard is None or await self._guard.drain():
                await self._confirm()
            await self._finish()
            self._closed = True
            for pacer in self._pacers.values():
                pacer.stop()
            if self._guard is not None and self._guard.journal is not None:
                await self._guard.journal.close()
        finally:
            self._closed = True
            await super().close()

    async def create_session(self) -> ClientSession:
        """The HTTP session of aiogram, which is not opened again once this one is closed."""
        if self._closed:
            raise self._is_closed(None)
        self._opener = asyncio.current_task()
        try:
            return await super().create_session()
        finally:
            self._opener = None

    async def _finish(self) -> None:
        durable = self._guard is not None and self._guard.journal is not None
        try:
            async with asyncio.timeout(self._close_within):
                while self._to_finish(durable=durable):
                    self._quiet.clear()
                    await self._quiet.wait()
        except TimeoutError:
            left = sum(pacer.under_way for pacer in self._pacers.values())
            _log.error(
                "%d messages were not sent: the bot stopped, and they would have waited longer than %g s; give"
                " PacedSession a longer close_within, or ThrottleMiddleware a store, which keeps them for the next start",
                left,
                self._close_within,
            )

    def _to_finish(self, *, durable: bool) -> bool:
        """What is on disk goes out at the next start; it is not waited for unless it is under way."""
        if durable:
            return any(handed.started for handed in self._handed)
        return any(pacer.under_way for pacer in self._pacers.values())

    def _is_closed(self, method: TelegramMethod[Any] | None) -> SessionClosed:
        what = f"{method.__api_method__} was not sent" if method is not None else "nothing is sent any more"
        return SessionClosed(
            f"{what}: the session of this bot is closed, since the bot stops. "
            "Let the handler end sooner, or give ThrottleMiddleware a longer stop_within."
        )


class _Turn:
    """The turn of a request that its task waits for."""

    def __init__(self, chat: str, closed: SessionClosed) -> None:
        self.call = Call(chat, self._start, self._give_up)
        self._closed = closed
        self.renew()

    def renew(self) -> None:
        """It must come once more."""
        self.came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def _start(self) -> None:
        if not self.came.done():
            self.came.set_result(None)

    def _give_up(self) -> None:
        if not self.came.done():
            self.came.set_exception(self._closed)
