"""What a flow hears of a message that could not be delivered."""

from __future__ import annotations

from random import Random

from tests.channels.messages import NOW, StoppedClock, message

from onebox.app.senders import failed_message_event
from onebox.kernel.ids import Ids
from onebox.messaging.message import MarkFailed


def test_the_event_says_why_in_a_word_and_in_a_sentence() -> None:
    clock = StoppedClock()
    failed = MarkFailed("m1", NOW, "mail.example.org refused the recipient", "bounced")
    event = failed_message_event(message("ana"), failed, clock, Ids(clock, Random(1).randbytes))

    assert (event.topic, event.key) == ("message.failed", "m1")
    assert event.data == {
        "message": {"id": "m1", "account": "fake/main", "recipient": "ana", "content": {"text": "Hi"}, "run": None},
        "reason": "mail.example.org refused the recipient",
        "kind": "bounced",
    }
