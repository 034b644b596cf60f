"""Finds the day and the time that a text names. It reads signs, never words: `signs` knows the languages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from onebox.booking.hearing.calendar import Calendar, DaysFound
from onebox.booking.hearing.clocks import NOTHING_COUNTED, USUAL_WEEK, Found, clock_at
from onebox.booking.hearing.meaning import Heard, meanings
from onebox.booking.hearing.said import Said
from onebox.booking.hearing.signs import HEARD, signs_of
from onebox.booking.languages import base_language

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from onebox.booking.hours import Windows

_LEAD = re.compile(r"(?:at |from |until |for |on |to |between )*")
_JOINS = re.compile(r"(?P<word>dash|until|to|and) (?:at |the )*")
_OR = re.compile(r"or (?:at |for )*")
_PART = re.compile(r"(?:at |in |the |on |for |to |from |until )*p_(?!day)(?P<name>\w+) ")
_ELAPSED = re.compile(
    r"in (?:(?:n|c):(?P<n>\d+) (?P<unit>hour|hc|minute)|(?P<one>hour|hc|half_hour|hour_half)) (?!until )"
)
_FOLLOWS = re.compile(NOTHING_COUNTED)
_MORNING_OF_IT = re.compile(r"tomorrow (?!p_)")
_OR_SO_LONG = ("hc ", "p_day ")
_COUNT_BEFORE = re.compile(r"\bn:\d+ $")
_PER_HOUR = "at hc "
_LENGTHS = {"hour": 60, "hc": 60, "minute": 1, "half_hour": 30, "hour_half": 90}
_ENDS_CLAUSE = ("stop", "comma")


def understand(
    text: str, language: str, now: datetime, zone: tzinfo, week: Sequence[Windows] = USUAL_WEEK
) -> Said | None:
    """The day and the time that a person names in a language, all of it still to come; None if there is nothing, or
    nothing that can be told from other numbers.

    `now` is aware; `week` are the salon's hours from Monday on, by which "at 5" is 17:00 and not 05:00. Never raises
    for a text, whatever it is; of a language that is not heard it finds nothing.
    """
    heard_language = base_language(language)
    if heard_language not in HEARD:
        return None
    local = now.astimezone(zone)
    calendar = Calendar(local.date(), heard_language)
    heard = _Listener(signs_of(text, heard_language), calendar, local).heard()
    found = meanings(heard, calendar, now, zone, week, by_24=heard_language != "en")
    return Said(found) if found else None


@dataclass(slots=True)
class _Clause:
    """What is said between two points; nothing, if it is of the past or about what does not suit."""

    heard: Heard = field(default_factory=Heard)
    dropped: bool = False


class _Listener:
    """Goes through signs once."""

    def __init__(self, signs: list[str], calendar: Calendar, now: datetime) -> None:
        while signs and signs[-1] in {*_ENDS_CLAUSE, "dash"}:
            signs.pop()
        if len(signs) > 1 and signs[0].startswith("p_") and signs[1] in _ENDS_CLAUSE:
            # "Morning! Are you open?" is a greeting.
            del signs[0]
        self._signs = "".join(f"{sign} " for sign in signs)
        self._calendar = calendar
        self._now = now
        self._clauses = [_Clause()]

    def heard(self) -> Heard:
        at = 0
        after_time = False
        while at < len(self._signs):
            end = self._piece_at(at, after_time=after_time)
            after_time = end is not None
            if end is None:
                sign = self._signs[at : self._signs.index(" ", at)]
                self._clauses[-1].dropped |= sign in {"past", "not"}
                if sign in _ENDS_CLAUSE:
                    self._clauses.append(_Clause())
                end = at + len(sign) + 1
            at = end
        whole = Heard()
        for clause in self._clauses:
            if not clause.dropped:
                whole.add(clause.heard)
        return whole

    def _piece_at(self, at: int, *, after_time: bool) -> int | None:
        heard = self._clauses[-1].heard
        elapsed = _ELAPSED.match(self._signs, at)
        if elapsed is not None:
            length = int(elapsed["n"] or 1) * _LENGTHS[elapsed["unit"] or elapsed["one"]]
            heard.instants.append(_later(self._now, length))
            return elapsed.end()
        days = self._calendar.days_at(self._signs, at)
        if days is not None:
            heard.days.append(days)
            return self._part_of(days, heard)
        end = self._time_at(at, heard, expected=after_time)
        if end is not None:
            return end
        part = _PART.match(self._signs, at)
        if part is not None:
            heard.parts.append(part["name"])
            return part.end()
        return None

    def _part_of(self, days: DaysFound, heard: Heard) -> int:
        """German says "Freitag morgen", where the second word alone is the day after today."""
        morning = _MORNING_OF_IT.match(self._signs, days.end) if days.kind in {"weekday", "date"} else None
        if morning is None:
            return days.end
        heard.parts.append("morning")
        return morning.end()

    def _time_at(self, at: int, heard: Heard, *, expected: bool) -> int | None:
        lead = _LEAD.match(self._signs, at)
        begin = lead.end() if lead else at
        words = self._signs[at:begin].split()
        if words[:1] == ["from"] and _COUNT_BEFORE.search(self._signs[:at]):
            # "10 з 10" is ten out of ten.
            return None
        # "9.30" alone is a time, if it can be no date.
        expected = expected or (self._signs.startswith("d:") and self._signs.count(" ") == 1)
        first = clock_at(self._signs, begin, expected=bool(words) or expected)
        if first is None:
            loose = clock_at(self._signs, begin, expected=True)
            return self._range_at(loose, words, heard, expected=False) if loose else None
        end = self._range_at(first, words, heard, expected=expected)
        if end is not None:
            return end
        if "between" in words or not self._is_time(first, words, expected=expected):
            return None
        heard.note(_bound(words), first.reading)
        return self._others(first.end, heard) if not _bound(words) else first.end

    def _is_time(self, found: Found, words: list[str], *, expected: bool) -> bool:
        if set(words) == {"for"} and self._signs[: found.end].endswith(_OR_SO_LONG):
            # "на 2 часа" is for two hours as well as at two.
            return False
        if found.certain:
            return True
        if self._signs[: found.end].endswith(_PER_HOUR) and not expected:
            # "Сколько в час?" asks the price of an hour.
            return False
        return (bool(words) or expected) and _FOLLOWS.match(self._signs, found.end) is not None

    def _range_at(self, first: Found, words: list[str], heard: Heard, *, expected: bool) -> int | None:
        joins = _JOINS.match(self._signs, first.end)
        if joins is None or (joins["word"] == "and" and "between" not in words):
            return None
        second = clock_at(self._signs, joins.end(), expected=True)
        if second is None or (second.end == joins.end()):
            return None
        begun = expected or "from" in words or "between" in words
        begun = begun or first.certain or self._calendar.days_at(self._signs, second.end) is not None
        if not second.certain and not (begun and _FOLLOWS.match(self._signs, second.end)):
            return None
        heard.ranges.append((first.reading, second.reading))
        return second.end

    def _others(self, end: int, heard: Heard) -> int:
        """`at 5 or 6`."""
        more = _OR.match(self._signs, end)
        found = clock_at(self._signs, more.end(), expected=True) if more else None
        if found is None or not (found.certain or _FOLLOWS.match(self._signs, found.end)):
            return end
        heard.note("", found.reading)
        return found.end


def _later(now: datetime, minutes: int) -> datetime:
    """So much time from now, which is not always so much on the clock."""
    return (now.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(now.tzinfo)


def _bound(words: list[str]) -> str:
    return "from" if "from" in words else "until" if "until" in words else ""
