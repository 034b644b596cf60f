"""`booking.yaml` becomes a salon, or every fault is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from onebox.booking.reading import read_salon
from onebox.booking.salon import Gap, Policies, Salon
from onebox.booking.shapes import salon_schema
from onebox.kernel.document import read_document
from tests.booking.broken import BROKEN, WHOLE

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion


def salon(text: str = WHOLE) -> Salon:
    read, faults = read_salon("booking.yaml", text)
    assert faults == []
    assert read is not None
    return read


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.parametrize("slip", BROKEN)
def test_a_slip_is_told(slip: str, snapshot: SnapshotAssertion) -> None:
    read, faults = read_salon("booking.yaml", BROKEN[slip])

    assert read is None
    assert "\n".join(map(str, faults)) == snapshot


def test_a_salon_is_read() -> None:
    read = salon()

    assert (read.time_zone, read.currency, read.languages) == ("Europe/Berlin", "EUR", ("en", "de"))
    assert read.subjects("chair") == ("chair:1", "chair:2")
    assert read.texts == {"de": {"greeting": "Hallo"}}
    assert read.policies == Policies()


def test_a_person_has_the_hours_of_the_day() -> None:
    olena = salon().staff["olena"]

    assert list(map(str, olena.windows(date(2026, 12, 23)))) == ["09:00-13:00", "14:00-18:00"]
    assert list(map(str, olena.windows(date(2026, 12, 26)))) == ["20:00-02:00"]
    assert list(map(str, olena.windows(date(2026, 12, 30)))) == ["10:00-14:00"]
    assert [olena.windows(date(2026, 12, day)) for day in (24, 27, 31)] == [(), (), ()]


def test_who_names_no_languages_speaks_the_salons() -> None:
    assert [person.languages for person in salon().staff.values()] == [("uk", "de"), ("en", "de")]


def test_a_service_is_read() -> None:
    colour, cut = salon().services.values()

    assert (colour.name, colour.duration, colour.before, colour.after) == (
        {"en": "Colour", "de": "Farbe"},
        minutes(90),
        minutes(5),
        minutes(10),
    )
    assert (colour.gap, colour.price, colour.deposit) == (Gap(minutes(30), minutes(30)), 8500, 2000)
    assert (colour.staff, colour.needs) == (("olena",), ("chair",))
    assert (cut.name, cut.price, cut.deposit, cut.staff, cut.needs) == (
        {"en": "Cut", "de": "Cut"},
        4000,
        0,
        ("olena", "marko"),
        (),
    )


def test_a_price_keeps_the_digits_that_are_written() -> None:
    assert salon(WHOLE.replace("price: 40", "price: 40.10")).services["cut"].price == 4010


def test_a_salon_without_a_zone_has_the_boxs() -> None:
    read, faults = read_salon("booking.yaml", WHOLE.replace("time_zone: Europe/Berlin\n", ""), "Europe/Kyiv")

    assert faults == []
    assert read is not None
    assert read.time_zone == "Europe/Kyiv"


@given(some.text("- {}[]:,\n abeduroxt0123456789.\"'", max_size=60), some.integers(0, len(WHOLE)))
def test_any_text_is_read_or_refused(text: str, at: int) -> None:
    read, faults = read_salon("booking.yaml", WHOLE[:at] + text + WHOLE[at:])

    assert (read is None) == bool(faults)


def test_the_schema_takes_what_is_read() -> None:
    schema = salon_schema()
    Draft202012Validator.check_schema(schema)
    errors = Draft202012Validator(schema).iter_errors(read_document("booking.yaml", WHOLE).value)

    assert [error.message for error in errors] == []


SHOWN = (
    "an unknown key",
    "an unknown policy",
    "a policy that is no duration",
    "a name of capital letters",
    "a date",
    "a day of the week",
    "no chair",
    "half a gap",
    "nobody does it",
    "a service without a price",
)


@pytest.mark.parametrize("slip", SHOWN)
def test_the_schema_refuses_what_a_shape_shows(slip: str) -> None:
    assert not Draft202012Validator(salon_schema()).is_valid(read_document("booking.yaml", BROKEN[slip]).value)
