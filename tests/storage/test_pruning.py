"""Port suite: what is old enough goes, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from tests.storage.rows import NOON, after, done, event, message, recorded, run, started

from onebox.flows.run import AnswerRequest, FileRequest, ParkRun, Prune, StartRun
from onebox.messaging.conversation import Heard, MeetPerson, OfferChoices, Person, RememberState
from onebox.messaging.event import StoredResponse, StoreEvent, StoreResponse
from onebox.messaging.message import MarkSent, Priority, QueueMessage
from onebox.messaging.transcripts import AppendEntry
from onebox.storage.opening import Storage, open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from tests.storage.conftest import Kept

    from onebox.kernel.ledger import Change

ANSWER = StoredResponse(200, {}, b"ok")


async def left(kept: Kept) -> list[str]:
    return sorted(found.id for found in await kept.read.list_runs())


async def test_old_run_goes_with_all_that_is_its(kept: Kept) -> None:
    await kept(started("r1"), recorded(1, "a"), QueueMessage(message(run_id="r1")))
    await kept(StoreResponse("e-r1", ANSWER, NOON), MarkSent("m1", NOON), done())
    assert await kept(Prune(after(hours=1), 100)) == [1]
    assert await left(kept) == []
    assert await kept.read.event("e-r1") is None
    assert await kept.read.response("e-r1") is None
    assert await kept.read.list_messages() == []
    await kept(started("r1"))
    history = await kept.read.history("r1")
    assert history is not None
    assert history.entries == []


async def test_young_and_living_runs_stay(kept: Kept) -> None:
    await kept(started("r1"), started("r2"), started("r3"), ParkRun("r2"), done("r3", after(hours=1)))
    assert await kept(Prune(after(hours=1), 100)) == [0]
    assert await left(kept) == ["r1", "r2", "r3"]


async def test_oldest_go_first_up_to_the_limit(kept: Kept) -> None:
    for number in (1, 2, 3):
        await kept(started(f"r{number}"), done(f"r{number}", after(minutes=-number)))
    assert await kept(Prune(after(hours=1), 2)) == [2]
    assert await left(kept) == ["r1"]


async def test_one_flow_alone(kept: Kept) -> None:
    await kept(started("r1"), started("r2", flow="bill"), done("r1"), done("r2"), StoreEvent(event("idle")))
    assert await kept(Prune(after(hours=1), 9, flow="bill")) == [1]
    assert await left(kept) == ["r1"]
    assert await kept.read.event("idle") is not None


async def test_all_flows_but_some(kept: Kept) -> None:
    for number, flow in enumerate(("greet", "bill", "feed"), start=1):
        await kept(started(f"r{number}", flow=flow), done(f"r{number}"))
    assert await kept(Prune(after(hours=1), 9, except_flows=["bill", "feed"])) == [1]
    assert await left(kept) == ["r2", "r3"]


async def test_event_stays_while_a_run_needs_it(kept: Kept) -> None:
    await kept(StoreEvent(event("e1"), [StartRun(run("r1")), StartRun(run("r2"))]), done("r1"))
    await kept(Prune(after(hours=1), 9))
    assert await kept.read.event("e1") is not None
    await kept(done("r2"))
    await kept(Prune(after(hours=1), 9))
    assert await kept.read.event("e1") is None


async def test_event_that_started_nothing_goes_when_it_is_old(kept: Kept) -> None:
    await kept(StoreEvent(event("old")), StoreEvent(event("young", received_at=after(hours=2))))
    await kept(StoreResponse("old", ANSWER, NOON))
    assert await kept(Prune(after(hours=1), 9)) == [1]
    assert await kept.read.event("old") is None
    assert await kept.read.response("old") is None
    assert await kept.read.event("young") is not None


async def test_unsent_message_outlives_its_run(kept: Kept) -> None:
    await kept(started("r1"), QueueMessage(message(run_id="r1")), done())
    await kept(Prune(after(hours=1), 9))
    [unsent] = (
        await kept.read.waiting("terminal/main", priority=Priority.interactive, now=NOON, busy=(), limit=9)
    ).messages
    assert (unsent.id, unsent.run_id) == ("m1", None)
    await kept(MarkSent("m1", NOON))
    await kept(Prune(after(hours=1), 9))
    assert await kept.read.list_messages() == []


async def test_answered_requests_go_when_they_are_old_and_open_ones_stay(kept: Kept) -> None:
    await kept(*(FileRequest(f"q{number}", "retry", "r1", {}, "ana", NOON) for number in (1, 2, 3)))
    await kept(AnswerRequest("q1", {"ok": True}, NOON), AnswerRequest("q2", {"ok": True}, after(hours=2)))
    assert await kept(Prune(after(hours=1), 9)) == [1]
    answers = [await kept.read.request_result(f"q{number}") for number in (1, 2)]
    assert answers == [None, {"ok": True}]
    assert [found.id for found in await kept.read.open_requests(limit=9)] == ["q3"]


# --- the visitors of web chats

CHAT = "chat/main"


@pytest_asyncio.fixture
async def storage(database: Path | str) -> AsyncIterator[Storage]:
    """An open box without rows, on each database."""
    opened = await open_storage(database, own=True)
    yield opened
    await opened.close()


def visit(chat: str, at: datetime = NOON, account: str = CHAT, person: str | None = None) -> list[Change[Any]]:
    """Somebody writes: what is known of them, and what stands in the chat."""
    who = Person(person or f"p-{chat}", language="pt")
    said = AppendEntry(account, chat, f"{chat}-{at}", "in", {"text": "hi"}, at)
    return [MeetPerson(who, account, chat, at), Heard(account, chat, at, "m1", who.id), said]


async def known(storage: Storage, *chats: str, account: str = CHAT) -> tuple[set[str], set[str]]:
    """Those of these chats, and of their visitors, that there are still."""
    found = await storage.reader.known(account, chats, chats)
    return set(found.conversations), set(found.people)


async def test_visitors_of_whom_nothing_was_heard_go_with_what_is_known_of_them(storage: Storage) -> None:
    await storage.ledger.commit([*visit("ana"), *visit("bo", after(hours=2)), RememberState(CHAT, "ana", {"step": 1})])
    await storage.ledger.commit([Prune(after(hours=1), 9)])
    assert await known(storage, "ana", "bo") == ({"bo"}, {"bo"})


async def test_visitors_go_with_the_box_s_keep_and_not_with_a_flow_s(storage: Storage) -> None:
    await storage.ledger.commit([*visit("ana"), Prune(after(hours=1), 9, flow="bill")])
    assert await known(storage, "ana") == ({"ana"}, {"ana"})


@pytest.mark.parametrize("account", ["telegram/main", "whatsapp/main", "chat0/main", "chat"])
async def test_people_of_other_channels_stay(storage: Storage, account: str) -> None:
    await storage.ledger.commit([*visit("7", account=account), Prune(after(hours=1), 9)])
    assert await known(storage, "7", account=account) == ({"7"}, {"7"})


async def test_a_visitor_whom_the_box_wrote_to_of_late_stays(storage: Storage) -> None:
    reminder = AppendEntry(CHAT, "ana", "m2", "out", {"text": "Tomorrow at nine"}, after(hours=2))
    await storage.ledger.commit([*visit("ana"), reminder, OfferChoices(CHAT, "ana", [("y", "Yes")], NOON)])
    await storage.ledger.commit([Prune(after(hours=1), 9)])
    assert await known(storage, "ana") == ({"ana"}, {"ana"})
    await storage.ledger.commit([Prune(after(hours=3), 9)])
    assert await known(storage, "ana") == (set(), set())


async def test_a_conversation_that_only_the_box_goes_on_with_goes_with_its_last_entry(storage: Storage) -> None:
    await storage.ledger.commit(
        [OfferChoices(CHAT, "ana", [], NOON), AppendEntry(CHAT, "ana", "m2", "out", {"text": "Bye"}, NOON)]
    )
    await storage.ledger.commit([Prune(after(hours=-1), 9)])
    assert await known(storage, "ana") == ({"ana"}, set())
    await storage.ledger.commit([Prune(after(hours=1), 9)])
    assert await known(storage, "ana") == (set(), set())


async def test_a_person_who_is_known_elsewhere_stays_a_person(storage: Storage) -> None:
    telegram = visit("7", account="telegram/main", person="p-ana")
    await storage.ledger.commit([*visit("ana", person="p-ana"), *telegram, Prune(after(hours=1), 9)])
    assert await known(storage, "ana") == (set(), set())
    assert await known(storage, "7", account="telegram/main") == ({"7"}, {"7"})


async def test_all_of_a_flood_goes_and_a_few_at_a_time(storage: Storage) -> None:
    chats = [f"visitor{number}" for number in range(25)]
    await storage.ledger.commit([change for chat in chats for change in visit(chat)])
    rounds = [(await storage.ledger.commit([Prune(after(hours=1), 10)]))[0] for _ in range(4)]
    assert rounds == [10, 10, 5, 0]
    assert await known(storage, *chats) == (set(), set())
