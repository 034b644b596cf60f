"""What waits, in lanes: one after another in a lane, lanes in turn, those in a hurry first. Pure: told the time."""

from __future__ import annotations

import heapq
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

Item = TypeVar("Item")
_IN_A_ROW = 3
"""What a lane may do before it goes to the end. Turns of one would bring the first words of all people together, then
the second ones of all: what is hard for a bot is often the first."""


class Fair(Generic[Item]):
    """The head of a lane may be out; until it is `done`, nothing else of its lane is."""

    def __init__(self) -> None:
        self._lanes: dict[str, deque[tuple[Item, bool]]] = {}
        self._ready: dict[bool, deque[str]] = {True: deque(), False: deque()}
        self._resting: list[tuple[datetime, str]] = []  # a heap, by the end of the rest
        self._out: set[str] = set()
        self._in_a_row: dict[str, int] = {}
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def has(self, lane: str) -> bool:
        """Whether anything of a lane waits or is out."""
        return lane in self._lanes

    def waiting(self) -> list[Item]:
        """All that wait."""
        return [
            item
            for lane, items in self._lanes.items()
            for place, (item, _) in enumerate(items)
            if place or lane not in self._out
        ]

    @property
    def rests_until(self) -> datetime | None:
        """When the first of the lanes that rest may go on."""
        return self._resting[0][0] if self._resting else None

    def put(self, lane: str, item: Item, *, hurry: bool) -> None:
        """Adds to the end of a lane."""
        waiting = self._lanes.setdefault(lane, deque())
        waiting.append((item, hurry))
        self._waiting += 1
        if len(waiting) == 1:
            self._ready[hurry].append(lane)

    def next(self, now: datetime, rest: Callable[[str, Item], float], *, hurry: bool) -> Item | None:
        """The head of the lane whose turn it is, which is out then. `rest` says for how many seconds a head must wait
        yet; its lane is passed over that long. None: all wait."""
        while self._resting and self._resting[0][0] <= now:
            self._take_turn(heapq.heappop(self._resting)[1])
        ready = self._ready[hurry]
        while ready:
            lane = ready.popleft()
            item = self._lanes[lane][0][0]
            if seconds := rest(lane, item):
                heapq.heappush(self._resting, (now + timedelta(seconds=seconds), lane))
                continue
            self._out.add(lane)
            self._waiting -= 1
            return item
        return None

    def done(self, lane: str) -> None:
        """What was out is over."""
        self._out.discard(lane)
        self._lanes[lane].popleft()
        self._go_on(lane)

    def again(self, lane: str) -> None:
        """What was out must go once more, before all else of its lane."""
        self._out.discard(lane)
        self._waiting += 1
        self._take_turn(lane)

    def take_out(self, lane: str, item: Item) -> bool:
        """Takes away what waits. False: it is out, or not there any more."""
        waiting = self._lanes.get(lane, deque())
        place = next((place for place, (one, _) in enumerate(waiting) if one is item), None)
        if place is None or (place == 0 and lane in self._out):
            return False
        del waiting[place]
        self._waiting -= 1
        if place == 0:
            self._leave_turn(lane)
            self._go_on(lane)
        return True

    def _go_on(self, lane: str) -> None:
        if not self._lanes[lane]:
            del self._lanes[lane]
            self._in_a_row.pop(lane, None)
            return
        in_a_row = self._in_a_row.get(lane, 0) + 1
        self._in_a_row[lane] = in_a_row % _IN_A_ROW
        self._take_turn(lane, first=in_a_row < _IN_A_ROW)

    def _take_turn(self, lane: str, *, first: bool = False) -> None:
        ready = self._ready[self._lanes[lane][0][1]]
        if first:
            ready.appendleft(lane)
        else:
            ready.append(lane)

    def _leave_turn(self, lane: str) -> None:
        for ready in self._ready.values():
            if lane in ready:
                ready.remove(lane)
        self._resting = [(until, name) for until, name in self._resting if name != lane]
        heapq.heapify(self._resting)
