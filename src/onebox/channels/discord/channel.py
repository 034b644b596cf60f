"""Posts each message to a webhook of a Discord channel."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from onebox.channels.discord.escaping import escape_discord
from onebox.channels.posting import Poster, read_url
from onebox.kernel.encoding import EncodingError, from_json, to_json
from onebox.kernel.errors import OneboxError
from onebox.messaging.channel import DeliveryFailed, Pace
from onebox.messaging.content import body_of, in_parts, text_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from onebox.channels.posting import Answer
    from onebox.kernel.clock import Clock
    from onebox.messaging.content import Body
    from onebox.messaging.message import Message

PACE = Pace(per_second=0.4, burst=5, parallel=1)
"""Discord takes 30 a minute of a webhook, and 5 in two seconds"""
MOST = 2000
"""characters of one message"""
_LONGEST_REST = timedelta(seconds=20)
_KEYS = ("username",)
_GONE = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


class DiscordMisconfigured(OneboxError):
    """The secret of a discord account holds no URL."""

    code: ClassVar[str] = "discord_misconfigured"


class DiscordChannel:
    """Posts to `url`, which is a secret. Raises DiscordMisconfigured. `pause(seconds)` waits."""

    def __init__(
        self,
        *,
        account: str,
        url: str,
        clock: Clock,
        pace: Pace | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.pace = pace or PACE
        where = read_url(url)
        if where is None:
            message = f"accounts.{account}: the secret of webhook holds no URL"
            raise DiscordMisconfigured(message, hint="it begins with https://discord.com/api/webhooks/")
        # `wait`: the answer comes when the message is there, with its id.
        self._poster = Poster(where.update_query(wait="true"), parallel=self.pace.parallel)
        self._clock = clock
        self._pause = pause
        self._rest_until: datetime | None = None

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{"id": …}`, the message's id there. Raises DeliveryFailed."""
        body = to_json(payload(message.content)).encode("utf-8", "replace")
        await self._rest()
        answer = await self._poster.post(body)
        said = _read(answer)
        if not answer.taken:
            raise self._failed(answer, said)
        self._take_note(answer)
        return {"id": said["id"]} if "id" in said else {}

    async def close(self) -> None:
        """Closes the connections."""
        await self._poster.close()

    async def _rest(self) -> None:
        """Where Discord said that no more are taken now, waits as long as it said."""
        if self._rest_until is not None:
            seconds = (min(self._rest_until - self._clock.now(), _LONGEST_REST)).total_seconds()
            if seconds > 0:
                await self._pause(seconds)

    def _take_note(self, answer: Answer) -> None:
        after = _seconds(answer.headers.get("X-RateLimit-Reset-After"))
        spent = answer.headers.get("X-RateLimit-Remaining") == "0" and after is not None
        self._rest_until = self._clock.now() + timedelta(seconds=after or 0) if spent else None

    def _failed(self, answer: Answer, said: Mapping[str, Any]) -> DeliveryFailed:
        told = str(said.get("message") or answer.text)
        if answer.status in _GONE:
            hint = "the webhook is not there any more: make a new one in Discord, and set its secret"
            text = f"{answer.told(told)}; {hint}"
            return DeliveryFailed(text, permanent=True, kind="misconfigured")
        failure = answer.failed(self._clock.now(), said=told)
        after = _seconds(said.get("retry_after"))
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS and after is not None:
            failure.retry_after = after
        return failure


def payload(content: Mapping[str, Any]) -> dict[str, Any]:
    """What is posted. Nobody is called by an `@everyone` that a stranger wrote. Raises DeliveryFailed."""
    made: dict[str, Any] = {"content": _shown(body_of(content, known=_KEYS)), "allowed_mentions": {"parse": []}}
    username = text_at(content, "username")
    return {**made, "username": username} if username else made


def parts(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The messages that a content becomes. Raises DeliveryFailed."""
    text_at(content, "username")
    return in_parts(content, limit=MOST, length=_length, known=_KEYS)


def _shown(body: Body) -> str:
    return body.text if body.markdown else escape_discord(body.text)


def _length(body: Body) -> int:
    # In halves of UTF-16: an emoji counts twice at least somewhere.
    return len(_shown(body).encode("utf-16-le", "replace")) // 2


def _read(answer: Answer) -> Mapping[str, Any]:
    try:
        said = from_json(answer.body)
    except EncodingError:
        return {}
    return said if isinstance(said, dict) else {}


def _seconds(given: Any) -> float | None:
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
