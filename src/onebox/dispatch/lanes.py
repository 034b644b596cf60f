"""Whose turn it is: fair shares between flows, one queue a flow, one at a time a sender where the flow says so.

What does not fit the window stays in the database and is read when the queue runs low: memory is bounded however
long the backlog grows.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onebox.flows.run import Run
    from onebox.messaging.event import Event

WINDOW = 1000
_LOW = WINDOW // 4
_HELD_AT_HAND = 20


@dataclass(slots=True)
class Turn:
    """A run that may be taken up. `event` is at hand when the run is new: then there is no journal to read. `supersession`
    is that of its event, if it is new."""

    run: Run
    event: Event | None = None
    supersession: str | None = None


@dataclass
class Lane:
    """The ready runs of one flow."""

    flow: str
    concurrency: int
    per_sender: int | None
    queue: deque[Turn] = field(default_factory=deque)
    active: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    """queued, held or active"""
    held: dict[str, deque[Turn]] = field(default_factory=dict)
    senders: Counter[str] = field(default_factory=Counter)
    more_in_storage: bool = False
    refilling: bool = False
    left: set[str] = field(default_factory=set)
    """runs that left while a refill was being read: what was read of them is old"""
    in_storage: int = 0
    """about how many are ready in the database and not known here"""
    cursor: str = ""
    """the highest id that was taken in: what comes after it is read next"""

    def __len__(self) -> int:
        return len(self.known) + self.in_storage

    def offer(self, turn: Turn) -> None:
        """Queues a turn, or leaves it to the database when the window is full."""
        if turn.run.id in self.known:
            return
        behind = self.more_in_storage or self.refilling or len(self.queue) >= WINDOW
        woken = turn.run.id < self.cursor and len(self.queue) < 2 * WINDOW
        if behind and not woken:
            # Behind a backlog in the database new runs wait there: else they would overtake old ones.
            self.more_in_storage = True
            self.in_storage += 1
            return
        self._take_in(turn)

    def _take_in(self, turn: Turn) -> None:
        self.known.add(turn.run.id)
        self.queue.append(turn)
        self.cursor = max(self.cursor, turn.run.id)

    def withhold(self, sender: str, supersession: str) -> list[Turn]:
        """Takes out the turns that an event of this supersession supersedes."""
        found: list[Turn] = []
        for queue in (self.queue, self.held.get(sender, deque())):
            found += [turn for turn in queue if turn.supersession == supersession]
            kept = [turn for turn in queue if turn.supersession != supersession]
            queue.clear()
            queue.extend(kept)
        if sender in self.held and not self.held[sender]:
            del self.held[sender]
        return found  # still known: what a refill reads of them is no news

    def put_back(self, turn: Turn) -> None:
        """What was withheld is not superseded after all."""
        self.queue.appendleft(turn)

    def drop(self, turn: Turn) -> None:
        """What was withheld is superseded for good."""
        self.known.discard(turn.run.id)
        if self.refilling:
            self.left.add(turn.run.id)

    def read_again(self, run_id: str) -> None:
        """A queued run was changed in the database: what is at hand of it is old."""
        for queue in (self.queue, *self.held.values()):
            for turn in queue:
                if turn.run.id == run_id:
                    turn.event = None

    def begin_refill(self) -> str:
        """Says after which id to read. What is offered while it is read asks for another refill."""
        self.more_in_storage = False
        self.refilling = True
        return self.cursor

    def refill(self, turns: list[Turn], *, complete: bool, from_start: bool) -> None:
        """Takes what was read from the database; `complete` says that nothing was left there after it."""
        self.refilling = False
        new = [turn for turn in turns if turn.run.id not in self.known and turn.run.id not in self.left]
        self.left.clear()
        for turn in new:
            self._take_in(turn)
        self.in_storage = max(0, self.in_storage - len(new))
        if not complete:
            self.more_in_storage = True
        elif not self.more_in_storage:
            self._check_for_stragglers(from_start=from_start)

    def _check_for_stragglers(self, *, from_start: bool) -> None:
        """Nothing is left after the cursor. A run that was committed later than one with a higher id, or was woken,
        stands before it: then the next refill reads from the start."""
        if from_start or not self.in_storage:
            self.in_storage = 0
        else:
            self.cursor = ""
            self.more_in_storage = True

    def wants_refill(self) -> bool:
        """The queue runs low and the database holds more."""
        return self.more_in_storage and not self.refilling and len(self.queue) <= _LOW

    def take(self) -> Turn | None:
        """The next turn that the limits allow; from then on it is active."""
        while self.queue and len(self.active) < self.concurrency:
            turn = self.queue.popleft()
            sender = turn.run.sender
            if self.per_sender and sender:
                if self.senders[sender] >= self.per_sender:
                    self._hold(sender, turn)
                    continue
                self.senders[sender] += 1
            self.active.add(turn.run.id)
            return turn
        return None

    def _hold(self, sender: str, turn: Turn) -> None:
        held = self.held.setdefault(sender, deque())
        if len(held) >= _HELD_AT_HAND:
            turn.event = None  # one sender's flood waits in the database; here are no more than its names
        held.append(turn)

    def leave(self, run: Run) -> None:
        """A run is no longer active: it ended or was parked."""
        self.active.discard(run.id)
        self.known.discard(run.id)
        if self.refilling:
            self.left.add(run.id)
        sender = run.sender
        if not sender or not self.senders[sender]:
            return
        self.senders[sender] -= 1
        if not self.senders[sender]:
            del self.senders[sender]
        held = self.held.get(sender)
        if held:
            self.queue.appendleft(held.popleft())
            if not held:
                del self.held[sender]


class Lanes:
    """All lanes; turns are taken from one after another."""

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._lanes: dict[str, Lane] = {}
        self._round: deque[Lane] = deque()
        self._in_round: set[str] = set()
        self._behind: dict[str, Lane] = {}
        self.active = 0
        self.backlog = 0
        """how many runs are ready, here and in the database"""

    def lane(self, flow: str) -> Lane:
        """The lane of a flow; one that is not known (any more) gets a narrow one."""
        lane = self._lanes.get(flow)
        if lane is None:
            lane = self._lanes[flow] = Lane(flow, concurrency=10, per_sender=None)
        return lane

    def set_limits(self, flow: str, *, concurrency: int, per_sender: int | None) -> None:
        """Follows the flow's file."""
        lane = self.lane(flow)
        lane.concurrency = concurrency
        lane.per_sender = per_sender
        self._join(lane)

    def offer(self, turn: Turn) -> None:
        """Queues a turn in its flow's lane."""
        lane = self.lane(turn.run.flow)
        before = len(lane)
        lane.offer(turn)
        self.backlog += len(lane) - before
        self._join(lane)

    def withhold(self, flow: str, sender: str, supersession: str) -> list[Turn]:
        """Takes out the turns that an event of this supersession supersedes. They still count as waiting."""
        return self.lane(flow).withhold(sender, supersession)

    def put_back(self, turn: Turn) -> None:
        """What was withheld is not superseded after all."""
        lane = self.lane(turn.run.flow)
        lane.put_back(turn)
        self._join(lane)

    def dropped(self, turn: Turn) -> None:
        """What was withheld is superseded for good."""
        self.lane(turn.run.flow).drop(turn)
        self.backlog -= 1

    def read_again(self, run_id: str) -> None:
        """A run that may be queued was changed in the database."""
        for lane in self._lanes.values():
            if run_id in lane.known:
                lane.read_again(run_id)

    def expect(self, flow: str, count: int) -> None:
        """The database holds so many ready runs of a flow, from before this process."""
        lane = self.lane(flow)
        lane.in_storage += count
        lane.more_in_storage = True
        self.backlog += count
        self._join(lane)

    def refill(self, lane: Lane, turns: list[Turn], *, complete: bool, from_start: bool = True) -> None:
        """Takes what was read from the database for a lane."""
        before = len(lane)
        lane.refill(turns, complete=complete, from_start=from_start)
        self.backlog += len(lane) - before
        self._join(lane)

    def take(self) -> Turn | None:
        """The next turn, fairly: every lane that has one comes round before any comes twice."""
        while self._round and self.active < self._capacity:
            lane = self._round.popleft()
            turn = lane.take()
            if turn is None:
                self._in_round.discard(lane.flow)
                continue
            if lane.queue and len(lane.active) < lane.concurrency:
                self._round.append(lane)
            else:
                self._in_round.discard(lane.flow)
            self.active += 1
            return turn
        return None

    def leave(self, run: Run) -> None:
        """A run is no longer active."""
        lane = self.lane(run.flow)
        lane.leave(run)
        self.active -= 1
        self.backlog -= 1
        self._join(lane)

    def wanting_refill(self) -> list[Lane]:
        """The lanes that run low while the database holds more."""
        return [lane for lane in self._behind.values() if lane.wants_refill()]

    def _join(self, lane: Lane) -> None:
        if lane.more_in_storage:
            self._behind[lane.flow] = lane
        else:
            self._behind.pop(lane.flow, None)
        if lane.queue and len(lane.active) < lane.concurrency and lane.flow not in self._in_round:
            self._in_round.add(lane.flow)
            self._round.append(lane)
