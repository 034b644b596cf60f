from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.messaging.outbox_in_memory import NOON

from onebox.messaging.throttle import Decision, Limit, Policy, Throttle, ThrottleRules, Verdict

SECOND = timedelta(seconds=1)
policies = some.sampled_from(Policy)
arrivals = some.lists(
    some.tuples(some.floats(0, 3), some.sampled_from("ab"), some.sampled_from(["message", "callback_query", "paid"])),
    max_size=120,
)


def rules_of(policy: Policy) -> ThrottleRules:
    limits = {"callback_query": Limit(1, SECOND), "*": Limit(3, 3 * SECOND)}
    return ThrottleRules(policy, limits, Limit(20, 10 * SECOND), 5 * SECOND, protected=("paid",))


def message(throttle: Throttle, at: datetime, *, sender: str = "ana", kind: str = "message") -> Decision:
    return throttle.decide(sender=sender, kind=kind, protected=False, at=at)


def verdicts(throttle: Throttle, count: int, at: datetime = NOON, **who: str) -> list[str]:
    return [message(throttle, at, **who).verdict.value for _ in range(count)]


def test_without_a_setting_all_is_taken_at_once() -> None:
    throttle = Throttle(ThrottleRules())
    decided = [message(throttle, NOON) for _ in range(100)]
    assert decided == [Decision(Verdict.taken)] * 100


def test_above_its_limit_a_kind_is_dropped_and_the_sender_told_once() -> None:
    throttle = Throttle(rules_of(Policy.drop))
    decided = [message(throttle, NOON) for _ in range(5)]
    assert [one.verdict for one in decided] == [Verdict.taken] * 3 + [Verdict.dropped] * 2
    assert [one.notify for one in decided] == [False, False, False, True, False]
    assert decided[3].reason == "more than 3 in 3 s of kind message"


def test_each_sender_and_each_kind_has_a_limit_of_its_own() -> None:
    throttle = Throttle(rules_of(Policy.drop))
    assert verdicts(throttle, 2, kind="callback_query") == ["taken", "dropped"]
    assert verdicts(throttle, 4) == ["taken"] * 3 + ["dropped"]
    assert verdicts(throttle, 1, sender="bo") == ["taken"]


def test_a_kind_without_a_limit_is_taken() -> None:
    throttle = Throttle(ThrottleRules(Policy.drop, {"message": Limit(1, SECOND)}))
    assert verdicts(throttle, 3, kind="edited_message") == ["taken"] * 3


def test_a_sender_is_told_again_after_a_rest() -> None:
    throttle = Throttle(rules_of(Policy.drop))
    told = [sum(message(throttle, NOON + later * SECOND).notify for _ in range(9)) for later in (0, 1, 60)]
    assert told == [1, 0, 1]


def test_who_is_blocked_stays_blocked_for_the_time_and_is_told_once() -> None:
    throttle = Throttle(rules_of(Policy.block))
    assert verdicts(throttle, 4) == ["taken"] * 3 + ["blocked"]
    still, free = NOON + 4.9 * SECOND, NOON + 5 * SECOND
    assert message(throttle, still) == Decision(Verdict.blocked, "blocked until 12:00:05")
    assert message(throttle, free).verdict is Verdict.taken


@pytest.mark.parametrize("policy", Policy)
def test_a_flood_is_blocked_under_every_policy(policy: Policy) -> None:
    rules = ThrottleRules(policy, {"*": Limit(500, SECOND)}, Limit(20, 10 * SECOND), 5 * SECOND)
    throttle = Throttle(rules)
    decided = [message(throttle, NOON) for _ in range(22)]
    assert [one.verdict for one in decided] == [Verdict.taken] * 20 + [Verdict.blocked] * 2
    assert decided[20].notify
    assert decided[20].reason == "a flood: more than 20 in 10 s of one sender"


def test_of_one_moment_the_last_is_handled_when_it_ends() -> None:
    throttle = Throttle(rules_of(Policy.coalesce))
    decided = [message(throttle, NOON + later * SECOND) for later in (0, 0.25, 0.75, 1)]
    assert [one.wait for one in decided] == [1.0, 0.75, 0.25, 1.0]
    assert [one.supersedes for one in decided] == [False, True, True, False]


def test_a_moment_ends_though_the_sender_goes_on() -> None:
    throttle = Throttle(rules_of(Policy.coalesce))
    decided = [message(throttle, NOON + number * 0.25 * SECOND) for number in range(12)]
    assert [one.supersedes for one in decided] == [False, True, True, True] * 3


def test_what_was_superseded_is_counted_as_that() -> None:
    throttle = Throttle(rules_of(Policy.coalesce))
    for _ in range(3):
        if message(throttle, NOON).supersedes:
            throttle.coalesced()
    assert throttle.counts == {"taken": 1, "coalesced": 2, "dropped": 0, "blocked": 0}


@pytest.mark.parametrize(("count", "seconds"), [(0, 1), (1, 0)])
def test_a_limit_that_lets_nothing_through_is_refused(count: int, seconds: int) -> None:
    with pytest.raises(ValueError, match=f"a limit of {count} in {seconds} s lets nothing through"):
        Limit(count, seconds * SECOND)


@given(policies, arrivals)
def test_what_is_protected_is_taken_at_once_under_every_policy(
    policy: Policy, came: list[tuple[float, str, str]]
) -> None:
    throttle, now = Throttle(rules_of(policy)), NOON
    for later, sender, kind in came:
        now += later * SECOND
        message(throttle, now, sender=sender, kind=kind)
        assert message(throttle, now, sender=sender, kind="paid") == Decision(Verdict.taken)
        step = throttle.decide(sender=sender, kind=kind, protected=True, at=now)
        assert step == Decision(Verdict.taken)


@given(policies, arrivals)
def test_a_sender_is_told_once_until_a_rest(policy: Policy, came: list[tuple[float, str, str]]) -> None:
    """The flood's bucket gets a token each half second, so who writes again sooner has had no rest."""
    throttle, now, told = Throttle(rules_of(policy)), NOON, set[str]()
    last = dict.fromkeys("ab", NOON)
    for later, sender, kind in came:
        now += later * SECOND
        if now - last[sender] > 0.499 * SECOND:
            told.discard(sender)
        if kind != "paid":
            last[sender] = now
        if message(throttle, now, sender=sender, kind=kind).notify:
            assert sender not in told
            told.add(sender)


@given(policies, arrivals)
def test_every_event_has_one_verdict(policy: Policy, came: list[tuple[float, str, str]]) -> None:
    throttle, now = Throttle(rules_of(policy)), NOON
    for later, sender, kind in came:
        now += later * SECOND
        message(throttle, now, sender=sender, kind=kind)
    assert sum(throttle.counts.values()) == len(came)


@given(arrivals)
def test_with_queue_nothing_that_is_not_a_flood_is_refused(came: list[tuple[float, str, str]]) -> None:
    throttle, now = Throttle(ThrottleRules()), NOON
    for later, sender, kind in came[:120]:
        now += later * SECOND
        assert message(throttle, now, sender=sender, kind=kind) == Decision(Verdict.taken)


@pytest.mark.parametrize("policy", Policy)
def test_who_had_a_rest_is_forgotten(policy: Policy) -> None:
    throttle = Throttle(rules_of(policy))
    for number in range(20_000):
        message(throttle, NOON + number * SECOND, sender=str(number))
    assert throttle.remembered <= 256
