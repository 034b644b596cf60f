from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.messaging.outbox_in_memory import NOON, FakeChannel, Outbox, Stage, passing, permanent

from onebox.kernel.ledger import StorageClosed, StorageFull
from onebox.messaging.channel import Pace, Rate
from onebox.messaging.message import MessageState
from onebox.messaging.patience import Patience


def ids(outbox: Outbox, recipient: str) -> list[str]:
    return [row.id for row in outbox.rows.values() if row.recipient == recipient]


async def test_everything_goes_out_and_is_marked() -> None:
    async with Stage() as stage:
        messages = stage.outbox.queue("ana", "ben", "ana")
        await stage.settle()
        assert {MessageState.sent} == {stage.outbox.state(message) for message in messages}
        assert stage.outbox.receipts["m00000"] == {"id": "r-m00000"}


async def test_each_recipient_gets_its_messages_in_order() -> None:
    async with Stage() as stage:
        stage.outbox.queue(*(["ana", "ben", "cem"] * 40))
        await stage.settle()
        for recipient in ("ana", "ben", "cem"):
            expected = ids(stage.outbox, recipient)
            assert expected == [sent for sent in stage.channel.delivered if sent in set(expected)]


async def test_one_message_of_a_recipient_is_out_at_a_time() -> None:
    async with Stage() as stage:
        stage.channel.gates["ana"] = asyncio.Event()
        stage.outbox.queue("ana", "ana", "ana")
        await stage.settle()
        assert stage.channel.under_way == 1
        stage.channel.gates["ana"].set()
        await stage.settle()
        assert stage.channel.most_under_way == 1
        assert len(stage.channel.delivered) == 3


async def test_a_slow_recipient_holds_no_other() -> None:
    async with Stage(FakeChannel(Pace(per_second=10_000, burst=10_000, parallel=2))) as stage:
        stage.channel.gates["slow"] = asyncio.Event()
        stage.outbox.queue("slow", *(["ana", "ben"] * 50))
        await stage.settle()
        assert len(stage.channel.delivered) == 100
        stage.channel.gates["slow"].set()
        await stage.settle()
        assert len(stage.channel.delivered) == 101


async def test_a_flooded_recipient_does_not_keep_another_waiting() -> None:
    async with Stage(FakeChannel(Pace(per_second=10_000, burst=10_000, parallel=2))) as stage:
        stage.outbox.queue(*(["flood"] * 2000))
        [late] = stage.outbox.queue("ana")
        stage.start()
        await stage.until(lambda: stage.outbox.state(late) is MessageState.sent)
        assert stage.channel.delivered.index(late.id) < 40


async def test_no_more_go_at_once_than_the_channel_allows() -> None:
    async with Stage(FakeChannel(Pace(per_second=10_000, burst=10_000, parallel=3))) as stage:
        stage.outbox.queue(*(f"r{number}" for number in range(50)))
        await stage.settle()
        assert stage.channel.most_under_way == 3
        assert len(stage.channel.delivered) == 50


async def test_the_pace_is_kept() -> None:
    async with Stage(FakeChannel(Pace(per_second=2, burst=3, parallel=16))) as stage:
        stage.outbox.queue(*(f"r{number}" for number in range(10)))
        await stage.settle()
        assert len(stage.channel.delivered) == 3
        stage.clock.move(seconds=1)
        await stage.settle()
        assert len(stage.channel.delivered) == 5


def one_a_second_to_each(per_second: float = 1_000, parallel: int = 16) -> FakeChannel:
    each = [Rate(per_second=1, burst=2)]
    return FakeChannel(Pace(per_second=per_second, burst=1_000, parallel=parallel, each=lambda _recipient: each))


async def test_each_recipient_is_written_to_at_its_own_pace() -> None:
    async with Stage(one_a_second_to_each()) as stage:
        stage.outbox.queue(*(["ana"] * 5), *(["ben"] * 2), "ana")
        await stage.settle()
        assert sorted(stage.channel.delivered) == ["m00000", "m00001", "m00005", "m00006"]
        stage.clock.move(seconds=0.9)
        await stage.settle()
        assert len(stage.channel.delivered) == 4
        for expected in (5, 6, 7, 8, 8):
            stage.clock.move(seconds=1)
            await stage.settle()
            assert len(stage.channel.delivered) == expected
        assert ids(stage.outbox, "ana") == [
            sent for sent in stage.channel.delivered if sent not in {"m00005", "m00006"}
        ]


