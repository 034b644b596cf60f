"""Many connections at once, other programs and people at the database's own shell: no subject is ever booked twice."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.storage.hand import Shell, check, forget_all, ledgers, shell
from tests.storage.rows import NOON, after
from tests.storage.visits import CHAIR, OLENA, confirm, hold, offer

from onebox.booking.appointment import (
    Cancel,
    Confirm,
    Expire,
    Finish,
    Held,
    Hold,
    Move,
    Replayed,
    State,
    Taken,
)
from onebox.booking.claims import Span
from onebox.kernel.encoding import load
from onebox.storage.creating import create_tables
from onebox.storage.opening import is_postgres, open_storage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import Cluster

    from onebox.booking.appointment import Outcome, Transition


# --- races


async def race(database: Path | str, *, clients: int, times: int) -> None:
    async with ledgers(database, clients) as many:
        for slot in range(times):
            wanted = offer(slot, 1.5 if slot % 2 else 1)  # every other one is in the way of the next, too
            ids = [f"{slot}-{number}" for number in range(clients)]
            units: list[list[Hold | Transition]] = [[hold(id_, wanted), confirm(id_)] for id_ in ids]
            results = await asyncio.gather(*(one.commit(unit) for one, unit in zip(many, units, strict=True)))
            expected = {Taken: clients} if slot and slot % 2 == 0 else {Held: 1, Taken: clients - 1}
            assert Counter(type(held) for held, _ in results) == expected
    await asyncio.to_thread(check, database)


async def test_of_many_who_want_one_time_one_has_it(database: Path | str) -> None:
    await race(database, clients=5, times=4)


@pytest.mark.soak
async def test_of_twenty_who_want_one_time_one_has_it_two_hundred_times(database: Path | str) -> None:
    await race(database, clients=20, times=200)


async def test_of_many_identical_requests_one_books(database: Path | str) -> None:
    async with ledgers(database, 6) as many:
        requests = [[hold(f"a{number}", key="tap")] for number in range(6)]
        results = await asyncio.gather(*(one.commit(unit) for one, unit in zip(many, requests, strict=True)))
    found = [result for [result] in results]
    assert Counter(type(one) for one in found) == {Held: 1, Replayed: 5}
    assert len({one.appointment.id for one in found}) == 1
    await asyncio.to_thread(check, database)


async def test_units_that_want_the_same_things_in_another_order_do_not_wait_for_each_other(
    database: Path | str,
) -> None:
    subjects = [f"staff:{number}" for number in range(8)]
    async with ledgers(database, 6) as many:
        units = [
            one.commit([hold(f"{place}-{turn}-{subject}", offer(turn, 1, subject)) for subject in order])
            for place, one in enumerate(many)
            for turn in range(6)
            for order in [subjects if (place + turn) % 2 else subjects[::-1]]
        ]
        results = await asyncio.gather(*units)
    assert Counter(type(one) for unit in results for one in unit) == {Held: 48, Taken: 240}
    await asyncio.to_thread(check, database)


# --- anything at once

STARTS = st.integers(0, 6).map(lambda halves: halves / 2)
OFFERS = st.builds(
    lambda start, hours, subjects: offer(start, hours, *sorted(subjects)),
    STARTS,
    st.sampled_from([0.5, 1, 1.5]),
    st.sets(st.sampled_from([OLENA, CHAIR, "staff:bo"]), min_size=1),
)
AT = st.integers(0, 30).map(lambda minutes: after(minutes=minutes))
IDS = st.integers(0, 5).map(lambda number: f"a{number}")


def _holding(number: int, wanted: Any, at: Any, minutes: int) -> Hold:
    return hold(f"a{number}", wanted, at=at, until=at + (after(minutes=minutes) - NOON))


def _changing(kind: type[Any], id_: str, at: Any, wanted: Any) -> Transition:
    more: dict[str, Any] = {Move: {"offer": wanted}, Finish: {"as_": State.no_show}}.get(kind, {})
    changed: Transition = kind(id=id_, who="ana", at=at, **more)
    return changed


HOLDS = st.builds(_holding, st.integers(0, 5), OFFERS, AT, st.integers(1, 10))
CHANGES = st.builds(_changing, st.sampled_from([Confirm, Move, Cancel, Finish, Expire]), IDS, AT, OFFERS)
ROUNDS = st.lists(st.lists(HOLDS | CHANGES, min_size=1, max_size=6), min_size=1, max_size=8)


async def play(database: Path | str, rounds: list[list[Hold | Transition]]) -> None:
    forget_all(database)
    async with ledgers(database, 3) as many:
        for at_once in rounds:
            units = [many[place % 3].commit([change]) for place, change in enumerate(at_once)]
            for [result] in await asyncio.gather(*units):
                _check_result(result)
            check(database)


def _check_result(result: Outcome) -> None:
    if isinstance(result, Taken):
        assert result.by.startswith("a")


def _play_any(database: Path | str, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(ROUNDS)
    def played(rounds: list[list[Hold | Transition]]) -> None:
        asyncio.run(play(database, rounds))

    played()


def test_nothing_that_many_do_at_once_leaves_an_overlap(database: Path | str) -> None:
    _play_any(database, 6)


@pytest.mark.soak
def test_nothing_at_all_that_many_do_at_once_leaves_an_overlap(database: Path | str) -> None:
    _play_any(database, 150)


# --- by hand

_CLAIM = "insert into appointment_claim (appointment_id, subject, starts_at, ends_at, active) values ({})"


def _written(start: float, end: float, id_: str = "hand", subject: str = OLENA, *, active: bool = True) -> str:
    instants = [after(hours=hours).isoformat(timespec="microseconds") for hours in (start, end)]
    return _CLAIM.format(", ".join([f"'{part}'" for part in (id_, subject, *instants)] + [str(active).lower()]))


BY_HAND = {
    "over its end": _written(1.5, 2.5),
    "over its start": _written(0.5, 1.5),
    "within": _written(1.2, 1.3),
    "around": _written(0, 9),
    "under its own id": _written(1.5, 2.5, "a1"),
    "moved into it": "update appointment_claim set starts_at = (select starts_at from appointment_claim"
    " where appointment_id = 'a1' and subject = 'staff:olena') where appointment_id = 'a2' and subject = 'staff:olena'",
    "of another subject until now": "update appointment_claim set subject = 'staff:olena' where appointment_id = 'a3'",
    "woken up": "update appointment_claim set active = true where appointment_id = 'a4'",
    "backwards": _written(9, 8),
    "whatever conflicts do": _written(1.5, 2.5).replace("insert", "insert or replace", 1),
    "ignoring conflicts": _written(1.5, 2.5).replace("insert", "insert or ignore", 1),
    "as the state of what was cancelled": "update appointment set state = 'confirmed' where id = 'a4'",
    "of no length": _written(9, 9),
}


@pytest.mark.parametrize("statement", BY_HAND.values(), ids=BY_HAND.keys())
async def test_what_would_book_twice_by_hand_is_refused(database: Path | str, statement: str) -> None:
    storage = await open_storage(database, own=True)
    cancelled = hold("a4", offer(1, 1, OLENA), key="k4")
    await storage.ledger.commit([cancelled, Cancel(id="a4", who="ana", at=NOON)])
    await storage.ledger.commit([hold("a1"), hold("a2", offer(3)), hold("a3", offer(1, 1, "staff:bo"))])
    if is_postgres(database):
        statement = statement.replace("insert or replace", "insert").replace("insert or ignore", "insert")
    with (
        shell(database) as hand,
        pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match=r"appointment_|a claim ends"),
    ):
        hand.execute(statement)  # type: ignore[call-overload,unused-ignore]
    await storage.close()
    await asyncio.to_thread(check, database)


@pytest.mark.parametrize("instant", ["2026-03-01 13:30:00", "2026-03-01T13:30:00Z", "1772371800"])
async def test_sqlite_refuses_instants_that_it_could_not_compare(migrated_sqlite: Path, instant: str) -> None:
    values = f"'hand', '{OLENA}', '{instant}', '2026-03-01T23:00:00.000000+00:00', true"
    with shell(migrated_sqlite) as hand, pytest.raises(sqlite3.IntegrityError, match="a claim ends after it starts"):
        hand.execute(_CLAIM.format(values))


async def test_a_claim_that_was_written_by_hand_is_respected(database: Path | str) -> None:
    storage = await open_storage(database, own=True)
    with shell(database) as hand:
        hand.execute(_written(1.5, 3))  # type: ignore[call-overload,unused-ignore]
        hand.execute(_written(1.5, 3, active=False, subject=CHAIR))  # type: ignore[call-overload,unused-ignore]
    by_hand = Span(after(hours=1.5), after(hours=3))
    assert await storage.ledger.commit([hold()]) == [Taken(OLENA, by_hand, "hand")]
    assert await storage.reader.appointments.busy([OLENA, CHAIR], by_hand, now=NOON) == {OLENA: [by_hand], CHAIR: []}
    await storage.close()


async def test_a_state_that_was_changed_by_hand_takes_the_time_or_gives_it_back(database: Path | str) -> None:
    storage = await open_storage(database, own=True)
    await storage.ledger.commit([hold()])
    for state, taken in (("cancelled", False), ("confirmed", True), ("expired", False), ("done", True)):
        with shell(database) as hand:
            if is_postgres(database):
                hand.execute("set search_path to public")
            table = "onebox.appointment" if is_postgres(database) else "appointment"
            hand.execute(f"update {table} set state = '{state}'")  # type: ignore[call-overload,unused-ignore]
        found = await storage.reader.appointments.busy([OLENA], Span(NOON, after(hours=24)), now=NOON)
        assert bool(found[OLENA]) is taken
    await storage.close()


@pytest.mark.parametrize("kept", [True, False])
async def test_who_waits_for_no_turn_is_still_waited_for(migrated_postgres: str, *, kept: bool) -> None:
    """A person's open transaction has the time, which nobody sees yet; a move that wants it loses, and stays whole."""
    storage = await open_storage(migrated_postgres, own=True)
    await storage.ledger.commit([hold(), confirm()])
    with shell(migrated_postgres) as hand, shell(migrated_postgres) as watch:
        hand.execute("begin")
        hand.execute(_written(3.5, 4))  # type: ignore[call-overload,unused-ignore]
        unit: list[Hold | Transition] = [Move(id="a1", who="ana", at=NOON, offer=offer(3)), hold("a2", offer(3.5))]
        moving = asyncio.ensure_future(storage.ledger.commit(unit))
        await asyncio.to_thread(_until_somebody_waits, watch)
        hand.execute("commit" if kept else "rollback")
        moved, other = await moving
    by_hand = Span(after(hours=3.5), after(hours=4))
    assert isinstance(other, Taken)
    if kept:
        assert moved == Taken(OLENA, by_hand, "hand")
    hour = 1 if kept else 3
    found = await storage.reader.appointments.busy([CHAIR], Span(NOON, after(hours=24)), now=NOON)
    assert found == {CHAIR: [Span(after(hours=hour), after(hours=hour + 1))]}
    await storage.close()


