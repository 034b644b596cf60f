"""The trigger `chat`, and what tests of flows say of its events."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from tests.channels.chat.site import NOON

from onebox.channels.chat.trigger import ChatSettings, chat_trigger
from onebox.flows.kinds import EventRefused

TRIGGER = chat_trigger(["terminal/main", "chat/main", "chat/shop"])
MAIN = ChatSettings()


def test_events_of_an_account_have_its_topic_and_come_one_after_another() -> None:
    assert TRIGGER.topic("flow", ChatSettings(account="shop")) == "chat.shop"
    assert TRIGGER.per_sender == 1


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("main", None),
        ("shp", "there is no account chat/… of the name 'shp'; did you mean 'shop'?"),
        ("office", "there is no account chat/… of the name 'office'; box.yaml has of them: main, shop"),
    ],
)
def test_an_account_that_is_not_there_is_found(account: str, said: str | None) -> None:
    assert TRIGGER.fault(ChatSettings(account=account)) == (None if said is None else ("account", said))


def test_the_account_is_named_without_its_channel() -> None:
    with pytest.raises(ValidationError, match="write what follows chat/: main"):
        ChatSettings(account="chat/main")


def test_an_event_of_a_test_is_a_message_or_a_press() -> None:
    message, press = TRIGGER.example(MAIN, {"text": "Hi"}, NOON), TRIGGER.example(MAIN, {"choice": "yes"}, NOON)

    assert (message["kind"], message["text"], message["choice"], message["pressed"]) == ("message", "Hi", None, False)
    assert (press["kind"], press["choice"], press["pressed"], press["message_id"]) == ("press", "yes", True, 1)
    assert message["sender"]["account"] == message["chat"]["account"] == "chat/main"
    with pytest.raises(EventRefused, match="the event has no 'txt'; did you mean 'text'"):
        TRIGGER.example(MAIN, {"txt": "Hi"}, NOON)


@pytest.mark.parametrize(
    "given",
    [
        {"text": "Hi"},
        {"choice": "yes", "text": "Yes", "message_id": 7},
        {"choice": "yes", "text": "1", "pressed": False, "kind": "message"},
        {"location": {"latitude": 1.5, "longitude": 2, "name": None, "address": None}},
        {"text": "", "media": [{"kind": "photo", "id": "e1/1", "account": "chat/main"}], "sender": {"language": "pt"}},
    ],
)
def test_a_test_can_be_made_of_what_happened(given: dict[str, Any]) -> None:
    data = TRIGGER.example(MAIN, given, NOON)

    assert TRIGGER.example(MAIN, TRIGGER.given(MAIN, data), NOON) == data
