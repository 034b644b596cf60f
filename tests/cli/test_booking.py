"""The commands of the salon, beside a box that runs."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.booking.shop import TEXT
from tests.cli.test_beside_a_running_box import onebox

from onebox.app.folder import BoxFolder
from onebox.app.serve import running_box
from onebox.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SETTINGS = "timezone: UTC\naccounts: {terminal/main: }\nlog: {level: error}\n"
TELL = """\
flow: tell
on:
  booking: [booked, cancelled]
steps:
  - do: send
    with: {via: terminal/main, to: owner, text: "${event.state}: ${event.name} by ${event.people | join(', ')}"}
"""
WAIT = """\
flow: wait
on: {manual: }
steps:
  - id: moved
    wait_for: {event: booking.appointment.moved, match: {appointment: "${event.appointment}"}, timeout: 1d}
output: ${moved.reason}
"""
RACES = 8
"""as many as a day has hours for"""


def tomorrow() -> str:
    """A day on which all work, after the lead time whatever the hour is."""
    day = datetime.now(UTC).date() + timedelta(days=2)
    while day.weekday() not in range(1, 5):
        day += timedelta(days=1)
    return day.isoformat()


@pytest.fixture
def folder(tmp_path: Path) -> BoxFolder:
    found = BoxFolder(tmp_path)
    found.flows.mkdir()
    found.settings.write_text(SETTINGS)
    found.booking.write_text(TEXT)
    (found.flows / "tell.yaml").write_text(TELL)
    (found.flows / "wait.yaml").write_text(WAIT)
    return found


@pytest.fixture
async def terminal(folder: BoxFolder) -> AsyncIterator[io.StringIO]:
    """Of a box that runs, what it writes."""
    out = io.StringIO()
    async with running_box(folder, port=0, environ={}, terminal=out):
        yield out


async def until(what: str, terminal: io.StringIO) -> None:
    async with asyncio.timeout(10):
        while what not in terminal.getvalue():  # noqa: ASYNC110 - the terminal tells nobody
            await asyncio.sleep(0.02)


async def test_a_booking_is_there_and_a_flow_tells_the_owner(tmp_path: Path, terminal: io.StringIO) -> None:
    day = tomorrow()
    client = ("--name", "Ana", "--phone", "+49 30 1234567", "--language", "de")

    code, made, said = await onebox(
        tmp_path, "booking", "book", "cut", "--at", f"{day} 10:00", "--staff", "olena", *client, "--json"
    )

    assert (code, made["state"], made["name"], made["language"]) == (Exit.ok, "confirmed", "Ana", "de"), said
    await until("confirmed: Ana by Olena", terminal)
    _, found, _ = await onebox(tmp_path, "booking", "day", day, "--json")
    assert found["appointments"] == [made]


@pytest.mark.soak
async def test_a_time_that_is_taken_is_refused_with_who_is_there_and_what_is_free(
    tmp_path: Path, terminal: io.StringIO
) -> None:
    day = tomorrow()
    at = ("--at", f"{day} 10:00", "--staff", "olena")
    await onebox(tmp_path, "booking", "book", "cut", *at, "--name", "Ana")

    code, out, said = await onebox(tmp_path, "booking", "book", "cut", *at, "--name", "Ben")

    shown = f"{datetime.fromisoformat(day):%a} {day}"
    assert (code, out) == (Exit.fault, "")
    assert said == (
        f"onebox: {shown} 10:00 is not free: Olena is taken {shown} 10:00 to 10:50\n"
        f"hint: free are: {shown} 09:00, {shown} 11:00, {shown} 11:15\n"
    )
    assert terminal.getvalue().count("Ben") == 0


@pytest.mark.soak
async def test_a_visit_from_free_to_cancelled(tmp_path: Path, terminal: io.StringIO) -> None:
    day = tomorrow()
    _, free, _ = await onebox(tmp_path, "booking", "slots", "colour", "cut", "--day", day, "--json")
    assert [part["service"] for part in free[0]["parts"]] == ["colour", "cut"]
    _, id_, said = await onebox(tmp_path, "booking", "book", "colour", "--at", f"{day} 09:00", "--name", "Ana")
    id_ = id_.strip()
    assert said.startswith("booked: ")
    _, waiting, _ = await onebox(tmp_path, "emit", "wait", "--data", f'{{"appointment": "{id_}"}}', "--json")

    code, _, said = await onebox(tmp_path, "booking", "move", id_, "--at", f"{day} 15:00", "--reason", "she asked")
    assert (code, said[:7]) == (Exit.ok, "moved: ")
    code, _, said = await onebox(tmp_path, "booking", "move", id_, "--at", f"{day} 17:00")
    assert (code, "17:00 is not free: Olena works" in said) == (Exit.fault, True), said
    code, _, said = await onebox(tmp_path, "booking", "cancel", id_, "--reason", "ill")
    assert (code, "cancelled: " in said) == (Exit.ok, True), said
    code, _, said = await onebox(tmp_path, "booking", "done", id_)
    assert (code, said) == (
        Exit.fault,
        f"onebox: appointment {id_} is cancelled: it cannot be done\nhint: book it anew: onebox booking book\n",
    )

    await until("cancelled: Ana by Olena", terminal)
    _, record, _ = await onebox(tmp_path, "booking", "show", id_, "--json")
    assert [(one["what"], one["reason"]) for one in record["history"]] == [
        ("held", None), ("confirmed", None), ("moved", "she asked"), ("cancelled", "ill"),
    ]  # fmt: skip
    _, run, _ = await onebox(tmp_path, "runs", "show", waiting["run"], "--json")
    assert (run["state"], run["output"]) == ("done", "she asked")
    _, picture, _ = await onebox(tmp_path, "booking", "week", day)
    assert "Olena" in picture


@pytest.mark.soak
async def test_who_does_not_come_and_who_does(tmp_path: Path, terminal: io.StringIO) -> None:
    day = tomorrow()
    for command, state in (("done", "done"), ("no-show", "no_show")):
        _, id_, _ = await onebox(tmp_path, "booking", "book", "cut", "--at", f"{day} 10:00", "--name", "Ana")

        code, made, said = await onebox(tmp_path, "booking", command, id_.strip(), "--json")

        assert (code, made["state"], said) == (Exit.ok, state, "")
    assert "no_show" not in terminal.getvalue()


@pytest.mark.soak
async def test_of_two_who_book_at_the_same_instant_one_gets_it(tmp_path: Path, terminal: io.StringIO) -> None:
    first = datetime.fromisoformat(f"{tomorrow()} 10:00")
    for hour in range(RACES):
        start = first + timedelta(hours=hour)
        ask = ("booking", "book", "cut", "--staff", "marko", "--at", f"{start:%Y-%m-%d %H:%M}", "--name")

        answers = await asyncio.gather(onebox(tmp_path, *ask, "Ana"), onebox(tmp_path, *ask, "Ben"))

        assert sorted(code for code, _, _ in answers) == [Exit.ok, Exit.fault], answers
        [said] = [words for code, _, words in answers if code]
        assert "Marko is taken" in said
    await until("confirmed", terminal)


@pytest.mark.soak
async def test_what_no_box_carries_out_lapses(folder: BoxFolder, tmp_path: Path) -> None:
    day = tomorrow()

    code, out, said = await onebox(tmp_path, "booking", "book", "cut", "--at", f"{day} 10:00", "--name", "Ana")

    assert (code, out) == (Exit.no_answer, "")
    assert said == (
        f"the box {tmp_path} does not run, or is busy: nothing was done\n"
        f"hint: start it with: onebox run --box {tmp_path}\n"
    )
    async with running_box(folder, port=0, environ={}, terminal=io.StringIO()):
        _, made, said = await onebox(
            tmp_path, "booking", "book", "cut", "--at", f"{day} 11:00", "--name", "Ben", "--json"
        )
        _, found, _ = await onebox(tmp_path, "booking", "day", day, "--json")
    assert found["appointments"] == [made], said


@pytest.mark.soak
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("slots", "cot"), Exit.fault, "onebox: there is no service 'cot'\nhint: did you mean 'cut'?\n"),
        (("book", "cut", "--at", "2026-12-01 10:00", "--name", "Ana", "--staff", "mark"), Exit.fault, "onebox: there is no person 'mark'\nhint: did you mean 'marko'?\n"),
        (("slots", "cut", "--day", "tomorrow"), Exit.usage, "expected a date such as 2026-12-01, got 'tomorrow'"),
        (("slots", "cut", "--day", "2026-12-01", "--from", "2026-12-01"), Exit.usage, "give one of --day and --from"),
        (("explain", "cut", "--at", "10:00 pm"), Exit.usage, "expected a date and a time such as 2026-12-01 10:00, got '10:00 pm'"),
        (("explain", "cut", "--at", "2027-03-28 02:30"), Exit.usage, "2027-03-28 02:30 does not exist in Europe/Berlin: the clock is put forward over it"),
        (("slots", "cut", "--staff", "marko", "--staff", "olena"), Exit.usage, "expected one person, or one for each of the 1 services, got 2"),
        (("show", "none"), Exit.fault, "onebox: there is no appointment 'none'\nhint: onebox booking day and onebox booking week show their ids\n"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told(
    folder: BoxFolder, tmp_path: Path, arguments: tuple[str, ...], code: Exit, told: str
) -> None:
    assert folder.booking.exists()

    found, out, said = await onebox(tmp_path, "booking", *arguments)

    assert (found, out) == (code, "")
    assert told in " ".join(said.replace("│", " ").split()) or told == said


@pytest.mark.soak
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "has no salon: there is no booking.yaml\nhint: write booking.yaml, or begin with one: onebox init DIR --with booking\n"),
        (TEXT.replace("EUR", "EURO"), "onebox: the salon is faulty: booking.yaml:2: 'EURO' is no currency of ISO 4217"),
    ],
    ids=["none", "faulty"],
)  # fmt: skip
async def test_a_box_without_a_sound_salon_says_so(
    folder: BoxFolder, tmp_path: Path, text: str | None, told: str
) -> None:
    folder.booking.unlink()
    if text is not None:
        folder.booking.write_text(text)

    code, _, said = await onebox(tmp_path, "booking", "day")

    assert code == Exit.fault
    assert told in said
