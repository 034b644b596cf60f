"""The names that the tests' expressions see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from onebox.flows.expressions import compile_value

AT = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # half an hour before Berlin's clocks go forward


def scope() -> dict[str, Any]:
    """A fresh one, so that a test may try to change it."""
    return {
        "event": {
            "body": {"amount": 3, "currency": "EUR", "items": [{"name": "tea", "items": [1]}, {"name": "cake"}]},
            "headers": {"content-type": "application/json"},
            "text": "x<y",
            "note": None,
            "get": 5,
            "at": AT,
        },
        "vars": {"cities": ["Bonn", "Ulm"], "rate": 1.5},
        "match": {"0": "/order 12", "number": "12"},
        "now": AT,
    }


def value_of(raw: Any) -> Any:
    """What a value of the flow file gives under these names."""
    return compile_value(raw)(scope())
