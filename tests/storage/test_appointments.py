"""Port suite: appointments that are held, confirmed, moved and ended, and never two of one subject at one time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.storage.rows import NOON, after, event
from tests.storage.visits import CHAIR, OLENA, confirm, hold, offer

from onebox.booking.appointment import (
    Appointment,
    Cancel,
    Changed,
    Expire,
    Finish,
    Held,
    HistoryEntry,
    Move,
    NotPossible,
    OtherContents,
    Outdated,
    Replayed,
    State,
    Taken,
    What,
)
from onebox.booking.claims import Claim, Offer, Part, Span
from onebox.flows.run import Prune
from onebox.messaging.conversation import Heard, MeetPerson, MergePeople, Person
from onebox.messaging.event import Stored, StoreEvent
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.conftest import Kept

    from onebox.booking.appointment import Transition

LATER = after(minutes=11)
WHO: dict[str, Any] = {"id": "a1", "who": "owner", "at": NOON}
DAY = Span(NOON, after(hours=24))


async def times(kept: Kept, subject: str = OLENA, now: float = 0) -> list[tuple[float, float]]:
    """When a subject is busy, in hours after noon."""
    found = await kept.visits.busy([subject], DAY, now=after(minutes=now))
    return [
        ((one.start - NOON).total_seconds() / 3600, (one.end - NOON).total_seconds() / 3600) for one in found[subject]
    ]


async def visit(kept: Kept, id: str = "a1") -> Appointment:
    found = await kept.visits.appointment(id)
    assert found is not None
    return found


# --- held, confirmed


async def test_what_was_held_comes_back(kept: Kept) -> None:
    more: dict[str, Any] = {
        "client_id": "c1",
        "person_id": "p1",
        "price": 8500,
        "deposit": 2000,
        "note": "a\0b",
        "language": "uk",
    }
    [result] = await kept(hold(**more))
    assert isinstance(result, Held)
    found = await visit(kept)
    assert found == Appointment(
        "a1",
        "key-a1",
        State.held,
        after(hours=1),
        after(hours=2),
        (Part("colour", "olena", ("chair:1",), after(hours=1), after(hours=2)),),
        NOON,
        after(minutes=10),
        **{**more, "note": found.note},
    )
    assert found.note in {"a\0b", "a␀b"}
    assert await kept.visits.appointment("a2") is None


async def test_a_held_time_is_taken_for_others(kept: Kept) -> None:
    await kept(hold())
    [result] = await kept(hold("a2", offer(1.5, 1, OLENA)))
    assert result == Taken(OLENA, Span(after(hours=1), after(hours=2)), "a1")
    assert await kept.visits.appointment("a2") is None


async def test_times_that_touch_are_both_had(kept: Kept) -> None:
    for number in range(3):
        [result] = await kept(hold(f"a{number}", offer(number)))
        assert isinstance(result, Held)
    assert await times(kept) == [(0, 1), (1, 2), (2, 3)]


async def test_another_subject_is_had_at_the_same_time(kept: Kept) -> None:
    for number in range(2):
        [result] = await kept(hold(f"a{number}", offer(1, 1, f"staff:{number}")))
        assert isinstance(result, Held)


async def test_a_visit_that_needs_one_taken_thing_takes_none(kept: Kept) -> None:
    await kept(hold("a1", offer(1, 1, CHAIR)))
    [result] = await kept(hold("a2", offer(1, 1, CHAIR, OLENA)))
    assert isinstance(result, Taken)
    assert await times(kept) == []


async def test_who_loses_harms_nobody_in_the_same_unit(kept: Kept) -> None:
    [first, second, third] = await kept(hold("a1"), hold("a2"), hold("a3", offer(5)))
    assert [type(one) for one in (first, second, third)] == [Held, Taken, Held]


async def test_a_hold_is_confirmed_in_its_own_unit(kept: Kept) -> None:
    [_, result] = await kept(hold(), confirm())
    assert isinstance(result, Changed)
    assert (result.appointment.state, result.appointment.held_until) == (State.confirmed, None)
    assert result.appointment == await visit(kept)


async def test_the_gap_of_a_visit_is_for_others(kept: Kept) -> None:
    colour = offer(1, 3, CHAIR)
    with_gap = (
        *colour.claims,
        Claim(OLENA, after(hours=1), after(hours=2)),
        Claim(OLENA, after(hours=3), after(hours=4)),
    )
    await kept(hold("a1", replace(colour, claims=with_gap)))
    [between, over] = await kept(hold("a2", offer(2, 1, OLENA)), hold("a3", offer(2, 1.5, OLENA)))
    assert [type(between), type(over)] == [Held, Taken]


async def test_a_visit_is_not_in_its_own_way(kept: Kept) -> None:
    twice = offer(1, 1, OLENA)
    wanted = replace(twice, claims=(*twice.claims, Claim(OLENA, after(hours=1.5), after(hours=3))))
    [result] = await kept(hold("a1", wanted))
    assert isinstance(result, Held)
    assert await times(kept) == [(1, 3)]


# --- holds end


async def test_a_hold_that_ended_blocks_nobody(kept: Kept) -> None:
    await kept(hold())
    assert await times(kept, now=9) == [(1, 2)]
    assert await times(kept, now=10) == []
    [result] = await kept(hold("a2", at=LATER, until=after(minutes=20)))
    assert isinstance(result, Held)
    assert (await visit(kept)).state is State.expired
    last = (await kept.visits.appointment_history("a1"))[-1]
    assert (last.what, last.before, last.at) == (What.expired, State.held, LATER)
    assert last.reason == "the hold had ended, and a2 takes the time"


async def test_ended_holds_are_found_and_expired(kept: Kept) -> None:
    later = {"until": after(minutes=30)}
    await kept(hold("a1"), hold("a2", offer(3)), hold("a3", offer(5), **later), hold("a4", offer(7)), confirm("a4"))
    assert await kept.visits.expired_holds(LATER, limit=9) == ["a1", "a2"]
    assert await kept.visits.expired_holds(LATER, limit=1) == ["a1"]
    sweep = [Expire(id=id_, who="box", at=LATER) for id_ in ("a1", "a3", "a4", "a5")]
    results = await kept(*sweep, Expire(id="a1", who="box", at=LATER))
    assert isinstance(results[0], Changed)
    assert results[1:] == [
        NotPossible(State.held),
        NotPossible(State.confirmed),
        NotPossible(None),
        NotPossible(State.expired),
    ]
    assert await kept.visits.expired_holds(LATER, limit=9) == ["a2"]


@pytest.mark.parametrize("swept", [False, True])
async def test_an_ended_hold_is_confirmed_if_its_time_is_free(kept: Kept, *, swept: bool) -> None:
    await kept(hold(), *([Expire(id="a1", who="box", at=LATER)] if swept else []))
    [result] = await kept(confirm(at=LATER))
    assert isinstance(result, Changed)
    assert await times(kept, now=60) == [(1, 2)]
    [other] = await kept(hold("a2", at=LATER, until=after(minutes=20)))
    assert isinstance(other, Taken)


async def test_an_ended_hold_is_not_confirmed_over_another(kept: Kept) -> None:
    await kept(hold())
    await kept(hold("a2", at=LATER, until=after(minutes=20)))
    [result] = await kept(confirm(at=LATER))
    assert result == Taken(CHAIR, Span(after(hours=1), after(hours=2)), "a2")
    assert (await visit(kept)).state is State.expired
    assert await times(kept, now=12) == [(1, 2)]


# --- moved


async def test_a_move_frees_the_old_time_and_takes_the_new(kept: Kept) -> None:
    await kept(hold(), confirm())
    [result] = await kept(Move(**WHO, offer=offer(1.5)))
    assert isinstance(result, Changed)
    assert (result.appointment.start, result.appointment.state) == (after(hours=1.5), State.confirmed)
    assert await times(kept) == [(1.5, 2.5)]
    assert await times(kept, CHAIR) == [(1.5, 2.5)]


async def test_a_failed_move_leaves_everything_as_it_was(kept: Kept) -> None:
    await kept(hold(), confirm(), hold("a2", offer(5)))
    before = await kept.visits.appointment("a1"), await kept.visits.appointment_history("a1")
    [result] = await kept(Move(**WHO, offer=offer(4.5)))
    assert result == Taken(CHAIR, Span(after(hours=5), after(hours=6)), "a2")
    assert (await kept.visits.appointment("a1"), await kept.visits.appointment_history("a1")) == before
    assert await times(kept) == [(1, 2), (5, 6)]


async def test_a_held_time_can_be_moved_while_it_is_held(kept: Kept) -> None:
    await kept(hold())
    [moved, late] = await kept(Move(**WHO, offer=offer(3)), Move(id="a1", who="ana", at=LATER, offer=offer(5)))
    assert isinstance(moved, Changed)
    assert late == NotPossible(State.expired)
    assert await times(kept) == [(3, 4)]


# --- ended


@pytest.mark.parametrize(
    ("change", "expected", "busy"),
    [
        (Cancel(**WHO), State.cancelled, []),
        (Finish(**WHO, as_=State.no_show), State.no_show, []),
        (Finish(**WHO, as_=State.done), State.done, [(1, 2)]),
    ],
)
async def test_an_end_frees_or_keeps_the_time(
    kept: Kept, change: Transition, expected: State, busy: list[tuple[float, float]]
) -> None:
    await kept(hold(), confirm())
    [result, again] = await kept(change, change)
    assert isinstance(result, Changed)
    assert again == NotPossible(expected)
    assert (await visit(kept)).state is expected
    assert await times(kept) == busy


async def test_what_is_only_held_cannot_be_done(kept: Kept) -> None:
    await kept(hold())
    results = await kept(Finish(**WHO, as_=State.done), Finish(**WHO, as_=State.no_show))
    assert results == [NotPossible(State.held)] * 2


async def test_what_is_not_there_cannot_be_changed(kept: Kept) -> None:
    assert await kept(confirm(), Cancel(**WHO)) == [NotPossible(None)] * 2


# --- asked again


async def test_the_same_request_gives_the_same_appointment(kept: Kept) -> None:
    await kept(hold())
    [again] = await kept(hold("a2", key="key-a1", at=after(minutes=1), until=after(minutes=11)))
    assert again == Replayed(await visit(kept))
    assert await kept.visits.appointment("a2") is None


async def test_a_request_that_comes_after_a_move_is_still_known(kept: Kept) -> None:
    await kept(hold(), Move(**WHO, offer=offer(5)))
    [again] = await kept(hold("a2", key="key-a1"))
    assert again == Replayed(await visit(kept))
    assert await times(kept) == [(5, 6)]


@pytest.mark.parametrize("other", [{"wanted": offer(3)}, {"client_id": "c2"}, {"price": 1}, {"note": "with a dog"}])
async def test_a_known_key_with_other_contents_is_refused(kept: Kept, other: dict[str, Any]) -> None:
    await kept(hold())
    assert await kept(hold("a2", key="key-a1", **other)) == [OtherContents("key-a1", "a1")]
    assert await times(kept) == [(1, 2)]


async def test_a_request_that_lost_is_tried_anew(kept: Kept) -> None:
    await kept(hold("a1"), hold("a2"))
    await kept(Cancel(**WHO))
    [result] = await kept(hold("a2"))
    assert isinstance(result, Held)


async def test_a_change_that_comes_again_does_nothing_again(kept: Kept) -> None:
    move = Move(**WHO, key="m", offer=offer(3))
    await kept(hold(), confirm(), move, Move(**WHO, offer=offer(5)))
    results = await kept(replace(move, at=LATER), Move(**WHO, key="m", offer=offer(7)), Cancel(**WHO, key="m"))
    assert results == [Replayed(await visit(kept)), *[OtherContents("m", "a1")] * 2]
    assert await times(kept) == [(5, 6)]


async def test_what_was_changed_meanwhile_is_not_changed_by_who_read_it_before(kept: Kept) -> None:
    await kept(hold(), confirm())
    [result] = await kept(Cancel(**WHO, revision=1))
    assert result == Outdated(await visit(kept))
    [result] = await kept(Cancel(**WHO, revision=2))
    assert isinstance(result, Changed)


# --- what else happens in the unit


async def test_further_changes_are_made_with_a_change_and_only_then(kept: Kept) -> None:
    further = [[StoreEvent(event(f"e{number}", key=f"k{number}"))] for number in range(4)]
    held, taken, confirmed, impossible = await kept(
        hold("a1", then=further[0]),
        hold("a2", then=further[1]),
        confirm(then=further[2]),
        confirm(then=further[3]),
    )
    assert (held.also, confirmed.also) == ([Stored("e0")], [Stored("e2")])
    assert (type(taken), impossible) == (Taken, NotPossible(State.confirmed))
    assert [await kept.read.event(f"e{number}") is not None for number in range(4)] == [True, False, True, False]


async def test_a_unit_that_fails_leaves_no_appointment(kept: Kept) -> None:
    with pytest.raises(Exception, match=r"(?i)e1|unique"):
        await kept(hold(), StoreEvent(event("e1")), StoreEvent(event("e1")))
    assert await kept.visits.appointment("a1") is None
    assert await times(kept) == []
    [result] = await kept(hold("a2"))
    assert isinstance(result, Held)


# --- what is read


async def test_history_says_who_and_why_and_when(kept: Kept) -> None:
    await kept(hold(), confirm(at=after(minutes=1)))
    await kept(Move(id="a1", who="owner", at=after(minutes=2), reason="Olena is ill", offer=offer(3)))
    await kept(Cancel(id="a1", who="ana", at=after(minutes=3)))
    first, moved = (after(hours=1), after(hours=2)), (after(hours=3), after(hours=4))
    assert await kept.visits.appointment_history("a1") == [
        HistoryEntry("a1", 1, What.held, None, *first, "ana", None, NOON),
        HistoryEntry("a1", 2, What.confirmed, State.held, *first, "ana", None, after(minutes=1)),
        HistoryEntry("a1", 3, What.moved, State.confirmed, *moved, "owner", "Olena is ill", after(minutes=2)),
        HistoryEntry("a1", 4, What.cancelled, State.confirmed, *moved, "ana", None, after(minutes=3)),
    ]


async def test_busy_times_are_whole_and_in_order(kept: Kept) -> None:
    await kept(hold("a1", offer(5)), hold("a2", offer(1)), hold("a3", offer(3, 1, OLENA)))
    span = Span(after(hours=1.5), after(hours=3.5))
    found = await kept.visits.busy([OLENA, CHAIR, "staff:bo"], span, now=NOON)
    one, three = Span(after(hours=1), after(hours=2)), Span(after(hours=3), after(hours=4))
    assert found == {OLENA: [one, three], CHAIR: [one], "staff:bo": []}
    assert await kept.visits.busy([OLENA], Span(after(hours=2), after(hours=3)), now=NOON) == {OLENA: []}


async def test_appointments_are_found_by_day_client_and_person(kept: Kept) -> None:
    await kept(
        hold("a1", offer(5), client_id="c1"), hold("a2", offer(1), client_id="c1"), hold("a3", offer(3), person_id="p1")
    )
    read = kept.visits
    assert [one.id for one in await read.appointments_of_client("c1")] == ["a2", "a1"]
    assert [one.id for one in await read.appointments_of_person("p1")] == ["a3"]
    assert [one.id for one in await read.appointments_within(Span(after(hours=1), after(hours=5)))] == ["a2", "a3"]


# --- what the rest of the box does to them


async def test_pruning_leaves_appointments_and_who_had_them(database: Path | str) -> None:
    storage = await open_storage(database, own=True)
    for name in ("p1", "p2"):
        met = MeetPerson(Person(name, "Ana"), "chat/shop", f"v-{name}", NOON)
        await storage.ledger.commit([met, Heard("chat/shop", f"v-{name}", NOON, None, name)])
    await storage.ledger.commit([hold(person_id="p1"), confirm()])
    while await storage.ledger.commit([Prune(after(days=10_000), 100)]) != [0]:
        pass
    assert await storage.reader.appointments.appointment("a1") is not None
    assert len(await storage.reader.appointments.appointment_history("a1")) == 2
    left = await storage._pool.run(lambda connection: connection.rows("select id from person"))
    assert left == [("p1",)]
    await storage.close()


async def test_appointments_follow_people_who_are_merged(database: Path | str) -> None:
    storage = await open_storage(database, own=True)
    await storage.ledger.commit([hold(person_id="p2"), MergePeople("p1", "p2")])
    assert [one.id for one in await storage.reader.appointments.appointments_of_person("p1")] == ["a1"]
    await storage.close()


async def test_an_offer_without_claims_takes_nothing(kept: Kept) -> None:
    nothing = Offer(after(hours=1), after(hours=2), (), ())
    [result, confirmed] = await kept(hold("a1", nothing), confirm())
    assert [type(result), type(confirmed)] == [Held, Changed]
