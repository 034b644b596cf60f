"""Answers go before reminders, and these before broadcasts; who refuses is parked, and nobody else."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.messaging.outbox_in_memory import NOON, FakeChannel, Stage, passing

from onebox.kernel.ledger import StorageFull
from onebox.messaging.channel import Pace, Rate
from onebox.messaging.message import MessageState, Priority

SLOW = Pace(per_second=10, burst=10, parallel=8)


async def test_an_answer_overtakes_a_broadcast() -> None:
    async with Stage(FakeChannel(SLOW)) as stage:
        stage.outbox.queue(*(f"r{number}" for number in range(500)), priority=Priority.broadcast)
        await stage.settle()
        [answer] = stage.outbox.queue("ana")
        stage.clock.move(seconds=0.1)
        await stage.settle()
        assert stage.outbox.state(answer) is MessageState.sent


async def test_a_broadcast_leaves_room_for_a_burst_of_answers() -> None:
    async with Stage(FakeChannel(SLOW)) as stage:
        stage.outbox.queue(*(f"r{number}" for number in range(500)), priority=Priority.broadcast)
        await stage.settle()
        sent_of_broadcast = len(stage.channel.delivered)
        answers = stage.outbox.queue("ana", "ben", "cem", "dan")
        await stage.settle()
        assert sent_of_broadcast == 6
        assert {stage.outbox.state(answer) for answer in answers} == {MessageState.sent}


async def test_slow_deliveries_of_a_broadcast_leave_a_place_for_an_answer() -> None:
    async with Stage(FakeChannel(Pace(per_second=1000, burst=1000, parallel=4))) as stage:
        names = [f"r{number}" for number in range(50)]
        stage.channel.gates = {name: asyncio.Event() for name in names}
        stage.outbox.queue(*names, priority=Priority.broadcast)
        await stage.settle()
        [answer] = stage.outbox.queue("ana")
        await stage.settle()
        assert stage.outbox.state(answer) is MessageState.sent
        for gate in stage.channel.gates.values():
            gate.set()


async def test_one_message_of_a_recipient_is_out_at_a_time_whatever_their_priorities() -> None:
    async with Stage() as stage:
        stage.channel.gates["ana"] = asyncio.Event()
        [bulk] = stage.outbox.queue("ana", priority=Priority.broadcast)
        await stage.settle()
        [answer] = stage.outbox.queue("ana")
        await stage.settle()
        assert stage.channel.under_way == 1
        stage.channel.gates["ana"].set()
        await stage.settle()
        assert stage.channel.delivered == [bulk.id, answer.id]


async def test_a_signal_waits_for_no_pace() -> None:
    pace = Pace(per_second=1, burst=1, parallel=1, each=lambda _who: [Rate(per_second=0.1, burst=1)])
    async with Stage(FakeChannel(pace)) as stage:
        stage.outbox.queue("ana", "ana")
        await stage.settle()
        [signal] = stage.outbox.queue("press:1", priority=Priority.signal)
        await stage.settle()
        assert stage.outbox.state(signal) is MessageState.sent


async def test_a_signal_that_fails_is_told_to_nobody_and_given_up_in_time() -> None:
    async with Stage() as stage:
        stage.channel.answers["press:1"] = passing()
        [signal] = stage.outbox.queue("press:1", priority=Priority.signal)
        for _ in range(8):
            await stage.settle()
            stage.clock.move(minutes=1)
        assert stage.outbox.state(signal) is MessageState.failed
        assert stage.told == []


async def test_a_refusal_parks_its_recipient_alone_for_as_long_as_was_asked() -> None:
    async with Stage() as stage:
        stage.channel.answers["ana"] = passing(retry_after=28)
        [refused] = stage.outbox.queue("ana")
        await stage.settle()
        stage.channel.answers.clear()
        [behind] = stage.outbox.queue("ana", priority=Priority.reminder)
        [other] = stage.outbox.queue("ben")
        await stage.settle()
        assert stage.outbox.state(other) is MessageState.sent
        stage.clock.move(seconds=27.9)
        await stage.settle()
        assert stage.outbox.state(behind) is MessageState.queued
        stage.clock.move(seconds=0.1)
        await stage.settle()
        assert {stage.outbox.state(message) for message in (refused, behind)} == {MessageState.sent}


async def test_refusals_of_several_together_park_the_account_for_as_long_as_was_asked() -> None:
    async with Stage() as stage:
        stage.channel.answers = {name: passing(retry_after=5) for name in ("ana", "ben")}
        stage.outbox.queue("ana", "ben")
        await stage.settle()
        stage.channel.answers.clear()
        [other] = stage.outbox.queue("cem")
        stage.clock.move(seconds=4.9)
        await stage.settle()
        assert stage.outbox.state(other) is MessageState.queued
        stage.clock.move(seconds=5.2)
        await stage.settle()
        assert stage.outbox.state(other) is MessageState.sent


async def test_what_was_held_of_a_broadcast_is_forgotten_when_it_changes() -> None:
    async with Stage(FakeChannel(SLOW)) as stage:
        waiting = stage.outbox.queue(*(f"r{number}" for number in range(50)), priority=Priority.broadcast)
        await stage.settle()
        for message in waiting:
            if message.state is MessageState.queued:
                message.state = MessageState.paused
        stage.sender.forget(Priority.broadcast)
        before = len(stage.channel.delivered)
        stage.clock.move(seconds=30)
        await stage.settle()
        assert len(stage.channel.delivered) == before


async def test_what_is_handed_over_is_marked_before_and_not_after() -> None:
    async with Stage(marks=True) as stage:
        stage.channel.gates["ana"] = asyncio.Event()
        [message] = stage.outbox.queue("ana")
        await stage.settle()
        handed = message.handed_at
        assert handed == NOON
        stage.channel.gates["ana"].set()
        await stage.settle()
        assert (message.doubt, message.state) == (0, MessageState.sent)
        [after] = [row.handed_at for row in stage.outbox.rows.values()]
        assert after is None


async def test_one_that_was_handed_over_in_an_earlier_life_goes_again_in_doubt() -> None:
    async with Stage(marks=True) as stage:
        [message] = stage.outbox.queue("ana")
        message.handed_at = NOON - timedelta(minutes=1)
        await stage.settle()
        assert (message.doubt, message.state) == (1, MessageState.sent)


async def test_one_in_doubt_is_left_where_the_settings_say_so() -> None:
    async with Stage(marks=True, leaves_unsure=True) as stage:
        [message] = stage.outbox.queue("ana")
        message.handed_at = NOON - timedelta(minutes=1)
        await stage.settle()
        assert (message.doubt, message.state) == (1, MessageState.failed)
        assert [kind for _, _, kind in stage.told] == ["uncertain"]
        assert stage.channel.delivered == []


async def test_a_message_that_a_status_failed_meanwhile_is_told_of() -> None:
    async with Stage() as stage:
        [message] = stage.outbox.queue("ana")
        stage.outbox.told_before[message.id] = "131026: not on WhatsApp"
        await stage.settle()
        assert stage.told == [(message.id, "131026: not on WhatsApp", "failed")]


async def test_it_is_told_of_even_where_the_disk_is_full_just_then_and_the_recipient_goes_on() -> None:
    async with Stage() as stage:
        stage.deaf_for = [StorageFull("no room"), RuntimeError("a bug")]
        [message, next_one] = stage.outbox.queue("ana", "ana")
        stage.outbox.told_before[message.id] = "131026: not on WhatsApp"
        stage.pause_over.set()
        await stage.settle()
        assert stage.pauses == [10, 1]
        assert stage.told == [(message.id, "131026: not on WhatsApp", "failed")]
        assert stage.outbox.state(next_one) is MessageState.sent


async def test_a_lost_answer_is_counted_as_doubt() -> None:
    async with Stage(marks=True) as stage:
        lost = passing("no answer")
        lost.uncertain = True
        stage.channel.answers["ana"] = lost
        [message] = stage.outbox.queue("ana")
        await stage.settle()
        stage.channel.answers.clear()
        stage.clock.move(minutes=1)
        await stage.settle()
        assert (message.doubt, message.state) == (1, MessageState.sent)
