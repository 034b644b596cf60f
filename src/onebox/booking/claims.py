"""What a visit takes of whom: the words that slots and appointments share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Span(NamedTuple):
    """The instants from `start` up to, not with, `end`: aware, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """What a visit takes of one subject (`staff:olena`, `chair:1`): with its buffers, without the gaps that it leaves.

    No two claims of one subject may overlap. A service with a gap takes its person twice, its places once.
    """

    subject: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One service of a visit, from `start` to `end` as the client sees it: the gap within, the buffers without."""

    service: str
    staff: str
    places: tuple[str, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """A visit that could be booked. `claims` are in the order of subject and start: the order to lock them in."""

    start: datetime
    end: datetime
    parts: tuple[Part, ...]
    claims: tuple[Claim, ...]
