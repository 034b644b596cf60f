"""Port suite: what is old enough goes, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.storage.rows import NOON, after, done, event, message, recorded, run, started

from onebox.flows.run import ParkRun, Prune, StartRun
from onebox.messaging.event import StoredResponse, StoreEvent, StoreResponse
from onebox.messaging.message import MarkSent, Priority, QueueMessage

if TYPE_CHECKING:
    from tests.storage.conftest import Kept

ANSWER = StoredResponse(200, {}, b"ok")


async def left(kept: Kept) -> list[str]:
    return sorted(found.id for found in await kept.read.list_runs())


async def test_old_run_goes_with_all_that_is_its(kept: Kept) -> None:
    await kept(started("r1"), recorded(1, "a"), QueueMessage(message(run_id="r1")))
    await kept(StoreResponse("e-r1", ANSWER, NOON), MarkSent("m1", NOON), done())
    assert await kept(Prune(after(hours=1), 100)) == [1]
    assert await left(kept) == []
    assert await kept.read.event("e-r1") is None
    assert await kept.read.response("e-r1") is None
    assert await kept.read.list_messages() == []
    await kept(started("r1"))
    history = await kept.read.history("r1")
    assert history is not None
    assert history.entries == []


async def test_young_and_living_runs_stay(kept: Kept) -> None:
    await kept(started("r1"), started("r2"), started("r3"), ParkRun("r2"), done("r3", after(hours=1)))
    assert await kept(Prune(after(hours=1), 100)) == [0]
    assert await left(kept) == ["r1", "r2", "r3"]


async def test_oldest_go_first_up_to_the_limit(kept: Kept) -> None:
    for number in (1, 2, 3):
        await kept(started(f"r{number}"), done(f"r{number}", after(minutes=-number)))
    assert await kept(Prune(after(hours=1), 2)) == [2]
    assert await left(kept) == ["r1"]


async def test_one_flow_alone(kept: Kept) -> None:
    await kept(started("r1"), started("r2", flow="bill"), done("r1"), done("r2"), StoreEvent(event("idle")))
    assert await kept(Prune(after(hours=1), 9, flow="bill")) == [1]
    assert await left(kept) == ["r1"]
    assert await kept.read.event("idle") is not None


async def test_all_flows_but_some(kept: Kept) -> None:
    for number, flow in enumerate(("greet", "bill", "feed"), start=1):
        await kept(started(f"r{number}", flow=flow), done(f"r{number}"))
    assert await kept(Prune(after(hours=1), 9, except_flows=["bill", "feed"])) == [1]
    assert await left(kept) == ["r2", "r3"]


async def test_event_stays_while_a_run_needs_it(kept: Kept) -> None:
    await kept(StoreEvent(event("e1"), [StartRun(run("r1")), StartRun(run("r2"))]), done("r1"))
    await kept(Prune(after(hours=1), 9))
    assert await kept.read.event("e1") is not None
    await kept(done("r2"))
    await kept(Prune(after(hours=1), 9))
    assert await kept.read.event("e1") is None


async def test_event_that_started_nothing_goes_when_it_is_old(kept: Kept) -> None:
    await kept(StoreEvent(event("old")), StoreEvent(event("young", received_at=after(hours=2))))
    await kept(StoreResponse("old", ANSWER, NOON))
    assert await kept(Prune(after(hours=1), 9)) == [0]
    assert await kept.read.event("old") is None
    assert await kept.read.response("old") is None
    assert await kept.read.event("young") is not None


async def test_unsent_message_outlives_its_run(kept: Kept) -> None:
    await kept(started("r1"), QueueMessage(message(run_id="r1")), done())
    await kept(Prune(after(hours=1), 9))
    [unsent] = (
        await kept.read.waiting("terminal/main", priority=Priority.interactive, now=NOON, busy=(), limit=9)
    ).messages
    assert (unsent.id, unsent.run_id) == ("m1", None)
    await kept(MarkSent("m1", NOON))
    await kept(Prune(after(hours=1), 9))
    assert await kept.read.list_messages() == []
