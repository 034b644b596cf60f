"""Others at a box's database: a hand at its own shell, and programs that write as a box does without owning it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import psycopg

from onebox.booking.appointment import TAKING
from onebox.storage.changes import appliers_for
from onebox.storage.opening import _backend, is_postgres
from onebox.storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

Shell = sqlite3.Connection | psycopg.Connection[Any]


@asynccontextmanager
async def ledgers(database: Path | str, number: int) -> AsyncIterator[list[Writer]]:
    """As many connections that book, none of which owns the box."""
    backend = _backend(database)
    appliers = appliers_for(backend.dialect)
    opened = [Writer(await asyncio.to_thread(backend.write, False), appliers) for _ in range(number)]  # noqa: FBT003
    yield opened
    await asyncio.gather(*(one.close() for one in opened))


def shell(database: Path | str) -> closing[Shell]:
    """A connection to the box's tables, each statement its own transaction."""
    if is_postgres(database):
        options = "-c search_path=onebox -c timezone=UTC"
        return closing(psycopg.connect(str(database), autocommit=True, options=options))
    return closing(sqlite3.connect(database, isolation_level=None))


def forget_all(database: Path | str) -> None:
    """No appointment was ever made."""
    with shell(database) as hand:
        for table in ("appointment", "appointment_claim", "appointment_entry"):
            hand.execute(f"delete from {table}")  # type: ignore[call-overload,unused-ignore]


def check(database: Path | str) -> None:
    """No overlap, and rows that fit together."""
    with shell(database) as hand:
        claims = hand.execute(
            "select subject, starts_at, ends_at, appointment_id from appointment_claim where active order by 1, 2"
        )
        taken = list(claims.fetchall())
        states = dict(hand.execute("select id, state from appointment").fetchall())
        revisions = dict(hand.execute("select id, revision from appointment").fetchall())
        told = dict(hand.execute("select appointment_id, count(*) from appointment_entry group by 1").fetchall())
    assert [pair for pair in pairwise(taken) if pair[0][0] == pair[1][0] and pair[0][2] > pair[1][1]] == []
    assert {row[3] for row in taken} == {id_ for id_, state in states.items() if state in TAKING}
    assert told == revisions