async def test_who_rests_counts_no_attempt_and_writes_nothing() -> None:
    async with Stage(one_a_second_to_each()) as stage:
        messages = stage.outbox.queue(*(["ana"] * 3))
        await stage.settle()
        assert (messages[2].state, messages[2].attempts, messages[2].due_at) == (MessageState.queued, 0, None)


async def test_who_rests_takes_nothing_of_the_account_s_pace() -> None:
    channel = one_a_second_to_each(per_second=2)
    async with Stage(channel) as stage:
        stage.outbox.queue(*(["ana"] * 2000))
        await stage.settle()
        assert len(channel.delivered) == 2
        stage.outbox.queue(*(f"r{number}" for number in range(998)))
        await stage.settle()
        assert len(channel.delivered) == 1000


async def test_a_message_that_comes_during_a_rest_waits_for_its_end() -> None:
    async with Stage(one_a_second_to_each()) as stage:
        stage.outbox.queue("ana", "ana")
        await stage.settle()
        [late] = stage.outbox.queue("ana")
        await stage.settle()
        assert late.state is MessageState.queued
        stage.clock.move(seconds=1.1)
        await stage.settle()
        assert stage.outbox.state(late) is MessageState.sent


async def test_a_slow_delivery_is_counted_from_its_end() -> None:
    async with Stage(one_a_second_to_each()) as stage:
        stage.channel.gates["ana"] = asyncio.Event()
        stage.outbox.queue(*(["ana"] * 3))
        await stage.settle()
        stage.clock.move(seconds=30)  # the channel may have counted it at any time of these
        stage.channel.gates["ana"].set()
        await stage.settle()
        assert len(stage.channel.delivered) == 2
        stage.clock.move(seconds=1.1)
        await stage.settle()
        assert len(stage.channel.delivered) == 3


async def test_the_sender_wakes_by_itself_when_a_rest_is_over() -> None:
    async with Stage(one_a_second_to_each()) as stage:
        stage.outbox.queue("ana", "ana", "ana")
        await stage.settle()
        assert 0.9 < stage.sender._idle_time() < 1.1


async def test_a_passing_failure_parks_its_recipient_alone() -> None:
    async with Stage() as stage:
        stage.channel.answers["ana"] = passing(retry_after=30)
        parked, _, behind = stage.outbox.queue("ana", "ben", "ana")
        await stage.settle()
        assert stage.channel.delivered == ["m00000", "m00001"]
        assert (parked.attempts, parked.error) == (1, "busy")
        assert behind.state is MessageState.queued


async def test_retry_after_is_obeyed_exactly() -> None:
    async with Stage() as stage:
        stage.channel.answers["ana"] = passing(retry_after=30)
        [message] = stage.outbox.queue("ana")
        await stage.settle()
        assert message.due_at == NOON + timedelta(seconds=30)
        stage.channel.answers.clear()
        stage.clock.move(seconds=29.9)
        await stage.settle()
        assert stage.outbox.state(message) is MessageState.queued
        stage.clock.move(seconds=0.1)
        await stage.settle()
        assert message.state is MessageState.sent


async def test_nothing_is_held_for_those_who_wait() -> None:
    async with Stage() as stage:
        names = [f"r{number}" for number in range(700)]
        stage.channel.answers = {name: passing("down") for name in names}
        stage.outbox.queue(*names)
        await stage.settle()
        before = len(asyncio.all_tasks())
        assert len(stage.channel.delivered) == 700
        assert before <= 2  # this test, and the sender


async def test_a_permanent_failure_is_marked_at_once_and_told() -> None:
    async with Stage() as stage:
        stage.channel.answers["ana"] = permanent()
        [message] = stage.outbox.queue("ana")
        await stage.settle()
        assert message.state is MessageState.failed
        assert [(message.id, "no such chat", "bounced")] == stage.told


async def test_after_a_permanent_failure_the_next_message_goes() -> None:
    async with Stage() as stage:
        stage.channel.answers["ana"] = permanent()
        stage.outbox.queue("ana", "ana")
        await stage.settle()
        assert stage.channel.delivered == ["m00000", "m00001"]


async def test_it_gives_up_after_the_last_attempt() -> None:
    async with Stage(patience=Patience(attempts=3)) as stage:
        stage.channel.answers["ana"] = passing("busy")
        [message] = stage.outbox.queue("ana")
        for _ in range(5):
            await stage.settle()
            stage.clock.move(hours=2)
        assert len(stage.channel.delivered) == 3
        assert message.state is MessageState.failed
        assert [(message.id, "busy (gave up after 3 attempts)", "failed")] == stage.told


