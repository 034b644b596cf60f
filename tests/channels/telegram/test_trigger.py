from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.channels.messages import NOW

from onebox.app.catalogue import catalogue
from onebox.channels.telegram.trigger import TelegramSettings, telegram_trigger
from onebox.channels.telegram.updates import EVENT_NAMES, event_data
from onebox.flows.definition import FlowLoader
from onebox.flows.kinds import EventRefused
from onebox.kernel.encoding import normalise
from onebox.messaging.channel import Outlet

KIND = telegram_trigger()
SAID_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
CHEN = {"id": 9, "first_name": "Chen", "last_name": "Li", "language_code": "zh"}
GROUP = {"id": -100123, "type": "supergroup", "title": "Team"}
SAID: dict[str, Any] = {"message_id": 4, "date": int(SAID_AT.timestamp()), "chat": GROUP}


def settings(**given: Any) -> TelegramSettings:
    return TelegramSettings.model_validate(given)


def faults(trigger: str, accounts: dict[str, Outlet]) -> list[str]:
    text = f"flow: talk\non: {{telegram: {trigger}}}\nsteps:\n  - do: stop\n"
    return list(map(str, FlowLoader(catalogue(accounts=accounts)).load({"talk.yaml": text}).faults))


def test_a_message_in_a_group_names_the_person_and_the_chat() -> None:
    update = {"update_id": 1, "message": {**SAID, "from": CHEN, "caption": "our shop"}}

    assert event_data(update, "telegram/main", NOW) == {
        "text": "our shop",
        "kind": "message",
        "sender": {
            "id": "-100123",
            "user_id": "9",
            "name": "Chen Li",
            "username": None,
            "language": "zh",
            "account": "telegram/main",
        },
        "chat": {"id": "-100123", "type": "supergroup", "title": "Team", "account": "telegram/main"},
        "at": SAID_AT,
        "message_id": 4,
        "data": None,
        "callback_id": None,
        "update": update,
    }


def test_a_press_happens_when_it_comes_and_says_what_the_button_says() -> None:
    press = {"id": "77", "from": CHEN, "message": SAID, "data": "/order 5"}
    data = event_data({"update_id": 1, "callback_query": press}, "telegram/main", NOW)

    assert (data["at"], data["text"], data["data"], data["callback_id"]) == (NOW, "/order 5", "/order 5", "77")
    assert (data["sender"]["id"], data["sender"]["user_id"], data["message_id"]) == ("-100123", "9", 4)


def test_an_edited_message_is_as_late_as_its_edit() -> None:
    edited = {**SAID, "edit_date": SAID["date"] + 60, "text": "Hi"}

    assert event_data({"update_id": 1, "edited_message": edited}, "a", NOW)["at"] == SAID_AT + timedelta(minutes=1)


def test_a_channel_speaks_for_itself() -> None:
    post = {**SAID, "sender_chat": GROUP, "text": "News"}
    sender = event_data({"update_id": 1, "channel_post": post}, "a", NOW)["sender"]

    assert (sender["id"], sender["user_id"], sender["name"]) == ("-100123", "-100123", "Team")


def test_a_test_says_no_more_than_a_text() -> None:
    data = KIND.example(settings(), {"text": "Hi"}, SAID_AT)

    assert (data["text"], data["sender"]["name"], data["sender"]["id"], data["at"]) == ("Hi", "Ana", "7", SAID_AT)
    assert sorted(data) == list(EVENT_NAMES)
    assert KIND.given(settings(), data) == {"text": "Hi"}


@pytest.mark.parametrize(
    "given", [{}, {"text": "Hi"}, {"data": "yes"}, {"name": "Bilal", "chat": -5}, {"kind": "edited_message"}]
)
def test_what_an_event_was_can_be_said_again(given: dict[str, Any]) -> None:
    wide = settings(updates=["message", "edited_message", "callback_query"])
    data = normalise(KIND.example(wide, given, SAID_AT))

    assert KIND.example(wide, KIND.given(wide, data), SAID_AT) == data


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"data": "yes"}, "the trigger takes no 'callback_query': its updates are message"),
        ({"kind": "massage"}, "the trigger takes no 'massage': its updates are message"),
        ({"txt": "Hi"}, "a message of Telegram's has no 'txt'; did you mean 'text'?"),
        ({"chat": "Ana"}, "this is no update of Telegram's: "),
        ({"update": {"update_id": 3}}, "this is no update of Telegram's: "),
        ({"update": "Hi"}, "this is no update of Telegram's: "),
    ],
)
def test_a_test_that_says_what_cannot_come_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(EventRefused) as refused:
        KIND.example(settings(), given, SAID_AT)
    assert refused.value.message.startswith(message)


def test_a_bot_of_the_box_is_found() -> None:
    assert faults("{bot: shop, updates: [callback_query]}", {"telegram/shop": Outlet()}) == []


def test_an_unknown_bot_is_named() -> None:
    [fault] = faults("{bot: mian}", {"telegram/main": Outlet(), "terminal/main": Outlet()})

    assert "talk.yaml:2:" in fault
    assert "there is no bot 'mian'; did you mean 'main'?" in fault
    assert "box.yaml has main; a bot is an account there: telegram/mian: {token: NAME-OF-A-SECRET}" in fault


def test_without_any_bot_the_usual_name_is_missing() -> None:
    [fault] = faults("", {"terminal/main": Outlet()})

    assert "there is no bot 'main'" in fault
    assert "box.yaml has none" in fault


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ("{updates: []}", "expected a list such as [message, callback_query], got []"),
        ("{updates: message}", "expected a list such as [message, callback_query], got 'message'"),
        ("{updates: [mesage]}", "mesage"),
        ("{bot: telegram/main}", "telegram/main"),
    ],
)
def test_faulty_settings_are_told(trigger: str, message: str) -> None:
    [fault] = faults(trigger, {"telegram/main": Outlet()})

    assert message in fault
