"""Which message of an account goes next: answers before reminders before broadcasts, recipients in turn, at the pace
that the channel allows. Pure: it is told what time it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from onebox.messaging.lanes import Lanes
from onebox.messaging.message import Priority
from onebox.messaging.pace import Turns
from onebox.messaging.refusals import AdaptiveRate, Refusals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from onebox.messaging.channel import Pace
    from onebox.messaging.message import Message

_KEPT = {Priority.reminder: 0.2, Priority.broadcast: 0.4}
"""share of the pace's burst, and of what may be out at a time, that is kept free for what goes before"""


@dataclass(slots=True)
class Window:
    """What is held of one priority. `stale`: the outbox may hold more than the window shows; `next_due`: when the
    next message that is not due yet will be; `forgotten`: how often it was emptied, as its messages were changed."""

    lanes: Lanes = field(default_factory=Lanes)
    stale: bool = True
    next_due: datetime | None = None
    forgotten: int = 0

    def forget(self) -> None:
        """What is held, and what is just being read, is old."""
        self.lanes.forget()
        self.stale, self.forgotten = True, self.forgotten + 1


class Order:
    """The windows of an account, one a priority."""

    def __init__(self, pace: Pace, now: datetime) -> None:
        self._pace = pace
        self._bucket = AdaptiveRate(pace, now)
        self._turns = Turns(pace.each)
        self._refusals = Refusals()
        self._windows = {priority: Window() for priority in Priority}
        self._out: set[str] = set()
        self._slots = 0

    def __getitem__(self, priority: Priority) -> Window:
        return self._windows[priority]

    @property
    def holds_any(self) -> bool:
        """Whether there is any message in a window."""
        return any(window.lanes.recipients for window in self._windows.values())

    def wanting(self, now: datetime) -> Iterator[Priority]:
        """The priorities of which more should be read."""
        for priority, window in self._windows.items():
            if window.next_due is not None and window.next_due <= now:
                window.stale, window.next_due = True, None
            enough = window.lanes.ready >= self._pace.parallel or window.lanes.full
            if window.stale and not enough:
                yield priority

    def next(self, now: datetime) -> Message | None:
        """The message that may go now; it is out until `done`. None if none may."""
        for priority, window in self._windows.items():
            window.lanes.rested(now)
            if self._has_slot(priority) and (message := self._first(priority, window.lanes, now)) is not None:
                self._out.add(message.recipient)
                self._slots += priority is not Priority.signal
                return message
        return None

    def delivered(self, message: Message, now: datetime) -> None:
        """The channel has answered. When it counted the message is not known, but not later than now."""
        if message.priority is not Priority.signal:
            self._slots -= 1
            self._turns.take(message.recipient, now)

    def refused(self, message: Message, retry_after: float, now: datetime) -> None:
        """The channel asks for a pause: this recipient gets it, or the account where several are refused together."""
        if message.priority is not Priority.signal and self._refusals.refused(message.recipient, retry_after, now):
            self._bucket.refused(now)

    def done(self, message: Message, *, due_at: datetime | None) -> None:
        """What became of it is durable. `due_at`: it is queued again, and due then."""
        window = self._windows[message.priority]
        self._out.discard(message.recipient)
        if window.lanes.done(message, hold=due_at is not None):
            window.stale = True
        if due_at is not None:
            window.next_due = min(window.next_due or due_at, due_at)
        for other in self._windows.values():
            other.lanes.unblock(message.recipient)

    def idle_time(self, now: datetime, most: float) -> float:
        """Seconds until something may go that may not go now, if nothing happens before; at most `most`."""
        times = [most]
        for priority, window in self._windows.items():
            if window.lanes.ready and self._has_slot(priority):
                times.append(self._bucket.wait(now, self._kept(priority)))
            upcoming = (window.next_due, window.lanes.rests_until)
            times.extend(max(0.0, (at - now).total_seconds()) for at in upcoming if at is not None)
        return min(times)

    def _first(self, priority: Priority, lanes: Lanes, now: datetime) -> Message | None:
        while lanes.ready:
            recipient = lanes.whose_turn
            if recipient in self._out:
                lanes.block()
            elif priority is Priority.signal:
                return lanes.next()
            elif rest := max(self._turns.wait(recipient, now), self._refusals.wait(recipient, now)):
                lanes.rest(now + timedelta(seconds=rest))
            elif self._bucket.take(now, self._kept(priority)):
                return lanes.next()
            else:
                return None
        return None

    def _has_slot(self, priority: Priority) -> bool:
        if priority is Priority.signal:
            return True
        most = self._pace.parallel
        return self._slots < most - min(most - 1, round(most * _KEPT.get(priority, 0.0)))

    def _kept(self, priority: Priority) -> float:
        burst = self._pace.burst
        return min(burst - 1.0, burst * _KEPT.get(priority, 0.0)) if burst > 1 else 0.0
