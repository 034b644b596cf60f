"""The examples in the docstrings are true, and the statements of every event find their rows by an index."""

from __future__ import annotations

import doctest
import importlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from onebox.booking.appointment import Hold
from onebox.storage.appointment_reading import AppointmentReading
from onebox.storage.changes import appliers_for
from onebox.storage.dialects import Sqlite
from onebox.storage.message_reading import MessageReading
from onebox.storage.readers import ReadPool
from onebox.storage.run_reading import RunReading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onebox.storage.readers import ReadConnection

MODULES = [
    "onebox.flows.waiting",
    "onebox.storage.dialects",
    "onebox.storage.people_sql",
    "onebox.storage.retrying",
    "onebox.storage.session",
    "onebox.storage.sql_tokens",
    "onebox.storage.table_sql",
]
NO_TABLES = ("schedule_tick", "CONSTANT ROW")  # the first has a row for each schedule, and is read at start


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_true(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0
    assert results.failed == 0


def no_connection() -> ReadConnection:
    raise NotImplementedError


def statements() -> Iterator[str]:
    dialect, pool = Sqlite(), ReadPool(no_connection)
    appliers = appliers_for(dialect)
    assert callable(appliers[Hold])  # what writes appointments is loaded when it is asked for
    writers = {getattr(apply, "__self__", None) for apply in appliers.values()} - {None}
    readers = (RunReading(pool, pool, dialect), MessageReading(pool, dialect), AppointmentReading(pool, dialect))
    for repository in (*writers, *readers):
        for value in vars(repository).values():
            found = (
                value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
            )
            yield from (text for text in found if isinstance(text, str))


def test_statements_find_their_rows_by_an_index(migrated_sqlite: Path) -> None:
    shell = sqlite3.connect(migrated_sqlite)
    plans = {
        text: [row[3] for row in shell.execute(f"explain query plan {text}", (None,) * text.count("?"))]
        for text in statements()
    }
    shell.close()
    scans = [
        (text, step)
        for text, plan in plans.items()
        for step in plan
        if step.startswith("SCAN") and "INDEX" not in step and "VIRTUAL" not in step and not step.endswith(NO_TABLES)
    ]
    assert len(plans) > 40
    assert scans == []
