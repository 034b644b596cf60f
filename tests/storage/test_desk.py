"""Port suite: schedule ticks and requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.storage.rows import NOON, after

from onebox.flows.run import AnswerRequest, FileRequest, RememberTick, Request

if TYPE_CHECKING:
    from tests.storage.conftest import Kept


async def test_last_tick_never_goes_back(kept: Kept) -> None:
    for at in (NOON, after(hours=1), after(minutes=1)):
        await kept(RememberTick("daily/0", at))
    await kept(RememberTick("weekly/0", NOON))
    assert await kept.read.last_ticks() == {"daily/0": after(hours=1), "weekly/0": NOON}


async def test_open_requests_come_oldest_first(kept: Kept) -> None:
    for number in (2, 1, 3):
        await kept(FileRequest(f"q{number}", "retry", "r1", {"why": "try"}, "ana", NOON))
    expected = [Request(f"q{number}", "retry", "r1", {"why": "try"}, "ana", NOON) for number in (1, 2)]
    assert await kept.read.open_requests(limit=2) == expected


async def test_answered_request_is_closed(kept: Kept) -> None:
    await kept(FileRequest("q1", "retry", "r1", {}, "ana", NOON))
    assert await kept.read.request_result("q1") is None
    await kept(AnswerRequest("q1", {"ok": True}, NOON), AnswerRequest("q1", {"ok": False}, NOON))
    assert await kept.read.open_requests(limit=9) == []
    assert await kept.read.request_result("q1") == {"ok": True}


async def test_unknown_request_has_no_result(kept: Kept) -> None:
    assert await kept.read.request_result("nope") is None
