"""What one writes first to find free times: every start, every person, every booking, one after the other.

It makes the same offers, with hours in UTC that are worked out before it is measured.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from onebox.booking.claims import Claim, Offer, Part, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from onebox.booking.salon import Salon, Service

Spans = list[tuple[datetime, datetime]]


def naive_offers(
    salon: Salon,
    services: Sequence[str],
    starts: Sequence[datetime],
    hours: Mapping[str, Sequence[Span]],
    busy: Mapping[str, Sequence[Span]],
) -> list[Offer]:
    """The offers at those of `starts` at which somebody and a place are free for each service."""
    found = (_offer(salon, [salon.services[name] for name in services], start, hours, busy) for start in starts)
    return [offer for offer in found if offer is not None]


def _offer(
    salon: Salon,
    services: Sequence[Service],
    start: datetime,
    hours: Mapping[str, Sequence[Span]],
    busy: Mapping[str, Sequence[Span]],
) -> Offer | None:
    at = start
    steps = []
    for number, service in enumerate(services):
        if number:
            at += services[number - 1].after + service.before
        free = {one for one in service.staff if _can(salon, service, one, at, hours[one], busy)}
        held = [(at - service.before, at + service.duration + service.after)]
        places = [
            next((p for p in salon.subjects(kind) if _is_free(busy.get(p, ()), held)), None) for kind in service.needs
        ]
        if not free or None in places:
            return None
        steps.append((service, at, free, [place for place in places if place]))
        at += service.duration
    return _visit(salon, steps, start.date(), busy)


def _can(
    salon: Salon, service: Service, one: str, at: datetime, hours: Sequence[Span], busy: Mapping[str, Sequence[Span]]
) -> bool:
    worked, taken = _needed(service, at)
    at_work = all(any(span.start <= start and end <= span.end for span in hours) for start, end in worked)
    return at_work and _is_free(busy.get(salon.staff[one].subject, ()), taken)


def _needed(service: Service, at: datetime) -> tuple[Spans, Spans]:
    end = at + service.duration
    if service.gap is None:
        return [(at, end)], [(at - service.before, end + service.after)]
    gap = at + service.gap.after
    back = gap + service.gap.length
    return [(at, gap), (back, end)], [(at - service.before, gap), (back, end + service.after)]


def _is_free(busy: Sequence[Span], taken: Spans) -> bool:
    return not any(span.start < end and start < span.end for span in busy for start, end in taken)


def _visit(
    salon: Salon,
    steps: list[tuple[Service, datetime, set[str], list[str]]],
    day: date,
    busy: Mapping[str, Sequence[Span]],
) -> Offer:
    load = {
        one: sum((end - start for start, end in busy.get(member.subject, ()) if start.date() == day), timedelta(0))
        for one, member in salon.staff.items()
    }
    ranked = sorted(salon.staff, key=load.__getitem__)
    alone = next((one for one in ranked if all(one in free for _, _, free, _ in steps)), None)
    parts, claims = [], []
    for service, at, free, places in steps:
        before = [part.staff for part in parts[-1:]]
        one = alone or next(one for one in [*before, *ranked] if one in free)
        parts.append(Part(service.id, one, tuple(places), at, at + service.duration))
        claims += [Claim(salon.staff[one].subject, *span) for span in _needed(service, at)[1]]
        claims += [Claim(p, at - service.before, at + service.duration + service.after) for p in places]
    claims.sort(key=lambda claim: (claim.subject, claim.start))
    return Offer(parts[0].start, parts[-1].end, tuple(parts), tuple(claims))
