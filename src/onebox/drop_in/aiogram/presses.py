"""Buttons that were pressed, and whose handlers cannot begin yet."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.methods import AnswerCallbackQuery

from onebox.drop_in.aiogram.requests import SessionClosed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiogram import Bot
    from aiogram.client.session.base import BaseSession
    from aiogram.client.session.middlewares.base import NextRequestMiddlewareType
    from aiogram.methods import TelegramMethod
    from aiogram.methods.base import TelegramType
    from aiogram.types import Update

_log = logging.getLogger(__name__)
_TOO_LATE = "query is too old"
"""what Telegram says of a press that was answered before, too"""


class Presses:
    """Answers a press, without a text, that has waited for `after` seconds: Telegram lets it be answered for a short
    time alone, and the button waits. The handler may answer it again: that changes nothing, and does not fail."""

    def __init__(self, after: float) -> None:
        self._after = after
        self._answered: set[tuple[int, str]] = set()  # bot and press, of those whose handlers are not over
        self._answering: set[asyncio.Task[None]] = set()

    def guard(self, session: BaseSession) -> None:
        """Sees the requests of a session from now on."""
        if self._request not in session.middleware:
            session.middleware.register(self._request)

    @contextmanager
    def waiting(self, bot: Bot, update: Update) -> Iterator[None]:
        """While an update waits to be let in."""
        if update.callback_query is None:
            yield
            return
        timer = asyncio.get_running_loop().call_later(self._after, self._begin, bot, update.callback_query.id)
        try:
            yield
        finally:
            timer.cancel()

    def over(self, bot: Bot, update: Update) -> None:
        """An update was handled, or is not."""
        if update.callback_query is not None:
            self._answered.discard((bot.id, update.callback_query.id))

    def _begin(self, bot: Bot, press: str) -> None:
        self._answered.add((bot.id, press))
        task = asyncio.get_running_loop().create_task(_answer(bot, press))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _request(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Any:
        try:
            return await make_request(bot, method)
        except TelegramBadRequest as error:
            if not self._was_answered(bot, method) or _TOO_LATE not in error.message:
                raise
            return True

    def _was_answered(self, bot: Bot, method: TelegramMethod[Any]) -> bool:
        return isinstance(method, AnswerCallbackQuery) and (bot.id, method.callback_query_id) in self._answered


async def _answer(bot: Bot, press: str) -> None:
    try:
        await bot.answer_callback_query(press)
    except (TelegramAPIError, SessionClosed, OSError) as error:
        _log.info("a press that waits was not answered: %s", error)
