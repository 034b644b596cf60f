"""Patterns of days over signs, the first that fits, each with how its days are found: a method of `Calendar`."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from onebox.booking.hearing.clocks import NOTHING_COUNTED

_NUMBERED_DAYS = frozenset(("ru", "uk"))
"""which say "28-го" alone"""
_AT_A_DATE = frozenset(("he",))
"""which have one word for "at" and "on": elsewhere 9.10 is a time behind it"""

_LEAD = r"(?P<lead>(?:this |next |the |on |at |from |until |for |to |dash |in |between )*)"
_D, _E, _M = r"(?:n|o):(?P<d>\d+) ", r"(?:n|o):(?P<e>\d+) ", r"mon:(?P<m>\d+) "
_N = r"(?:n|c):(?P<n>\d+) "
_OF = r"(?:stop |of |at |to |in |the )*"
_YEAR = r"(?:comma )?(?:y:(?P<y>\d+) )?"
_POINTS = r":(?P<d>\d+)\.(?P<m>\d+)(?:\.(?P<y>\d+))? "
_OR_A_TIME = NOTHING_COUNTED.replace("n:|", "")
"""behind a full date a number may be a time"""
_TIME_BEHIND = r"(?=(?:stop |comma |dash |at |from |until |between |the |in )*(?:n:|t:|d:\d+\.\d\d |p_|c:|half_))"
_END = r"(?=$|ok |or |and |stop |comma |at |on |next |this )"
_BEHIND = r"(?P<behind>next |this |the next )?"


class DayPattern(NamedTuple):
    """`kind` is `weekday`, `week`, `date` or `day`."""

    kind: str
    way: str
    pattern: re.Pattern[str]


@cache
def day_patterns(language: str) -> tuple[DayPattern, ...]:
    """Those of a language."""
    rows = (*_dates(language), *_SPANS, *_WEEKDAYS)
    return tuple(DayPattern(kind, way, re.compile(pattern)) for kind, way, pattern in rows)


def _dates(language: str) -> tuple[tuple[str, str, str], ...]:
    lead = _LEAD if language in _AT_A_DATE else _LEAD.replace("at |", "")
    alone = "" if language in _NUMBERED_DAYS else "(?<!.)"
    return (
        ("date", "dated", rf"{_LEAD}D:(?P<y>\d+)-(?P<m>\d+)-(?P<d>\d+) "),
        ("date", "from_to", rf"{_LEAD}{_D}(?:stop )?(?:dash |until |to ){_E}{_OF}{_M}"),
        ("date", "either", rf"{_LEAD}{_D}(?:stop )?(?:and |or |comma ){_E}{_OF}{_M}"),
        ("date", "dated", rf"{_LEAD}(?:n|o|c):(?P<d>\d+) {_OF}{_M}{_YEAR}"),
        ("date", "dated", rf"{_LEAD}{_M}(?:the )?{_D}(?!oc |am |pm |hc ){_YEAR}"),
        ("date", "dated", rf"{lead}d{_POINTS}(?!oc |hc ){_OR_A_TIME}"),
        ("date", "slashed", rf"{_LEAD}s{_POINTS}{_OR_A_TIME}"),
        ("date", "dated", rf"(?:(?<!.)|(?:on |for |until |from )){lead}w{_POINTS}(?!oc |hc ){NOTHING_COUNTED}"),
        ("date", "of_month", rf"{_LEAD}(?:n|o|c):(?P<d>\d+) number {NOTHING_COUNTED}"),
        ("date", "of_month", rf"(?:at |from |until |for |to )*(?:on |the )+o:(?P<d>\d+) {NOTHING_COUNTED}"),
        ("date", "of_month", rf"(?:on |for ){_LEAD}o:(?P<d>\d+) {NOTHING_COUNTED}"),
        ("date", "of_month", rf"on (?:the )?n:(?P<d>\d+) (?:stop )?{NOTHING_COUNTED}"),
        ("date", "of_month", rf"{alone}o:(?P<d>\d+) {NOTHING_COUNTED}"),
    )


_SPANS = (
    ("week", "weeks_later", rf"in (?:the )?{_N}week (?!until )"),
    ("week", "weeks_later", r"in (?P<n>)week (?!n:)"),
    ("day", "days_later", rf"in (?:the )?{_N}(?:day|p_day) (?!until )"),
    ("day", "months_later", rf"in (?:{_N})?month (?!n:)"),
    ("week", "week", rf"{_LEAD}week:(?P<n>\d) "),
    ("day", "weekend", rf"{_LEAD}weekend "),
    ("day", "month", rf"{_LEAD}month:(?P<n>\d) "),
    ("day", "named", rf"{_LEAD}(?P<name>today|tomorrow|overmorrow) "),
)
_WEEKDAYS = (
    ("weekday", "weekday", rf"{_LEAD}wd:(?P<w>\d) {_BEHIND}"),
    (
        "weekday",
        "weekday",
        rf"(?P<lead>(?:this |next |on |at |from |until |for )+)wdq:(?P<w>\d) {_BEHIND}(?:{_END}|{_TIME_BEHIND})",
    ),
    ("weekday", "weekday", rf"(?P<lead>)wdq:(?P<w>\d) {_BEHIND}{_TIME_BEHIND}"),
    ("day", "whole_month", r"(?:in |at |on |for )(?:the )?mon:(?P<m>\d+) "),
)
