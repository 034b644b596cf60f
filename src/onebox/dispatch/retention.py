"""Nothing is kept for ever: ended runs go when their time is over, a few at a time, and the disk is given back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from onebox.flows.run import Prune

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from onebox.flows.book import FlowBook
    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Ledger

log = structlog.get_logger(__name__)

_BATCH = 200
_BETWEEN_BATCHES = 0.05  # others write meanwhile
_BETWEEN_ROUNDS = 600.0
_FIRST_ROUND = 30.0


async def _nothing() -> int:
    return 0


class Retention:
    """Prunes by each flow's `keep`, or by the box's. `sweep` takes away what belongs to events that are gone."""

    def __init__(
        self,
        ledger: Ledger,
        book: FlowBook,
        clock: Clock,
        keep: timedelta,
        sweep: Callable[[], Awaitable[int]] = _nothing,
    ) -> None:
        self._ledger = ledger
        self._book = book
        self._clock = clock
        self._keep = keep
        self._sweep = sweep

    async def run(self) -> None:
        """Prunes for ever, round after round."""
        await asyncio.sleep(_FIRST_ROUND)
        while True:
            pruned = await self.prune()
            if pruned:
                log.info("pruned", rows=pruned)
            if swept := await self._sweep():
                log.info("files_swept", events=swept)
            await asyncio.sleep(_BETWEEN_ROUNDS)

    async def prune(self) -> int:
        """One round, until nothing is left that is old enough. Returns how many rows went at least: of each batch, those
        of the kind of which most did."""
        now = self._clock.now()
        own = {flow.name: flow.keep for flow in self._book.flows.values() if flow.keep is not None}
        total = 0
        for name, keep in own.items():
            total += await self._prune(Prune(now - keep, _BATCH, flow=name))
        return total + await self._prune(Prune(now - self._keep, _BATCH, except_flows=tuple(own)))

    async def _prune(self, change: Prune) -> int:
        total = 0
        count: int
        while True:
            [count] = await self._ledger.commit([change])
            total += count
            if count < change.limit:
                return total
            await asyncio.sleep(_BETWEEN_BATCHES)
