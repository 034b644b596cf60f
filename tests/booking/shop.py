"""A small salon with a desk, on a ledger in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.booking.desk import Desk
from onebox.booking.reading import read_salon
from onebox.flows.run import Run, StartRun
from tests.booking.clock import at
from tests.support.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.booking.appointment import AppointmentReader
    from onebox.booking.salon import Salon
    from onebox.kernel.ledger import Change, Ledger
    from onebox.messaging.event import Event

TEXT = """\
time_zone: Europe/Berlin
currency: EUR
languages: [en, de]
policies: {lead_time: 1h, horizon: 30d, slot_step: 15m, hold: 10m, cancellation_window: 24h}
staff:
  olena: {name: Olena, hours: {mon-fri: "09:00-13:00, 14:00-18:00"}}
  marko: {name: Marko, hours: {tue-sat: "10:00-19:00"}}
places: {chair: 2}
services:
  cut: {name: {en: Cut, de: Schnitt}, duration: 45m, after: 5m, price: 40, needs: [chair]}
  colour:
    name: {en: Colour, de: Farbe}
    duration: 2h
    before: 5m
    after: 10m
    gap: {after: 30m, length: 1h}
    price: "95.00"
    deposit: "20.00"
    staff: [olena]
    needs: [chair]
"""


def salon(text: str = TEXT) -> Salon:
    found, faults = read_salon("booking.yaml", text)
    assert found is not None, faults
    return found


@dataclass
class Hands:
    """A clock that is set, and ids in order."""

    time: datetime = field(default_factory=lambda: at("08:00"))
    count: int = 0

    def now(self) -> datetime:
        return self.time

    def new(self) -> str:
        self.count += 1
        return f"id-{self.count:03}"

    def later(self, **length: float) -> None:
        self.time += timedelta(**length)


class Shop:
    """The desk, what it reads and writes, and what happens between its looking and its writing (`meanwhile`)."""

    def __init__(self, ledger: Ledger, visits: AppointmentReader, of: Salon | None = None) -> None:
        self.hands = Hands()
        self.ledger = ledger
        self.visits = visits
        self.meanwhile: list[Any] = []
        self.units = 0
        self.desk = Desk(of or salon(), visits, self._commit, self.hands, self.hands.new, follows=self._follows)

    async def _commit(self, changes: Sequence[Change[Any]]) -> list[Any]:
        self.units += 1
        if self.meanwhile:
            await self.meanwhile.pop(0)()
        return await self.ledger.commit(changes)

    def _follows(self, event: Event) -> list[Change[Any]]:
        return [StartRun(Run(self.hands.new(), event.id, "told", "v1", event.received_at, None))]


def shop() -> tuple[Shop, MemoryLedger]:
    """The desk, and the memory that it works on."""
    memory = MemoryLedger()
    return Shop(memory, memory.appointments), memory
