"""Port suite: the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.storage.rows import NOON, after, message

from onebox.flows.records import SentMessage
from onebox.messaging.message import MarkFailed, MarkRetried, MarkSent, MessageState, Priority, QueueMessage
from onebox.messaging.outbox import Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.storage.conftest import Kept

ACCOUNT = "terminal/main"
INTERACTIVE = Priority.interactive


async def waiting(kept: Kept, now: datetime = NOON, busy: Sequence[str] = (), limit: int = 9) -> list[str]:
    return [
        found.id
        for found in (await kept.read.waiting(ACCOUNT, priority=INTERACTIVE, now=now, busy=busy, limit=limit)).messages
    ]


async def queue(kept: Kept, *recipients: str) -> None:
    await kept(*[QueueMessage(message(f"m{number}", who)) for number, who in enumerate(recipients, start=1)])


async def test_message_comes_back_as_it_was(kept: Kept) -> None:
    given = message(run_id="r1", step="greet", due_at=NOON, content={"text": "hi", "file": b"\0"})
    await kept(QueueMessage(given))
    assert await kept.read.waiting(ACCOUNT, priority=INTERACTIVE, now=NOON, busy=(), limit=9) == Waiting([given], None)


async def test_oldest_come_first_up_to_the_limit(kept: Kept) -> None:
    await queue(kept, "ana", "ana", "bo")
    assert await waiting(kept, limit=2) == ["m1", "m2"]


async def test_busy_recipients_are_left_out(kept: Kept) -> None:
    await queue(kept, "ana", "bo", "ana", "it's")
    assert await waiting(kept, busy=["ana", "it's"]) == ["m2"]


async def test_other_accounts_are_left_out(kept: Kept) -> None:
    await kept(QueueMessage(message("m1", account="webhook/main")), QueueMessage(message("m2")))
    assert await waiting(kept) == ["m2"]


async def test_message_that_is_not_due_holds_its_recipient_alone(kept: Kept) -> None:
    await queue(kept, "ana", "ana", "bo", "ana")
    await kept(MarkRetried("m2", after(minutes=1), "timeout"))
    found = await kept.read.waiting(ACCOUNT, priority=INTERACTIVE, now=NOON, busy=(), limit=9)
    assert [one.id for one in found.messages] == ["m1", "m3"]
    assert found.next_due == after(minutes=1)


async def test_retried_message_is_due_again(kept: Kept) -> None:
    await queue(kept, "ana", "ana")
    await kept(MarkRetried("m1", after(minutes=1), "timeout"))
    found = await kept.read.waiting(ACCOUNT, priority=INTERACTIVE, now=after(minutes=1), busy=(), limit=9)
    assert [(one.id, one.attempts, one.error) for one in found.messages] == [("m1", 1, "timeout"), ("m2", 0, None)]
    assert found.next_due is None


async def test_sent_message_keeps_its_receipt(kept: Kept) -> None:
    await queue(kept, "ana", "ana")
    await kept(MarkSent("m1", after(seconds=1), {"message_id": 7}))
    assert await waiting(kept) == ["m2"]
    [_, first] = await kept.read.list_messages()
    sent = message("m1", state=MessageState.sent, attempts=1)
    assert first == SentMessage(sent, after(seconds=1), {"message_id": 7})


async def test_failed_message_keeps_its_error(kept: Kept) -> None:
    await queue(kept, "ana")
    await kept(MarkFailed("m1", after(seconds=1), "blocked\0 by \ud800"))
    assert await waiting(kept) == []
    [found] = await kept.read.list_messages(state=MessageState.failed)
    assert found.ended_at == after(seconds=1)
    assert "blocked" in (found.message.error or "")


async def test_ended_message_is_not_marked_again(kept: Kept) -> None:
    await queue(kept, "ana")
    await kept(MarkSent("m1", NOON))
    await kept(MarkFailed("m1", NOON, "late"), MarkRetried("m1", NOON, "late"))
    [found] = await kept.read.list_messages()
    assert (found.message.state, found.message.attempts) == (MessageState.sent, 1)


async def test_messages_are_listed_newest_first(kept: Kept) -> None:
    await queue(kept, "ana", "bo", "cy")
    await kept(QueueMessage(message("m4", account="webhook/main")))
    listed = await kept.read.list_messages(account=ACCOUNT, limit=2, before="m3")
    assert [found.message.id for found in listed] == ["m2", "m1"]
