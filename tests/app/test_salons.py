"""The salon of a box that runs, as its file is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.booking.shop import TEXT

from onebox.app.checking import check_box
from onebox.app.folder import BoxFolder
from onebox.app.salons import NoSalon, SalonFile

if TYPE_CHECKING:
    from pathlib import Path

FLOW = """\
flow: tell
on: {booking: WHAT}
steps:
  - do: log
    with: {text: "${event.NAME}"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> BoxFolder:
    found = BoxFolder(tmp_path)
    found.settings.write_text("timezone: UTC\n")
    found.booking.write_text(TEXT)
    found.flows.mkdir()
    return found


def write(folder: BoxFolder, text: str, seconds: int) -> None:
    """As if it were so many seconds later, for clocks of files are coarse."""
    folder.booking.write_text(text)
    os.utime(folder.booking, (seconds, seconds))


def test_a_change_is_read_when_somebody_asks(folder: BoxFolder) -> None:
    salon = SalonFile(folder, "UTC")
    before = salon()

    write(folder, TEXT.replace("chair: 2", "chair: 3"), 1)

    assert (before.places["chair"], salon().places["chair"]) == (2, 3)
    assert salon() is salon()


def test_a_file_that_breaks_leaves_the_salon_as_it_was(folder: BoxFolder) -> None:
    salon = SalonFile(folder, "UTC")
    before = salon()

    write(folder, "staff: [", 1)
    assert salon() is before
    folder.booking.unlink()
    assert salon() is before


def test_a_file_that_was_never_sound_is_told_with_its_line(folder: BoxFolder) -> None:
    folder.booking.write_text(TEXT.replace("EUR", "EURO"))

    with pytest.raises(NoSalon, match=r"the salon is faulty: booking.yaml:2: 'EURO' is no currency of ISO 4217"):
        SalonFile(folder, "UTC")()


@pytest.mark.parametrize(
    ("what", "name", "fault"),
    [
        ("booked", "phone", ""),
        ("{what: moved, where: {language: de}}", "before", ""),
        ("[booked, no_show]", "who", ""),
        ("booked", "phon", "phone"),
        ("book", "phone", "booked"),
        ("{when: moved}", "phone", "what"),
    ],
)
def test_check_knows_what_an_event_of_an_appointment_has(folder: BoxFolder, what: str, name: str, fault: str) -> None:
    (folder.flows / "tell.yaml").write_text(FLOW.replace("WHAT", what).replace("NAME", name))

    faults = [f"{one.file}:{one.line} {one.message} {one.hint}" for one in check_box(folder, {}).faults]

    assert bool(faults) == bool(fault)
    assert all(one.startswith("flows/tell.yaml:") for one in faults)
    assert not fault or any(fault in one for one in faults)
