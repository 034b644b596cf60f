"""Port suite: what operators read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.storage.rows import NOON, after, done, event, failed, message, recorded, run, started

from onebox.flows.records import FlowStats, JournalLine, PendingTimer, PendingWait, RunDetail, SentMessage
from onebox.flows.run import AwaitEvent, RunState, SetTimer
from onebox.messaging.message import QueueMessage

if TYPE_CHECKING:
    from tests.storage.conftest import Kept


async def some_runs(kept: Kept) -> None:
    await kept(started("r1"), started("r2", flow="bill"), started("r3"), started("r4", created_at=after(hours=1)))
    await kept(done("r1"), failed("r3"), failed("r2"))


async def listed(kept: Kept, **wanted: object) -> list[str]:
    return [found.id for found in await kept.read.list_runs(**wanted)]  # type: ignore[arg-type]


async def test_runs_are_listed_newest_first(kept: Kept) -> None:
    await some_runs(kept)
    assert await listed(kept) == ["r4", "r3", "r2", "r1"]
    assert await listed(kept, limit=2, before="r4") == ["r3", "r2"]


async def test_runs_are_listed_by_state_and_flow(kept: Kept) -> None:
    await some_runs(kept)
    assert await listed(kept, state=RunState.failed) == ["r3", "r2"]
    assert await listed(kept, state=RunState.failed, flow="bill") == ["r2"]
    assert await listed(kept, state=RunState.done) == ["r1"]
    assert await listed(kept, flow="greet") == ["r4", "r3", "r1"]


async def test_runs_are_counted_by_state(kept: Kept) -> None:
    await some_runs(kept)
    assert await kept.read.count_runs() == {"done": 1, "failed": 2, "ready": 1}


async def test_flow_stats_show_the_last_failed_run(kept: Kept) -> None:
    await some_runs(kept)
    error = {"code": "http_503"}
    third = run("r3", "e-r3", state=RunState.failed, ended_at=NOON, error=error)
    second = run("r2", "e-r2", "bill", state=RunState.failed, ended_at=NOON, error=error)
    assert await kept.read.flow_stats() == {
        "greet": FlowStats("greet", {"done": 1, "failed": 1, "ready": 1}, after(hours=1), third),
        "bill": FlowStats("bill", {"failed": 1}, NOON, second),
    }


async def test_run_detail_shows_everything(kept: Kept) -> None:
    timer, wait = SetTimer("r1", "nap", NOON), AwaitEvent("r1", "pay", "order.paid", {"order.id": 7})
    await kept(started("r1", timer, wait), recorded(1, "a", value=[1]), QueueMessage(message(run_id="r1")))
    await kept(started("r2", parent_run_id="r1", parent_path="sub"))
    assert await kept.read.run_detail("r1") == RunDetail(
        run=run("r1", "e-r1"),
        event=event("e-r1"),
        journal=[JournalLine(1, "http.get", recorded(1, "a", value=[1]).entry)],
        timers=[PendingTimer("nap", NOON)],
        waits=[PendingWait("pay", "order.paid", {"order.id": 7})],
        messages=[SentMessage(message(run_id="r1"))],
        children=[run("r2", "e-r2", parent_run_id="r1", parent_path="sub")],
    )


async def test_unknown_run_has_no_detail(kept: Kept) -> None:
    assert await kept.read.run_detail("nope") is None
