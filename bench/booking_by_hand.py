"""The hand-written booking: one INSERT … WHERE NOT EXISTS, as many programs have it. It keeps who has what and when, and
nothing else: no states, no history, no keys of requests, no holds that end.

There are two of it. *In batches*: the statements of 64 clients share a transaction of one connection, and nobody else
writes. *Alone*: each has a transaction of its own; on SQLite they take turns, on Postgres there are sixteen connections.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from onebox.booking.claims import Offer

BATCH = 64
CONNECTIONS = 16

Wish = tuple[str, "Offer"]

_TABLE = (
    """create table booking (id text not null, subject text not null, starts_at {instant} not null,
    ends_at {instant} not null, primary key (id, subject))""",
    "create index booking_busy on booking (subject, ends_at)",
)
_BOOK = (
    "insert into booking (id, subject, starts_at, ends_at)"
    " select cast({p} as text), wanted.subject, {p}, {p}"
    " from (select cast({p} as text) as subject union all select {p}) as wanted"
    " where not exists (select 1 from booking where subject in ({p}, {p}) and ends_at > {p} and starts_at < {p})"
)
_OVERLAPS = (
    "select count(*) from booking a join booking b on a.subject = b.subject and a.id < b.id"
    " and a.ends_at > b.starts_at and a.starts_at < b.ends_at"
)


class ByHand(Protocol):
    """A hand-written booking on one of the databases. It asks for wishes until there are none, or `going` says no."""

    def batches(self, wishes: Iterator[Wish], going: Callable[[], bool]) -> int:
        """Asks for many in one transaction. How many were asked for."""
        ...

    def alone(self, wishes: Iterator[Wish], going: Callable[[], bool]) -> int:
        """Asks for each in its own transaction. How many were asked for."""
        ...

    def overlaps(self) -> int:
        """The pairs of bookings of one subject at one time."""
        ...

    def close(self) -> None:
        """Closes its connections."""
        ...


class OnSqlite:
    """In a file of its own."""

    def __init__(self, where: Path) -> None:
        self._connection = sqlite3.connect(where, isolation_level=None, check_same_thread=False)
        self._turn = Lock()
        self._statement = _BOOK.format(p="?")
        for statement in ("pragma journal_mode=wal", "pragma synchronous=full", *_TABLE):
            self._connection.execute(statement.format(instant="text"))

    def batches(self, wishes: Iterator[Wish], going: Callable[[], bool]) -> int:
        asked = 0
        while going() and (batch := list(islice(wishes, BATCH))):
            self._connection.execute("begin immediate")
            for wish in batch:
                self._book(*wish)
            self._connection.execute("commit")
            asked += len(batch)
        return asked

    def alone(self, wishes: Iterator[Wish], going: Callable[[], bool]) -> int:
        def book(id_: str, offer: Offer) -> None:
            with self._turn:
                self._book(id_, offer)

        return _at_once(wishes, going, [book] * CONNECTIONS)

    def _book(self, id_: str, offer: Offer) -> None:
        start, end = (at.isoformat(timespec="microseconds") for at in (offer.start, offer.end))
        self._connection.execute(self._statement, _values(id_, offer, start, end))

    def overlaps(self) -> int:
        count: int = self._connection.execute(_OVERLAPS).fetchone()[0]
        return count

    def close(self) -> None:
        self._connection.close()


class OnPostgres:
    """In a table of a database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = self._connect()
        self._statement = _BOOK.format(p="%s").encode()
        for statement in _TABLE:
            self._connection.execute(statement.format(instant="timestamptz").encode())

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._url, autocommit=True, options="-c synchronous_commit=on")

    def batches(self, wishes: Iterator[Wish], going: Callable[[], bool]) -> int:
        asked, book = 0, self._booking(self._connection)
        while going() and (batch := list(islice(wishes, BATCH))):
            with self._connection.pipeline(), self._connection.transaction():
                for wish in batch:
                    book(*wish)
            asked += len(batch)
        return asked

    def alone(self, wishes: Iterator[Wish], going: Callable[[], bool]) -> int:
        connections = [self._connect() for _ in range(CONNECTIONS)]
        asked = _at_once(wishes, going, [self._booking(one) for one in connections])
        for one in connections:
            one.close()
        return asked

    def _booking(self, connection: psycopg.Connection[Any]) -> Callable[[str, Offer], None]:
        def book(id_: str, offer: Offer) -> None:
            connection.execute(self._statement, _values(id_, offer, offer.start, offer.end))

        return book

    def overlaps(self) -> int:
        count: int = self._connection.execute(_OVERLAPS.encode()).fetchall()[0][0]
        return count

    def close(self) -> None:
        self._connection.close()


def _values(id_: str, offer: Offer, start: object, end: object) -> tuple[object, ...]:
    subjects = tuple(claim.subject for claim in offer.claims)
    return (id_, start, end, *subjects, *subjects, start, end)


def _at_once(wishes: Iterator[Wish], going: Callable[[], bool], books: list[Callable[[str, Offer], None]]) -> int:
    turn = Lock()

    def ask(book: Callable[[str, Offer], None]) -> int:
        asked = 0
        while going():
            with turn:
                wish = next(wishes, None)
            if wish is None:
                break
            book(*wish)
            asked += 1
        return asked

    with ThreadPoolExecutor(len(books)) as threads:
        return sum(threads.map(ask, books))
