"""Port suite: events are stored once, with what follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.storage.rows import NOON, event, run

from onebox.flows.run import StartRun
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
