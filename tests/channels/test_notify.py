"""apprise, against web servers on loopback."""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING

import pytest
from tests.channels.chat_server import ChatServer, chat_server
from tests.channels.messages import message

from onebox.channels.notify.channel import NotifyChannel
from onebox.channels.notify.service import NotifyMisconfigured
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    Make = Callable[..., NotifyChannel]


@pytest.fixture
async def server() -> AsyncIterator[ChatServer]:
    async with chat_server(ChatServer((200, "{}"))) as server:
        yield server


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[NotifyChannel] = []

    def make(*urls: str, limit: float = 30.0) -> NotifyChannel:
        named = {f"url_{number}": url for number, url in enumerate(urls)}
        made.append(NotifyChannel(account="notify/all", urls=named, limit=limit))
        return made[-1]

    yield make
    for channel in made:
        await channel.close()


class RootLog(logging.Handler):
    """Keeps what a box would log. caplog listens closer than a box does."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def root_log() -> Iterator[RootLog]:
    log, root = RootLog(), logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    yield log
    root.removeHandler(log)
    root.setLevel(level)


async def failure(channel: NotifyChannel) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message())
    return failed.value


async def test_a_message_is_handed_over(make: Make, server: ChatServer) -> None:
    assert await make(f"json://{server.address}/hook").deliver(message(text="*Hi* <b>", subject="News")) == {}
    [posted] = server.posted
    assert (posted["title"], posted["message"]) == ("News", "*Hi* <b>")


async def test_markdown_becomes_what_the_service_shows(make: Make, server: ChatServer) -> None:
    await make(f"json://{server.address}/hook?format=html").deliver(message(markdown="**Hi**"))

    assert "<strong>Hi</strong>" in server.posted[0]["message"]


async def test_ntfy_is_reached(make: Make, server: ChatServer) -> None:
    await make(f"ntfy://{server.address}/salon").deliver(message(text="Hi", subject="News"))

    assert server.posted == [{"topic": "salon", "title": "News", "message": "Hi"}]


@pytest.mark.parametrize("schema", ["json", "ntfy"])
@pytest.mark.parametrize(
    ("status", "kind", "lasting"),
    [
        (500, "busy", False),
        (429, "too_many", False),
        (408, "busy", False),
        (404, "misconfigured", True),
        (401, "misconfigured", True),
        (400, "refused", True),
    ],
)
async def test_the_status_says_whether_trying_again_helps(
    make: Make, server: ChatServer, schema: str, status: int, kind: str, *, lasting: bool
) -> None:
    server.usual = (status, "{}")
    failed = await failure(make(f"{schema}://{server.address}/topic-of-ana"))

    assert (failed.kind, failed.permanent) == (kind, lasting)
    assert f"error={status}" in failed.message
    assert "topic-of-ana" not in failed.message


async def test_nobody_listening_is_passing(make: Make) -> None:
    async with chat_server(ChatServer()) as gone:
        pass
    failed = await failure(make(f"json://{gone.address}/hook"))

    assert (failed.kind, failed.permanent) == ("unreachable", False)
    assert failed.message.startswith("JSON did not take it: ")


async def test_a_service_that_hangs_is_given_up_on(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        failed = await failure(make(f"json://127.0.0.1:{port}/hook?rto=0.3", limit=0.05))

    assert (failed.kind, failed.permanent) == ("unreachable", False)
    assert failed.message == "JSON did not answer within 0.05 s"


async def test_what_one_service_took_is_not_sent_to_it_again(make: Make, server: ChatServer) -> None:
    async with chat_server(ChatServer((500, ""))) as other:
        channel = make(f"json://{server.address}/a", f"json://{other.address}/b")
        await failure(channel)
        await failure(channel)
        other.usual = (200, "")
        assert await channel.deliver(message()) == {}

    assert (len(server.posted), len(other.posted)) == (1, 3)


async def test_a_service_that_refuses_for_good_is_named_where_another_took_it(make: Make, server: ChatServer) -> None:
    async with chat_server(ChatServer((404, ""))) as other:
        receipt = await make(f"json://{server.address}/a", f"json://{other.address}/b").deliver(message())

    assert ["error=404" in said for said in receipt["refused"]] == [True]


async def test_a_text_is_split_as_the_narrowest_service_takes_it(make: Make, server: ChatServer) -> None:
    channel = make(f"json://{server.address}/a", f"ntfy://{server.address}/salon")
    made = channel.outlet.parts({"text": "word and word. " * 2000, "subject": "News"})
    for part in made:
        await channel.deliver(message(**part))

    assert len(made) == 4
    assert [len(part["text"]) <= 7800 for part in made] == [True] * 4
    assert len(server.posted) == 8


def test_a_content_without_a_text_is_told(make: Make) -> None:
    with pytest.raises(DeliveryFailed, match="text is missing"):
        make("json://localhost/x").outlet.parts({"subject": "x"})


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("very-secret-token", "holds no URL that apprise knows"),
        ("jsom://very-secret-token", r"there is no jsom://; did you mean 'json'\?"),
        ("slack://very-secret-token", "what follows slack:// is incomplete"),
        ("", "holds no URL"),
    ],
)
def test_a_url_that_is_none_is_told_and_not_shown(url: str, said: str, root_log: RootLog) -> None:
    with pytest.raises(NotifyMisconfigured, match=rf"accounts\.notify/all: the secret url_0 .*{said}") as failed:
        NotifyChannel(account="notify/all", urls={"url_0": url})
    assert "very-secret" not in str(failed.value) + str(root_log.lines)


async def test_nothing_is_written_to_files(
    make: Make, server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    server.usual = (
        200,
        '{"access_token": "x", "user_id": "@ana:localhost", "room_id": "!r:localhost", "event_id": "e"}',
    )
    await make(f"matrix://ana:word@{server.address}/!r:localhost").deliver(message())

    assert len(server.posted) > 1
    assert [files for _, *files in os.walk(tmp_path)] == [[[], []]]


async def test_the_log_of_apprise_is_told_by_the_failure_alone(
    make: Make, server: ChatServer, root_log: RootLog
) -> None:
    server.usual = (500, "")
    await failure(make(f"json://{server.address}/very-secret-path"))

    assert [line for line in root_log.lines if "JSON" in line or "very-secret" in line] == []


def test_the_pace_is_what_apprise_keeps_to(make: Make) -> None:
    pace = make("json://localhost/a", "ntfy://localhost/salon").pace

    assert (1 / pace.per_second, pace.burst, pace.parallel) == (5.5, 1, 1)
