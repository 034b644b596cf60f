"""Port suite: an event ends the waits that it matches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.storage.rows import after, event, recorded, started

from onebox.flows.run import AwaitEvent, DropWait, EntryKind, ParkRun, RunState, Signal
from onebox.messaging.event import StoreEvent

if TYPE_CHECKING:
    from tests.storage.conftest import Kept

    from onebox.messaging.event import Event


def paid(order: int, id: str = "paid") -> Event:
    return event(id, {"order": {"id": order}}, topic="order.paid", received_at=after(hours=1))


async def test_matching_event_ends_a_wait(kept: Kept) -> None:
    await kept(started("r1", AwaitEvent("r1", "pay", "order.paid", {"order.id": 7})), ParkRun("r1"))
    [stored] = await kept(StoreEvent(paid(7)))
    assert stored.woken == ["r1"]
    history = await kept.read.history("r1")
    assert history is not None
    assert history.run.state is RunState.ready
    assert history.signals == [Signal("pay", EntryKind.event, {"order": {"id": 7}}, after(hours=1))]


async def test_other_events_leave_a_wait(kept: Kept) -> None:
    await kept(started("r1", AwaitEvent("r1", "pay", "order.paid", {"order.id": 7})))
    outcomes = await kept(StoreEvent(paid(8)), StoreEvent(event("e2", {"order": {"id": 7}}, topic="order.sent")))
    assert [outcome.woken for outcome in outcomes] == [[], []]


async def test_event_ends_a_wait_once(kept: Kept) -> None:
    await kept(started("r1", AwaitEvent("r1", "pay", "order.paid", {})))
    outcomes = await kept(StoreEvent(paid(7, "p1")), StoreEvent(paid(7, "p2")))
    assert [outcome.woken for outcome in outcomes] == [["r1"], []]


async def test_wait_set_again_stays_the_first(kept: Kept) -> None:
    await kept(started("r1", AwaitEvent("r1", "pay", "order.paid", {"order.id": 7})))
    await kept(AwaitEvent("r1", "pay", "order.paid", {"order.id": 8}))
    assert [outcome.woken for outcome in await kept(StoreEvent(paid(8, "p8")), StoreEvent(paid(7, "p7")))] == [
        [],
        ["r1"],
    ]


async def test_dropped_wait_is_over(kept: Kept) -> None:
    await kept(started("r1", AwaitEvent("r1", "pay", "order.paid", {})))
    await kept(DropWait("r1", "pay"))
    [stored] = await kept(StoreEvent(paid(7)))
    assert stored.woken == []


async def test_one_event_ends_the_waits_of_many(kept: Kept) -> None:
    for run_id in ("r2", "r1"):
        await kept(
            started(run_id, AwaitEvent(run_id, "a", "order.paid", {}), AwaitEvent(run_id, "b", "order.paid", {}))
        )
    [stored] = await kept(StoreEvent(paid(7)))
    assert stored.woken == ["r1", "r2"]


async def test_duplicate_event_wakes_nobody(kept: Kept) -> None:
    await kept(StoreEvent(event("e1", topic="order.paid", key="k")))
    await kept(started("r1", AwaitEvent("r1", "pay", "order.paid", {})))
    [again] = await kept(StoreEvent(event("e2", topic="order.paid", key="k")))
    assert (again.duplicate, again.woken) == (True, [])


async def test_wait_survives_a_unit_that_failed(kept: Kept) -> None:
    await kept(started("r1", AwaitEvent("r1", "pay", "order.paid", {})), recorded(1, "a"))
    with pytest.raises(Exception, match=r"(?i)unique|known already"):
        await kept(StoreEvent(paid(7, "p1")), StoreEvent(paid(7, "p2")), recorded(1, "b"))
    [stored] = await kept(StoreEvent(paid(7, "p3")))
    assert stored.woken == ["r1"]