async def test_an_unexpected_error_of_a_channel_is_a_passing_failure() -> None:
    async with Stage() as stage:
        stage.channel.answers["ana"] = KeyError("chat")
        [broken, sound] = stage.outbox.queue("ana", "ben")
        await stage.settle()
        assert broken.error == "fake/main failed unexpectedly: KeyError: 'chat'"
        assert sound.state is MessageState.sent


async def test_a_channel_that_never_answers_is_given_up_on() -> None:
    async with Stage(delivery_limit=timedelta(0)) as stage:
        stage.channel.gates["ana"] = asyncio.Event()
        [message] = stage.outbox.queue("ana")
        await stage.settle()
        assert message.error == "fake/main gave no answer within 0 s"


async def test_while_the_disk_is_full_nothing_more_is_sent() -> None:
    async with Stage(FakeChannel(Pace(per_second=10_000, burst=10_000, parallel=1))) as stage:
        stage.outbox.refusal = StorageFull("no room")
        stage.outbox.queue("ana", "ana", "ben", "cem")
        await stage.settle()
        sent_before = list(stage.channel.delivered)
        assert 1 <= len(sent_before) <= 2  # what was handed over before the first refusal came back
        stage.outbox.refusal = None
        stage.pause_over.set()
        await stage.settle()
        assert sorted(stage.outbox.rows) == sorted(stage.channel.delivered)
        assert {MessageState.sent} == {row.state for row in stage.outbox.rows.values()}


async def test_a_mark_that_failed_is_tried_again_without_sending_again() -> None:
    async with Stage() as stage:
        stage.outbox.refusal = OSError("the database went away")
        [message] = stage.outbox.queue("ana")
        await stage.settle()
        stage.outbox.refusal = None
        stage.pause_over.set()
        await stage.settle()
        assert [message.id] == stage.channel.delivered
        assert message.state is MessageState.sent


async def test_storage_that_was_closed_for_a_while_ends_no_sender() -> None:
    async with Stage() as stage:
        stage.outbox.refusal = StorageClosed("the database is away")
        first, second = stage.outbox.queue("ana", "ana")
        await stage.settle()
        assert stage.channel.delivered == [first.id]
        stage.outbox.refusal = None
        stage.pause_over.set()
        await stage.settle()
        assert stage.channel.delivered == [first.id, second.id]


async def test_what_was_sent_but_not_marked_goes_again_with_its_id() -> None:
    async with Stage() as crashed:
        crashed.outbox.refusal = StorageClosed("crash")
        crashed.outbox.queue("ana")
        await crashed.settle()
    async with Stage() as restarted:
        restarted.outbox.rows = crashed.outbox.rows
        await restarted.settle()
        assert crashed.channel.delivered == restarted.channel.delivered == ["m00000"]


async def test_stopping_finishes_what_is_under_way() -> None:
    stage = Stage()
    stage.channel.gates["ana"] = asyncio.Event()
    under_way, behind = stage.outbox.queue("ana", "ana")
    await stage.settle()
    stopping = asyncio.create_task(stage.sender.stop(within=timedelta(minutes=1)))
    await asyncio.sleep(0)
    stage.channel.gates["ana"].set()
    await stopping
    assert (MessageState.sent, MessageState.queued) == (under_way.state, behind.state)
    assert stage.channel.closed


async def test_stopping_cancels_what_does_not_finish() -> None:
    stage = Stage()
    stage.channel.gates["ana"] = asyncio.Event()
    [message] = stage.outbox.queue("ana")
    await stage.settle()
    await stage.stop()
    assert message.state is MessageState.queued
    assert (stage.channel.under_way, stage.channel.closed) == (0, True)


async def test_a_sender_that_never_ran_can_be_stopped() -> None:
    stage = Stage()
    await stage.stop()
    assert stage.channel.closed


async def test_messages_of_other_accounts_are_left_alone() -> None:
    async with Stage() as stage:
        [foreign] = stage.outbox.queue("ana", account="fake/other")
        await stage.settle()
        assert foreign.state is MessageState.queued


async def test_many_messages_take_few_reads() -> None:
    async with Stage() as stage:
        stage.outbox.queue(*(f"r{number % 100}" for number in range(2000)))
        stage.start()
        await stage.until(lambda: len(stage.channel.delivered) == 2000, turns=20_000)
        assert len(stage.channel.delivered) == 2000
        assert stage.outbox.reads < 60
