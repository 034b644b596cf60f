"""Sends texts by `sendMessage`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from onebox.channels.telegram.api import ApiRefused, ApiUnreachable
from onebox.channels.telegram.texts import body_of
from onebox.messaging.channel import DeliveryFailed, Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.channels.telegram.api import BotApi
    from onebox.messaging.message import Message

LIMIT = 30.0
"""seconds that Telegram may take"""
PACE = Pace(per_second=25, burst=25, parallel=8)
"""Telegram takes about 30 a second; above that it refuses everybody"""

_GONE = ("blocked", "deactivated", "kicked", "chat not found", "not a member", "user not found")
_PARSING = "can't parse entities"


class TelegramChannel:
    """One bot. A recipient is a chat's id, or `@name` of a public channel.

    When the connection breaks after a message was handed over, whether it was sent is not known: it is sent again.
    """

    def __init__(self, *, account: str, api: BotApi, pace: Pace | None = None) -> None:
        self.pace = pace or PACE
        self._account = account
        self._api = api

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{"message_id": …, "chat_id": …}`. Raises DeliveryFailed."""
        body = body_of(message.content)
        try:
            sent = await self._send(_chat(message.recipient), body)
        except ApiRefused as refused:
            raise self._failure(refused) from None
        except ApiUnreachable as unreachable:
            raise DeliveryFailed(unreachable.message, permanent=False, kind="unreachable") from None
        return sent

    async def close(self) -> None:
        """Closes the connections."""
        await self._api.close()

    async def _send(self, chat: int | str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            sent = await self._api.call("sendMessage", {"chat_id": chat, **body}, limit=LIMIT)
        except ApiRefused as refused:
            moved = refused.parameters.get("migrate_to_chat_id")
            if not isinstance(moved, int) or moved == chat:
                raise
            return await self._send(moved, body)  # the group became a supergroup, with an id of its own
        number = sent.get("message_id") if isinstance(sent, dict) else None
        return {"message_id": number, "chat_id": chat}

    def _failure(self, refused: ApiRefused) -> DeliveryFailed:
        status, said = refused.status, refused.description.lower()
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            after = refused.parameters.get("retry_after")
            seconds = float(after) if isinstance(after, (int, float)) else None
            return DeliveryFailed(refused.message, permanent=False, retry_after=seconds, kind="too_many")
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
            text = f"{refused.message}: the token of {self._account} is wrong, or was revoked"
            return DeliveryFailed(text, permanent=False, kind="misconfigured")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return DeliveryFailed(refused.message, permanent=False, kind="busy")
        if any(word in said for word in _GONE):
            return DeliveryFailed(refused.message, permanent=True, kind="bounced")
        hint = "the markup has a tag that Telegram does not take, or that is not closed" if _PARSING in said else None
        return DeliveryFailed(refused.message, permanent=True, kind="refused", hint=hint)


def _chat(recipient: str) -> int | str:
    """
    >>> _chat("-100123"), _chat("@news")
    (-100123, '@news')
    """
    try:
        return int(recipient)
    except ValueError:
        return recipient
