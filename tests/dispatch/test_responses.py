"""Callers who wait for a run to answer them."""

from __future__ import annotations

import asyncio
from typing import Any

from onebox.dispatch.responses import WaitingCallers
from onebox.flows.responses import RunEnded
from onebox.flows.run import Run, RunState
from onebox.messaging.event import StoredResponse
from tests.dispatch.boxes import START

ANSWER = StoredResponse(200, {}, b"hi")


class Rows:
    """What is kept of one event; `meanwhile` happens between the two reads."""

    def __init__(self, response: StoredResponse | None = None, *states: RunState) -> None:
        self.kept = response
        self.states = states
        self.meanwhile: Any = lambda: None

    async def response(self, _event_id: str) -> StoredResponse | None:
        found = self.kept
        await asyncio.sleep(0)
        self.meanwhile()
        return found

    async def runs_of_event(self, event_id: str) -> list[Run]:
        return [Run("r", event_id, "f", "v", START, state=state) for state in self.states]


def callers(rows: Rows) -> WaitingCallers:
    return WaitingCallers(rows)  # type: ignore[arg-type] # the two readers that it asks


async def test_an_answer_given_before_is_found() -> None:
    assert await callers(Rows(ANSWER, RunState.done)).wait("e", 5) == ANSWER


async def test_an_answer_given_while_the_rows_are_read_is_not_taken_for_a_run_without_one() -> None:
    rows = Rows(None, RunState.done)
    waiting = callers(rows)
    rows.meanwhile = lambda: waiting.answered("e", ANSWER)
    assert await waiting.wait("e", 5) == ANSWER


async def test_a_run_that_ended_without_an_answer_is_told() -> None:
    assert await callers(Rows(None, RunState.failed)).wait("e", 5) == RunEnded("r", failed=True)


async def test_one_waits_for_a_run_that_goes_on() -> None:
    waiting = callers(Rows(None, RunState.waiting))
    task = asyncio.create_task(waiting.wait("e", 5))
    for _ in range(5):
        await asyncio.sleep(0)
    waiting.ended(Run("r", "e", "f", "v", START, state=RunState.done))
    assert await task == RunEnded("r", failed=False)


async def test_too_long_is_none() -> None:
    assert await callers(Rows(None, RunState.ready)).wait("e", 0.01) is None
