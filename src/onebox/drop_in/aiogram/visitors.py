"""What can be said of an update before it is handled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiogram.dispatcher.middlewares.user_context import UserContextMiddleware
from aiogram.types.update import UpdateTypeLookupError

if TYPE_CHECKING:
    from aiogram.dispatcher.middlewares.user_context import EventContext
    from aiogram.types import Update

_MONEY = ("pre_checkout_query", "shipping_query", "purchased_paid_media")
_ANSWERED_WITHOUT_A_MESSAGE = ("pre_checkout_query", "shipping_query", "inline_query", "chosen_inline_result")
"""Telegram lets a bot answer these as fast as it likes, and some of them for 10 seconds alone."""
_NEVER_LOST = ("successful_payment", "refunded_payment", "contact", "web_app_data")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose update it is. `chat`: where it happened, or the person's own chat. `protected`: it is never refused."""

    chat: str
    sender: str
    kind: str
    protected: bool
    free: bool
    private: bool
    context: EventContext


def visitor_of(update: Update) -> Visitor:
    """Looks at one update. Those of one sender in one chat are counted together."""
    context = UserContextMiddleware.resolve_event_context(update)
    kind = _kind(update)
    chat = context.chat_id or context.user_id or 0
    return Visitor(
        chat=str(chat),
        sender=f"{context.user_id or chat}@{chat}",
        kind=kind,
        protected=kind in _MONEY or _holds_what_is_never_lost(update),
        free=kind in _ANSWERED_WITHOUT_A_MESSAGE,
        private=chat > 0,
        context=context,
    )


def _kind(update: Update) -> str:
    try:
        return update.event_type
    except UpdateTypeLookupError:
        return "unknown"


def _holds_what_is_never_lost(update: Update) -> bool:
    message = update.message or update.business_message
    return message is not None and any(getattr(message, part) is not None for part in _NEVER_LOST)
