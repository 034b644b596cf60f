"""Broadcasts that the operator asks for: begun once, to those who can be reached, and stopped at will."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from onebox.cli.broadcast import _line, as_plain
from onebox.dispatch.broadcasts import BroadcastRequests
from onebox.dispatch.requests import Refused
from onebox.dispatch.sendings import MOST_RECIPIENTS, Sendings
from onebox.flows.handlers import StepFailed
from onebox.flows.run import Request
from onebox.kernel.ids import Ids
from onebox.messaging.broadcast import Broadcast, BroadcastState
from onebox.messaging.channel import Outlet
from onebox.messaging.conversation import Heard, MarkGone
from onebox.messaging.message import Priority
from onebox.storage.migrating import migrate
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from onebox.storage.opening import Storage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCOUNT = "telegram/main"
HELLO = {"text": "Closed on Monday"}


class Clock:
    def now(self) -> datetime:
        return NOON


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    migrate(tmp_path / "box.db")
    opened = await open_storage(tmp_path / "box.db", own=True)
    yield opened
    await opened.close()


@pytest.fixture
def requests(storage: Storage) -> BroadcastRequests:
    sendings = Sendings({ACCOUNT: Outlet(is_chat=True)}, Clock(), Ids(Clock(), Random(1).randbytes))
    return BroadcastRequests(sendings, storage.reader, Clock(), storage.ledger.commit)


def request(kind: str, target: str, **arguments: Any) -> Request:
    return Request("b1", kind, target, arguments, "ana", NOON)


def start(to: list[str] | None, target: str = ACCOUNT, **content: Any) -> Request:
    return request("broadcast.start", target, to=to, content=content or HELLO)


async def waiting(storage: Storage) -> list[str]:
    found = await storage.reader.waiting(ACCOUNT, priority=Priority.broadcast, now=NOON, busy=(), limit=99)
    return [one.recipient for one in found.messages]


async def test_it_goes_once_to_each_who_is_named(requests: BroadcastRequests, storage: Storage) -> None:
    assert await requests.start(start(["7", "8", "7"])) == {"broadcast": "b1", "total": 2, "skipped": 1}
    assert await waiting(storage) == ["7", "8"]


async def test_asked_again_since_its_answer_was_lost_it_is_the_same_one(
    requests: BroadcastRequests, storage: Storage
) -> None:
    first = await requests.start(start(["7", "8"]))
    assert await requests.start(start(["7", "8"])) == first
    assert await waiting(storage) == ["7", "8"]


async def test_all_are_those_who_wrote_and_are_not_gone(requests: BroadcastRequests, storage: Storage) -> None:
    heard = [Heard(ACCOUNT, chat, NOON) for chat in ("7", "8", "9")]
    await storage.ledger.commit([*heard, MarkGone(ACCOUNT, "8", NOON), Heard("telegram/other", "1", NOON)])
    assert (await requests.start(start(None)))["total"] == 2
    assert await waiting(storage) == ["7", "9"]


async def test_it_is_paused_and_goes_on_and_is_over(requests: BroadcastRequests, storage: Storage) -> None:
    await requests.start(start(["7", "8"]))
    told = [await requests.set_state(request("broadcast.state", "b1", to=to)) for to in ("pause", "resume", "cancel")]
    assert [(one["state"], one["left"]) for one in told] == [("paused", 2), ("running", 2), ("cancelled", 0)]
    with pytest.raises(Refused, match="broadcast b1 was cancelled: that is its end"):
        await requests.set_state(request("broadcast.state", "b1", to="resume"))


async def test_what_cannot_be_begun_is_refused_with_a_reason(requests: BroadcastRequests) -> None:
    with pytest.raises(Refused, match="nobody is known on telegram/main to whom this could go"):
        await requests.start(start(None))
    with pytest.raises(Refused, match="20,001 recipients are more than a broadcast takes: 20,000"):
        await requests.start(start([str(number) for number in range(MOST_RECIPIENTS + 1)]))
    with pytest.raises(StepFailed, match="there is no account 'telegram/mian'; did you mean 'telegram/main'"):
        await requests.start(start(["7"], "telegram/mian"))
    with pytest.raises(Refused, match="there is no broadcast 'b2'"):
        await requests.set_state(request("broadcast.state", "b2", to="pause"))


def test_how_far_it_is_is_told_in_a_line() -> None:
    one = Broadcast("b1", ACCOUNT, HELLO, "ana", NOON, total=1000, skipped=3, doubtful=2)
    one.counts = {"sent": 400, "failed": 20, "queued": 580}
    assert _line(one) == (
        "[#############.................]  42%  running  420 of 1,000"
        "  400 sent, 20 failed, 580 queued, 3 left out, 2 in doubt"
    )
    one.counts, one.state = {"sent": 400, "cancelled": 600}, BroadcastState.cancelled
    assert _line(one).startswith("[##############################] 100%  cancelled  1,000 of 1,000")
    assert as_plain(one)["counts"] == {"sent": 400, "failed": 0, "queued": 0, "paused": 0, "cancelled": 600}
