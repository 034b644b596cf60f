"""Who does what of a visit, and where: fair, and the same for the same facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import and_, attrgetter, or_
from typing import TYPE_CHECKING

from onebox.booking.claims import Claim, Offer, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from onebox.booking.salon import Salon
    from onebox.booking.visit import Minutes, Step, Visit

_IN_ORDER = attrgetter("subject", "start")
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Choices:
    """For one step: each person who could do it, and each place of each kind, with the starts of the visit as bits."""

    people: Mapping[str, int]
    places: Mapping[str, Mapping[str, int]]

    def starts(self) -> int:
        """The starts at which there is somebody, and a place of each kind."""
        found = reduce(or_, self.people.values())
        for kind in self.places.values():
            found &= reduce(or_, kind.values())
        return found


class Chooser:
    """Makes offers of starts at which there is somebody and somewhere for every step. `ranked` says who is asked first
    for a visit at an instant."""

    def __init__(
        self, salon: Salon, visit: Visit, choices: Sequence[Choices], ranked: Callable[[datetime], Iterable[str]]
    ) -> None:
        self._ranked = ranked
        self._steps = [_Ready(salon, step, one) for step, one in zip(visit.steps, choices, strict=True)]
        self._alone = _free_for_all([one.people for one in choices])

    def offer(self, at: datetime, bit: int) -> Offer:
        """The visit that starts at an instant, which is this bit of the choices."""
        ranked = self._ranked(at)
        who = _first(self._alone, ranked, bit)
        before: Sequence[str] = ()
        parts: list[Part] = []
        claims: list[Claim] = []
        # One person for all, if somebody can; else who did the service before goes on, if that is possible.
        for step in self._steps:
            last = parts[-1:]
            one = who or _first(step.people, (*(part.staff for part in last), *ranked), bit)
            before = tuple(_first(kind, (*before, *kind), bit) for kind in step.places)
            parts.append(step.part(at, one, before))
            claims += step.claims(at, one, before)
        claims.sort(key=_IN_ORDER)
        return Offer(parts[0].start, parts[-1].end, tuple(parts), tuple(claims))


def _free_for_all(people: Sequence[Mapping[str, int]]) -> dict[str, bytes]:
    """Who could do every step, and when."""
    everywhere = [one for one in people[0] if all(one in others for others in people)]
    return {one: _bytes(reduce(and_, (others[one] for others in people))) for one in everywhere}


def _first(free: Mapping[str, bytes], asked: Iterable[str], bit: int) -> str:
    """The first of those who are asked who is free; empty if nobody is."""
    byte, mask = bit >> 3, 1 << (bit & 7)
    for one in asked:
        bits = free.get(one, b"")
        if byte < len(bits) and bits[byte] & mask:
            return one
    return ""


class _Ready:
    """A step of which parts and claims are made."""

    def __init__(self, salon: Salon, step: Step, choices: Choices) -> None:
        self.people = {one: _bytes(bits) for one, bits in choices.people.items()}
        self.places = [{place: _bytes(bits) for place, bits in kind.items()} for kind in choices.places.values()]
        self._service = step.service
        self._subjects = {one: salon.staff[one].subject for one in step.people}
        self._shown = _lengths(step.shown)
        self._taken = [_lengths(span) for span in step.taken]
        self._held = _lengths(step.held)

    def part(self, at: datetime, who: str, places: tuple[str, ...]) -> Part:
        return Part(self._service, who, places, at + self._shown[0], at + self._shown[1])

    def claims(self, at: datetime, who: str, places: Iterable[str]) -> list[Claim]:
        subject = self._subjects[who]
        found = [Claim(subject, at + start, at + end) for start, end in self._taken]
        if places:
            start, end = at + self._held[0], at + self._held[1]
            found += [Claim(place, start, end) for place in places]
        return found


def _lengths(span: Minutes) -> tuple[timedelta, timedelta]:
    return span[0] * _MINUTE, span[1] * _MINUTE


def _bytes(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() >> 3) + 1, "little")
