"""A visit before it has a time: what its services take of whom, in minutes from its start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onebox.booking.salon import Salon, Service

ANY = "any"
Minutes = tuple[int, int]
"""from, up to"""
_MINUTE = timedelta(minutes=1)


class WishInvalid(OneboxError):
    """A wish that this salon can never fulfil: a service that is not there, or a person who does not do it."""

    code = "wish_invalid"


@dataclass(frozen=True, slots=True)
class Wish:
    """Services in the order in which they are done in one visit, and by whom: a person's id or `any`, one for all of
    them or one for each."""

    services: Sequence[str]
    staff: str | Sequence[str] = ANY


@dataclass(frozen=True, slots=True)
class Step:
    """One service of a visit. `shown` is what the client sees; `worked` when the person must be at work; `taken` when
    the person, and `held` when the places, can be nobody else's."""

    service: str
    people: tuple[str, ...]
    needs: tuple[str, ...]
    shown: Minutes
    worked: tuple[Minutes, ...]
    taken: tuple[Minutes, ...]
    held: Minutes


@dataclass(frozen=True, slots=True)
class Visit:
    """The steps of a wish. It starts with what the client sees of the first; `reach` has the buffers too."""

    steps: tuple[Step, ...]
    reach: Minutes

    def times(self) -> Iterator[int]:
        """All beginnings and ends of what it takes."""
        for step in self.steps:
            for span in (step.held, step.shown, *step.worked, *step.taken):
                yield from span


def planned(salon: Salon, wish: Wish) -> Visit:
    """What a wish comes to. Raises WishInvalid.

    Between two services lie the buffers of both, whoever does them: so what one visit takes of a person or a place
    never overlaps with what else it takes.
    """
    people = [wish.staff] * len(wish.services) if isinstance(wish.staff, str) else list(wish.staff)
    if not wish.services or len(people) != len(wish.services):
        raise WishInvalid(f"expected services and somebody for each, got {len(wish.services)} and {len(people)}")
    steps: list[Step] = []
    start = 0
    for name, who in zip(wish.services, people, strict=True):
        service = _service(salon, name)
        start = start if not steps else steps[-1].held[1] + service.before // _MINUTE
        steps.append(_step(service, _people(salon, service, who), start))
    return Visit(tuple(steps), (steps[0].held[0], steps[-1].held[1]))


def _service(salon: Salon, name: str) -> Service:
    if name not in salon.services:
        raise WishInvalid(f"there is no service {name!r}", hint=suggestion(name, salon.services))
    return salon.services[name]


def _people(salon: Salon, service: Service, who: str) -> tuple[str, ...]:
    if who == ANY:
        return service.staff
    if who not in salon.staff:
        raise WishInvalid(f"there is no person {who!r}", hint=suggestion(who, salon.staff))
    if who not in service.staff:
        raise WishInvalid(f"{who!r} does not do {service.id!r}", hint=f"who does: {', '.join(service.staff)}")
    return (who,)


def _step(service: Service, people: tuple[str, ...], start: int) -> Step:
    end = start + service.duration // _MINUTE
    held = (start - service.before // _MINUTE, end + service.after // _MINUTE)
    worked: tuple[Minutes, ...] = ((start, end),)
    taken: tuple[Minutes, ...] = (held,)
    if service.gap is not None:
        gap = start + service.gap.after // _MINUTE
        back = gap + service.gap.length // _MINUTE
        worked, taken = ((start, gap), (back, end)), ((held[0], gap), (back, held[1]))
    return Step(service.id, people, service.needs, (start, end), worked, taken, held)
