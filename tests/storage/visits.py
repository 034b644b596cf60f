"""Appointments that tests are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.storage.rows import NOON, after

from onebox.booking.appointment import Confirm, Hold
from onebox.booking.claims import Claim, Offer, Part

if TYPE_CHECKING:
    from datetime import datetime

OLENA, CHAIR = "staff:olena", "chair:1"


def offer(at: float = 1, hours: float = 1, *subjects: str) -> Offer:
    """A visit that begins `at` hours after noon and takes these subjects, or Olena and a chair."""
    start, end = after(hours=at), after(hours=at + hours)
    taken = subjects or (CHAIR, OLENA)
    part = Part("colour", "olena", ("chair:1",), start, end)
    return Offer(start, end, (part,), tuple(Claim(subject, start, end) for subject in taken))


def hold(id: str = "a1", wanted: Offer | None = None, **more: Any) -> Hold:
    """For ten minutes from noon, under the key `key-<id>`."""
    given = {"key": f"key-{id}", "who": "ana", "at": NOON, "until": after(minutes=10), **more}
    return Hold(id=id, offer=wanted or offer(), **given)


def confirm(id: str = "a1", at: datetime = NOON, **more: Any) -> Confirm:
    return Confirm(id=id, at=at, **{"who": "ana", **more})
