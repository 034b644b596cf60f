"""A mail server that hangs holds its own account, and no other."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.channels.email.servers import Script, scripted
from tests.messaging.outbox_in_memory import HandClock, Outbox

from onebox.messaging.message import Message, MessageState, Priority
from onebox.messaging.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onebox.channels.email.channel import EmailChannel
    from onebox.kernel.ledger import Change

    Make = Callable[..., EmailChannel]


class WatchedOutbox(Outbox):
    """Says when an account has nothing queued any more."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = asyncio.Condition()

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Any]:
        made = await super().commit(changes)
        async with self._kept:
            self._kept.notify_all()
        return made

    async def drained(self, account: str) -> None:
        async with asyncio.timeout(10), self._kept:
            await self._kept.wait_for(lambda: not self._queued(account, Priority.interactive))


def queue(outbox: Outbox, clock: HandClock, account: str, count: int) -> list[Message]:
    made = []
    for number in range(count):
        content = {"subject": "Hello", "text": "Hi"}
        message = Message(f"{account}-{number}", account, f"r{number}@example.org", content, clock.now())
        outbox.rows[message.id] = message
        made.append(message)
    return made


async def test_a_server_that_hangs_holds_its_own_account_alone(make_channel: Make) -> None:
    outbox, clock = WatchedOutbox(), HandClock()
    async with scripted(Script(DATA=None)) as silent, scripted(Script()) as sound:
        channels = {"email/silent": make_channel(silent.port), "email/sound": make_channel(sound.port)}
        senders = [
            Sender(account=name, channel=channel, reader=outbox, ledger=outbox, clock=clock)
            for name, channel in channels.items()
        ]
        held = queue(outbox, clock, "email/silent", 3)
        gone = queue(outbox, clock, "email/sound", 5)
        running = [asyncio.create_task(sender.run()) for sender in senders]
        await silent.silent.wait()
        await outbox.drained("email/sound")
        states = [message.state for message in held]
        for sender in senders:
            await sender.stop(within=timedelta(0))
        await asyncio.gather(*running)

    assert {MessageState.sent} == {message.state for message in gone}
    assert {MessageState.queued} == set(states)


async def test_a_letter_that_cannot_be_made_fails_alone(make_channel: Make) -> None:
    outbox, clock = WatchedOutbox(), HandClock()
    async with scripted(Script()) as script:
        failed: list[str] = []

        async def hear(_message: Message, outcome: object) -> None:
            failed.append(getattr(outcome, "kind", ""))

        sender = Sender(
            account="email/desk",
            channel=make_channel(script.port),
            reader=outbox,
            ledger=outbox,
            clock=clock,
            on_failed=hear,
        )
        messages = queue(outbox, clock, "email/desk", 3)
        messages[1].content = {"subject": "x", "text": 7}
        running = asyncio.create_task(sender.run())
        await outbox.drained("email/desk")
        await sender.stop()
        await running

    assert [message.state for message in messages] == [MessageState.sent, MessageState.failed, MessageState.sent]
    assert (failed, messages[1].error) == (["invalid"], "send: text must be a text, got 7")
