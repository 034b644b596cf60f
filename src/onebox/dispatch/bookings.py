"""What the operator asks of the salon's desk beside a box that runs: booked, moved, cancelled, finished."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from onebox.booking.answers import Cancelled, Client, TooLate, Unavailable
from onebox.booking.appointment import Changed, NotPossible, OtherContents, Outdated, Replayed, State
from onebox.booking.desk import Desk
from onebox.booking.plain import plain_appointment
from onebox.booking.visit import Wish
from onebox.booking.wording import Words
from onebox.dispatch.requests import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from onebox.booking.appointment import Appointment, AppointmentReader
    from onebox.booking.salon import Salon
    from onebox.dispatch.engine import Engine
    from onebox.flows.run import Request
    from onebox.kernel.clock import Clock
    from onebox.kernel.ids import Ids
    from onebox.kernel.ledger import Change


FRESH = timedelta(seconds=5)
"""how old a request may be. Who asked was told by then that nothing was done, and has perhaps asked for something else"""


class BookingRequests:
    """Carries out what is asked of the salon. `salon()` is the salon as its file is now; it may raise OneboxError.

    The request's id is the key, and of a booking the id, too: asked again, because the answer was lost, it is one.
    """

    def __init__(
        self, salon: Callable[[], Salon], reader: AppointmentReader, engine: Engine, clock: Clock, ids: Ids
    ) -> None:
        self._salon = salon
        self._reader = reader
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._desk: Desk | None = None

    def all(self) -> dict[str, Callable[[Request], Awaitable[Mapping[str, Any]]]]:
        """By kind of request."""
        kinds = {"book": self.book, "move": self.move, "cancel": self.cancel, "finish": self.finish}
        return {f"booking.{kind}": partial(self._in_time, carry_out) for kind, carry_out in kinds.items()}

    async def _in_time(
        self, carry_out: Callable[[Request], Awaitable[Mapping[str, Any]]], request: Request
    ) -> Mapping[str, Any]:
        late = self._clock.now() - request.created_at > FRESH
        if late and not await self._done_before(request):
            raise Refused(f"it was asked at {request.created_at:%H:%M:%S} UTC, and lapsed", hint="ask again")
        return await carry_out(request)

    async def _done_before(self, request: Request) -> bool:
        """The box was killed before its answer was kept."""
        if request.kind == "booking.book":
            return await self._reader.appointment_of_request(request.id) is not None
        return await self._reader.request_to_change(request.target, request.id) is not None

    def desk(self) -> Desk:
        """The desk of the salon as it is now."""
        salon = self._salon()
        if self._desk is None or self._desk.salon is not salon:
            self._desk = Desk(
                salon, self._reader, self._commit, self._clock, self._ids.new, follows=self._engine.consequences
            )
        return self._desk

    async def book(self, request: Request) -> Mapping[str, Any]:
        """`arguments`: services, staff, start, and name, phone, language, note where they are known."""
        desk, asked = self.desk(), request.arguments
        start = datetime.fromisoformat(asked["start"])
        client = Client(*(asked.get(name) for name in ("name", "phone", "language", "note")))
        if client.language is not None and client.language not in desk.salon.languages:
            known = ", ".join(desk.salon.languages)
            raise Refused(f"the salon does not speak {client.language!r}", hint=f"booking.yaml has: {known}")
        answer = await desk.book(
            Wish(asked["services"], asked["staff"]),
            start,
            who=request.by,
            key=request.id,
            id=request.id,
            client=client,
        )
        return self._told(desk, request.id, answer, "booked", start)

    async def move(self, request: Request) -> Mapping[str, Any]:
        """`target` is the appointment; `arguments`: start, and staff and reason, or null."""
        desk, asked = self.desk(), request.arguments
        start = datetime.fromisoformat(asked["start"])
        answer = await desk.move(
            request.target, start, who=request.by, key=request.id, staff=asked["staff"], reason=asked["reason"]
        )
        return self._told(desk, request.target, answer, "moved", start)

    async def cancel(self, request: Request) -> Mapping[str, Any]:
        """`target` is the appointment; `arguments`: reason. Also within the cancellation window, and says so."""
        desk, reason = self.desk(), request.arguments["reason"]
        answer = await desk.cancel(request.target, who=request.by, key=request.id, reason=reason, override=True)
        late = isinstance(answer, Cancelled) and answer.late
        return {**self._told(desk, request.target, answer, "cancelled"), "late": late}

    async def finish(self, request: Request) -> Mapping[str, Any]:
        """`target` is the appointment; `arguments`: as (done or no_show), and reason or null."""
        desk, asked = self.desk(), request.arguments
        as_: Literal[State.done, State.no_show] = State.done if asked["as"] == State.done else State.no_show
        answer = await desk.finish(request.target, as_, who=request.by, key=request.id, reason=asked["reason"])
        return self._told(desk, request.target, answer, as_.value)

    def _told(self, desk: Desk, id_: str, answer: Any, wanted: str, start: datetime | None = None) -> Mapping[str, Any]:
        """What became of an appointment. Raises Refused where nothing did."""
        words = Words(desk.salon)
        if isinstance(answer, (Changed, Replayed, Cancelled)):
            return _done(answer.appointment, words)
        if isinstance(answer, Unavailable) and start is not None:
            message, hint = words.refusal(answer, start)
            raise Refused(message, hint=hint)
        if isinstance(answer, (NotPossible, OtherContents)):
            message, advice = words.impossible(id_, answer, wanted)
            raise Refused(message, hint=advice)
        assert not isinstance(answer, TooLate)  # the operator may
        busy = "others change it at the same time" if isinstance(answer, Outdated) else "its time is taken"
        raise Refused(f"appointment {id_} cannot be {wanted}: {busy}", hint="onebox booking show tells what it is now")

    async def _commit(self, changes: Sequence[Change[Any]]) -> list[Any]:
        results = await self._engine.commit(changes)
        self._announce(changes, results)
        return results

    def _announce(self, changes: Sequence[Change[Any]], results: Sequence[Any]) -> None:
        """Changes within changes, too: the engine was told of the outer ones."""
        for change, result in zip(changes, results, strict=True):
            further, also = getattr(change, "then", ()), getattr(result, "also", ())
            if also:
                self._engine.announce(further, also)
                self._announce(further, also)


def _done(one: Appointment, words: Words) -> dict[str, Any]:
    return {"appointment": plain_appointment(one), "told": words.visit(one)}
