"""What a test gives a trigger, and what is recorded of its events, are two ways of one thing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onebox.app.catalogue import catalogue
from onebox.flows.kinds import EventRefused

KINDS = catalogue().triggers
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


def settings(kind: str, **given: Any) -> Any:
    return KINDS[kind].settings.model_validate(given)


def test_a_request_is_made_up_of_what_a_test_gives() -> None:
    made = KINDS["webhook"].example(settings("webhook", path="shops/{shop}"), {"body": 1, "headers": {"X-A": "b"}}, AT)

    assert made == {
        "body": 1,
        "headers": {"x-a": "b"},
        "query": {},
        "path": {"shop": "shop"},
        "method": "POST",
        "remote": "192.0.2.1",
    }


@pytest.mark.parametrize(
    ("kind", "own", "data"),
    [
        ("webhook", {"path": "w"}, {"body": {"a": [1]}, "headers": {}, "query": {}, "path": {}, "method": "POST", "remote": "::1"}),
        ("webhook", {"path": "w/{a}"}, {"body": b"x", "headers": {"a": "b"}, "query": {"q": ""}, "path": {"a": "1"}, "method": "POST", "remote": "192.0.2.1"}),
        ("webhook", {"path": "w", "methods": ["PUT", "GET"]}, {"body": None, "headers": {}, "query": {}, "path": {}, "method": "PUT", "remote": "192.0.2.1"}),
        ("schedule", {"every": "15m"}, {"scheduled_at": datetime(2026, 1, 1, tzinfo=UTC), "missed": False}),
        ("schedule", {"every": "15m"}, {"scheduled_at": AT, "missed": True}),
        ("manual", {}, {"any": "thing"}),
        ("flow", {}, {"any": "thing"}),
    ],
)  # fmt: skip
def test_what_is_recorded_makes_the_event_again(kind: str, own: dict[str, Any], data: dict[str, Any]) -> None:
    given = KINDS[kind].given(settings(kind, **own), data)

    assert KINDS[kind].example(settings(kind, **own), given, AT) == data


def test_only_what_is_not_usual_is_recorded() -> None:
    usual: dict[str, Any] = {
        "body": None,
        "headers": {},
        "query": {},
        "path": {},
        "method": "POST",
        "remote": "192.0.2.1",
    }

    assert KINDS["webhook"].given(settings("webhook", path="w"), usual) == {}
    assert KINDS["schedule"].given(settings("schedule", every="1m"), {"scheduled_at": AT, "missed": False}) == {
        "scheduled_at": "2026-01-15T12:00:00Z"
    }


def test_an_appointment_is_tomorrow_and_what_is_given_of_it_stands() -> None:
    made = KINDS["booking"].example(settings("booking", what="moved"), {"name": "Ben"}, AT)

    assert (made["name"], made["state"], made["start"]) == ("Ben", "confirmed", AT + timedelta(days=1))
    assert made["before"]["start"] == AT


def test_a_schedule_ticks_when_the_test_begins() -> None:
    assert KINDS["schedule"].example(settings("schedule", every="1m"), {}, AT) == {"scheduled_at": AT, "missed": False}


@pytest.mark.parametrize(
    ("kind", "own", "given", "why"),
    [
        ("webhook", {"path": "w"}, {"bdy": 1}, "the event has no 'bdy'; did you mean 'body'?"),
        ("webhook", {"path": "w"}, {"method": "PUT"}, "'PUT' is not among its methods: POST"),
        ("webhook", {"path": "w/{id}"}, {"path": {"ib": "1"}}, "the event has no 'ib'; it has id"),
        ("webhook", {"path": "w"}, {"query": "a=b"}, "query must be a mapping, got 'a=b'"),
        ("schedule", {"every": "1m"}, {"scheduled_at": "soon"}, "scheduled_at must be an instant"),
        ("schedule", {"every": "1m"}, {"scheduled_at": "2026-01-15"}, "scheduled_at must be an instant"),
        ("schedule", {"every": "1m"}, {"missed": 1}, "missed true or false"),
        ("schedule", {"every": "1m"}, {"at": 1}, "the event has no 'at'"),
        ("booking", {"what": "booked"}, {"nam": "Ana"}, "the event has no 'nam'; did you mean 'name'?"),
    ],
)
def test_what_no_event_can_be_is_refused(kind: str, own: dict[str, Any], given: dict[str, Any], why: str) -> None:
    with pytest.raises(EventRefused, match=why.replace("?", r"\?")):
        KINDS[kind].example(settings(kind, **own), given, AT)
