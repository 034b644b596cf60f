"""Port suite: conversations, people, statuses of messages, broadcasts, and questions that wait in a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from tests.storage.rows import NOON, after, event, message, run, started

from onebox.flows.run import AwaitEvent, ParkRun, Prune, StartRun
from onebox.messaging.broadcast import Broadcast, BroadcastState, SetBroadcastState, StartBroadcast
from onebox.messaging.conversation import (
    Conversation,
    Heard,
    MarkGone,
    MeetPerson,
    MergePeople,
    OfferChoices,
    Person,
    RememberState,
)
from onebox.messaging.event import GiveVerdict, StoreEvent
from onebox.messaging.message import MarkHanded, MarkRetried, MarkSent, NoteStatus, Priority, QueueMessage
from onebox.storage.opening import Storage, open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.storage.conftest import Kept

ACCOUNT = "telegram/main"


@pytest_asyncio.fixture
async def storage(database: Path | str) -> AsyncIterator[Storage]:
    """An open box without rows, on each database."""
    opened = await open_storage(database, own=True)
    yield opened
    await opened.close()


async def talk(storage: Storage) -> Conversation:
    return (await storage.reader.known(ACCOUNT, ["7"], [])).conversations["7"]


# --- conversations


async def test_what_is_known_of_a_chat_comes_back(storage: Storage) -> None:
    await storage.ledger.commit(
        [
            Heard(ACCOUNT, "7", NOON, "m1", "p-ana"),
            OfferChoices(ACCOUNT, "7", [("y", "Yes\0"), ("n", "No")], NOON),
            RememberState(ACCOUNT, "7", {"step": "day", "at": NOON}),
        ]
    )
    assert await talk(storage) == Conversation(
        ACCOUNT, "7", "p-ana", NOON, "m1", None, [("y", "Yes␀"), ("n", "No")], NOON, {"step": "day", "at": NOON}
    )


async def test_a_message_that_came_earlier_does_not_turn_the_clock_back(storage: Storage) -> None:
    await storage.ledger.commit([Heard(ACCOUNT, "7", after(minutes=1), "m2"), Heard(ACCOUNT, "7", NOON, "m1")])
    found = await talk(storage)
    assert (found.heard_at, found.heard_id) == (after(minutes=1), "m2")


async def test_who_is_gone_is_there_again_when_heard(storage: Storage) -> None:
    await storage.ledger.commit([Heard(ACCOUNT, "7", NOON), MarkGone(ACCOUNT, "7", NOON), MarkGone(ACCOUNT, "8", NOON)])
    assert await storage.reader.gone(ACCOUNT, ["7", "8", "9"]) == {"7", "8"}
    assert await storage.reader.reachable(ACCOUNT) == []
    await storage.ledger.commit([Heard(ACCOUNT, "7", after(minutes=1))])
    assert await storage.reader.gone(ACCOUNT, ["7", "8"]) == {"8"}
    assert await storage.reader.reachable(ACCOUNT) == ["7"]


async def test_state_is_merged_and_null_takes_a_value_away(storage: Storage) -> None:
    await storage.ledger.commit([RememberState(ACCOUNT, "7", {"a": 1, "b": 2})])
    await storage.ledger.commit([RememberState(ACCOUNT, "7", {"b": None, "c": [3]})])
    assert (await talk(storage)).state == {"a": 1, "c": [3]}


async def test_a_person_is_known_on_two_accounts_once_they_are_merged(storage: Storage) -> None:
    ana, anna = Person("p-1", "Ana", language="uk"), Person("p-2", "Anna", phone="+4930123456")
    await storage.ledger.commit(
        [
            MeetPerson(ana, ACCOUNT, "7", NOON),
            MeetPerson(anna, "whatsapp/main", "u-1", NOON),
            Heard("whatsapp/main", "4930123456", NOON, None, "p-2"),
            MergePeople("p-1", "p-2"),
        ]
    )
    both = Person("p-1", "Ana", None, "uk", "+4930123456")
    assert (await storage.reader.known(ACCOUNT, [], ["7", "8"])).people == {"7": both}
    there = await storage.reader.known("whatsapp/main", ["4930123456"], ["u-1"])
    assert there.people == {"u-1": both}
    assert there.conversations["4930123456"].person_id == "p-1"


async def test_what_a_person_does_not_say_again_is_kept(storage: Storage) -> None:
    await storage.ledger.commit([MeetPerson(Person("p-1", "Ana", phone="+4930123456"), ACCOUNT, "7", NOON)])
    await storage.ledger.commit([MeetPerson(Person("p-1", "Ana B."), ACCOUNT, "7", NOON)])
    found = await storage.reader.known(ACCOUNT, [], ["7"])
    assert found.people["7"] == Person("p-1", "Ana B.", phone="+4930123456")


# --- messages


async def test_a_status_never_goes_back(storage: Storage) -> None:
    await storage.ledger.commit([QueueMessage(message("m1", account=ACCOUNT)), MarkSent("m1", NOON, {"message_id": 5})])
    for status in ("read", "delivered", "sent"):
        await storage.ledger.commit([NoteStatus(ACCOUNT, "5", status, NOON)])
    assert await storage.reader.statuses(ACCOUNT, ["5"]) == {"5": ("read", NOON)}


async def test_a_failed_status_fails_its_message_once(storage: Storage) -> None:
    await storage.ledger.commit([QueueMessage(message("m1", account=ACCOUNT)), MarkSent("m1", NOON, {"message_id": 5})])
    failed = NoteStatus(ACCOUNT, "5", "failed", NOON, "131026: not on WhatsApp")
    assert await storage.ledger.commit([failed, failed]) == ["m1", None]
    found = await storage.reader.message("m1")
    assert found is not None
    assert (found.state, found.error) == ("failed", "131026: not on WhatsApp")


async def test_a_failed_status_that_comes_before_its_message_is_marked_fails_it_all_the_same(storage: Storage) -> None:
    await storage.ledger.commit([NoteStatus(ACCOUNT, "5", "failed", NOON, "no")])
    queued, sent = QueueMessage(message("m1", account=ACCOUNT)), MarkSent("m1", NOON, {"message_id": 5})
    assert await storage.ledger.commit([queued, sent]) == [None, "no"]
    found = await storage.reader.message("m1")
    assert found is not None
    assert (found.state, found.error) == ("failed", "no")


async def test_what_was_handed_over_is_seen_in_the_next_life(kept: Kept) -> None:
    await kept(QueueMessage(message("m1")), QueueMessage(message("m2", "bo")), MarkHanded(["m1"], NOON))
    found = await kept.read.waiting("terminal/main", priority=Priority.interactive, now=NOON, busy=(), limit=9)
    assert [one.handed_at for one in found.messages] == [NOON, None]
    await kept(MarkRetried("m1", NOON, "it may have arrived", doubtful=True))
    found = await kept.read.waiting("terminal/main", priority=Priority.interactive, now=NOON, busy=(), limit=9)
    assert [(one.handed_at, one.doubt) for one in found.messages] == [(None, 1), (None, 0)]


async def test_priorities_are_read_apart(kept: Kept) -> None:
    await kept(QueueMessage(message("m1", priority=Priority.broadcast)), QueueMessage(message("m2")))
    for priority, expected in ((Priority.interactive, ["m2"]), (Priority.broadcast, ["m1"])):
        found = await kept.read.waiting("terminal/main", priority=priority, now=NOON, busy=(), limit=9)
        assert [one.id for one in found.messages] == expected


async def test_the_receipt_of_a_message_can_be_asked_for(storage: Storage) -> None:
    await storage.ledger.commit([QueueMessage(message("m1")), MarkSent("m1", NOON, {"message_id": 5})])
    assert await storage.reader.receipt("m1") == {"message_id": 5}
    assert await storage.reader.receipt("m2") is None


# --- broadcasts


def begun(*recipients: str) -> StartBroadcast:
    waiting = [
        message(f"m{number}", who, account=ACCOUNT, priority=Priority.broadcast, broadcast="b1")
        for number, who in enumerate(recipients, start=1)
    ]
    return StartBroadcast(Broadcast("b1", ACCOUNT, {"text": "Hi"}, "ana", NOON, skipped=1), waiting)


async def waiting_of(storage: Storage) -> list[str]:
    found = await storage.reader.waiting(ACCOUNT, priority=Priority.broadcast, now=NOON, busy=(), limit=9)
    return [one.id for one in found.messages]


async def test_a_broadcast_leaves_out_who_is_gone(storage: Storage) -> None:
    await storage.ledger.commit([MarkGone(ACCOUNT, "8", NOON)])
    assert await storage.ledger.commit([begun("7", "8", "9")]) == [2]
    found = await storage.reader.broadcast("b1")
    assert found is not None
    assert (found.total, found.skipped, found.counts, found.done) == (2, 2, {"queued": 2}, False)
    assert [one.id for one in await storage.reader.broadcasts()] == ["b1"]


async def test_a_broadcast_is_paused_resumed_and_cancelled(storage: Storage) -> None:
    await storage.ledger.commit([begun("7", "8"), MarkSent("m1", NOON)])

    async def change(state: BroadcastState) -> tuple[bool, list[str]]:
        [changed] = await storage.ledger.commit([SetBroadcastState("b1", ACCOUNT, state, NOON)])
        return changed, await waiting_of(storage)

    assert await change(BroadcastState.paused) == (True, [])
    assert await change(BroadcastState.running) == (True, ["m2"])
    assert await change(BroadcastState.paused) == (True, [])
    assert await change(BroadcastState.cancelled) == (True, [])
    assert await change(BroadcastState.running) == (False, [])
    found = await storage.reader.broadcast("b1")
    assert found is not None
    assert (found.counts, found.done) == ({"sent": 1, "cancelled": 1}, True)


async def test_what_becomes_of_a_message_that_was_out_when_its_broadcast_was_paused_counts(storage: Storage) -> None:
    await storage.ledger.commit([begun("7"), SetBroadcastState("b1", ACCOUNT, BroadcastState.paused, NOON)])
    await storage.ledger.commit([MarkSent("m1", NOON), SetBroadcastState("b1", ACCOUNT, BroadcastState.running, NOON)])
    assert await waiting_of(storage) == []


async def test_statuses_and_broadcasts_go_when_they_are_old(storage: Storage) -> None:
    await storage.ledger.commit([begun("7"), NoteStatus(ACCOUNT, "5", "read", NOON)])
    keep_all, keep_none = Prune(after(days=-1), 9), Prune(after(days=1), 9)
    await storage.ledger.commit([keep_all])
    assert await storage.reader.statuses(ACCOUNT, ["5"]) != {}
    await storage.ledger.commit([keep_none])
    assert await storage.reader.statuses(ACCOUNT, ["5"]) == {}
    assert await storage.reader.broadcast("b1") is not None, "a message of it waits"
    await storage.ledger.commit([SetBroadcastState("b1", ACCOUNT, BroadcastState.cancelled, NOON), keep_none])
    assert await storage.reader.broadcast("b1") is None


# --- questions


def said(id: str, text: str = "Friday", **more: object) -> StoreEvent:
    data = {"kind": "message", "text": text, "pressed": False, "choice": None, **more}
    asked = event(id, data, source="telegram:telegram/main", topic="telegram.main", answers="answer:telegram/main:7")
    return StoreEvent(asked, [StartRun(run(f"r-{id}", id))])


async def ask(kept: Kept, run_id: str, asked: str, *choices: str) -> None:
    wait = AwaitEvent(run_id, "day!answer", "answer:telegram/main:7", {"asked": asked, "choices": list(choices)})
    await kept(started(run_id), wait, ParkRun(run_id))


async def test_an_answer_goes_to_the_question_and_to_nobody_else(kept: Kept) -> None:
    await ask(kept, "r1", "m1")
    [stored] = await kept(said("e1"))
    assert (stored.answered, stored.woken) == (True, ["r1"])
    assert await kept.read.runs_of_event("e1") == []


async def test_without_a_question_the_flows_get_it(kept: Kept) -> None:
    [stored] = await kept(said("e1"))
    assert (stored.answered, stored.woken) == (False, [])
    assert [found.id for found in await kept.read.runs_of_event("e1")] == ["r-e1"]


async def test_a_question_is_answered_once(kept: Kept) -> None:
    await ask(kept, "r1", "m1")
    await kept(said("e1"))
    [stored] = await kept(said("e2"))
    assert stored.answered is False


async def test_the_newest_question_is_answered(kept: Kept) -> None:
    await ask(kept, "r2", "m1")
    await ask(kept, "r1", "m2")
    [stored] = await kept(said("e1"))
    assert stored.woken == ["r1"]


async def test_a_press_answers_the_question_that_offered_it(kept: Kept) -> None:
    await ask(kept, "r1", "m1", "fri", "sat")
    await ask(kept, "r2", "m2", "yes", "no")
    [stored, other] = await kept(said("e1", pressed=True, choice="sat"), said("e2", pressed=True, choice="menu"))
    assert (stored.woken, other.answered) == (["r1"], False)


async def test_a_command_is_a_way_out_of_a_question(kept: Kept) -> None:
    await ask(kept, "r1", "m1")
    [stored] = await kept(said("e1", "/start"))
    assert stored.answered is False


async def test_a_payment_is_no_answer(kept: Kept) -> None:
    await ask(kept, "r1", "m1")
    [stored] = await kept(said("e1", "", payment={"total_amount": 2500, "currency": "EUR"}))
    assert stored.answered is False


async def test_an_event_with_a_verdict_is_kept_and_ends_no_wait(kept: Kept) -> None:
    await kept(started("r1"), AwaitEvent("r1", "w", "telegram.main", {}), ParkRun("r1"))
    judged = event("e1", topic="telegram.main", verdict="dropped: 9 in 3 s")
    [stored] = await kept(StoreEvent(judged))
    assert stored.woken == []
    assert await kept.read.event("e1") is not None


async def test_what_a_question_takes_keeps_no_verdict(storage: Storage) -> None:
    held = AwaitEvent("r1", "day!answer", "answer:telegram/main:7", {"asked": "m1", "choices": []})
    await storage.ledger.commit([started("r1"), held, ParkRun("r1")])
    change = said("e1")
    change.event.verdict = "dropped: 9 in 3 s"
    [stored] = await storage.ledger.commit([change])
    assert stored.answered
    assert await storage.reader.verdicts("telegram:telegram/main", NOON) == {}


async def test_verdicts_are_counted_by_their_first_word(storage: Storage) -> None:
    judged = [
        event(f"e{number}", source="telegram:telegram/main", verdict=verdict)
        for number, verdict in enumerate(("dropped: 9 in 3 s", "dropped: 4 in 3 s", "blocked: 99 in 3 s", None))
    ]
    await storage.ledger.commit([*(StoreEvent(one) for one in judged), GiveVerdict("e3", "coalesced: later")])
    counted = await storage.reader.verdicts("telegram:telegram/main", NOON)
    assert counted == {"dropped": 2, "blocked": 1, "coalesced": 1}
