"""Port suite: runs from their start to their end, and their journals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.storage.conftest import paths
from tests.storage.rows import NOON, after, done, event, failed, recorded, run, started

from onebox.flows.run import (
    AwaitEvent,
    ClaimOnce,
    DropSignal,
    DueTimer,
    EntryKind,
    FinishRun,
    History,
    KeepVersion,
    ParkRun,
    ReadyRun,
    ReleaseOnce,
    RetryRun,
    RunState,
    SendSignal,
    SetTimer,
    Signal,
    WakeRun,
)

if TYPE_CHECKING:
    from tests.storage.conftest import Kept

BEFORE = (datetime.min.replace(tzinfo=UTC), "", "")


async def state_of(kept: Kept, run_id: str = "r1") -> RunState:
    history = await kept.read.history(run_id)
    assert history is not None
    return history.run.state


async def journal_of(kept: Kept, run_id: str = "r1") -> list[str]:
    history = await kept.read.history(run_id)
    assert history is not None
    return paths(history.entries)


async def test_history_holds_all_that_a_run_needs(kept: Kept) -> None:
    await kept(
        started("r1", SetTimer("r1", "nap", after(hours=1)), sender="ana", parent_run_id="r0", parent_path="sub")
    )
    entries = [recorded(1, "a", value={"n": 1}), recorded(2, "b", EntryKind.failure, {"code": "x"})]
    await kept(*entries, SendSignal("r1", "order", EntryKind.event, {"id": 7}, NOON))
    assert await kept.read.history("r1") == History(
        run=run("r1", "e-r1", sender="ana", parent_run_id="r0", parent_path="sub"),
        event=event("e-r1"),
        entries=[entry.entry for entry in entries],
        signals=[Signal("order", EntryKind.event, {"id": 7}, NOON)],
        timers={"nap": after(hours=1)},
    )


async def test_unknown_run_has_no_history(kept: Kept) -> None:
    assert await kept.read.history("nope") is None


async def test_position_is_written_once(kept: Kept) -> None:
    await kept(started())
    await kept(recorded(1, "a"))
    with pytest.raises(Exception, match=r"(?i)unique|known already"):
        await kept(recorded(1, "b"))
    assert await journal_of(kept) == ["a"]


async def test_ready_runs_come_in_order_of_id(kept: Kept) -> None:
    for run_id in ("r3", "r1", "r2"):
        await kept(started(run_id))
    await kept(started("r0", flow="other"))
    expected = [ReadyRun(run(run_id, f"e-{run_id}"), event(f"e-{run_id}"), fresh=True) for run_id in ("r1", "r2")]
    assert await kept.read.ready_runs("greet", limit=2) == expected
    assert await kept.read.ready_runs("greet", limit=2, after="r1") == [
        ReadyRun(run(run_id, f"e-{run_id}"), event(f"e-{run_id}"), fresh=True) for run_id in ("r2", "r3")
    ]
    assert await kept.read.ready_counts() == {"greet": 3, "other": 1}


async def test_run_with_a_journal_or_a_signal_is_not_fresh(kept: Kept) -> None:
    await kept(started("r1"), started("r2"), started("r3"))
    await kept(recorded(1, "a"), SendSignal("r2", "a", EntryKind.result, 1, NOON))
    assert [ready.fresh for ready in await kept.read.ready_runs("greet", limit=9)] == [False, False, True]


async def test_parked_run_is_not_ready(kept: Kept) -> None:
    await kept(started())
    assert await kept(ParkRun("r1")) == [True]
    assert await kept.read.ready_counts() == {}
    assert await kept(ParkRun("r1")) == [False]


async def test_run_with_a_signal_is_not_parked(kept: Kept) -> None:
    await kept(started())
    await kept(SendSignal("r1", "a", EntryKind.result, 1, NOON))
    assert await kept(ParkRun("r1")) == [False]
    assert await kept(DropSignal("r1", "a"), ParkRun("r1")) == [None, True]


async def test_only_a_waiting_run_is_woken(kept: Kept) -> None:
    await kept(started())
    assert await kept(WakeRun("r1")) == [False]
    assert await kept(ParkRun("r1"), WakeRun("r1")) == [True, True]
    assert await state_of(kept) is RunState.ready


async def test_signal_wakes_a_waiting_run(kept: Kept) -> None:
    await kept(started(), ParkRun("r1"))
    await kept(SendSignal("r1", "a", EntryKind.result, 1, NOON))
    assert await state_of(kept) is RunState.ready


async def test_first_signal_of_a_path_stays(kept: Kept) -> None:
    await kept(started())
    for value in (1, 2):
        await kept(SendSignal("r1", "a", EntryKind.result, value, NOON))
    history = await kept.read.history("r1")
    assert history is not None
    assert [signal.value for signal in history.signals] == [1]


async def test_signal_to_an_ended_run_is_ignored(kept: Kept) -> None:
    await kept(started(), done())
    await kept(SendSignal("r1", "a", EntryKind.result, 1, NOON), SendSignal("nope", "a", EntryKind.result, 1, NOON))
    history = await kept.read.history("r1")
    assert history is not None
    assert (history.run.state, history.signals) == (RunState.done, [])


async def test_finished_run_keeps_what_came_of_it(kept: Kept) -> None:
    await kept(started())
    assert await kept(done(output={"total": 42})) == [True]
    [ended] = await kept.read.list_runs()
    assert ended == run("r1", "e-r1", state=RunState.done, ended_at=NOON, output={"total": 42})


async def test_ended_run_is_not_finished_again(kept: Kept) -> None:
    await kept(started(), done())
    assert await kept(failed(), failed("nope")) == [False, False]
    assert await state_of(kept) is RunState.done


async def test_finished_run_waits_for_nothing(kept: Kept) -> None:
    await kept(started("r1", SetTimer("r1", "a", NOON), AwaitEvent("r1", "b", "order.paid", {})))
    await kept(SendSignal("r1", "c", EntryKind.result, 1, NOON))
    await kept(done())
    detail = await kept.read.run_detail("r1")
    history = await kept.read.history("r1")
    assert detail is not None
    assert history is not None
    assert (detail.timers, detail.waits, history.signals) == ([], [], [])


async def test_waiting_run_can_be_ended(kept: Kept) -> None:
    await kept(started(), ParkRun("r1"))
    assert await kept(FinishRun("r1", RunState.cancelled, NOON)) == [True]


@pytest.mark.parametrize("ending", [failed(step="b"), FinishRun("r1", RunState.cancelled, NOON, error={"step": "b"})])
async def test_retry_forgets_the_failed_attempts(kept: Kept, ending: FinishRun) -> None:
    await kept(started(), recorded(1, "a"))
    await kept(recorded(2, "b", EntryKind.failure), recorded(3, "b!1", EntryKind.fired))
    await kept(recorded(4, "bb", EntryKind.failure), recorded(5, "b", EntryKind.failure), ending)
    assert await kept(RetryRun("r1", after(hours=1))) == [True]
    history = await kept.read.history("r1")
    assert history is not None
    assert history.run == run("r1", "e-r1")
    assert paths(history.entries) == ["a", "bb"]
    await kept(recorded(3, "b"))  # positions have no gap


async def test_retry_without_a_failed_path_keeps_the_journal(kept: Kept) -> None:
    await kept(started(), recorded(1, "a"), failed())
    assert await kept(RetryRun("r1", NOON)) == [True]
    assert await journal_of(kept) == ["a"]


async def test_retry_forgets_that_the_run_was_ended_from_outside(kept: Kept) -> None:
    await kept(
        started(), recorded(1, "a"), recorded(2, "!abort", EntryKind.failure), recorded(3, "on_error.0"), failed()
    )
    assert await kept(RetryRun("r1", NOON)) == [True]
    assert await journal_of(kept) == ["a", "on_error.0"]


async def test_only_failed_and_cancelled_runs_are_retried(kept: Kept) -> None:
    await kept(started("r1"), started("r2"), done("r2"))
    assert await kept(RetryRun("r1", NOON), RetryRun("r2", NOON), RetryRun("nope", NOON)) == [False, False, False]


async def test_timers_come_soonest_first(kept: Kept) -> None:
    await kept(started("r1", SetTimer("r1", "late", after(hours=2)), SetTimer("r1", "soon", after(microseconds=1))))
    await kept(started("r2", SetTimer("r2", "now", NOON), flow="other"))
    assert await kept.read.timers(limit=2, after=BEFORE) == [
        DueTimer("r2", "now", NOON, "other"),
        DueTimer("r1", "soon", after(microseconds=1), "greet"),
    ]


async def test_timers_are_read_page_after_page(kept: Kept) -> None:
    await kept(started("r1", *[SetTimer("r1", path, NOON) for path in "abc"], SetTimer("r1", "0", after(hours=1))))
    pages: list[list[str]] = []
    last = BEFORE
    while not pages or pages[-1]:
        page = await kept.read.timers(limit=2, after=last)
        pages.append([timer.path for timer in page])
        if page:
            last = (page[-1].due_at, page[-1].run_id, page[-1].path)
    assert pages == [["a", "b"], ["c", "0"], []]


async def test_first_timer_of_a_path_stays(kept: Kept) -> None:
    await kept(started("r1", SetTimer("r1", "nap", NOON)))
    await kept(SetTimer("r1", "nap", after(hours=1)))
    assert [timer.due_at for timer in await kept.read.timers(limit=9, after=BEFORE)] == [NOON]


async def test_version_text_is_kept_once(kept: Kept) -> None:
    await kept(KeepVersion("greet", "v1", "flow: greet", NOON), KeepVersion("greet", "v1", "other", NOON))
    assert await kept.read.version_text("v1") == "flow: greet"
    assert await kept.read.version_text("v2") is None


async def test_once_key_belongs_to_the_first(kept: Kept) -> None:
    claims = [ClaimOnce("greet", "send", "link", run_id, NOON) for run_id in ("r1", "r2", "r1")]
    assert await kept(*claims) == [True, False, True]


async def test_once_key_is_free_after_its_owner_gave_it_back(kept: Kept) -> None:
    await kept(ClaimOnce("greet", "send", "link", "r1", NOON))
    await kept(ReleaseOnce("greet", "send", "link", "r2"))
    assert await kept(ClaimOnce("greet", "send", "link", "r2", NOON)) == [False]
    await kept(ReleaseOnce("greet", "send", "link", "r1"))
    assert await kept(ClaimOnce("greet", "send", "link", "r2", NOON)) == [True]


async def test_failing_unit_leaves_nothing(kept: Kept) -> None:
    await kept(started("r1"))
    with pytest.raises(Exception, match=r"(?i)unique|known already"):
        await kept(started("r2"), started("r1"))
    assert [found.id for found in await kept.read.list_runs()] == ["r1"]
