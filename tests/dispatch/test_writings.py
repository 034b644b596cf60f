"""Steps that are rows of the box: what they write, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from onebox.dispatch.writings import Writings
from onebox.flows.handlers import Call, StepFailed
from onebox.kernel.ids import Ids
from onebox.messaging.channel import DeliveryFailed, Outlet
from onebox.messaging.event import StoreEvent, StoreResponse
from onebox.messaging.message import QueueMessage
from tests.dispatch.boxes import TestClock


def writings(*accounts: str) -> Writings:
    clock = TestClock()
    return Writings(
        accounts=dict.fromkeys(accounts, Outlet()),
        starts=lambda _event: [],
        mask=lambda value: value,
        clock=clock,
        ids=Ids(clock, bytes),
    )


def call(kind: str, **arguments: Any) -> Call:
    return Call("r1", "f", "0", kind, arguments, 1, None, "e1")


def test_send_queues_a_message_with_all_that_is_not_its_address() -> None:
    [change], value = writings("terminal/main").all()["send"](
        call("send", via="terminal/main", to="ana", text="hi", silent=True)
    )
    assert isinstance(change, QueueMessage)
    message = change.message
    assert (message.account, message.recipient, message.content) == (
        "terminal/main",
        "ana",
        {"text": "hi", "silent": True},
    )
    assert value == {"id": message.id, "ids": [message.id]}


def test_send_queues_each_part_that_the_channel_makes_of_a_text() -> None:
    clock = TestClock()
    halves = Outlet(parts=lambda content: [{"text": part} for part in content["text"].split("|")])
    made = Writings(
        accounts={"chat/main": halves},
        starts=lambda _event: [],
        mask=lambda value: value,
        clock=clock,
        ids=Ids(clock, bytes),
    )

    changes, value = made.all()["send"](call("send", to="ana", text="one|two"))

    messages = [change.message for change in changes if isinstance(change, QueueMessage)]
    assert [message.content for message in messages] == [{"text": "one"}, {"text": "two"}]
    assert value == {"id": messages[0].id, "ids": [message.id for message in messages]}


def test_send_goes_to_the_account_s_own_recipient_where_none_is_named() -> None:
    clock = TestClock()
    made = Writings(
        accounts={"log/main": Outlet(recipient="log")},
        starts=lambda _event: [],
        mask=lambda value: value,
        clock=clock,
        ids=Ids(clock, bytes),
    )

    [change], _ = made.all()["send"](call("send", text="hi"))

    assert isinstance(change, QueueMessage)
    assert (change.message.recipient, change.message.content) == ("log", {"text": "hi"})


def test_send_goes_by_the_account_that_the_recipient_was_met_by() -> None:
    [change], _ = writings("chat/a", "chat/b").all()["send"](call("send", to={"id": 7, "account": "chat/b"}, text="hi"))

    assert isinstance(change, QueueMessage)
    assert (change.message.account, change.message.recipient) == ("chat/b", "7")


def test_send_to_several_is_one_message() -> None:
    [change], _ = writings("mail/a").all()["send"](call("send", to=["ana@example.org", "bo@example.org"], text="hi"))

    assert isinstance(change, QueueMessage)
    assert change.message.recipient == "ana@example.org, bo@example.org"
    assert change.message.content["to"] == ["ana@example.org", "bo@example.org"]


def test_send_to_a_person_takes_turns_by_their_id() -> None:
    [change], _ = writings("terminal/main").all()["send"](call("send", to={"id": 7, "name": "Ana"}, text="hi"))
    assert isinstance(change, QueueMessage)
    assert (change.message.recipient, change.message.content["to"]) == ("7", {"id": 7, "name": "Ana"})


def test_send_without_via_takes_the_only_account() -> None:
    [change], _ = writings("terminal/main").all()["send"](call("send", to="ana", text="hi"))
    assert isinstance(change, QueueMessage)
    assert change.message.account == "terminal/main"


def refused(made: Writings, kind: str, **arguments: Any) -> str:
    with pytest.raises(StepFailed) as failed:
        made.all()[kind](call(kind, **arguments))
    assert not failed.value.passing
    return failed.value.message


def test_send_of_what_the_channel_can_make_nothing_of_fails_the_step() -> None:
    def picky(_content: Any) -> list[Any]:
        raise DeliveryFailed("send: subject is missing", permanent=True, hint="an e-mail has one")

    clock = TestClock()
    made = Writings(
        accounts={"mail/a": Outlet(parts=picky)},
        starts=lambda _event: [],
        mask=lambda value: value,
        clock=clock,
        ids=Ids(clock, bytes),
    )
    with pytest.raises(StepFailed, match="send: subject is missing") as failed:
        made.all()["send"](call("send", to="ana@example.org", text="hi"))
    assert (failed.value.step_code, failed.value.passing, failed.value.hint) == (
        "bad_argument",
        False,
        "an e-mail has one",
    )


def test_send_through_an_unknown_account_names_the_nearest() -> None:
    assert refused(writings("terminal/main", "webhook/crm"), "send", via="webhook/crn", to="a", text="t") == (
        "send: there is no account 'webhook/crn'; did you mean 'webhook/crm'?; there are: terminal/main, webhook/crm"
    )


@pytest.mark.parametrize("to", [None, "", {}, {"name": "Ana"}])
def test_send_to_nobody_is_refused(to: Any) -> None:
    assert "to must be a text, a mapping with an id, or a list of these" in refused(
        writings("terminal/main"), "send", to=to, text="t"
    )


def test_emit_without_a_key_is_no_duplicate_of_anything() -> None:
    [change], _ = writings().emit(call("emit", event="order.paid", data={"n": 1}))
    assert isinstance(change, StoreEvent)
    event = change.event
    assert (event.topic, event.source, event.key, event.data) == ("order.paid", "run:r1", None, {"n": 1})


def test_emit_with_a_key_is_known_by_it_in_all_runs() -> None:
    [change], _ = writings().emit(call("emit", event="order.paid", key=7))
    assert isinstance(change, StoreEvent)
    assert (change.event.source, change.event.key) == ("emit:order.paid", "7")


def test_emit_of_what_is_no_mapping_is_refused() -> None:
    assert refused(writings(), "emit", event="x", data=[1]).startswith("emit: event must be a text and data a mapping")


@pytest.mark.parametrize(
    ("arguments", "kind", "body"),
    [
        ({"json": {"a": 1}}, "application/json", b'{"a":1}'),
        ({"body": {"a": 1}}, "application/json", b'{"a":1}'),
        ({"body": "hi"}, "text/plain; charset=utf-8", b"hi"),
        ({"body": b"\x00"}, "application/octet-stream", b"\x00"),
    ],
)
def test_respond_says_what_its_body_is(arguments: dict[str, Any], kind: str, body: bytes) -> None:
    [change], value = writings().respond(call("respond", status=201, **arguments))
    assert isinstance(change, StoreResponse)
    assert (change.event_id, change.response.body, value) == ("e1", body, {"status": 201})
    assert change.response.headers == {"Content-Type": kind}


def test_respond_takes_an_own_content_type() -> None:
    [change], _ = writings().respond(call("respond", body="<p>", headers={"content-type": "text/html"}))
    assert isinstance(change, StoreResponse)
    assert change.response.headers == {"content-type": "text/html"}


@pytest.mark.parametrize("status", [99, 600, "200", None, 100])
def test_respond_refuses_a_status_that_is_no_final_answer(status: Any) -> None:
    assert "status must be a number from 200 to 599" in refused(writings(), "respond", status=status)


def test_respond_refuses_a_header_that_would_break_out() -> None:
    told = refused(writings(), "respond", headers={"X-A": "1\r\nSet-Cookie: a=b"})
    assert told == "respond: the header X-A has the character '\\r', which no header may have"


def test_log_refuses_an_unknown_level() -> None:
    assert "level must be one of" in refused(writings(), "log", text="x", level="loud")
