"""Every message of `onebox check`, as its reader sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.definition.broken import BROKEN
from tests.flows.definition.kinds import load

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion


@pytest.mark.parametrize("slip", BROKEN)
def test_a_slip_is_told(slip: str, snapshot: SnapshotAssertion) -> None:
    faults = load(BROKEN[slip]).faults

    assert faults
    assert "\n".join(map(str, faults)) == snapshot


def test_faults_are_in_order() -> None:
    faults = load(BROKEN["many faults of many files"]).faults

    assert [(fault.file, fault.line) for fault in faults] == sorted((fault.file, fault.line) for fault in faults)
