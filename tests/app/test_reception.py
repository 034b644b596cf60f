"""Where chats come in: who it is, what was meant, whether it is too much. On a real database, without flows."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from onebox.app.throttling import ThrottleSettings
from onebox.kernel.ids import Ids
from onebox.messaging.chat import Post, chat_data
from onebox.messaging.conversation import MarkGone, OfferChoices, RememberState
from onebox.messaging.inbox import BacklogFull, Inbox
from onebox.messaging.message import MarkSent, Message, NoteStatus, Priority, QueueMessage
from onebox.messaging.reception import ChatReception
from onebox.storage.migrating import migrate
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from onebox.kernel.ledger import Change
    from onebox.messaging.event import Event, Stored
    from onebox.storage.opening import Storage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCOUNT = "telegram/main"


class AnyFlow:
    """Stands for the flows: notes what would have started one."""

    def __init__(self) -> None:
        self.started: list[Event] = []
        self.waiting = 0

    def backlog(self) -> int:
        return self.waiting

    def consequences(self, event: Event) -> Sequence[Change[Any]]:
        return ()

    def supersede(self, event: Event) -> Sequence[Change[Any]]:
        return ()

    def stored(self, event: Event, consequences: Sequence[Change[Any]], outcome: Stored | None) -> None:
        if outcome is not None and not outcome.duplicate and event.verdict is None:
            self.started.append(event)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Lobby:
    """A reception with what is behind it. `queued` and `failed` are what it told of."""

    storage: Storage
    clock: Clock
    flows: AnyFlow
    reception: ChatReception
    queued: list[Message] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    async def say(self, *texts: str, **more: Any) -> list[Event]:
        """Ana writes; the events as they were stored."""
        return await self.take(*(post(text, **more) for text in texts))

    async def take(self, *posts: Post) -> list[Event]:
        stored = await self.reception.receive(posts)
        found = [await self.storage.reader.event(one.event_id) for one in stored]
        return [event for event in found if event is not None]

    async def verdicts(self) -> dict[str, int]:
        return await self.storage.reader.verdicts("telegram:telegram/main", NOON)


@asynccontextmanager
async def lobby(tmp_path: Path, **throttle: Any) -> AsyncIterator[Lobby]:
    migrate(tmp_path / "box.db")
    storage = await open_storage(tmp_path / "box.db", own=True)
    clock, flows, queued, failed = Clock(), AnyFlow(), list[Message](), list[str]()

    async def on_failed(status: NoteStatus) -> None:
        failed.append(status.message_id)

    gate = ThrottleSettings(**throttle).gate()
    ids = Ids(clock, Random(1).randbytes)
    reception = ChatReception(
        inbox=Inbox(ledger=storage.ledger, clock=clock, ids=ids, subscribers=flows, backlog_limit=1000),
        reader=storage.reader,
        clock=clock,
        gate=lambda _account: gate,
        answers_itself=lambda topic: topic == "telegram.slow",
        queued=queued.append,
        on_failed=on_failed,
    )
    try:
        yield Lobby(storage, clock, flows, reception, queued, failed)
    finally:
        await storage.close()


def post(text: str = "Hi", *, who: str = "7", kind: str = "message", key: str | None = None, **more: Any) -> Post:
    sender = {"id": who, "user_id": who, "name": "Ana", "username": None, "language": "de", "account": ACCOUNT}
    chat = {"id": who, "type": "private", "title": None, "account": ACCOUNT}
    data = chat_data(kind=kind, at=NOON, sender=sender, chat=chat, update={}, text=text, message_id=1)
    made = Post(ACCOUNT, who, data, key, who)
    for name, value in more.items():
        setattr(made, name, value)
    return made


async def test_a_person_is_met_once_and_known_from_then_on(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        first, second = await there.say("Hi", "Are you there?")
        person = first.data["conversation"]["person"]
        assert second.data["conversation"]["person"] == person
        known = (await there.storage.reader.known(ACCOUNT, ["7"], ["7"])).people["7"]
        assert (known.id, known.name, known.language) == (person, "Ana", "de")


async def test_a_language_that_was_chosen_stays(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.say("Hi")
        other = post("Привіт")
        other.data["sender"]["language"] = "uk"
        [event] = await there.take(other)
        assert event.data["conversation"]["language"] == "de"


async def test_what_flows_remember_comes_with_the_next_message(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.storage.ledger.commit([RememberState(ACCOUNT, "7", {"step": "day"})])
        [event] = await there.say("Friday")
        assert event.data["conversation"]["state"] == {"step": "day"}


async def test_the_number_or_the_words_of_a_choice_may_be_typed(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.storage.ledger.commit([OfferChoices(ACCOUNT, "7", [("fri", "Friday"), ("sat", "Saturday")], NOON)])
        typed = await there.say("2", "friday", "Sunday")
        there.clock.at += timedelta(days=1)
        late = await there.say("2")
        assert [event.data["choice"] for event in (*typed, *late)] == ["sat", "fri", None, None]


async def test_after_a_question_a_number_is_no_choice_of_before(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        offers = [OfferChoices(ACCOUNT, "7", choices, NOON) for choices in ([("fri", "Friday")], [])]
        await there.storage.ledger.commit(offers)
        [event] = await there.say("1")
        assert event.data["choice"] is None


async def test_an_update_that_comes_again_is_stored_once(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.say("Hi", key="1", press="p1")
        await there.say("Hi", key="1", press="p1")
        assert len(there.flows.started) == 1
        assert len(there.queued) == 1


async def test_what_comes_first_is_stored_first_however_long_it_is_looked_up(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        reader, first = there.storage.reader, asyncio.Event()

        class SlowFirst:
            def __getattr__(self, name: str) -> Any:
                return getattr(reader, name)

            async def known(self, *asked: Any) -> Any:
                if not first.is_set():
                    first.set()
                    await asyncio.sleep(0.05)
                return await reader.known(*asked)

        there.reception._reader = SlowFirst()
        early = asyncio.create_task(there.reception.receive([post("first")]))
        await first.wait()
        await there.reception.receive([post("second")])
        await early
        assert [event.data["text"] for event in there.flows.started] == ["first", "second"]


async def test_what_is_offered_again_since_there_was_no_room_is_counted_once(tmp_path: Path) -> None:
    async with lobby(tmp_path, policy="drop", limits={"*": "3/1m"}) as there:
        posts = [post(f"{number}", key=f"{number}") for number in range(3)]
        there.flows.waiting = 1000
        for _ in range(5):
            with pytest.raises(BacklogFull):
                await there.reception.receive(posts)
        there.flows.waiting = 0
        await there.reception.receive(posts)
        assert [event.data["text"] for event in there.flows.started] == ["0", "1", "2"]
        assert await there.verdicts() == {}


async def test_of_a_group_nobody_s_words_are_superseded_by_another_s(tmp_path: Path) -> None:
    async with lobby(tmp_path, policy="coalesce") as there:
        group = [post("book me in", who="-100", sender="ana"), post("lol", who="-100", sender="bob")]
        reaction = post("", who="-100", sender="ana", kind="message_reaction")
        await there.reception.receive([*group, reaction])
        assert len(there.flows.started) == 3


async def test_a_press_is_answered_by_the_box(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.take(post(press="p1", protected=True))
        [answer] = there.queued
        assert (answer.recipient, answer.priority, answer.due_at) == ("press:p1", Priority.signal, None)
        assert answer.content["action"] == "answer_press"


async def test_a_press_is_left_to_a_flow_that_may_answer_it_for_a_moment(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.take(post(press="p1", account="telegram/slow"))
        assert there.queued[0].due_at == NOON + timedelta(seconds=5)


async def test_who_blocks_the_bot_is_gone_until_they_write_again(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.say("Hi")
        await there.take(post(kind="my_chat_member", gone=True))
        assert await there.storage.reader.gone(ACCOUNT, ["7"]) == {"7"}
        await there.say("I am back")
        assert await there.storage.reader.gone(ACCOUNT, ["7"]) == set()


async def test_changes_of_a_post_are_stored_with_it(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.say("Hi", ends=[MarkGone(ACCOUNT, "8", NOON)])
        assert await there.storage.reader.gone(ACCOUNT, ["8"]) == {"8"}


async def test_a_status_that_fails_a_message_is_told(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        message = Message("m1", ACCOUNT, "7", {"text": "Hi"}, NOON)
        await there.storage.ledger.commit([QueueMessage(message), MarkSent("m1", NOON, {"message_id": 5})])
        statuses = [NoteStatus(ACCOUNT, "5", status, NOON) for status in ("delivered", "failed")]
        await there.reception.receive([], statuses)
        assert there.failed == ["5"]


async def test_what_cannot_be_kept_is_stored_as_unusable_with_a_reason(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        broken = post()
        broken.data["update"]["number"] = object()
        [event] = await there.take(broken)
        assert event.data["kind"] == "unusable"
        assert "object" in event.data["reason"]


# --- the throttle


async def test_all_that_a_person_writes_is_taken_in_order_without_a_setting(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.say(*(f"{number}" for number in range(50)))
        assert [event.data["text"] for event in there.flows.started] == [f"{number}" for number in range(50)]
        assert await there.verdicts() == {}


async def test_what_is_dropped_is_stored_and_told_once_in_the_person_s_language(tmp_path: Path) -> None:
    async with lobby(tmp_path, policy="drop", limits={"message": "3/3s"}) as there:
        await there.say(*"abcdef")
        assert [event.data["text"] for event in there.flows.started] == ["a", "b", "c"]
        assert await there.verdicts() == {"dropped": 3}
        assert [message.content["text"].split(":")[0] for message in there.queued] == ["Das war viel auf einmal"]


async def test_a_payment_is_never_dropped(tmp_path: Path) -> None:
    for policy in ("queue", "coalesce", "drop", "block"):
        (tmp_path / policy).mkdir()
        flood = "5/1m"
        async with lobby(tmp_path / policy, policy=policy, limits={"*": "1/1m"}, flood=flood) as there:
            await there.say(*"abcdefgh")
            [event] = await there.take(post("paid", protected=True))
            assert there.flows.started[-1].id == event.id


async def test_a_flood_is_blocked_under_every_policy(tmp_path: Path) -> None:
    async with lobby(tmp_path, flood="5/1m") as there:
        await there.say(*"abcdefgh")
        assert len(there.flows.started) == 5
        assert await there.verdicts() == {"blocked": 3}
        await there.take(post("calm", who="8"))
        assert there.flows.started[-1].data["text"] == "calm"


async def test_of_what_comes_together_the_last_is_taken_where_it_coalesces(tmp_path: Path) -> None:
    async with lobby(tmp_path, policy="coalesce") as there:
        await there.say(*"abc")
        assert [event.data["text"] for event in there.flows.started] == ["c"]
        assert await there.verdicts() == {"coalesced": 2}


async def test_an_empty_notice_is_not_sent(tmp_path: Path) -> None:
    limits = {"*": "1/1m"}
    async with lobby(tmp_path, policy="drop", limits=limits, notice="") as there:
        await there.say(*"ab")
        assert await there.verdicts() == {"dropped": 1}
        assert there.queued == []
