"""How long the guard takes is a fault only where no load of the machine explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.assistant.doctor.kits import GUARD, a_kit

from onebox.assistant.doctor.guarding import guards_of
from onebox.assistant.doctor.installed import all_settings, hooks_of
from onebox.assistant.doctor.timing import slow_faults

if TYPE_CHECKING:
    from pathlib import Path


def slow_by(seconds: float, folder: Path) -> list[tuple[str, bool]]:
    project = a_kit(folder, GUARD.replace("import json", f"import time; time.sleep({seconds}); import json"))
    (guard,) = guards_of(hooks_of(all_settings(project)[0]))
    return [(fault.kind, fault.is_note) for fault in slow_faults(guard, project)]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.06, [("slow", True)]), (0.3, [("slow", False)])],
)
def test_a_guard_that_is_a_little_slow_is_a_note_and_one_that_is_far_too_slow_a_fault(
    tmp_path: Path, seconds: float, told: list[tuple[str, bool]]
) -> None:
    assert slow_by(seconds, tmp_path) == told
