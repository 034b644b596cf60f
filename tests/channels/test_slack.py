from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.channels.chat_server import ChatServer, chat_server
from tests.channels.messages import StoppedClock, message

from onebox.channels.slack.channel import SlackChannel, SlackMisconfigured, parts, payload
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def server() -> AsyncIterator[ChatServer]:
    async with chat_server(ChatServer()) as server:
        yield server


@pytest.fixture
async def channel(server: ChatServer) -> AsyncIterator[SlackChannel]:
    url = f"http://{server.address}/services/T0/B0/very-secret-token"
    channel = SlackChannel(account="slack/team", url=url, clock=StoppedClock())
    yield channel
    await channel.close()


async def test_markdown_is_posted_as_slack_writes_it(channel: SlackChannel, server: ChatServer) -> None:
    assert await channel.deliver(message(markdown="**Hi** <!channel> [you](https://example.org)")) == {}
    assert server.posted == [{"text": "*Hi* &lt;!channel&gt; <https://example.org|you>", "mrkdwn": True}]
    assert server.paths == ["/services/T0/B0/very-secret-token"]


async def test_a_text_is_shown_as_it_was_written(channel: SlackChannel, server: ChatServer) -> None:
    await channel.deliver(message(text="*Hi* <@U1> & co"))

    assert server.posted == [{"text": "*Hi* &lt;@U1&gt; &amp; co", "mrkdwn": False}]


@pytest.mark.parametrize(
    ("status", "said", "kind", "lasting", "hint"),
    [
        (404, "no_service", "misconfigured", True, "make a new one in Slack"),
        (410, "channel_is_archived", "misconfigured", True, "take the channel out of the archive"),
        (403, "action_prohibited", "misconfigured", True, "ask them"),
        (400, "invalid_payload", "refused", True, "invalid_payload"),
        (500, "rollup_error", "busy", False, "rollup_error"),
        (503, "<html>away</html>", "busy", False, "<html>"),
    ],
)
async def test_what_slack_answers_says_what_to_do(
    channel: SlackChannel, server: ChatServer, status: int, said: str, kind: str, hint: str, *, lasting: bool
) -> None:
    server.answers = [(status, {}, said)]
    with pytest.raises(DeliveryFailed, match=f"127.0.0.1 answered {status} .*: {said}") as failed:
        await channel.deliver(message())

    assert (failed.value.kind, failed.value.permanent) == (kind, lasting)
    assert hint in failed.value.message
    assert "very-secret" not in str(failed.value)


async def test_retry_after_is_obeyed(channel: SlackChannel, server: ChatServer) -> None:
    server.answers = [(429, {"Retry-After": "30"}, "rate_limited")]
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message())

    assert (failed.value.kind, failed.value.permanent, failed.value.retry_after) == ("too_many", False, 30.0)


def test_a_secret_that_is_no_url_is_named_but_not_shown() -> None:
    with pytest.raises(SlackMisconfigured, match=r"accounts\.slack/team: the secret of webhook holds no URL") as failed:
        SlackChannel(account="slack/team", url="very-secret-token", clock=StoppedClock())
    assert "token" not in str(failed.value)


@pytest.mark.parametrize("key", ["text", "markdown"])
def test_no_part_is_longer_than_slack_takes(key: str) -> None:
    made = parts({key: "a & b <c> " * 12_000})

    assert len(made) > 5
    assert max(len(payload(part)["text"]) for part in made) <= 40_000
