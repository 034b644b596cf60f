"""Sends texts by `sendMessage`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from onebox.channels.telegram.api import ApiRefused, ApiUnreachable
from onebox.channels.telegram.texts import body_of
from onebox.messaging.channel import DeliveryFailed, Pace, Rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.channels.telegram.api import BotApi
    from onebox.messaging.message import Message

LIMIT = 30.0
"""seconds that Telegram may take"""
_PERSON = (Rate(per_second=1, burst=3),)
# Telegram takes 20 in any minute: a burst and what comes back in 60 s are together no more.
_GROUP = (*_PERSON, Rate(per_second=0.25, burst=5))


def rates_of(chat: str) -> Sequence[Rate]:
    """How often Telegram lets a bot write to one chat; groups and channels have a negative id, or an `@name`."""
    return _GROUP if chat.startswith(("-", "@")) else _PERSON


PACE = Pace(per_second=28, burst=20, parallel=8, each=rates_of)
"""Telegram takes about 30 a second; above that it refuses everybody"""

_GONE = (
    "blocked",
    "deactivated",
    "kicked",
    "chat not found",
    "not a member",
    "user not found",
    "initiate conversation",
)
_ADVICE = {
    "blocked by the user": "only this person can let the bot write again",
    "initiate conversation": "a person has to write to the bot first",
    "chat not found": "to must be the id of a chat that the bot is in, or the @name of a public channel; "
    "a person has to write to the bot first",
    "was kicked": "add the bot to the chat again",
    "not a member": "add the bot to the chat",
    "not enough rights": "give the bot the right to post there",
    "need administrator rights": "make the bot an administrator of the channel",
    "can't parse entities": "the markup has a tag that Telegram does not take, or that is not closed",
    "message is too long": "text and markdown are split, markup is not",
}
"""What to do, by what Telegram says."""


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
            if not isinstance(moved, int):
                raise
            chat = moved  # the group became a supergroup, with an id of its own
            sent = await self._api.call("sendMessage", {"chat_id": chat, **body}, limit=LIMIT)
        number = sent.get("message_id") if isinstance(sent, dict) else None
        return {"message_id": number, "chat_id": chat}

    def _failure(self, refused: ApiRefused) -> DeliveryFailed:
        status, said = refused.status, refused.description.lower()
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            after = refused.parameters.get("retry_after")
            seconds = float(after) if isinstance(after, (int, float)) else None
            return DeliveryFailed(refused.message, permanent=False, retry_after=seconds, kind="too_many")
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
            text = (
                f"{refused.message}: the token of {self._account} is wrong, or was revoked; "
                f"set the secret that accounts.{self._account}.token names to what @BotFather says"
            )
            return DeliveryFailed(text, permanent=False, kind="misconfigured")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return DeliveryFailed(refused.message, permanent=False, kind="busy")
        # The message alone is kept with what failed, so what to do is part of it.
        advice = next((f"; {advice}" for words, advice in _ADVICE.items() if words in said), "")
        kind = "bounced" if any(word in said for word in _GONE) else "refused"
        return DeliveryFailed(f"{refused.message}{advice}", permanent=True, kind=kind)


def _chat(recipient: str) -> int | str:
    """
    >>> _chat("-100123"), _chat("@news")
    (-100123, '@news')
    """
    try:
        return int(recipient)
    except ValueError:
        return recipient
