"""Whatever is asked of appointments, in whatever order: both databases answer as a model of a few lines does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from tests.storage.hand import check, forget_all
from tests.storage.rows import NOON, after
from tests.storage.visits import CHAIR, OLENA, hold, offer

from onebox.booking.appointment import (
    Cancel,
    Changed,
    Confirm,
    Expire,
    Finish,
    Held,
    Move,
    NotPossible,
    OtherContents,
    Replayed,
    State,
    Taken,
)
from onebox.booking.claims import Claim, Span
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from onebox.booking.appointment import Hold, Transition
    from onebox.booking.claims import Offer
    from onebox.storage.opening import Storage

SUBJECTS = (OLENA, CHAIR, "staff:bo")
TIMES = st.tuples(st.integers(0, 4), st.integers(1, 3))
"""of one subject: the start in half hours after noon, and how many half hours"""


def an_offer(times: dict[str, tuple[int, int]]) -> Offer:
    claims = [
        Claim(subject, after(hours=start / 2), after(hours=(start + length) / 2))
        for subject, (start, length) in sorted(times.items())
    ]
    return replace(offer(0, 4), claims=tuple(claims))


OFFERS = st.dictionaries(st.sampled_from(SUBJECTS), TIMES, min_size=1).map(an_offer)
WAYS: dict[State, dict[str, State]] = {
    State.held: {"confirm": State.confirmed, "move": State.held, "cancel": State.cancelled},
    State.confirmed: {
        "move": State.confirmed,
        "cancel": State.cancelled,
        "done": State.done,
        "no_show": State.no_show,
    },
    State.expired: {"confirm": State.confirmed, "expire": State.expired},
}
"""which word makes of a state which other; written down once more, so that a change of the table is noticed"""
MAKE: dict[str, Callable[..., Transition]] = {
    "confirm": Confirm,
    "cancel": Cancel,
    "expire": Expire,
    "done": lambda **asked: Finish(**asked, as_=State.done),
    "no_show": lambda **asked: Finish(**asked, as_=State.no_show),
}


@dataclass
class Visit:
    """What the model knows of one. `swept`: a hold that has ended was told so."""

    state: State
    until: datetime
    claims: tuple[Claim, ...]
    swept: bool = False
    changes: int = 1

    def state_at(self, now: datetime) -> State:
        return State.expired if self.state is State.held and self.until <= now else self.state


def meet(one: Claim, other: Claim) -> bool:
    return one.subject == other.subject and max(one.start, other.start) < min(one.end, other.end)


class Rules(RuleBasedStateMachine):
    """Asks the storage and the model."""

    asked = Bundle("asked")

    def __init__(self, runner: asyncio.Runner, storage: Storage, database: Path | str) -> None:
        super().__init__()
        self.runner, self.storage, self.database = runner, storage, database
        self.now = NOON
        self.visits: dict[str, Visit] = {}
        forget_all(database)

    def commit(self, change: Hold | Transition) -> Any:
        [result] = self.runner.run(self.storage.ledger.commit([change]))
        return result

    @rule(minutes=st.integers(1, 12))
    def time_passes(self, minutes: int) -> None:
        self.now += after(minutes=minutes) - NOON

    @rule(target=asked, wanted=OFFERS, minutes=st.integers(1, 10))
    def hold(self, wanted: Offer, minutes: int) -> Any:
        id_ = f"a{len(self.visits)}"
        until = self.now + (after(minutes=minutes) - NOON)
        change = hold(id_, wanted, at=self.now, until=until)
        result = self.commit(change)
        if self.is_taken(id_, wanted.claims, result):
            return multiple()
        assert (type(result), result.appointment.state) == (Held, State.held)
        self.visits[id_] = Visit(State.held, until, wanted.claims)
        return change

    @rule(target=asked, number=st.integers(0, 9), wanted=OFFERS)
    def move(self, number: int, wanted: Offer) -> Any:
        id_ = self.one_of_them(number)
        return self.changed("move", Move(id=id_, who="ana", at=self.now, key=self.next_key(id_), offer=wanted))

    @rule(target=asked, number=st.integers(0, 9), way=st.sampled_from(sorted(MAKE)))
    def change(self, number: int, way: str) -> Any:
        id_ = self.one_of_them(number)
        return self.changed(way, MAKE[way](id=id_, who="ana", at=self.now, key=self.next_key(id_)))

    def one_of_them(self, number: int) -> str:
        """Or, now and then, one that is not there."""
        return f"a{number % (len(self.visits) + 1)}"

    def next_key(self, id_: str) -> str:
        return f"change-{self.visits[id_].changes if id_ in self.visits else 0}"

    def changed(self, way: str, change: Transition) -> Any:
        result = self.commit(change)
        visit = self.visits.get(change.id)
        if visit is None:
            assert result == NotPossible(None)
            return multiple()
        before = visit.state_at(self.now)
        to = WAYS.get(before, {}).get(way)
        if to is None or (way == "expire" and visit.swept):
            assert result == NotPossible(before)
            return multiple()
        wanted = change.offer.claims if isinstance(change, Move) else visit.claims
        takes = way == "move" or (way == "confirm" and before is State.expired)
        if takes and self.is_taken(change.id, wanted, result):
            return multiple()
        assert (type(result), result.appointment.state) == (Changed, to)
        visit.state, visit.claims, visit.changes = to, wanted, visit.changes + 1
        visit.swept = to is State.expired
        return change

    def is_taken(self, id_: str, wanted: tuple[Claim, ...], result: Any) -> bool:
        """Whether others have the time, and the answer names one of them. Holds that ended and are in the way end."""
        taken, ended = [], []
        for other, visit in self.visits.items():
            meeting = [claim for claim in visit.claims if any(meet(claim, one) for one in wanted)]
            state = visit.state_at(self.now)
            if other != id_ and state in {State.held, State.confirmed, State.done}:
                taken += [Taken(claim.subject, Span(claim.start, claim.end), other) for claim in meeting]
            elif other != id_ and meeting and state is State.expired and not visit.swept:
                ended.append(visit)
        if taken:
            assert result in taken
            return True
        for visit in ended:
            visit.state, visit.swept, visit.changes = State.expired, True, visit.changes + 1
        return False

    @rule(change=asked)
    def ask_again(self, change: Hold | Transition) -> None:
        found = self.runner.run(self.storage.reader.appointments.appointment(change.id))
        assert found is not None
        again = replace(change, at=self.now, who="somebody")
        assert self.commit(again) == Replayed(found)

    @rule(change=asked, wanted=OFFERS)
    def ask_for_something_else_under_the_key(self, change: Hold | Transition, wanted: Offer) -> None:
        if not isinstance(change, Cancel | Confirm | Expire | Finish) and wanted != change.offer:
            assert self.commit(replace(change, offer=wanted)) == OtherContents(change.key or "", change.id)

    @invariant()
    def what_is_read_is_what_the_model_knows(self) -> None:
        read = self.storage.reader.appointments
        busy = self.runner.run(read.busy(SUBJECTS, Span(NOON, after(hours=24)), now=self.now))
        expected: dict[str, list[Span]] = {subject: [] for subject in SUBJECTS}
        for visit in self.visits.values():
            if visit.state_at(self.now) in {State.held, State.confirmed, State.done}:
                for claim in visit.claims:
                    expected[claim.subject].append(Span(claim.start, claim.end))
        assert busy == {subject: sorted(spans) for subject, spans in expected.items()}
        found = self.runner.run(read.appointments_within(Span(NOON, after(hours=24))))
        kept = {one.id: (one.state_at(self.now), one.revision) for one in found}
        assert kept == {id_: (visit.state_at(self.now), visit.changes) for id_, visit in self.visits.items()}

    def teardown(self) -> None:
        check(self.database)


def follow(database: Path | str, examples: int, steps: int) -> None:
    with asyncio.Runner() as runner:
        storage = runner.run(open_storage(database, own=True))
        chosen = settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(partial(Rules, runner, storage, database), settings=chosen)  # type: ignore[arg-type,unused-ignore]
        finally:
            runner.run(storage.close())


def test_every_answer_is_that_of_the_model_on_sqlite(migrated_sqlite: Path) -> None:
    follow(migrated_sqlite, 12, 20)


def test_every_answer_is_that_of_the_model_on_postgres(migrated_postgres: str) -> None:
    follow(migrated_postgres, 5, 12)


@pytest.mark.soak
def test_every_answer_is_that_of_the_model_for_long(database: Path | str) -> None:
    follow(database, 150, 50)
