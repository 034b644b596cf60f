"""A bot in a box that is a process of its own: answers where it was asked, and loses nothing when it is killed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.support.process import BoxProcess
from tests.support.telegram import FakeTelegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

WITHIN = 30.0
DISPATCHER = """
flow: dispatcher
on:
  telegram: {bot: main, updates: [message, callback_query]}
limits: {concurrency: 20, per_sender: 1, time: 2m}
steps:
  - switch: ${event.text}
    cases:
      - match: "^/order (?P<number>[0-9]+)"
        steps:
          - do: send
            with: {to: "${event.sender}", markdown: "Order **${match.number}** of ${event.sender.name}"}
    else:
      - do: sql
        with:
          run: insert into notes (sender, text, at) values (:sender, :text, :at)
          args: {sender: "${event.sender.id}", text: "${event.text}", at: "${event.at}"}
"""
NOTES = """
flow: notes
on: {webhook: {path: notes, respond: now}}
steps:
  - do: sql
    with: {run: "create table if not exists notes (sender text, text text, at text)"}
"""


@asynccontextmanager
async def bot_box(path: Path, telegram: FakeTelegram, database: str | None) -> AsyncIterator[BoxProcess]:
    bot = f"{{token: bot_token, api: {telegram.url}, pace: {{per_second: 200}}}}"
    settings = f"accounts:\n  telegram/main: {bot}\n  terminal/main: {{}}\n"
    box = BoxProcess(
        path,
        settings=settings,
        postgres=database,
        flows={"dispatcher.yaml": DISPATCHER, "notes.yaml": NOTES},
        secrets={"bot_token": telegram.token},
    )
    try:
        yield await box.start()
    finally:
        await box.clean_up()


async def test_a_bot_answers_and_survives_kill_9(tmp_path: Path, database: str | None) -> None:
    async with FakeTelegram() as telegram, bot_box(tmp_path / "box", telegram, database) as box:
        assert await box.post("notes") == 200
        await box.drained(within=WITHIN)
        telegram.write("/order 5")
        telegram.write("call me", chat=8, name="Bilal")
        await telegram.until(lambda: len(telegram.sent) == 1, within=WITHIN)
        await box.kill()

        for number in range(250):
            telegram.write(f"/order {number}", chat=100 + number % 25, name="Chen")
        telegram.press("/order 1000", chat=9)
        await box.start()
        await telegram.until(lambda: len(telegram.sent) >= 40, within=WITHIN)
        await box.kill()
        await box.start()
        expected = {f"Order <b>{number}</b> of Chen" for number in range(250)}
        await telegram.until(lambda: expected <= {sent.text for sent in telegram.sent}, within=WITHIN)
        await telegram.until(lambda: any(sent.chat == 9 for sent in telegram.sent), within=WITHIN)
        await box.drained(within=WITHIN)

        assert telegram.sent[0].text == "Order <b>5</b> of Ana"
        assert telegram.sent[0].chat == 7
        assert set(telegram.answered) == {"press-1252"}
        assert box.rows("select sender, text from notes") == [("8", "call me")]
        for chat in range(100, 125):
            numbers = [int(sent.text.split("<b>")[1].split("</b>")[0]) for sent in telegram.sent if sent.chat == chat]
            assert list(dict.fromkeys(numbers)) == [number for number in range(250) if 100 + number % 25 == chat]
        assert box.rows("select count(*) from event where topic = 'telegram.main'") == [(253,)]
        assert await box.stop() == 0
        assert telegram.token not in box.log()
