"""The template `contact-form`, as it is shipped: beside a mail server that is well, refuses, or hangs."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.support.practice import Practice, open_practice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BEGINS = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
WATCH = """\
flow: watch-bounces
on: {event: message.failed}
steps:
  - do: log
    with: {text: "letter ${event.kind}: ${event.message.recipient}"}
"""


@pytest.fixture
async def practice(tmp_path: Path) -> AsyncIterator[Practice]:
    async with open_practice(tmp_path, begins=BEGINS) as opened:
        (opened.box.folder / "flows/watch-bounces.yaml").write_text(WATCH)
        await opened.start()
        yield opened


async def send(practice: Practice, name: str = "Ana", **fields: Any) -> int:
    sent = {"name": name, "email": f"{name.lower()}@example.org", "message": "Hello", **fields}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{practice.box.url}/forms/contact", data=sent, allow_redirects=False) as answer,
    ):
        return answer.status


async def send_too_much(practice: Practice) -> int:
    body = io.BytesIO(b"name=Ana&message=" + b"x" * 6_000_000)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{practice.box.url}/forms/contact", data=body, headers=headers) as answer,
    ):
        return answer.status


async def told(practice: Practice, count: int) -> list[str]:
    """The lines in Discord, once there are so many."""

    async def came() -> bool:
        return len(practice.town.discord) >= count

    await practice.box.eventually(f"{count} leads are told", came, within=20)
    return practice.town.discord


@pytest.mark.soak
async def test_a_lead_is_kept_answered_and_told(practice: Practice) -> None:
    assert await send(practice, message="Do you have\ntime on Friday?") == 303

    assert await told(practice, 1) == ["Lead 1: Ana"]
    await practice.box.settled()
    [letter] = practice.mail.letters
    assert (letter["To"], letter["From"], letter["Subject"]) == (
        "ana@example.org",
        "The Salon <office@example.org>",
        "We got your message",
    )
    assert "Dear Ana," in letter.get_content()
    assert "time on Friday?" in letter.get_content()
    assert practice.mail.logins == [(b"office@example.org", practice.mail.password, True)]
    assert practice.box.rows("select name, email, message from leads") == [
        ("Ana", "ana@example.org", "Do you have\ntime on Friday?")
    ]


@pytest.mark.soak
async def test_what_is_refused_leaves_nothing(practice: Practice) -> None:
    statuses = [
        await send(practice, website="http://spam.example"),
        await send(practice, email="nowhere"),
        await send(practice, message="x" * 5001),
        await send_too_much(practice),
    ]
    statuses += [await send(practice, "Bo"), await send(practice, "Cy")]

    assert statuses == [303, 422, 422, 413, 303, 429]
    await told(practice, 1)
    await practice.box.settled()
    assert practice.box.rows("select name from leads") == [("Bo",)]


@pytest.mark.soak
async def test_an_address_that_bounces_is_told_to_the_flow_that_watches(practice: Practice) -> None:
    practice.mail.answers["ana@example.org"] = "550 5.1.1 no such user"

    await send(practice)
    await told(practice, 1)

    async def watched() -> bool:
        return "letter bounced: ana@example.org" in practice.box.log()

    await practice.box.eventually("the bounce is told", watched, within=20)
    assert practice.box.rows("select state from message where account = 'email/office'") == [("failed",)]


@pytest.mark.soak
async def test_a_mail_server_that_hangs_holds_up_nobody_else(practice: Practice) -> None:
    practice.mail.held = asyncio.Event()
    for name in ("Ana", "Bo", "Cy"):
        await send(practice, name)

    assert sorted(await told(practice, 3)) == ["Lead 1: Ana", "Lead 2: Bo", "Lead 3: Cy"]
    queued = "select count(*) from message where account = 'email/office' and state = 'queued'"
    assert practice.box.rows(queued) == [(3,)]
    practice.mail.held.set()

    async def all_are_sent() -> bool:
        return practice.box.rows(queued) == [(0,)]

    await practice.box.eventually("the letters are sent", all_are_sent, within=20)
    assert practice.box.rows("select count(*) from leads") == [(3,)]
