"""Port suite: what stands in the chats that the box itself shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.storage.rows import NOON, after

from onebox.flows.run import Prune
from onebox.messaging.transcripts import AppendEntry, ChatEntry, EditEntry

if TYPE_CHECKING:
    from datetime import datetime

    from tests.storage.conftest import Kept

    from onebox.messaging.transcripts import Direction

MAIN = "chat/main"
FIRST = int(NOON.timestamp() * 1000)


def said(
    key: str, text: str = "hi", at: datetime = NOON, direction: Direction = "out", chat: str = "ana"
) -> AppendEntry:
    return AppendEntry(MAIN, chat, key, direction, {"text": text}, at)


async def test_entries_of_one_instant_stand_in_the_order_of_writing(kept: Kept) -> None:
    assert await kept(said("m1"), said("m2"), said("m1", direction="in")) == [FIRST, FIRST + 1, FIRST + 2]
    assert await kept.read.latest_entries(MAIN, "ana", 2) == [
        ChatEntry(FIRST + 1, FIRST + 1, "out", {"text": "hi"}, NOON),
        ChatEntry(FIRST + 2, FIRST + 2, "in", {"text": "hi"}, NOON),
    ]


async def test_a_message_that_comes_again_stands_once_and_as_it_was(kept: Kept) -> None:
    assert await kept(said("m1"), said("m2")) == [FIRST, FIRST + 1]
    assert await kept(said("m1", "again", after(hours=1))) == [FIRST]
    assert [entry.body for entry in await kept.read.latest_entries(MAIN, "ana", 9)] == [{"text": "hi"}] * 2


async def test_chats_and_accounts_know_nothing_of_each_other(kept: Kept) -> None:
    other = AppendEntry("chat/other", "ana", "m1", "out", {"text": "elsewhere"}, NOON)
    assert await kept(said("m1"), said("m1", chat="bo"), other) == [FIRST] * 3
    assert [entry.body["text"] for entry in await kept.read.latest_entries("chat/other", "ana", 9)] == ["elsewhere"]
    assert len(await kept.read.latest_entries(MAIN, "bo", 9)) == 1
    assert await kept.read.latest_entries(MAIN, "cy", 9) == []


async def test_what_is_edited_comes_again_at_its_old_place(kept: Kept) -> None:
    await kept(said("m1"), said("m2", at=after(seconds=1)))
    assert await kept(EditEntry(MAIN, "ana", FIRST, {"text": "ho"}, after(seconds=2))) == [True]
    edited = ChatEntry(FIRST, FIRST + 2000, "out", {"text": "ho"}, NOON)
    assert await kept.read.changed_entries(MAIN, "ana", FIRST + 1000, 9) == [edited]
    assert await kept.read.chat_entry(MAIN, "ana", FIRST) == edited
    assert (await kept.read.latest_entries(MAIN, "ana", 9))[0] == edited


async def test_only_what_the_box_wrote_to_this_chat_is_edited(kept: Kept) -> None:
    await kept(said("m1", direction="in"))
    edits = [EditEntry(MAIN, chat, place, {}, NOON) for chat, place in (("ana", FIRST), ("ana", 7), ("bo", FIRST))]
    assert await kept(*edits) == [False] * 3
    assert await kept.read.chat_entry(MAIN, "bo", FIRST) is None


async def test_it_is_known_what_a_person_wrote(kept: Kept) -> None:
    await kept(said("m1", direction="in"), said("m2"))
    assert [await kept.read.wrote(MAIN, "ana", key) for key in ("m1", "m2", "m3")] == [True, False, False]
    assert not await kept.read.wrote(MAIN, "bo", "m1")


async def test_a_clock_that_was_set_back_leaves_the_order(kept: Kept) -> None:
    assert await kept(said("m1"), said("m2", at=after(hours=-1))) == [FIRST, FIRST + 1]


async def test_what_came_after_is_told_in_order_up_to_the_limit(kept: Kept) -> None:
    await kept(*(said(f"m{number}") for number in range(5)))
    found = await kept.read.changed_entries(MAIN, "ana", FIRST, 2)
    assert [entry.changed for entry in found] == [FIRST + 1, FIRST + 2]


async def test_old_entries_go_with_the_box_s_keep_and_their_places_never_come_again(kept: Kept) -> None:
    await kept(said("m1"), said("m2", at=after(hours=2)))
    await kept(Prune(after(hours=1), 9, flow="bill"))
    assert len(await kept.read.latest_entries(MAIN, "ana", 9)) == 2
    await kept(Prune(after(hours=1), 9))
    assert [entry.at for entry in await kept.read.latest_entries(MAIN, "ana", 9)] == [after(hours=2)]
    await kept(Prune(after(hours=3), 9))
    [place] = await kept(said("m3", at=after(hours=4)))
    assert place == FIRST + 4 * 3_600_000
