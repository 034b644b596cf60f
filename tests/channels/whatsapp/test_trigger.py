from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.whatsapp import ANA_ID, message, value

from onebox.channels.whatsapp.incoming import EVENT_NAMES
from onebox.channels.whatsapp.trigger import WhatsappSettings, whatsapp_trigger
from onebox.channels.whatsapp.updates import post_of
from onebox.flows.kinds import EventRefused

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
KIND = whatsapp_trigger({"whatsapp/main": None, "telegram/main": None})
SETTINGS = WhatsappSettings()


def example(**given: Any) -> Any:
    assert KIND.example is not None
    return KIND.example(SETTINGS, given, AT)


def test_messages_and_presses_of_the_main_number_are_meant() -> None:
    assert KIND.topic("booking", SETTINGS) == "whatsapp.main"
    [(name, match)] = SETTINGS.where.items()
    assert name == "kind"
    assert "press" in repr(match)


def test_a_number_that_is_no_account_is_told() -> None:
    assert KIND.fault is not None
    assert KIND.fault(SETTINGS) is None
    assert KIND.fault(WhatsappSettings(number="mian")) == (
        "number",
        "there is no account whatsapp/… of the name 'mian'; did you mean 'main'?",
    )


def test_the_whole_name_is_not_written_in_a_flow() -> None:
    with pytest.raises(ValueError, match="write what follows whatsapp/: main"):
        WhatsappSettings(number="whatsapp/main")


def test_an_example_is_a_message_of_anas_or_her_press() -> None:
    text, press = example(text="Hello"), example(choice="yes")

    assert text.keys() == set(EVENT_NAMES)
    assert (text["kind"], text["text"], text["sender"]["name"], text["at"]) == ("message", "Hello", "Ana", AT)
    assert (press["kind"], press["choice"], press["pressed"]) == ("press", "yes", True)
    assert example(sender={"name": "Bo"})["sender"]["name"] == "Bo"
    with pytest.raises(EventRefused, match="'texd'"):
        example(texd="Hello")


@pytest.mark.parametrize(
    "sent",
    [
        message(),
        message("interactive", {"type": "list_reply", "list_reply": {"id": "9", "title": "9:00"}}),
        message("image", {"id": "m1", "caption": "Look"}),
        message("location", {"latitude": 52.5, "longitude": 13}),
    ],
    ids=lambda sent: str(sent["type"]),
)
def test_what_came_can_be_made_again_from_what_is_recorded(sent: dict[str, Any]) -> None:
    data = post_of(sent, value(messages=[sent]), account="whatsapp/main", now=AT).data
    assert KIND.given is not None
    again = example(**KIND.given(SETTINGS, data))

    same = ("kind", "text", "choice", "pressed", "media", "location")
    assert {name: again[name] for name in same} == {name: data[name] for name in same}
    assert again["sender"]["user_id"] == ANA_ID
