"""A bot and the server that it speaks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.channels.messages import StoppedClock
from tests.support.telegram import TOKEN, FakeTelegram

from onebox.channels.telegram.api import BotApi
from onebox.channels.telegram.channel import TelegramChannel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as running:
        yield running


@pytest.fixture
async def open_channel(telegram: FakeTelegram) -> AsyncIterator[Callable[..., TelegramChannel]]:
    made: list[TelegramChannel] = []

    def make(token: str = TOKEN, url: str | None = None, **more: Any) -> TelegramChannel:
        api = BotApi(url or telegram.url, token)
        made.append(TelegramChannel(account="telegram/main", api=api, clock=StoppedClock(), **more))
        return made[-1]

    yield make
    for channel in made:
        await channel.close()
