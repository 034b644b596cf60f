"""What holds for every salon, wish and busy time."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from onebox.booking.claims import Offer, Span
from onebox.booking.reasons import explain
from onebox.booking.slots import offers, openings
from onebox.booking.timetable import Timetable
from tests.booking.salons import MINUTE, Case, Oracle, cases

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
several = settings(unhurried, max_examples=25)
many = settings(unhurried, max_examples=300)


def every_minute(case: Case) -> list[datetime]:
    return [case.span.start + at * MINUTE for at in range((case.span.end - case.span.start) // MINUTE)]


def expected_starts(case: Case) -> list[datetime]:
    return list(filter(Oracle(case).can_start, every_minute(case)))


def check_explained(case: Case) -> None:
    """All that are offered, and as many others as there is time for."""
    offered = {offer.start for offer in offers(*case)}
    salon, wish, _, now, busy = case
    for start in offered.union(every_minute(case)[::7]):
        assert (explain(salon, wish, start, now, busy) == []) == (start in offered)


@several
@given(cases())
def test_offered_is_what_a_look_at_every_minute_finds(case: Case) -> None:
    assert [offer.start for offer in offers(*case)] == expected_starts(case)


@several
@given(cases())
def test_asked_by_the_day_or_by_the_start_there_is_the_same_to_book(case: Case) -> None:
    found = openings(Timetable(case.salon), *case[1:])
    expected = offers(*case)

    assert found.starts() == [offer.start for offer in expected]
    assert [offer for day in found.days() for offer in found.offers(day)] == expected
    assert [start for day in found.days() for start in found.starts(day)] == found.starts()
    assert [offer for minute in every_minute(case) if (offer := found.offer(minute)) is not None] == expected


@several
@given(cases())
def test_a_time_is_explained_unless_it_is_offered(case: Case) -> None:
    check_explained(case)


@several
@given(cases())
def test_an_offer_takes_only_what_is_free_and_no_subject_twice(case: Case) -> None:
    for offer in offers(*case):
        assert offer.start == offer.parts[0].start
        assert offer.end == offer.parts[-1].end
        assert [part.service for part in offer.parts] == list(case.wish.services)
        assert list(offer.claims) == sorted(offer.claims, key=lambda claim: (claim.subject, claim.start))
        for claim in offer.claims:
            taken = case.busy.get(claim.subject, ())
            assert not any(max(claim.start, start) < min(claim.end, end) for start, end in taken)
        for claim, other in combinations(offer.claims, 2):
            assert claim.subject != other.subject or max(claim.start, other.start) >= min(claim.end, other.end)


@several
@given(cases(), some.randoms(use_true_random=False))
def test_the_order_of_busy_times_changes_nothing(case: Case, chance: Random) -> None:
    shuffled = {}
    for subject in sorted(case.busy, reverse=True):
        shuffled[subject] = [*case.busy[subject], *case.busy[subject]]
        chance.shuffle(shuffled[subject])

    assert offers(*case._replace(busy=shuffled)) == offers(*case)


@several
@given(cases(), some.data())
def test_whatever_is_booked_of_what_is_offered_nothing_is_taken_twice(case: Case, data: some.DataObject) -> None:
    booked: list[Offer] = []
    busy = {subject: list(spans) for subject, spans in case.busy.items()}
    for _ in range(4):
        found = offers(*case._replace(busy=busy))
        if not found:
            break
        booked.append(data.draw(some.sampled_from(found)))
        for claim in booked[-1].claims:
            busy.setdefault(claim.subject, []).append(Span(claim.start, claim.end))

    claims = [claim for offer in booked for claim in offer.claims]
    for claim, other in combinations(claims, 2):
        assert claim.subject != other.subject or max(claim.start, other.start) >= min(claim.end, other.end)


@pytest.mark.soak
@many
@given(cases())
def test_very_many_salons_are_answered_as_a_look_at_every_minute_does(case: Case) -> None:
    assert [offer.start for offer in offers(*case)] == expected_starts(case)
    check_explained(case)
