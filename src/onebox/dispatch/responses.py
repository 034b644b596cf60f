"""Callers who wait for a run to answer them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from onebox.flows.responses import RunEnded
from onebox.flows.run import RunState
from onebox.messaging.event import StoredResponse

if TYPE_CHECKING:
    from onebox.flows.records import Records
    from onebox.flows.run import Run


class WaitingCallers:
    """By event: who waits for its answer. Nothing is kept for events that nobody waits for."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._waiting: dict[str, list[asyncio.Future[StoredResponse | RunEnded]]] = {}

    async def wait(self, event_id: str, timeout: float) -> StoredResponse | RunEnded | None:
        """The answer to an event, or how its run ended without one; None after `timeout` seconds."""
        future: asyncio.Future[StoredResponse | RunEnded] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(event_id, []).append(future)
        try:
            # A duplicate may come after the answer was given: then nobody will tell us.
            known = await self._known(event_id)
            if isinstance(known, StoredResponse):
                return known
            if future.done():  # we were told while we read: what we read may be older
                return future.result()
            if known is not None:
                return known
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            return None
        finally:
            self._forget(event_id, future)

    async def _known(self, event_id: str) -> StoredResponse | RunEnded | None:
        kept = await self._records.response(event_id)
        if kept is not None:
            return kept
        runs = await self._records.runs_of_event(event_id)
        if any(run.state in (RunState.ready, RunState.waiting) for run in runs):
            return None
        return RunEnded(runs[0].id, runs[0].state is not RunState.done) if runs else None

    def answered(self, event_id: str, response: StoredResponse) -> None:
        """The run answered."""
        self._tell(event_id, response)

    def ended(self, run: Run) -> None:
        """The run ended; whoever still waits is told."""
        if run.event_id in self._waiting:
            self._tell(run.event_id, RunEnded(run.id, run.state is not RunState.done))

    def _tell(self, event_id: str, answer: StoredResponse | RunEnded) -> None:
        for future in self._waiting.get(event_id, ()):
            if not future.done():
                future.set_result(answer)

    def _forget(self, event_id: str, future: asyncio.Future[StoredResponse | RunEnded]) -> None:
        waiting = self._waiting[event_id]
        waiting.remove(future)
        if not waiting:
            del self._waiting[event_id]
