"""Which event is the one that a wait is for."""

from __future__ import annotations

from typing import Any

import pytest

from onebox.flows.waiting import matches

DATA = {"order": {"id": 7, "paid": True, "lines": [{"sku": "a"}, {"sku": "b"}], "note": None}, "a.b": {"c": 1}}


@pytest.mark.parametrize(
    "match",
    [
        {},
        {"order.id": 7},
        {"order.id": 7.0},
        {"order.paid": True},
        {"order.lines.1.sku": "b"},
        {"order.note": None},
        {"order.lines.0": {"sku": "a"}},
        {"a.b": {"c": 1}},
        {"order.id": 7, "order.paid": True},
    ],
)
def test_equal_values_match(match: dict[str, Any]) -> None:
    assert matches(match, DATA)


@pytest.mark.parametrize(
    "match",
    [
        {"order.id": 8},
        {"order.id": "7"},
        {"order.paid": 1},
        {"order.id": True},
        {"order.missing": None},
        {"order.lines.2.sku": "b"},
        {"order.lines.-1.sku": "b"},
        {"order.lines.x": "b"},
        {"order.id.deeper": 7},
        {"order.id": 7, "order.paid": False},
    ],
)
def test_other_values_do_not(match: dict[str, Any]) -> None:
    assert not matches(match, DATA)
