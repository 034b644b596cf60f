"""Group commit: what many tasks want to write in the same few milliseconds becomes one transaction and one fsync."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import structlog

from onebox.flows.run import Prune, RunSql
from onebox.kernel.ledger import StorageClosed, StorageFull

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from onebox.kernel.ledger import Change
    from onebox.storage.session import Connection, Session

log = structlog.get_logger(__name__)

MOST_UNITS = 512
_MAY_FAIL = frozenset({RunSql})
_PEOPLES_SHARE = 0.1
"""seconds that people's statements may take of one transaction; the one that goes over it is the last"""
_MOST_RACES = 5
_FULL = "there is no room to write: the disk or the quota of the box's database is full"


class StorageUncertain(StorageClosed):
    """The database went away while it committed and cannot say any more whether the unit was kept."""

    code = "storage_uncertain"


@dataclass(slots=True)
class Tally:
    """What the writer did since the box was opened."""

    units: int = 0
    transactions: int = 0


_Batch = list[tuple["Sequence[Change[Any]]", "asyncio.Future[list[Any]]"]]


class _Spoiled(Exception):
    """A unit failed and took its transaction along. `index`: which; None: not known. Never leaves this module."""

    def __init__(self, index: int | None, error: Exception) -> None:
        super().__init__(error)
        self.index = index
        self.error = error


