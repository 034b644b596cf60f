"""The outbox: nobody sends while holding anything; one sender an account drains what was written, at its pace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.messaging.message import Message, Priority


@dataclass(slots=True)
class Waiting:
    """What waits in the outbox of an account: the messages that may go now, and when the next one may."""

    messages: list[Message] = field(default_factory=list)
    next_due: datetime | None = None


class MessageReader(Protocol):
    """What a sender reads. Never waits for the writer."""

    async def waiting(
        self, account: str, *, priority: Priority, now: datetime, busy: Sequence[str], limit: int
    ) -> Waiting:
        """Up to `limit` of the account's oldest queued messages of this priority in order of id, several of one
        recipient among them.

        Left out are the recipients in `busy` (up to some hundred), and each message that is, or stands behind, a
        queued message of the same recipient and priority whose `due_at` is after `now`: what is not due yet holds its
        own recipient and nobody else. `next_due` is the soonest `due_at` after `now` among the queued messages of the
        account and priority.
        """
        ...
