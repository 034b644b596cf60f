"""Posts each message to the account's URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from onebox.channels.posting import Poster, read_url
from onebox.channels.webhook.signature import secret_key, sign
from onebox.kernel.encoding import normalise, to_json
from onebox.kernel.errors import OneboxError
from onebox.messaging.channel import Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    import yarl

    from onebox.kernel.clock import Clock
    from onebox.messaging.message import Message


class WebhookMisconfigured(OneboxError):
    """The URL or the secret of a webhook account is of no use."""

    code: ClassVar[str] = "webhook_misconfigured"


class WebhookChannel:
    """Posts `{"id", "type": "message", "to", "content", "created_at"}` to `url`, signed with `secret`.

    The receiver knows a message that comes twice by its `webhook-id`. Raises WebhookMisconfigured.
    """

    def __init__(self, *, account: str, url: str, secret: str, clock: Clock, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._poster = Poster(_read_url(account, url), parallel=self.pace.parallel)
        try:
            self._key = secret_key(secret)
        except ValueError as error:
            message = f"accounts.{account}: the secret is of no use: {error}"
            raise WebhookMisconfigured(message, hint="it is base64 after whsec_, of 24 bytes or more") from None
        self._clock = clock

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{"status": …}`. Raises DeliveryFailed."""
        body = body_of(message)
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._key, message.id, timestamp, body),
        }
        answer = await self._poster.post(body, headers)
        if not answer.taken:
            raise answer.failed(self._clock.now())
        return {"status": answer.status}

    async def close(self) -> None:
        """Closes the connections."""
        await self._poster.close()


def body_of(message: Message) -> bytes:
    """The JSON that is posted."""
    content = {
        "id": message.id,
        "type": "message",
        "to": message.recipient,
        "content": normalise(message.content),
        "created_at": message.created_at.isoformat(),
    }
    return to_json(content).encode()


def _read_url(account: str, text: str) -> yarl.URL:
    url = read_url(text)
    if url is None:
        message = f"accounts.{account}: expected a URL that begins with https:// or http://, got {text[:100]!r}"
        raise WebhookMisconfigured(message)
    return url
