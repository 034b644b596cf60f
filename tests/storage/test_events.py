"""Port suite: events are stored once, with what follows from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.storage.rows import NOON, event, run

from onebox.flows.run import EntryKind, FinishRun, ParkRun, RunState, SendSignal, StartRun
from onebox.messaging.event import Stored, StoredResponse, StoreEvent, StoreResponse

if TYPE_CHECKING:
    from tests.storage.conftest import Kept

ANSWER = StoredResponse(202, {"content-type": "text/plain"}, b"\x00taken\xff")


async def test_event_comes_back_as_it_was(kept: Kept) -> None:
    given = event(
        data={"text": "ünï\0\U0001f600", "$at": NOON, "raw": b"\0\xff", "deep": [1.5, None, True]},
        key="k",
        sender="ana",
    )
    [stored] = await kept(StoreEvent(given))
    assert stored == Stored("e1")
    assert await kept.read.event("e1") == given


async def test_unknown_event_is_none(kept: Kept) -> None:
    assert await kept.read.event("nope") is None


async def test_same_source_and_key_is_a_duplicate(kept: Kept) -> None:
    await kept(StoreEvent(event("e1", key="k"), [StartRun(run("r1", "e1"))]))
    [again] = await kept(StoreEvent(event("e2", key="k"), [StartRun(run("r2", "e2"))]))
    assert again == Stored("e1", duplicate=True)
    assert await kept.read.event("e2") is None
    assert [found.id for found in await kept.read.list_runs()] == ["r1"]


async def test_same_key_of_another_source_is_another_event(kept: Kept) -> None:
    await kept(StoreEvent(event("e1", key="k")))
    [other] = await kept(StoreEvent(event("e2", key="k", source="webhook:other")))
    assert other == Stored("e2")


async def test_events_without_key_are_never_duplicates(kept: Kept) -> None:
    outcomes = await kept(StoreEvent(event("e1")), StoreEvent(event("e2")))
    assert outcomes == [Stored("e1"), Stored("e2")]


async def test_duplicate_brings_the_first_answer(kept: Kept) -> None:
    await kept(StoreEvent(event("e1", key="k")))
    await kept(StoreResponse("e1", ANSWER, NOON))
    await kept(StoreResponse("e1", StoredResponse(500, {}, b"late"), NOON))
    [again] = await kept(StoreEvent(event("e2", key="k")))
    assert again == Stored("e1", duplicate=True, response=ANSWER)
    assert await kept.read.response("e1") == ANSWER


async def test_duplicate_in_the_same_unit(kept: Kept) -> None:
    outcomes = await kept(StoreEvent(event("e1", key="k")), StoreEvent(event("e2", key="k")))
    assert outcomes == [Stored("e1"), Stored("e1", duplicate=True)]


async def test_runs_of_an_event(kept: Kept) -> None:
    runs = [run("r2", flow="b"), run("r1", flow="a")]
    await kept(StoreEvent(event("e1"), [StartRun(one) for one in runs]))
    assert await kept.read.runs_of_event("e1") == [runs[1], runs[0]]


async def child_that_ended(kept: Kept, ending: RunState) -> StoreEvent:
    """A waiting parent p whose child c has ended, and was taken in; what asks for it again."""
    child = replace(run("c", "e2"), parent_run_id="p", parent_path="sub")
    await kept(StoreEvent(event("e1"), [StartRun(run("p", "e1"))]))
    await kept(StoreEvent(event("e2", key="sub"), [StartRun(child)]))
    await kept(FinishRun("c", ending, NOON, output=7), ParkRun("p"))
    return StoreEvent(event("e3", key="sub"), [StartRun(replace(child, id="c2", event_id="e3"))])


@pytest.mark.parametrize("ending", [RunState.failed, RunState.cancelled])
async def test_child_that_failed_is_retried_when_its_parent_asks_again(kept: Kept, ending: RunState) -> None:
    again = await child_that_ended(kept, ending)
    assert await kept(again) == [Stored("e2", duplicate=True, woken=["c"])]
    history = await kept.read.history("c")
    assert history is not None
    assert history.run.state is RunState.ready


async def test_child_that_is_done_tells_its_parent_again(kept: Kept) -> None:
    again = await child_that_ended(kept, RunState.done)
    assert await kept(again) == [Stored("e2", duplicate=True, woken=["p"])]
    history = await kept.read.history("p")
    assert history is not None
    assert history.run.state is RunState.ready
    assert [(signal.path, signal.value) for signal in history.signals] == [("sub", 7)]


async def test_child_whose_word_still_lies_there_is_left_as_it_is(kept: Kept) -> None:
    again = await child_that_ended(kept, RunState.failed)
    await kept(SendSignal("p", "sub", EntryKind.failure, {"code": "x"}, NOON))
    assert await kept(again) == [Stored("e2", duplicate=True)]