@pytest.mark.soak
async def test_a_deadlock_with_a_person_is_decided_anew(migrated_postgres: str) -> None:
    """Postgres waits a second before it looks for one, and ends who waited first: the box."""
    storage = await open_storage(migrated_postgres, own=True)
    with shell(migrated_postgres) as hand, shell(migrated_postgres) as watch:
        hand.execute("begin")
        hand.execute(_written(3, 4))  # type: ignore[call-overload,unused-ignore]
        unit = [hold("a1", offer(1)), hold("a2", offer(3))]
        holding = asyncio.ensure_future(storage.ledger.commit(unit))
        await asyncio.to_thread(_until_somebody_waits, watch)
        await asyncio.to_thread(hand.execute, _written(1, 2))  # type: ignore[arg-type,unused-ignore]
        hand.execute("commit")
        results = await holding
    spans = [Span(after(hours=hour), after(hours=hour + 1)) for hour in (1, 3)]
    assert results == [Taken(OLENA, span, "hand") for span in spans]
    await storage.close()


def _until_somebody_waits(watch: Shell) -> None:
    while watch.execute("select 1 from pg_locks where not granted").fetchall() == []:
        time.sleep(0.01)


async def test_a_role_that_may_make_nothing_but_tables_has_the_guard(postgres_cluster: Cluster) -> None:
    """No extension is asked for, neither of who owns the server nor of who runs the box."""
    url = postgres_cluster.create_database()
    name = url.rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(f"create role {name} login")  # type: ignore[call-overload,unused-ignore]
        superuser.execute(f"grant create on database {name} to {name}")  # type: ignore[call-overload,unused-ignore]
    plain = url.replace("postgres@", f"{name}@")
    await asyncio.to_thread(create_tables, plain)
    storage = await open_storage(plain, own=True)
    await storage.ledger.commit([hold()])
    with shell(plain) as hand, pytest.raises(psycopg.errors.ExclusionViolation, match="appointment_never_twice"):
        hand.execute(_written(1.5, 2.5))  # type: ignore[call-overload,unused-ignore]
    await storage.close()
    postgres_cluster.drop_database(url)


