from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.channels.messages import NOW, StoppedClock
from tests.support.whatsapp import NUMBER, TOKEN, FakeWhatsapp

from onebox.channels.whatsapp.api import GraphApi
from onebox.channels.whatsapp.channel import WhatsappChannel
from onebox.messaging.chat import LastHeard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ACCOUNT = "whatsapp/main"


class Heard:
    """When people last wrote: all of them an hour ago, but for those who are named."""

    def __init__(self) -> None:
        self.at: dict[str, LastHeard | None] = {}
        self.asked: list[str] = []

    async def __call__(self, recipient: str) -> LastHeard | None:
        self.asked.append(recipient)
        return self.at.get(recipient, LastHeard(NOW - timedelta(hours=1), "wamid.in.1"))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def whatsapp() -> AsyncIterator[FakeWhatsapp]:
    async with FakeWhatsapp() as running:
        yield running


@pytest.fixture
async def open_channel(
    whatsapp: FakeWhatsapp, heard: Heard, tmp_path: Path
) -> AsyncIterator[Callable[..., WhatsappChannel]]:
    made: list[WhatsappChannel] = []

    def make(token: str = TOKEN, api: str | None = None, **more: Any) -> WhatsappChannel:
        graph = GraphApi(api or whatsapp.api, NUMBER, token)
        known = {"account": ACCOUNT, "files": tmp_path, "clock": StoppedClock(), "last_heard": heard}
        made.append(WhatsappChannel(api=graph, **{**known, **more}))
        return made[-1]

    yield make
    for channel in made:
        await channel.close()


@pytest.fixture
def channel(open_channel: Callable[..., WhatsappChannel]) -> WhatsappChannel:
    return open_channel()
