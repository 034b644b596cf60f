"""A bot that many people write to at once, and that is killed while it answers."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from onebox.sandbox.telegram.flood import Flood
from tests.support.process import BoxProcess
from tests.support.telegram import TOKEN, FakeTelegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.soak
FLOW = """\
flow: echo
on:
  telegram: {updates: [message]}
limits: {concurrency: 20, per_sender: 1}
steps:
  - do: send
    with: {to: "${event.sender}", text: "${event.text}"}
"""


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as running:
        running.latency = 0.06
        yield running


@pytest.fixture
async def box(tmp_path: Path, telegram: FakeTelegram, database: str | None) -> AsyncIterator[BoxProcess]:
    settings = f"accounts: {{telegram/main: {{token: bot, api: '{telegram.url}'}}}}\n"
    made = BoxProcess(
        tmp_path / "box", settings=settings, postgres=database, flows={"echo.yaml": FLOW}, secrets={"bot": TOKEN}
    )
    yield made
    await made.clean_up()


def write(telegram: FakeTelegram, *, people: int, each: int, first: int = 0) -> None:
    """Everyone writes so many numbers, all mixed."""
    for number in range(first, first + each):
        for person in range(people):
            telegram.write(str(number), chat=100 + person)


def once(texts: list[str]) -> list[str]:
    """Without what was said again right after it was said."""
    return [text for text, _ in groupby(texts)]


def people_of(telegram: FakeTelegram) -> set[int | str]:
    return {message.chat for message in telegram.sent}


async def all_sent(box: BoxProcess, count: int, *, within: float) -> None:
    async def sent() -> bool:
        return box.rows("select count(*) from message where state = 'sent'") == [(count,)]

    await box.eventually(f"{count} answers are sent", sent, within=within)


@pytest.mark.alone
async def test_who_writes_too_fast_is_answered_as_fast_as_telegram_allows(
    box: BoxProcess, telegram: FakeTelegram
) -> None:
    telegram.flood = Flood(all_burst=60)
    await box.start()

    write(telegram, people=10, each=5)
    await all_sent(box, 50, within=20)

    assert not telegram.flood.refused
    expected = ["0", "1", "2", "3", "4"]
    assert {person: telegram.texts(100 + person) for person in range(10)} == dict.fromkeys(range(10), expected)


async def killed_while_it_answers(box: BoxProcess, telegram: FakeTelegram, answers: int) -> None:
    """Kills the box when so many answers have come, and starts it again."""
    await telegram.until(lambda: len(telegram.sent) >= answers, within=20)
    await box.kill()
    await box.start()


async def test_an_answer_that_a_kill_hits_is_the_only_one_that_may_come_twice(
    box: BoxProcess, telegram: FakeTelegram
) -> None:
    await box.start()
    write(telegram, people=12, each=3)

    await killed_while_it_answers(box, telegram, answers=14)
    await all_sent(box, 36, within=20)

    assert box.rows("select count(*) from event") == [(36,)]
    assert box.rows("select count(*) from message") == [(36,)]
    assert {tuple(once(telegram.texts(chat))) for chat in people_of(telegram)} == {("0", "1", "2")}
    assert {len(telegram.texts(chat)) for chat in people_of(telegram)} <= {3, 4}


async def test_kill_after_kill_loses_no_answer_and_mixes_up_none(box: BoxProcess, telegram: FakeTelegram) -> None:
    kills, people = 4, 25
    await box.start()
    for kill in range(kills):
        write(telegram, people=people, each=3, first=3 * kill)
        await killed_while_it_answers(box, telegram, answers=len(telegram.sent) + 5 + 11 * kill)
    await all_sent(box, kills * people * 3, within=60)

    expected = tuple(str(number) for number in range(kills * 3))
    assert {tuple(once(telegram.texts(100 + person))) for person in range(people)} == {expected}
    assert max(len(telegram.texts(100 + person)) for person in range(people)) <= len(expected) + kills