class Writer:
    """The ledger of a box: one thread owns one connection and writes the units in the order in which they came."""

    def __init__(
        self, connection: Connection, appliers: Mapping[type[Change[Any]], Callable[[Session, Any], Any]]
    ) -> None:
        self._connection = connection
        self._appliers = appliers
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[tuple[Sequence[Change[Any]], asyncio.Future[list[Any]]] | None] = SimpleQueue()
        self._closed = False
        self._given_up = False
        self._postponed: _Batch = []  # people's statements that wait for the next transaction
        self._has_room = True
        self._thread = Thread(target=self._serve, name="storage-writer", daemon=True)
        self.tally = Tally()
        self._thread.start()

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Any]:
        """See `kernel.ledger.Ledger`."""
        if self._closed:
            raise StorageClosed("the box's database is closed")
        if not changes:
            return []
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        self._waiting.put((changes, future))
        return await future

    async def close(self, *, patience: float = 5.0) -> None:
        """Writes what was handed in, for up to `patience` seconds; the rest is answered StorageClosed."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
        giving_up = self._loop.call_later(patience, self._give_up)
        await asyncio.to_thread(self._thread.join)
        giving_up.cancel()

    def _give_up(self) -> None:
        self._given_up = True

    # --- the writer's thread ---

    def _serve(self) -> None:
        last = False
        while not (last and not self._postponed):
            batch, ended = self._take(wait=not (self._postponed or last))
            last = last or ended
            for part in self._parts(batch):
                self._write_batch(part)
        self._connection.close()

    def _take(self, *, wait: bool) -> tuple[_Batch, bool]:
        batch: _Batch = []
        with suppress(Empty):
            unit = self._waiting.get(block=wait)
            while unit is not None:
                batch.append(unit)
                if len(batch) == MOST_UNITS:
                    return batch, False
                unit = self._waiting.get_nowait()
            return batch, True
        return batch, False

    def _parts(self, batch: _Batch) -> list[_Batch]:
        """What is written together. While people's statements wait for their turn, the box's own units go before."""
        peoples = [unit for unit in batch if _may_fail(unit[0])]
        if not (peoples or self._postponed):
            return [batch]
        own = [unit for unit in batch if not _may_fail(unit[0])]
        crowded, peoples = bool(self._postponed), [*self._postponed, *peoples]
        self._postponed = []
        return [own, peoples] if crowded else [own + peoples]

    def _write_batch(self, batch: _Batch) -> None:
        if not batch:
            return
        outcomes = self._outcomes([changes for changes, _ in batch])
        done = [at for at, outcome in enumerate(outcomes) if outcome is not None]
        self._postponed += [batch[at] for at, outcome in enumerate(outcomes) if outcome is None]
        self._answer([batch[at] for at in done], [outcomes[at] for at in done])

    def _answer(self, batch: Sequence[tuple[Any, asyncio.Future[list[Any]]]], outcomes: Sequence[Any]) -> None:
        with suppress(RuntimeError):  # the loop was closed under us: nobody waits any more
            self._loop.call_soon_threadsafe(_resolve, [future for _, future in batch], outcomes)

    def _outcomes(self, units: list[Sequence[Change[Any]]]) -> list[list[Any] | Exception | None]:
        """One outcome a unit: its results or its error. None: there was no time for it."""
        outcomes: list[list[Any] | Exception | None] = [None] * len(units)
        left = list(range(len(units)))
        began = time.monotonic()
        races = 0
        while left:
            try:
                written = self._write([units[index] for index in left])
            except _Spoiled as spoiled:
                self._connection.rollback()
                if len(left) == 1 and races < _MOST_RACES and self._connection.is_raced(spoiled.error):
                    races += 1
                    continue
                left = self._after_spoiling(spoiled, units, left, outcomes)
                if time.monotonic() - began > _PEOPLES_SHARE:
                    left = [index for index in left if not _may_fail(units[index])]
            except Exception as error:  # noqa: BLE001 - each unit is told
                self._connection.rollback()
                left = self._after_trouble(error, left, outcomes)
            else:
                for index, outcome in zip(left, written, strict=False):
                    outcomes[index] = outcome
                left = []
        return outcomes

    def _after_spoiling(
        self, spoiled: _Spoiled, units: list[Sequence[Change[Any]]], left: list[int], outcomes: list[Any]
    ) -> list[int]:
        """The others are written again without the one that failed; if it is not known, each alone."""
        if spoiled.index is not None:
            outcomes[left[spoiled.index]] = spoiled.error
            return left[: spoiled.index] + left[spoiled.index + 1 :]
        if len(left) == 1:
            outcomes[left[0]] = spoiled.error
            return []
        for index in left:
            [outcomes[index]] = self._outcomes([units[index]])
        return []

    def _after_trouble(self, error: Exception, left: list[int], outcomes: list[Any]) -> list[int]:
        """Trouble of the database as a whole: full, gone, or closing."""
        if self._connection.is_lost(error):
            try:
                self._connection.reconnect(lambda: self._given_up)
            except Exception as gone:  # noqa: BLE001
                error = gone
            else:
                return left
        elif self._connection.is_full(error):
            self._note_room(room=False)
            error = StorageFull(_FULL, hint="free disk space; the box goes on by itself")
        for index in left:
            outcomes[index] = error
        return []

    def _write(self, units: list[Sequence[Change[Any]]]) -> list[list[Any] | Exception]:
        """The outcomes of the first units: of all, unless people's statements took long."""
        connection, appliers = self._connection, self._appliers
        connection.begin(lambda: self._given_up)
        outcomes: list[list[Any] | Exception] = []
        prunes = False
        began: float | None = None
        for index, unit in enumerate(units):
            if _may_fail(unit):
                began = began or time.monotonic()
                outcomes.append(self._write_guarded(index, unit))
                if time.monotonic() - began > _PEOPLES_SHARE:
                    break
                continue
            try:
                outcomes.append([appliers[type(change)](connection, change) for change in unit])
            except Exception as error:
                raise self._spoiled(index, error) from error
            prunes = prunes or type(unit[-1]) is Prune
        self._make_durable([results for results in outcomes if type(results) is list])
        self.tally.units += len(outcomes)
        self.tally.transactions += 1
        self._note_room(room=True)
        if prunes:
            self._give_back()
        return outcomes

    def _write_guarded(self, index: int, unit: Sequence[Change[Any]]) -> list[Any] | Exception:
        connection = self._connection
        try:
            connection.savepoint()
        except Exception as error:  # of what was written before it
            raise self._spoiled(None, error) from error
        try:
            results = [self._appliers[type(change)](connection, change) for change in unit]
            connection.release()
        except Exception as error:
            if type(self._spoiled(index, error)) is not _Spoiled:
                raise
            if connection.undo():
                return error
            raise _Spoiled(index, error) from error
        return results

    def _make_durable(self, results: Sequence[list[Any]]) -> None:
        try:
            self._connection.settle(results)
            self._connection.commit()
        except Exception as error:
            raise self._spoiled(None, error) from error

    def _spoiled(self, index: int | None, error: Exception) -> Exception:
        """What a failure is, for the batch: trouble of the database as it is, else one unit's own."""
        connection = self._connection
        if connection.is_full(error) or connection.is_lost(error) or isinstance(error, StorageClosed):
            return error
        return _Spoiled(index if connection.attributes_errors else None, error)

    def _note_room(self, *, room: bool) -> None:
        if room is self._has_room:
            return
        self._has_room = room
        if room:
            log.info("storage has room again")
        else:
            log.error("storage is full; events are refused until there is room")

    def _give_back(self) -> None:
        try:
            self._connection.give_back()
        except Exception:  # what was to be written is written
            log.exception("disk space could not be given back")


def _may_fail(unit: Sequence[Change[Any]]) -> bool:
    return not _MAY_FAIL.isdisjoint(map(type, unit))


def _resolve(futures: Sequence[asyncio.Future[list[Any]]], outcomes: Sequence[list[Any] | Exception]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
