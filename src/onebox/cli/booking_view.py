"""The salon at the terminal: free times, an appointment with its history, a day and a week as pictures."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size

from onebox.booking.appointment import TAKING, State
from onebox.booking.wording import Words, amount
from onebox.cli.output import one_line
from onebox.kernel.durations import format_duration
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from onebox.booking.agenda import Column, Day
    from onebox.booking.answers import Record
    from onebox.booking.appointment import Appointment
    from onebox.booking.claims import Offer, Span
    from onebox.booking.salon import Salon

_HOUR = timedelta(hours=1)
_WIDEST = 32
_MARKS = {State.held: " (held)", State.done: " (done)"}
_LEGEND = "┃ served   ░ buffer   ┆ gap, free for others   · free"
Table = tuple[list[str], list[list[str]]]


class NoSuchAppointment(OneboxError):
    """There is none of this id."""

    code: ClassVar[str] = "no_such_appointment"


def slots_table(salon: Salon, found: Sequence[Offer]) -> Table:
    """Each start, and who would do it."""
    words = Words(salon)
    rows = [
        [words.moment(one.start), words.clock(one.end), "; ".join(words.part(part) for part in one.parts)]
        for one in found
    ]
    return ["start", "end", "what"], rows


def record_lines(salon: Salon, record: Record) -> Iterator[str]:
    """An appointment as it is now."""
    words, one = Words(salon), record.appointment
    yield f"appointment {one.id}: {record.state.value}"
    yield f"  {words.moment(one.start)} to {words.clock(one.end)}, {salon.time_zone}"
    for part in one.parts:
        yield f"  {words.clock(part.start)} to {words.clock(part.end)} {words.part(part)}"
    for name, value in (("for", one.name), ("phone", one.phone), ("language", one.language), ("note", one.note)):
        if value:
            yield f"  {name}: {value}"
    yield f"  price: {amount(one.price, one.currency)}, deposit: {amount(one.deposit, one.currency)}"
    if record.state is State.held and one.held_until is not None:
        yield f"  held until {words.moment(one.held_until)}"


def history_table(salon: Salon, record: Record) -> Table:
    """What happened, in order."""
    words = Words(salon)
    rows = [
        [words.moment(one.at), one.what.value, words.moment(one.start), one.who, one.reason or ""]
        for one in record.history
    ]
    return ["at", "what", "start", "who", "reason"], rows


def day_picture(salon: Salon, day: Day) -> Iterator[str]:
    """People beside each other, time downwards: a line at each full hour and wherever something begins or ends."""
    words = Words(salon)
    yield f"{day.date:%a %Y-%m-%d}, {salon.time_zone}"
    moments = list(_moments(day))
    if not moments:
        yield "closed"
        return
    columns = [[_cell(words, day, column, at) for at in moments] for column in day.columns]
    columns = [_thinned(cells) for cells in columns]
    times = [words.clock(at) for at in moments]
    yield ""
    yield from _beside([["", *times], *_named(day, columns)])
    yield ""
    yield _LEGEND
    if day.appointments:
        yield ""
        yield from _listed(words, day.appointments)


def _moments(day: Day) -> Iterator[datetime]:
    """When a line begins. The last is the end of all."""
    cuts = {at for column in day.columns for span in (*column.hours, *column.taken) for at in span}
    if not cuts:
        return
    first, last = min(cuts), max(cuts)
    for one in _active(day):
        cuts |= {at for part in one.parts for at in (part.start, part.end) if first <= at <= last}
    hour = day.span.start
    while hour < last:
        if first < hour:
            cuts.add(hour)
        hour += _HOUR
    yield from sorted(cuts)


def _cell(words: Words, day: Day, column: Column, at: datetime) -> str:
    taken = _covers(column.taken, at)
    there = [
        (one, part)
        for one in _active(day)
        for part in one.parts
        if part.staff == column.member.id and part.start <= at < part.end
    ]
    served = [(one, part) for one, part in there if not words.in_gap(part, at)]
    if taken and served:
        one, part = served[-1]
        label = f"{words.service(part.service)}, {one.name or one.id}{_MARKS.get(one.state, '')}"
        return one_line(f"┃ {label}", _WIDEST)
    if taken:
        return "░"
    if there:
        return "┆"
    return "·" if _covers(column.hours, at) else ""


def _thinned(cells: Sequence[str]) -> list[str]:
    """What goes on has its sign alone."""
    return [cell[:1] if number and cell == cells[number - 1] else cell for number, cell in enumerate(cells)]


def _named(day: Day, columns: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    for column, cells in zip(day.columns, columns, strict=True):
        yield [one_line(column.member.name, _WIDEST), *cells]


def _beside(columns: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(cell_len, column)) for column in columns]
    for cells in zip(*columns, strict=True):
        sized = (set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True))
        yield "  ".join(sized).rstrip()


def _listed(words: Words, appointments: Sequence[Appointment]) -> Iterator[str]:
    rows = [[one.id, one.state.value, one_line(words.visit(one))] for one in appointments]
    yield from _beside([*zip(["appointment", "state", "what"], *rows, strict=True)])


def week_picture(salon: Salon, days: Sequence[Day]) -> Iterator[str]:
    """People beside each other, days downwards: how much of their hours is taken, and each visit."""
    words = Words(salon)
    yield f"{days[0].date:%a %Y-%m-%d} to {days[-1].date:%a %Y-%m-%d}, {salon.time_zone}"
    yield ""
    columns: list[list[str]] = [[""], *([column.member.name] for column in days[0].columns)]
    for day in days:
        cells = [[_share(column), *_visits(words, day, column)] for column in day.columns]
        height = max(map(len, cells), default=1)
        for column, lines in zip(columns, [[f"{day.date:%a %m-%d}"], *cells], strict=True):
            column += [*lines, *[""] * (height - len(lines))]
    yield from _beside(columns)


def _share(column: Column) -> str:
    hours, taken = _length(column.hours), _length(column.taken)
    if not hours and not taken:
        return "off"
    return f"{format_duration(taken) if taken else '0m'} of {format_duration(hours)}"


def _visits(words: Words, day: Day, column: Column) -> Iterator[str]:
    for one in _active(day):
        for part in one.parts:
            if part.staff == column.member.id:
                label = f"{words.clock(part.start)} {words.service(part.service)}, {one.name or one.id}"
                yield one_line(f"  {label}{_MARKS.get(one.state, '')}", _WIDEST)


def _active(day: Day) -> list[Appointment]:
    return [one for one in day.appointments if one.state in TAKING]


def _length(spans: Sequence[Span]) -> timedelta:
    return sum((end - start for start, end in spans), timedelta(0))


def _covers(spans: Sequence[Span], at: datetime) -> bool:
    return any(start <= at < end for start, end in spans)
