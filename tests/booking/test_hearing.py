"""A salon understands the days and times that people name."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from onebox.booking.hearing.clocks import opening
from onebox.booking.hearing.said import When
from onebox.booking.hearing.signs import HEARD, lexicon_of
from onebox.booking.hearing.understanding import understand
from onebox.booking.hours import Window, Windows, clock
from onebox.booking.reading import read_salon
from tests.booking.broken import WHOLE
from tests.booking.phrases import PHRASES

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 24, 12, tzinfo=BERLIN)
WEEK: tuple[Windows, ...] = (*((Window(9 * 60, 19 * 60),),) * 6, ())


def meant(text: str, language: str, now: datetime = NOON, week: tuple[Windows, ...] = WEEK) -> str:
    said = understand(text, language, now, now.tzinfo or UTC, week)
    return " | ".join(map(shown, said.whens)) if said else ""


def shown(when: When) -> str:
    parts = []
    if when.first is not None and when.last is not None:
        parts.append(f"{when.first:%d.%m}" + (f"-{when.last:%d.%m}" if when.last != when.first else ""))
    if when.at is not None:
        parts.append(f"@{clock(when.at)}")
    if when.start is not None or when.end is not None:
        parts.append("-".join("" if one is None else clock(one) for one in (when.start, when.end)))
    return " ".join(parts)


@pytest.mark.parametrize("language", HEARD)
def test_what_people_write_is_understood(language: str) -> None:
    wrong = {
        text: f"{meant(text, language)} instead of {meaning}"
        for spoken, text, meaning in PHRASES
        if spoken == language and meant(text, language) != meaning
    }

    assert wrong == {}


def test_a_third_of_what_is_tried_names_no_time() -> None:
    spoken = Counter(language for language, _, _ in PHRASES)

    assert set(spoken) == set(HEARD)
    assert min(spoken.values()) >= 30
    assert sum(not meaning for _, _, meaning in PHRASES) * 3 >= len(PHRASES)


EVERYTHING = [
    word
    for language in HEARD
    for phrases in lexicon_of(language).phrases.values()
    for words, _ in phrases
    for word in words
]
WORDS = some.one_of(
    some.sampled_from(EVERYTHING),
    some.integers(0, 120).map(str),
    some.sampled_from(
        [
            "17:30",
            "9.30",
            "12.12.",
            "31.2.",
            "29.2",
            "5/6",
            "2.5",
            "2026-12-05",
            "9999-12-31",
            "0",
            "00:00",
            "-",
            ",",
            ".",
            "x",
        ]
    ),
    some.text(max_size=8),
)
TEXTS = some.one_of(some.text(max_size=80), some.lists(WORDS, max_size=9).map(" ".join))
ZONES = some.sampled_from(
    ["Europe/Berlin", "Asia/Jerusalem", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "UTC"]
)
INSTANTS = some.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 31), timezones=some.just(UTC))  # noqa: DTZ001
WEEKS = some.sampled_from([WEEK, ((),) * 7, ((Window(20 * 60, 26 * 60),),) * 7])


@given(TEXTS, some.sampled_from([*HEARD, "fr", "en-GB"]), INSTANTS, ZONES, WEEKS)
def test_of_any_text_what_is_understood_is_still_to_come(
    text: str, language: str, now: datetime, zone: str, week: tuple[Windows, ...]
) -> None:
    said = understand(text, language, now, ZoneInfo(zone), week)

    assert said is None or 1 <= len(said.whens) <= 6
    for when in said.whens if said else ():
        spans = when.spans(now, ZoneInfo(zone), days=2)
        assert spans
        assert all(now <= span.start < span.end for span in spans)


def test_hours_tell_morning_from_evening() -> None:
    nights: tuple[Windows, ...] = ((Window(18 * 60, 27 * 60),),) * 7

    assert meant("at 9", "en") == "@09:00"
    assert meant("at 9", "en", week=nights) == "@21:00"
    assert meant("at 2", "en") == "@14:00"
    assert meant("at 2", "en", week=nights) == "@02:00"


def test_what_the_hours_cannot_tell_has_both_meanings() -> None:
    long: tuple[Windows, ...] = ((Window(7 * 60, 22 * 60),),) * 7

    assert meant("tomorrow at 8", "en", week=long) == "25.11 @08:00 | 25.11 @20:00"
    assert meant("завтра о 8:00", "uk", week=long) == "25.11 @08:00"


def test_the_hours_of_the_day_that_is_named_count() -> None:
    week: tuple[Windows, ...] = (*((Window(9 * 60, 22 * 60),),) * 4, (Window(9 * 60, 18 * 60),), (), ())

    assert meant("Thursday at 9", "en", week=week) == "26.11 @09:00 | 26.11 @21:00"
    assert meant("Friday at 9", "en", week=week) == "27.11 @09:00"


def test_a_salons_hours_are_those_of_all_who_work_there() -> None:
    salon, faults = read_salon("booking.yaml", WHOLE)

    assert faults == []
    assert salon is not None
    week = opening(salon)
    assert [[str(window) for window in day] for day in (week[0], week[1], week[5], week[6])] == [
        ["09:00-13:00", "14:00-18:00"],
        ["09:00-13:00", "09:00-17:00", "14:00-18:00"],
        ["20:00-02:00"],
        [],
    ]
    assert meant("Saturday at 1", "en", week=week) == "28.11 @01:00"


def test_a_day_that_has_passed_is_the_next_years() -> None:
    assert meant("23.11.", "de") == "23.11"
    said = understand("23.11.", "de", NOON, BERLIN)
    assert said is not None
    assert said.whens[0].first == date(2027, 11, 23)


def test_a_leap_day_is_of_the_next_leap_year() -> None:
    said = understand("29 February", "en", NOON, BERLIN)

    assert said is not None
    assert said.whens[0].first == date(2028, 2, 29)


def test_two_hours_from_now_are_so_many_on_the_day_of_the_change() -> None:
    before = datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN)

    assert meant("in 1 hour", "en", before) == "29.03 @03:30"


def test_a_time_is_sought_on_the_salons_clock() -> None:
    said = understand("tomorrow from 10 to 12", "en", NOON, BERLIN)

    assert said is not None
    assert [(span.start.isoformat(), span.end.isoformat()) for span in said.whens[0].spans(NOON, BERLIN)] == [
        ("2026-11-25T09:00:00+00:00", "2026-11-25T11:00:00+00:00")
    ]


def test_a_time_without_a_day_is_of_any_day() -> None:
    spans = When(start=17 * 60).spans(NOON, BERLIN, days=2)

    assert [span.start.astimezone(BERLIN).isoformat() for span in spans] == [
        "2026-11-24T17:00:00+01:00",
        "2026-11-25T17:00:00+01:00",
        "2026-11-26T17:00:00+01:00",
    ]
    assert spans[0].end - spans[0].start == timedelta(hours=7)
