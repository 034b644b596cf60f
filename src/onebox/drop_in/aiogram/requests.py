"""What can be said of a request to Telegram before it is made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiogram import methods
from aiogram.client.default import Default
from aiogram.exceptions import ClientDecodeError
from aiogram.types import Chat, InputFile, Message
from pydantic_core import to_json

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.methods import TelegramMethod

_PACED = ("send", "edit", "copy", "forward")
_NOT_PACED = ("sendChatAction",)


class SessionClosed(RuntimeError):
    """A request was made after the session was closed."""


def chat_of(method: TelegramMethod[Any]) -> str | None:
    """The chat whose limit a request counts for; None: Telegram does not limit it by chat."""
    name = method.__api_method__
    chat = getattr(method, "chat_id", None)
    if chat is None or not name.startswith(_PACED) or name in _NOT_PACED:
        return None
    return str(chat)


def can_be_handed_over(method: TelegramMethod[Any]) -> bool:
    """Whether the request can be made later, by nobody who waits for its answer: a message without a file."""
    returns_message = method.__returning__ is Message and isinstance(getattr(method, "chat_id", None), int)
    return returns_message and not _holds_file(method)


def _holds_file(value: Any) -> bool:
    if isinstance(value, InputFile):
        return True
    if isinstance(value, (list, tuple)):
        return any(_holds_file(item) for item in value)
    fields = getattr(type(value), "model_fields", None)
    return fields is not None and any(_holds_file(getattr(value, name)) for name in fields)


def message_to_come(bot: Bot, method: TelegramMethod[Any]) -> Message:
    """What a send that was handed over returns: a message with the id 0, by which the Bot API marks one that is
    scheduled and was not sent yet."""
    chat_id: int = getattr(method, "chat_id")  # noqa: B009 which methods have one `can_be_handed_over` knows
    chat = Chat(id=chat_id, type="private" if chat_id > 0 else "supergroup")
    message = Message(message_id=0, date=datetime.now(UTC), chat=chat, text=getattr(method, "text", None))
    return message.as_(bot)


def was_taken(error: Exception) -> bool:
    """Whether Telegram has done what it was asked, though aiogram does not understand how it says so."""
    return isinstance(error, ClientDecodeError) and isinstance(error.data, dict) and error.data.get("ok") is True


def to_text(method: TelegramMethod[Any]) -> tuple[str, str]:
    """A request as its name and JSON, from which `from_text` makes it again.

    What the bot's defaults decide is left out: they decide it when the request is made.
    """
    arguments = method.model_dump(exclude_unset=True, by_alias=True, warnings=False)
    return type(method).__name__, to_json(_without_defaults(arguments)).decode()


def from_text(name: str, body: str) -> TelegramMethod[Any]:
    made: TelegramMethod[Any] = getattr(methods, name).model_validate_json(body)
    return made


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_defaults(item) for name, item in value.items() if not isinstance(item, Default)}
    if isinstance(value, (list, tuple)):
        return [_without_defaults(item) for item in value]
    return value
