from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.channels.email.servers import Authority

from onebox.channels.email.addresses import read_mailbox
from onebox.channels.email.channel import EmailChannel
from onebox.channels.email.connections import Server
from onebox.messaging.message import Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class MovableClock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def make_channel(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Callable[..., EmailChannel]]:
    """Makes channels that are closed after the test."""
    made: list[EmailChannel] = []

    def make(
        port: int, *, sender: str = "Salon <desk@example.org>", reply_to: str | None = None, **server: Any
    ) -> EmailChannel:
        settings = {"host": "localhost", "own_name": "example.org", "security": "none", "timeout": 5.0, **server}
        channel = EmailChannel(
            account="email/desk",
            server=Server(port=port, **settings),
            sender=read_mailbox(sender),
            reply_to=[read_mailbox(reply_to)] if reply_to else [],
            files=tmp_path / "files",
            clock=clock,
        )
        made.append(channel)
        return channel

    yield make
    for channel in made:
        await channel.close()


def letter(recipient: str = "ana@example.org", /, *, attempts: int = 0, **content: Any) -> Message:
    content = {"subject": "Hello", "text": "Hi", **content}
    content = {key: value for key, value in content.items() if value is not None}
    return Message("m-1", "email/desk", recipient, content, NOON, attempts=attempts)
