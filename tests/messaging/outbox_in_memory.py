"""An outbox in memory, written by hand: reader and ledger of the same rows, as the database is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from onebox.messaging.channel import DeliveryFailed, Pace
from onebox.messaging.message import MarkFailed, MarkHanded, MarkRetried, MarkSent, Message, MessageState, Priority
from onebox.messaging.outbox import Waiting
from onebox.messaging.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from onebox.kernel.ledger import Change

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCOUNT = "fake/main"
QUICK = Pace(per_second=1_000_000, burst=1_000_000, parallel=16)


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def move(self, **parts: float) -> None:
        self.at += timedelta(**parts)


class Outbox:
    """The rows of the outbox. `full` makes each commit of the account fail with it."""

    def __init__(self) -> None:
        self.rows: dict[str, Message] = {}
        self.receipts: dict[str, Mapping[str, Any]] = {}
        self.reads = 0
        self.refusal: Exception | None = None
        self.refused: list[str] = []
        self.told_before: dict[str, str] = {}  # messages that a status failed before they were marked

    def queue(
        self,
        *recipients: str,
        account: str = ACCOUNT,
        created_at: datetime = NOON,
        priority: Priority = Priority.interactive,
    ) -> list[Message]:
        added = []
        for recipient in recipients:
            number = len(self.rows)
            message = Message(f"m{number:05}", account, recipient, {"text": f"{recipient} {number}"}, created_at)
            message.priority = priority
            self.rows[message.id] = message
            added.append(message)
        return added

    def state(self, message: Message) -> MessageState:
        return self.rows[message.id].state

    async def waiting(
        self, account: str, *, priority: Priority, now: datetime, busy: Sequence[str], limit: int
    ) -> Waiting:
        await asyncio.sleep(0)
        self.reads += 1
        held = set(busy)
        messages: list[Message] = []
        delayed: list[datetime] = []
        for row in self._queued(account, priority):
            if row.due_at is not None and row.due_at > now:
                held.add(row.recipient)
                delayed.append(row.due_at)
            elif row.recipient not in held and len(messages) < limit:
                messages.append(replace(row))
        return Waiting(messages, min(delayed, default=None))

    def _queued(self, account: str, priority: Priority) -> list[Message]:
        rows = [row for row in self.rows.values() if (row.account, row.priority) == (account, priority)]
        return sorted((row for row in rows if row.state is MessageState.queued), key=lambda row: row.id)

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Any]:
        await asyncio.sleep(0)
        for change in changes:
            assert isinstance(change, (MarkHanded, MarkSent, MarkFailed, MarkRetried))
            if isinstance(change, MarkHanded):
                self._mark_handed(change)
                continue
            if self.refusal is not None:
                self.refused.append(change.message_id)
                raise self.refusal
            self._apply(change)
        return [self.told_before.get(getattr(change, "message_id", "")) for change in changes]

    def _mark_handed(self, change: MarkHanded) -> None:
        for message_id in change.message_ids:
            self.rows[message_id].handed_at = change.at

    def _apply(self, change: MarkSent | MarkFailed | MarkRetried) -> None:
        row = self.rows[change.message_id]
        row.handed_at = None
        row.doubt += not isinstance(change, MarkSent) and change.doubtful
        if isinstance(change, MarkSent):
            row.state = MessageState.sent
            self.receipts[row.id] = change.receipt
        elif isinstance(change, MarkFailed):
            row.state, row.error = MessageState.failed, change.error
        else:
            row.attempts, row.due_at, row.error = row.attempts + 1, change.due_at, change.error


class FakeChannel:
    """Takes every message, unless `answers` says otherwise for its recipient; `gates` hold a recipient's delivery."""

    def __init__(self, pace: Pace = QUICK) -> None:
        self.pace = pace
        self.delivered: list[str] = []
        self.answers: dict[str, Exception] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.under_way = 0
        self.most_under_way = 0
        self.closed = False

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
            if message.recipient in self.gates:
                await self.gates[message.recipient].wait()
            self.delivered.append(message.id)
            if message.recipient in self.answers:
                raise self.answers[message.recipient]
            return {"id": f"r-{message.id}"}
        finally:
            self.under_way -= 1

    async def close(self) -> None:
        self.closed = True


class Stage:
    """A sender among its fakes, running."""

    def __init__(self, channel: FakeChannel | None = None, **settings: Any) -> None:
        self.clock = HandClock()
        self.outbox = Outbox()
        self.channel = channel or FakeChannel()
        self.told: list[tuple[str, str, str]] = []
        self.deaf_for: list[Exception] = []
        """what hearing of a failure ends with instead, one after the other"""
        self.pauses: list[float] = []
        self.pause_over = asyncio.Event()
        self.sender = Sender(
            account=ACCOUNT,
            channel=self.channel,
            reader=self.outbox,
            ledger=self.outbox,
            clock=self.clock,
            on_failed=self._hear,
            pause=self._pause,
            **settings,
        )
        self._task: asyncio.Task[None] | None = None

    async def _hear(self, message: Message, failed: MarkFailed) -> None:
        if self.deaf_for:
            raise self.deaf_for.pop(0)
        self.told.append((message.id, failed.error, failed.kind))

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.pause_over.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def start(self) -> None:
        self._task = asyncio.create_task(self.sender.run())

    async def settle(self) -> None:
        """Lets everything happen that can happen without time passing."""
        if self._task is None:
            self.start()
        self.sender.wake()
        await self.until(lambda: False)

    async def until(self, reached: Callable[[], bool], turns: int = 400) -> None:
        for _ in range(turns):
            if reached():
                return
            await asyncio.sleep(0)

    async def stop(self) -> None:
        await self.sender.stop(within=timedelta(0))
        if self._task is not None:
            await self._task


def passing(text: str = "busy", retry_after: float | None = None) -> DeliveryFailed:
    return DeliveryFailed(text, permanent=False, retry_after=retry_after)


def permanent(text: str = "no such chat") -> DeliveryFailed:
    return DeliveryFailed(text, permanent=True, kind="bounced")
