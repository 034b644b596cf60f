"""The senders of a box, one an account, and what is told when a message cannot be delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.app.accounts import ChatSettings
from onebox.kernel.encoding import dump
from onebox.messaging.conversation import MarkGone
from onebox.messaging.event import Event, StoreEvent
from onebox.messaging.message import MarkFailed, Priority
from onebox.messaging.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from onebox.app.accounts import AccountSettings
    from onebox.dispatch.engine import Engine
    from onebox.flows.book import FlowBook
    from onebox.kernel.clock import Clock
    from onebox.kernel.ids import Ids
    from onebox.kernel.ledger import Change
    from onebox.messaging.channel import Channel
    from onebox.messaging.message import Message
    from onebox.storage.opening import Storage

MESSAGE_FAILED = "message.failed"


@dataclass(slots=True)
class Senders:
    """By account. Those who queue messages know it before there is any sender."""

    by_account: dict[str, Sender] = field(default_factory=dict)

    def build(
        self,
        accounts: Mapping[str, AccountSettings],
        channels: Mapping[str, Channel],
        *,
        storage: Storage,
        clock: Clock,
        on_failed: Callable[[Message, MarkFailed], Awaitable[None]],
    ) -> None:
        """Makes a sender for each account."""
        for name, account in accounts.items():
            is_chat = isinstance(account, ChatSettings)
            self.by_account[name] = Sender(
                account=name,
                channel=channels[name],
                reader=storage.reader,
                ledger=storage.ledger,
                clock=clock,
                on_failed=on_failed,
                also=_remember_the_gone if is_chat else _nothing_also,
                patience=account.patience,
                delivery_limit=account.delivery_limit,
                marks=isinstance(account, ChatSettings) and not account.notices_repetitions,
                leaves_unsure=isinstance(account, ChatSettings) and account.when_unsure == "leave",
            )

    def wake(self, message: Message) -> None:
        """A message was queued."""
        self.by_account[message.account].wake(message.priority)

    def look_again(self, account: str) -> None:
        """Messages of a broadcast that wait were paused, resumed or cancelled; its account may be gone meanwhile."""
        if account in self.by_account:
            self.by_account[account].forget(Priority.broadcast)


@dataclass(frozen=True, slots=True)
class Failures:
    """Tells flows of messages that could not be delivered."""

    book: FlowBook
    engine: Engine
    clock: Clock
    ids: Ids

    async def tell(self, message: Message, failed: MarkFailed) -> None:
        """An event `message.failed`, if a flow waits for such."""
        if not self.book.knows(MESSAGE_FAILED):
            return
        told = failed_message_event(message, failed, self.clock, self.ids)
        await self.engine.commit([StoreEvent(told, self.engine.consequences(told))])


def failed_message_event(message: Message, failed: MarkFailed, clock: Clock, ids: Ids) -> Event:
    """What flows are told: the message, why, and the kind of the failure."""
    data = {
        "message": {
            "id": message.id,
            "account": message.account,
            "recipient": message.recipient,
            "content": dict(message.content),
            "run": message.run_id,
        },
        "reason": failed.error,
        "kind": failed.kind,
    }
    return Event(ids.new(), "outbox", MESSAGE_FAILED, clock.now(), data, dump(data), key=message.id)


def _remember_the_gone(message: Message, outcome: Change[Any]) -> Sequence[Change[Any]]:
    """A person who blocked the bot, or is no more: what is committed with the failure that told so."""
    if isinstance(outcome, MarkFailed) and outcome.kind == "bounced" and message.priority is not Priority.signal:
        return [MarkGone(message.account, message.recipient, outcome.at)]
    return []


def _nothing_also(_message: Message, _outcome: Change[Any]) -> Sequence[Change[Any]]:
    return ()
