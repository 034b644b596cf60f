from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from standardwebhooks import Webhook
from tests.channels.messages import NOW, StoppedClock, message

from onebox.channels.webhook.channel import WebhookChannel, WebhookMisconfigured
from onebox.channels.webhook.signature import secret_key
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """Keeps what was posted, answers as told."""

    def __init__(self) -> None:
        self.answer: tuple[int, dict[str, str], str] = (204, {}, "")
        self.posted: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.posted.append((dict(request.headers), await request.read()))
        status, headers, text = self.answer
        return web.Response(status=status, headers=headers, text=text)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/in", receiver.take)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def channel(receiver: Receiver) -> AsyncIterator[WebhookChannel]:
    channel = WebhookChannel(account="webhook/main", url=receiver.url, secret=SECRET, clock=StoppedClock())
    yield channel
    await channel.close()


async def test_the_peer_library_accepts_the_signature(channel: WebhookChannel, receiver: Receiver) -> None:
    assert await channel.deliver(message(text="Grüße")) == {"status": 204}
    [(headers, body)] = receiver.posted
    assert Webhook(SECRET).verify(body, headers) == {
        "id": "m1",
        "type": "message",
        "to": "ana",
        "content": {"text": "Grüße"},
        "created_at": NOW.isoformat(),
    }
    assert headers["webhook-id"] == "m1"


async def test_a_changed_body_does_not_verify(channel: WebhookChannel, receiver: Receiver) -> None:
    await channel.deliver(message())
    [(headers, body)] = receiver.posted
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(SECRET).verify(body.replace(b"Hi", b"Ho"), headers)


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (400, True),
        (401, True),
        (404, True),
        (410, True),
        (302, True),
        (408, False),
        (425, False),
        (429, False),
        (500, False),
    ],
)
async def test_the_status_says_whether_trying_again_helps(
    channel: WebhookChannel, receiver: Receiver, status: int, *, permanent: bool
) -> None:
    receiver.answer = (status, {"Location": "/in"}, "not  now")
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message())
    assert failed.value.permanent is permanent
    assert failed.value.message.startswith(f"127.0.0.1 answered {status} ")
    assert failed.value.message.endswith(": not now")
    assert len(receiver.posted) == 1


async def test_retry_after_is_passed_on(channel: WebhookChannel, receiver: Receiver) -> None:
    receiver.answer = (429, {"Retry-After": "17"}, "")
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message())
    assert failed.value.retry_after == 17.0
    later = (NOW + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    receiver.answer = (503, {"Retry-After": later}, "")
    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(message())
    assert failed.value.retry_after == 90.0


async def test_nobody_listening_is_passing() -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    channel = WebhookChannel(account="w", url=f"http://127.0.0.1:{port}/", secret=SECRET, clock=StoppedClock())
    with pytest.raises(DeliveryFailed, match=r"127\.0\.0\.1 cannot be reached") as failed:
        await channel.deliver(message())
    await channel.close()
    assert not failed.value.permanent


@pytest.mark.parametrize("url", ["shop.example/in", "ftp://shop.example/", "https://", "http://[x"])
def test_a_wrong_url_is_named(url: str) -> None:
    with pytest.raises(WebhookMisconfigured, match=r"accounts\.webhook/main: expected a URL"):
        WebhookChannel(account="webhook/main", url=url, secret=SECRET, clock=StoppedClock())


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!"])
def test_a_wrong_secret_is_named_but_not_shown(secret: str) -> None:
    with pytest.raises(WebhookMisconfigured, match=r"accounts\.webhook/main: the secret is of no use") as failed:
        WebhookChannel(account="webhook/main", url="https://x.example", secret=secret, clock=StoppedClock())
    assert "not base64!" not in str(failed.value)


def test_a_secret_may_come_without_prefix_or_padding() -> None:
    assert secret_key("whsec_YWI=") == secret_key("YWI") == b"ab"


def test_json_is_what_the_receiver_parses() -> None:
    from onebox.channels.webhook.channel import body_of

    assert json.loads(body_of(message(text="Hi", at=NOW)))["content"]["at"]
