"""When what one bot wants to do may be done. No task waits in here: what waits is a row in a lane, and one timer.

Three things want a turn: sends that somebody waits for while an update is handled, updates that want to be handled, and
all other sends. Each update that is let in takes along the right to send one message, so that its answer does not wait:
work comes in as fast as answers may leave.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from onebox.drop_in.aiogram.fair import Fair
from onebox.messaging.channel import Rate
from onebox.messaging.pace import Turns
from onebox.messaging.refusals import AdaptiveRate, Refusals

if TYPE_CHECKING:
    from collections.abc import Callable

_ZERO = datetime(2000, 1, 1, tzinfo=UTC)
_IN_FLIGHT = 30
"""sends at a time: as many as Telegram takes in a second"""
_BULK_EACH = 4
"""of so many turns, one is for sends that nobody's update waits for"""
_RIGHT_LASTS = timedelta(seconds=1)


def _monotonic() -> datetime:
    """A time that nobody sets back."""
    return _ZERO + timedelta(seconds=asyncio.get_running_loop().time())


# Telegram's numbers stand in the box's channel too: rooms of one floor do not know each other.
_PERSON = Rate(per_second=1, burst=3)
_GROUP = Rate(per_second=0.25, burst=5)  # 20 in any minute: a burst, and what comes back in 60 s


@dataclass(frozen=True, slots=True)
class Limits:
    """How often a bot may send: `account` to all together, `person` and `group` to one chat. A group is also under the
    limit of a person."""

    account: Rate = field(default_factory=lambda: Rate(per_second=28, burst=15))
    person: Rate = _PERSON
    group: Rate = _GROUP

    def of(self, chat: str) -> tuple[Rate, ...]:
        """The rates of one chat: groups and channels have a negative id, or an `@name`."""
        return (self.person, self.group) if chat.startswith(("-", "@")) else (self.person,)


@dataclass(slots=True, eq=False)
class Call:
    """One request that waits for its turn; `start` is called when it may go, `give_up` if it never may."""

    chat: str
    start: Callable[[], None]
    give_up: Callable[[], None]
    out: bool = False
    """it was started, and has not ended"""


class Door(Protocol):
    """Where updates wait to be let in."""

    def let_in(self, now: datetime) -> bool:
        """Lets one in, if there is one that may. It is asked while a message may be sent."""
        ...

    @property
    def opens_at(self) -> datetime | None:
        """When to ask again though nothing has happened."""
        ...


class Pacer:
    """One bot's pace. `now` is a clock that is never set back."""

    def __init__(self, limits: Limits, now: Callable[[], datetime] = _monotonic) -> None:
        self.now = now
        self.door: Door | None = None
        self.refused_count = 0
        self._account = AdaptiveRate(limits.account, now())
        self._turns = Turns(limits.of)
        self._refusals = Refusals()
        self._calls: Fair[Call] = Fair()
        self._flying = 0
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None
        self._pumping = False

    # --- sends

    def submit(self, call: Call, *, hurry: bool, right: Right | None = None) -> None:
        """Queues a request. It may be started at once, before this returns."""
        if right is not None and right.use(self.now()):
            self._account.give_back()
        self._calls.put(call.chat, call, hurry=hurry)
        self.pump()

    def withdraw(self, call: Call) -> None:
        """Takes back a request that nobody waits for any more."""
        if call.out:
            self.ended(call)
        else:
            self._calls.take_out(call.chat, call)

    def ended(self, call: Call) -> None:
        """A started request has ended."""
        call.out = False
        self._flying -= 1
        self._turns.take(call.chat, self.now())  # when Telegram counted is not known, but not later than now
        self._calls.done(call.chat)
        self.pump()

    def refused(self, call: Call, retry_after: float) -> None:
        """A started request was refused: it goes again, first of its chat, when its time has come."""
        call.out = False
        self._flying -= 1
        self.refused_count += 1
        now = self.now()
        if self._refusals.refused(call.chat, retry_after, now):
            self._account.refused(now)
        self._calls.again(call.chat)
        self.pump()

    def expected_wait(self, chat: str) -> float:
        """Seconds that a request to the chat waits at least, from now."""
        now = self.now()
        return max(self._refusals.wait(chat, now), self._turns.wait(chat, now))

    @property
    def under_way(self) -> int:
        """Requests that wait or are under way."""
        return len(self._calls) + self._flying

    # --- updates

    def take_right(self) -> Right:
        """The right to send one message, for an update that is let in."""
        self._account.take(self.now())
        return Right(self, self.now() + _RIGHT_LASTS)

    def give_back(self) -> None:
        self._account.give_back()
        self.pump()

    # --- turns

    def pump(self) -> None:
        """Starts whatever may be started now, and sees to it that it is called again when more may be."""
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._start_one(self.now()):
                pass
        finally:
            self._pumping = False
        self._wake_at(self._next_time(self.now()))

    def _start_one(self, now: datetime) -> bool:
        if self._blocked(now):
            return False
        self._turn += 1
        ways = [self._start_hurried, self._let_in, self._start_bulk]
        if self._turn % _BULK_EACH == 0:
            ways = [ways[2], *ways[:2]]
        return any(way(now) for way in ways)

    def _blocked(self, now: datetime) -> bool:
        return self._account.wait(now) > 0 or self._refusals.everybody_until(now) is not None

    def _start_hurried(self, now: datetime) -> bool:
        return self._start(now, hurry=True)

    def _start_bulk(self, now: datetime) -> bool:
        return self._start(now, hurry=False)

    def _let_in(self, now: datetime) -> bool:
        return self.door is not None and self.door.let_in(now)

    def _start(self, now: datetime, *, hurry: bool) -> bool:
        if self._flying >= _IN_FLIGHT:
            return False
        call = self._calls.next(now, lambda chat, _call: self.expected_wait(chat), hurry=hurry)
        if call is None:
            return False
        self._account.take(now)
        self._flying += 1
        call.out = True
        call.start()
        return True

    def _next_time(self, now: datetime) -> datetime | None:
        everybody = self._refusals.everybody_until(now)
        if everybody is not None:
            return everybody
        if seconds := self._account.wait(now):
            return now + timedelta(seconds=seconds)
        times = [self._calls.rests_until, self.door.opens_at if self.door is not None else None]
        return min((time for time in times if time is not None), default=None)

    def _wake_at(self, at: datetime | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None and (len(self._calls) or self.door is not None):
            seconds = max(0.0, (at - self.now()).total_seconds())
            self._timer = asyncio.get_running_loop().call_later(seconds, self.pump)

    def stop(self) -> None:
        """Starts nothing more, and gives up what waits."""
        self._wake_at(None)
        for call in self._calls.waiting():
            self._calls.take_out(call.chat, call)
            call.give_up()


class Right:
    """The right to send one message. It is good for a second: whoever thinks longer waits like all others."""

    def __init__(self, pacer: Pacer, until: datetime) -> None:
        self._pacer = pacer
        self._until = until
        self._used = False

    def use(self, now: datetime) -> bool:
        """True once, in time."""
        good = not self._used and now < self._until
        self._used = True
        return good

    def give_back(self) -> None:
        """It was not used; another may."""
        if self.use(self._pacer.now()):
            self._pacer.give_back()