# --- killed

BOOK = """
import asyncio, sys
from tests.storage.rows import event
from tests.storage.visits import confirm, hold, offer
from onebox.booking.appointment import Cancel, Held, Move
from onebox.messaging.event import StoreEvent
from onebox.storage.opening import open_storage
from tests.storage.rows import NOON

async def main():
    storage = await open_storage(sys.argv[1], own=True)
    async def book(client):
        for number in range(1_000_000):
            id_ = f"{sys.argv[2]}-{client}-{number:06}"
            place = (int(sys.argv[2]) * 100_000 + number) * 2
            told = StoreEvent(event(f"e-{id_}", {"id": id_}))
            unit = [hold(id_, offer(place)), confirm(id_, then=[told])]
            held, _ = await storage.ledger.commit(unit)
            if isinstance(held, Held):
                await storage.ledger.commit([Move(id=id_, who="ana", at=NOON, offer=offer(place + 1))])
                print(id_, flush=True)
    await asyncio.gather(*[book(client) for client in range(8)])

asyncio.run(main())
"""


@pytest.mark.soak
@pytest.mark.parametrize("acknowledgements", [1, 20, 200])
async def test_killed_box_has_every_booking_whole_or_not_at_all(database: Path | str, acknowledgements: int) -> None:
    told: list[str] = []
    for life in range(3):
        command = (sys.executable, "-c", BOOK, str(database), str(life))
        box = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert box.stdout is not None
        told += [(await box.stdout.readline()).decode().strip() for _ in range(acknowledgements)]
        box.kill()
        rest, _ = await box.communicate()
        told += [line for line in rest.decode().split("\n")[:-1] if line]
    storage = await open_storage(database, own=True)  # the lock went with the process
    check(database)
    with shell(database) as hand:
        states = dict(hand.execute("select id, state from appointment").fetchall())
        events = {load(payload)["id"] for (payload,) in hand.execute("select payload from event").fetchall()}
    assert set(told) <= set(states)
    assert set(states.values()) == {State.confirmed}
    assert events == set(states)
    assert await storage.quick_check() == []
    await storage.close()
