"""What the desk knows, in words for the operator: instants on the salon's clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from onebox.booking.appointment import NotPossible, OtherContents, State
from onebox.booking.money import decimals
from onebox.kernel.durations import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from onebox.booking.answers import Unavailable
    from onebox.booking.appointment import Appointment
    from onebox.booking.claims import Part, Span
    from onebox.booking.reasons import Reason
    from onebox.booking.salon import Salon

_DAY = timedelta(days=1)
_MANY = 4


def amount(minor: int, currency: str) -> str:
    """
    >>> amount(8500, "EUR"), amount(85, "JPY")
    ('85.00 EUR', '85 JPY')
    """
    digits = decimals(currency)
    whole, rest = divmod(minor, 10**digits)
    return f"{whole}.{rest:0{digits}} {currency}" if digits else f"{whole} {currency}"


class Words:
    """The words of one salon."""

    def __init__(self, salon: Salon) -> None:
        self._salon = salon
        self._zone = ZoneInfo(salon.time_zone)

    def moment(self, at: datetime) -> str:
        """Day and time: `Tue 2026-12-01 10:00`; in the hour that comes twice, with how far the clock is ahead."""
        shown = at.astimezone(self._zone)
        return f"{shown:%a %Y-%m-%d} {self.clock(at)}"

    def clock(self, at: datetime) -> str:
        """The time alone."""
        shown = at.astimezone(self._zone)
        twice = shown.utcoffset() != shown.replace(fold=1 - shown.fold).utcoffset()
        return f"{shown:%H:%M}{shown.isoformat()[-6:] if twice else ''}"

    def span(self, span: Span) -> str:
        """From and to; the day once, if it is one."""
        one_day = span.start.astimezone(self._zone).date() == span.end.astimezone(self._zone).date()
        return f"{self.moment(span.start)} to {self.clock(span.end) if one_day else self.moment(span.end)}"

    def service(self, id_: str) -> str:
        """As the salon's own language has it."""
        known = self._salon.services.get(id_)
        return id_ if known is None else known.name[self._salon.languages[0]]

    def person(self, id_: str) -> str:
        """As clients read it."""
        known = self._salon.staff.get(id_)
        return id_ if known is None else known.name

    def part(self, part: Part) -> str:
        """`Colour with Olena, chair:1`."""
        return ", ".join([f"{self.service(part.service)} with {self.person(part.staff)}", *part.places])

    def in_gap(self, part: Part, at: datetime) -> bool:
        """Whether its person is free then, as the salon's file has it."""
        known = self._salon.services.get(part.service)
        gap = None if known is None else known.gap
        return gap is not None and gap.after <= at - part.start < gap.after + gap.length

    def visit(self, one: Appointment) -> str:
        """In one line: when, what, by whom, for whom."""
        client = ", ".join(filter(None, (one.name, one.phone)))
        what = "; ".join(self.part(part) for part in one.parts)
        return f"{self.moment(one.start)} to {self.clock(one.end)}: {what}{f'; for {client}' if client else ''}"

    def reason(self, reason: Reason) -> str:
        """A cause, with what is really so."""
        return _REASONS[reason.code](self, reason)

    def because(self, reasons: Iterable[Reason]) -> str:
        """All causes in a line."""
        return "; ".join(self.reason(one) for one in reasons)

    def refusal(self, answer: Unavailable, start: datetime) -> tuple[str, str]:
        """Why a visit cannot start, and what could be done."""
        why = self.because(answer.reasons)
        if answer.taken is not None:
            who = self.subject(answer.taken.subject)
            why = f"somebody was faster: {who} is taken {self.span(answer.taken.span)} by appointment {answer.taken.by}"
        near = ", ".join(self.moment(one) for one in answer.nearest)
        hint = f"free are: {near}" if near else "nothing is free within two weeks: onebox booking explain tells why"
        return f"{self.moment(start)} is not free: {why or 'it is taken'}", hint

    def impossible(self, id_: str, answer: NotPossible | OtherContents, wanted: str) -> tuple[str, str | None]:
        """Why an appointment cannot be changed so, and what could be done."""
        if isinstance(answer, OtherContents):
            return (
                f"the request {answer.key!r} was used for something else of appointment {answer.appointment_id}",
                None,
            )
        if answer.state is None:
            return f"there is no appointment {id_!r}", "onebox booking day and onebox booking week show their ids"
        hint = "book it anew: onebox booking book" if answer.state in {State.cancelled, State.expired} else None
        return f"appointment {id_} is {answer.state.value}: it cannot be {wanted}", hint

    def subject(self, subject: str) -> str:
        """A person by name, a place as claims have it."""
        kind, _, id_ = subject.partition(":")
        return self.person(id_) if kind == "staff" else subject

    def spans(self, spans: Sequence[Span]) -> str:
        """A few of them."""
        more = f" and {len(spans) - _MANY} more" if len(spans) > _MANY else ""
        return ", ".join(self.span(one) for one in spans[:_MANY]) + more

    def policies(self) -> Mapping[str, str]:
        """The salon's lengths of time, as its file has them."""
        found = self._salon.policies
        return {
            name: format_duration(getattr(found, name))
            for name in ("lead_time", "horizon", "slot_step", "cancellation_window")
        }


def _too_soon(words: Words, reason: Reason) -> str:
    lead = words.policies()["lead_time"]
    return (
        f"it is too soon: with lead_time {lead}, the first that can be booked is {words.moment(reason.spans[0].start)}"
    )


def _too_far(words: Words, reason: Reason) -> str:
    horizon = words.policies()["horizon"]
    return f"it is too far ahead: with horizon {horizon}, the last that can be booked is {words.moment(reason.spans[0].end)}"


def _off_grid(words: Words, reason: Reason) -> str:
    before, after = (words.clock(at) for at in reason.spans[0])
    return f"visits start each {words.policies()['slot_step']}: {before} and {after}"


def _closed(words: Words, reason: Reason) -> str:
    return f"the salon is open {words.spans(reason.spans)}" if reason.spans else "the salon is closed on that day"


def _not_working(words: Words, reason: Reason) -> str:
    who = words.subject(reason.subject)
    return f"{who} works {words.spans(reason.spans)}" if reason.spans else f"{who} does not work on that day"


def _holiday(words: Words, reason: Reason) -> str:
    return f"{words.subject(reason.subject)} is on holiday {words.spans(reason.spans)}"


def _busy(words: Words, reason: Reason) -> str:
    return f"{words.subject(reason.subject)} is taken {words.spans(reason.spans)}"


def _no_place(words: Words, reason: Reason) -> str:
    return f"no {reason.subject} is free: taken {words.spans(reason.spans)}"


_REASONS: Mapping[str, Callable[[Words, Reason], str]] = {
    "too_soon": _too_soon,
    "too_far": _too_far,
    "off_grid": _off_grid,
    "closed": _closed,
    "not_working": _not_working,
    "holiday": _holiday,
    "busy": _busy,
    "no_place": _no_place,
}
