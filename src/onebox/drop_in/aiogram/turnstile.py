"""Where the updates of one bot wait: in order in their chat, chats in turn, few at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from onebox.drop_in.aiogram.fair import Fair

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from onebox.drop_in.aiogram.pacer import Pacer, Right

_FEWEST = 2.0
"""Places to begin with: one that waits for a lock, and one that is about to."""
_SHUT_AFTER = 0.5
"""Seconds of silence after which a visit keeps all others out. It may wait for the lock of SQLite, which goes to whoever
asks in the right millisecond, so that newcomers starve those who have waited for long; after 5 s they fail."""
_PLACE_LASTS = 1.5
"""Seconds of silence after which a visit gives up its place, and keeps nobody out: it works, and waits for no lock."""
_FEWER = 0.25
"""places that go when a visit was not silent for so long; when one was, there are twice as many"""


@dataclass(slots=True, eq=False)
class Visit:
    """One update. `lane`: those of the same are handled one after another. `free`: it is not let in at the pace of
    sends, since its answer is no message. `not_before`: when it may be let in."""

    lane: str
    free: bool = False
    not_before: datetime | None = None
    right: Right | None = None
    admitted: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Turnstile:
    """Lets visits in when their chat and the bot may be written to, and few are inside that have not answered yet.

    Those that are silent may be waiting for a lock, and the more wait the longer each does. How many may be silent at a
    time is found out, up to `places`: more where handlers are seen to work for long.
    """

    def __init__(self, pacer: Pacer, places: int) -> None:
        self._pacer = pacer
        self._most_places = float(places)
        self._places = min(_FEWEST, self._most_places)
        self._placed: dict[Visit, tuple[datetime, asyncio.TimerHandle]] = {}  # oldest first
        self._visits: Fair[Visit] = Fair()
        self._inside = 0
        self._changed = asyncio.Event()
        self._closed = False
        pacer.door = self

    def now(self) -> datetime:
        """The time on the clock of the pace."""
        return self._pacer.now()

    @property
    def waiting(self) -> int:
        """Visits that were not let in yet."""
        return len(self._visits)

    @property
    def inside(self) -> int:
        """Visits that were let in and have not left."""
        return self._inside

    @property
    def opens_at(self) -> datetime | None:
        return self._visits.rests_until

    async def enter(self, visit: Visit) -> bool:
        """Waits until the visit is let in; `leave` it then. False: it was sent away."""
        try:
            return await visit.admitted
        except asyncio.CancelledError:
            self.send_away(visit)
            if visit.admitted.done() and not visit.admitted.cancelled() and visit.admitted.result():
                self.leave(visit)
            raise

    def queue(self, visit: Visit) -> None:
        """Puts a visit at the end of its lane."""
        if visit.free:
            self._let_free(visit)
            return
        self._visits.put(visit.lane, visit, hurry=True)
        self._pacer.pump()

    def send_away(self, visit: Visit) -> bool:
        """Sends away one that waits. False: it was let in, or sent away before."""
        if not self._visits.take_out(visit.lane, visit):
            return False
        if not visit.admitted.done():
            visit.admitted.set_result(False)
        self._changed.set()
        self._pacer.pump()
        return True

    def leave(self, visit: Visit) -> None:
        """A visit that was let in is over."""
        self._inside -= 1
        self._changed.set()
        if visit.free:
            return
        self.spoke(visit)
        self._visits.done(visit.lane)
        if visit.right is not None:
            visit.right.give_back()
        self._pacer.pump()

    def spoke(self, visit: Visit) -> None:
        """A visit that was let in answers: whatever it waited for, it has."""
        if self._give_up_place(visit):
            self._places = max(min(_FEWEST, self._most_places), self._places - _FEWER)
            self._pacer.pump()

    def close(self) -> None:
        """Lets nobody in any more."""
        self._closed = True

    def open(self) -> None:
        """Lets visits in again, after `close`."""
        self._closed = False
        self._pacer.pump()

    def send_all_away(self) -> int:
        """Sends away all that wait; how many."""
        return sum(self.send_away(visit) for visit in self._visits.waiting())

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits until something holds of those who wait and are inside."""
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    def look_again(self) -> None:
        """Something has changed that `until` may ask for."""
        self._changed.set()

    # --- the pacer asks

    def let_in(self, now: datetime) -> bool:
        """Lets in the one whose turn it is."""
        if self._closed or self._is_shut(now):
            return False
        visit = self._visits.next(now, lambda lane, visit: self._rest(lane, visit, now), hurry=True)
        if visit is None:
            return False
        if visit.admitted.done():  # whoever waited for it was cancelled just now
            self._visits.done(visit.lane)
            return True
        self._inside += 1
        timer = asyncio.get_running_loop().call_later(_PLACE_LASTS, self._works_for_long, visit)
        self._placed[visit] = (now, timer)
        visit.right = self._pacer.take_right()
        visit.admitted.set_result(True)
        self._changed.set()
        return True

    def _rest(self, lane: str, visit: Visit, now: datetime) -> float:
        held = (visit.not_before - now).total_seconds() if visit.not_before is not None else 0.0
        return max(0.0, held, self._pacer.expected_wait(lane))

    def _let_free(self, visit: Visit) -> None:
        self._inside += 1
        visit.admitted.set_result(True)

    def _is_shut(self, now: datetime) -> bool:
        oldest = next(iter(self._placed.values()), None)
        waits_long = oldest is not None and now - oldest[0] > timedelta(seconds=_SHUT_AFTER)
        return waits_long or len(self._placed) >= int(self._places)

    def _works_for_long(self, visit: Visit) -> None:
        if self._give_up_place(visit):
            self._places = min(self._most_places, 2 * self._places)
            self._pacer.pump()

    def _give_up_place(self, visit: Visit) -> bool:
        place = self._placed.pop(visit, None)
        if place is None:
            return False
        place[1].cancel()
        return True


def later(now: datetime, seconds: float) -> datetime | None:
    """When a wait of so many seconds is over; None: there is none."""
    return now + timedelta(seconds=seconds) if seconds else None
