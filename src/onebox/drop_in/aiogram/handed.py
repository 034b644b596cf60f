"""An answer that its handler does not wait for any more."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from aiogram.exceptions import ClientDecodeError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError

from onebox.drop_in.aiogram.pacer import Call
from onebox.drop_in.aiogram.requests import SessionClosed, chat_of, from_text, to_text, was_taken

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.methods import TelegramMethod

    from onebox.drop_in.aiogram.journal import Journal
    from onebox.drop_in.aiogram.session import PacedSession

_log = logging.getLogger(__name__)
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""seconds between the tries when Telegram cannot be reached"""


class HandedOver:
    """One message. It is in its chat's lane; when its turn comes a task sends it."""

    def __init__(self, session: PacedSession, bot: Bot, method: TelegramMethod[Any], call: Call | None = None) -> None:
        self.bot = bot
        self.call = call or Call(chat_of(method) or "", self.start, self.give_up)
        self.started = False
        self._session = session
        self._method = method
        self._journal: Journal | None = None
        self._number = 0
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def read(cls, session: PacedSession, bot: Bot, journal: Journal, row: tuple[int, str, str]) -> HandedOver:
        """One that an earlier life of the bot left on disk."""
        number, name, body = row
        handed = cls(session, bot, from_text(name, body))
        handed._number, handed._journal = number, journal
        return handed

    async def keep(self, journal: Journal) -> None:
        """Makes it durable."""
        self._journal = journal
        self._number = time.time_ns()
        await journal.hand_over(self._number, self.bot.id, *to_text(self._method))

    def start(self) -> None:
        """Its turn has come."""
        self.started = True
        self._task = asyncio.get_running_loop().create_task(self._send())

    def give_up(self) -> None:
        """It is not sent any more in this life of the bot."""
        self._session.forget(self)

    async def _send(self) -> None:
        pacer = self._session.pacer_of(self.bot.id)
        refused_for: float | None = None
        try:
            await self._try_often()
            self._note(None)
        except TelegramRetryAfter as refused:
            refused_for = refused.retry_after
        except Exception as error:  # noqa: BLE001 whatever it is, the chat goes on
            self._failed(error)
        finally:
            self.started = False
            if refused_for is None:
                pacer.ended(self.call)
                self._session.forget(self)
            else:
                pacer.refused(self.call, refused_for)

    async def _try_often(self) -> None:
        for pause in (*_PAUSES, None):
            try:
                await self._session.request_now(self.bot, self._method)
            except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
                if was_taken(error):
                    return
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return

    def _failed(self, error: Exception) -> None:
        failure = f"{type(error).__name__}: {error}"
        _log.error("an answer to chat %s that was handed over was not sent: %s", self.call.chat, failure)
        if not isinstance(error, SessionClosed):  # what is on disk then is sent at the next start
            self._note(failure)

    def _note(self, failure: str | None) -> None:
        if self._journal is not None:
            self._journal.sent(self._number, failure)
