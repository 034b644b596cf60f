"""The inbox: every event is stored, once, before anyone is told that it was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from onebox.kernel.encoding import dump
from onebox.kernel.errors import OneboxError
from onebox.messaging.event import Event, StoreEvent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.kernel.clock import Clock
    from onebox.kernel.ids import Ids
    from onebox.kernel.ledger import Change, Ledger
    from onebox.messaging.event import Stored


class BacklogFull(OneboxError):
    """More events wait than the box's limit allows. Nothing was stored; try again after `retry_after` seconds."""

    code: ClassVar[str] = "backlog_full"
    retry_after = 5


class Subscribers(Protocol):
    """Those who wait for events: the engine."""

    def backlog(self) -> int:
        """How many runs wait or run."""
        ...

    def consequences(self, event: Event) -> Sequence[Change[Any]]:
        """What is stored together with the event: a run of each flow that waits for it."""
        ...

    def supersede(self, event: Event) -> Sequence[Change[Any]]:
        """Withholds what follows from earlier events of its supersession and has not begun, until `stored` is called:
        what is to be stored with the event, so that it is not acted on any more."""
        ...

    def stored(self, event: Event, consequences: Sequence[Change[Any]], outcome: Stored | None) -> None:
        """Called after the commit; the outcome is None where nothing was kept. Must not block."""
        ...


@dataclass(slots=True)
class Arrival:
    """What a source hands over; see `Event` for the fields. `payload` may be given where it is at hand already, and
    `id` where the source needed it before (`Inbox.new_id`). `then` are changes that are made with the event unless it
    is a duplicate or answers a question; `always` those that belong to it in any case."""

    source: str
    topic: str
    data: Mapping[str, Any]
    key: str | None = None
    sender: str | None = None
    payload: str | None = None
    id: str | None = None
    answers: str | None = None
    verdict: str | None = None
    supersession: str | None = None
    then: Sequence[Change[Any]] = ()
    always: Sequence[Change[Any]] = ()


class Inbox:
    """Where all sources hand in what happened."""

    def __init__(self, *, ledger: Ledger, clock: Clock, ids: Ids, subscribers: Subscribers, backlog_limit: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._subscribers = subscribers
        self._backlog_limit = backlog_limit

    async def receive(self, arrival: Arrival) -> Stored:
        """Stores the event and what follows from it; returns after the commit.

        Raises BacklogFull, StorageFull or StorageClosed: then nothing was stored, and the source must keep it.
        """
        [outcome] = await self.receive_all([arrival])
        return outcome

    async def receive_all(self, arrivals: Sequence[Arrival], then: Sequence[Change[Any]] = ()) -> list[Stored]:
        """Stores events and what follows from them, and makes the changes `then`: all in one unit, or nothing.

        Raises as `receive` does.
        """
        self._check_room(len(arrivals))
        stores = [self._store(arrival) for arrival in arrivals]
        outcomes: list[Stored | None] = [None] * len(stores)
        try:
            results: list[Any] = await self._ledger.commit([*stores, *then])
            outcomes = results[: len(stores)]
        finally:
            for store, outcome in zip(stores, outcomes, strict=True):
                self._subscribers.stored(store.event, store.then, outcome)
        return results[: len(stores)]

    def _store(self, arrival: Arrival) -> StoreEvent:
        event = self._event(arrival)
        if event.verdict is not None:
            return StoreEvent(event, arrival.then, arrival.always)
        before = self._subscribers.supersede(event) if event.supersession is not None else ()
        return StoreEvent(event, [*self._subscribers.consequences(event), *before, *arrival.then], arrival.always)

    def new_id(self) -> str:
        """The id of an event to come, for a source that must name it before it is stored."""
        return self._ids.new()

    def _check_room(self, more: int) -> None:
        waiting = self._subscribers.backlog()
        if more and waiting >= self._backlog_limit:
            message = f"{waiting} runs are waiting, which is the limit of this box"
            raise BacklogFull(message, hint="raise limits.backlog in box.yaml, or find what is slow: onebox runs list")

    def _event(self, arrival: Arrival) -> Event:
        return Event(
            id=arrival.id or self._ids.new(),
            source=arrival.source,
            topic=arrival.topic,
            received_at=self._clock.now(),
            data=arrival.data,
            payload=dump(arrival.data) if arrival.payload is None else arrival.payload,
            key=arrival.key,
            sender=arrival.sender,
            answers=arrival.answers,
            verdict=arrival.verdict,
            supersession=arrival.supersession,
        )
