"""Sends each message with the account's bot."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from onebox.channels.telegram.api import TelegramRefused, TelegramUnreachable
from onebox.channels.telegram.content import parameters
from onebox.messaging.channel import DeliveryFailed, Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.channels.telegram.api import BotApi
    from onebox.messaging.message import Message

_LIMIT = 30.0
"""seconds that Telegram may take"""

_ADVICE = {
    "blocked by the user": "only this person can let the bot write again",
    "initiate conversation": "a person has to write to the bot first",
    "chat not found": "to must be the id of a chat that the bot is in, or the @name of a channel; "
    "a person has to write to the bot first",
    "user is deactivated": "the account is gone; write to nobody there any more",
    "was kicked": "add the bot to the chat again",
    "not a member": "add the bot to the chat",
    "not enough rights": "give the bot the right to post there",
    "need administrator rights": "make the bot an administrator of the channel",
    "can't parse entities": "markup must be HTML as Telegram takes it: every tag closed, and &lt; &gt; &amp; in texts",
    "message is too long": "a message has at most 4,096 characters; text and markdown are split, markup is not",
}
"""What to do, by what Telegram says."""
_GONE = ("chat not found", "user is deactivated", "user not found", "group chat was deactivated", "peer_id_invalid")
_MALFORMED = ("can't parse entities", "message is too long", "message text is empty")


class TelegramChannel:
    """`sendMessage` with the bot of `account`."""

    usual_pace: ClassVar[Pace] = Pace(per_second=25, burst=25, parallel=8)

    def __init__(self, *, account: str, api: BotApi, pace: Pace | None = None) -> None:
        self.pace = pace or self.usual_pace
        self._account = account
        self._api = api

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{"message_id", "chat_id"}`. Raises DeliveryFailed."""
        try:
            asked = parameters(message.recipient, message.content)
        except ValueError as error:
            raise DeliveryFailed(f"{self._account}: {error}", permanent=True, kind="invalid") from None
        try:
            return _receipt(asked, await self._send(asked))
        except TelegramUnreachable as error:
            raise DeliveryFailed(error.message, permanent=False, kind="unreachable") from None
        except TelegramRefused as refused:
            raise self._failure(refused, asked["chat_id"]) from None

    async def close(self) -> None:
        """Closes the connections."""
        await self._api.close()

    async def _send(self, asked: dict[str, Any]) -> Any:
        try:
            return await self._api.call("sendMessage", asked, within=_LIMIT)
        except TelegramRefused as refused:
            if refused.moved_to is None:
                raise
            asked["chat_id"] = refused.moved_to  # the group became a supergroup; it was not sent to the old id
            return await self._api.call("sendMessage", asked, within=_LIMIT)

    def _failure(self, refused: TelegramRefused, chat: int | str) -> DeliveryFailed:
        status, said = refused.status, refused.message
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            text = f"Telegram wants fewer messages to {chat}: {said}"
            return DeliveryFailed(text, permanent=False, retry_after=refused.retry_after, kind="too_many")
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            return DeliveryFailed(wrong_token(self._account, refused), permanent=False, kind="misconfigured")
        if status < HTTPStatus.BAD_REQUEST:
            text = f"{said}; accounts.{self._account}.api must be the address of a Bot API server"
            return DeliveryFailed(text, permanent=False, kind="misconfigured")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.CONFLICT:
            return DeliveryFailed(f"Telegram has trouble of its own: {status} {said}", permanent=False, kind="busy")
        hint = _advice(said)
        text = f"Telegram refused the message to {chat}: {said}" + (f"; {hint}" if hint else "")
        return DeliveryFailed(text, permanent=True, kind=_kind(status, said))


def wrong_token(account: str, refused: TelegramRefused) -> str:
    """What to say where Telegram knows no bot with this token."""
    return (
        f"Telegram knows no bot with the token of {account} ({refused.status} {refused.message}): "
        f"set the secret that accounts.{account}.token names to what @BotFather says"
    )


def _advice(said: str) -> str | None:
    lower = said.lower()
    return next((advice for words, advice in _ADVICE.items() if words in lower), None)


def _kind(status: int, said: str) -> str:
    lower = said.lower()
    if status == HTTPStatus.FORBIDDEN or any(words in lower for words in _GONE):
        return "bounced"
    return "invalid" if any(words in lower for words in _MALFORMED) else "refused"


def _receipt(asked: Mapping[str, Any], result: Any) -> dict[str, Any]:
    # It was sent: an answer that says little must not have it sent again.
    sent = result if isinstance(result, dict) else {}
    chat = sent.get("chat")
    chat_id = chat.get("id") if isinstance(chat, dict) else None
    return {"message_id": sent.get("message_id"), "chat_id": chat_id or asked["chat_id"]}
