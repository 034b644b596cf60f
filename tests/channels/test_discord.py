from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.channels.chat_server import ChatServer, chat_server
from tests.channels.messages import StoppedClock, message

from onebox.channels.discord.channel import DiscordChannel, DiscordMisconfigured, parts, payload
from onebox.channels.discord.escaping import escape_discord
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "/api/webhooks/7/very-secret-token"


@pytest.fixture
async def server() -> AsyncIterator[ChatServer]:
    async with chat_server(ChatServer((200, '{"id": "99"}'))) as server:
        yield server


@pytest.fixture
def rests() -> list[float]:
    return []


@pytest.fixture
async def channel(server: ChatServer, rests: list[float]) -> AsyncIterator[DiscordChannel]:
    async def rest(seconds: float) -> None:
        rests.append(seconds)

    url = f"http://{server.address}{TOKEN}?thread_id=5"
    channel = DiscordChannel(account="discord/log", url=url, clock=StoppedClock(), pause=rest)
    yield channel
    await channel.close()


async def test_a_message_is_posted_and_its_id_comes_back(channel: DiscordChannel, server: ChatServer) -> None:
    assert await channel.deliver(message(markdown="**Hi** @everyone", username="Salon")) == {"id": "99"}
    assert server.paths == [f"{TOKEN}?thread_id=5&wait=true"]
    assert server.posted == [{"content": "**Hi** @everyone", "allowed_mentions": {"parse": []}, "username": "Salon"}]


async def test_a_text_is_shown_as_it_was_written(channel: DiscordChannel, server: ChatServer) -> None:
    await channel.deliver(message(text="# *a* _b_ ~c~ `d` ||e|| <@1> [f](g)\n- h\n> i https://example.org/x_y_z"))

    assert server.posted[0]["content"] == (
        "\\# \\*a\\* \\_b\\_ \\~c\\~ \\`d\\` \\|\\|e\\|\\| \\<@1> \\[f\\](g)\n\\- h\n\\> i https://example.org/x_y_z"
    )


async def test_retry_after_of_the_answer_is_obeyed(channel: DiscordChannel, server: ChatServer) -> None:
    server.answers = [
        (429, {"Retry-After": "2"}, '{"message": "slow", "retry_after": 1.337}'),
        (429, {"Retry-After": "9"}, "no"),
    ]
    for seconds in (1.337, 9.0):
        with pytest.raises(DeliveryFailed) as failed:
            await channel.deliver(message())
        assert (failed.value.kind, failed.value.permanent, failed.value.retry_after) == ("too_many", False, seconds)


async def test_when_no_more_are_taken_it_rests_as_long_as_told(
    channel: DiscordChannel, server: ChatServer, rests: list[float]
) -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.5"}
    server.answers = [(200, spent, "{}"), (200, {"X-RateLimit-Remaining": "4", "X-RateLimit-Reset-After": "2"}, "{}")]
    for _ in range(3):
        await channel.deliver(message())

    assert rests == [1.5]


@pytest.mark.parametrize("reset", ["nan", "inf", "-1", "soon", "1e9"])
async def test_a_rest_without_end_is_not_taken(
    channel: DiscordChannel, server: ChatServer, rests: list[float], reset: str
) -> None:
    server.answers = [(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": reset}, "{}")]
    await channel.deliver(message())
    await channel.deliver(message())

    assert [rest for rest in rests if not 0 < rest <= 20] == []


@pytest.mark.parametrize(
    ("status", "kind", "lasting"),
    [
        (401, "misconfigured", True),
        (404, "misconfigured", True),
        (400, "refused", True),
        (302, "refused", True),
        (500, "busy", False),
        (408, "busy", False),
    ],
)
async def test_the_status_says_whose_fault_it_is(
    channel: DiscordChannel, server: ChatServer, status: int, kind: str, *, lasting: bool
) -> None:
    server.answers = [(status, {"Location": "/"}, '{"message": "Unknown Webhook", "code": 10015}')]
    with pytest.raises(DeliveryFailed, match=f"127.0.0.1 answered {status} .*: Unknown Webhook") as failed:
        await channel.deliver(message())

    assert (failed.value.kind, failed.value.permanent) == (kind, lasting)
    assert "very-secret" not in str(failed.value)


async def test_nobody_listening_is_passing_and_tells_no_secret(server: ChatServer) -> None:
    async with chat_server(ChatServer()) as gone:
        pass
    channel = DiscordChannel(account="discord/log", url=f"http://{gone.address}{TOKEN}", clock=StoppedClock())
    with pytest.raises(DeliveryFailed, match=r"127\.0\.0\.1 cannot be reached") as failed:
        await channel.deliver(message())
    await channel.close()

    assert (failed.value.kind, failed.value.permanent) == ("unreachable", False)
    assert "very-secret" not in str(failed.value)


def test_a_secret_that_is_no_url_is_named_but_not_shown() -> None:
    with pytest.raises(
        DiscordMisconfigured, match=r"accounts\.discord/log: the secret of webhook holds no URL"
    ) as failed:
        DiscordChannel(account="discord/log", url="very-secret-token", clock=StoppedClock())
    assert "token" not in str(failed.value)


@given(
    st.lists(st.sampled_from(["*word* ", "\n", "\n\n", "👍", "_" * 30, "a" * 70]), min_size=1, max_size=120).map(
        "".join
    )
)
def test_no_part_is_longer_than_discord_takes(text: str) -> None:
    if not text.strip():
        return
    for part in parts({"text": text, "username": "Salon"}):
        made = payload(part)["content"]
        assert 0 < len(made.encode("utf-16-le")) // 2 <= 2000
        assert part["username"] == "Salon"


def test_markdown_is_split_with_its_code_closed() -> None:
    made = parts({"markdown": "```\n" + "line of code\n" * 400 + "```"})

    assert len(made) == 3
    assert [part["markdown"].count("```") for part in made] == [2, 2, 2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "text is missing"),
        ({"text": " \n"}, "text is empty"),
        ({"text": "x", "markdown": "y"}, "text and markdown exclude each other"),
        ({"text": "x", "username": "a\nb"}, "username holds a line break"),
        ({"text": "x", "usernam": "a"}, "there is no 'usernam'; did you mean 'username'?"),
    ],
)
def test_what_is_wrong_with_a_content_is_told(content: dict[str, object], said: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        parts(content)
    assert said in failed.value.message
    assert (failed.value.kind, failed.value.permanent) == ("invalid", True)


def test_what_other_channels_take_is_left_alone() -> None:
    assert payload(parts({"text": "x", "subject": "y", "buttons": []})[0])["content"] == "x"


def test_escaping_leaves_nothing_out() -> None:
    text = "a\\b *c* d_e\n# f"
    assert escape_discord(text).replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == text
