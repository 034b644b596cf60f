"""The naive bot with the drop-in, in a process of its own that real signals reach."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.drop_in.cascade import BotProcess
from tests.support.process import BoxProcess
from tests.support.telegram import FakeTelegram

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.soak
PEOPLE = range(1, 21)


def all_write(telegram: FakeTelegram) -> set[str]:
    """20 people write twice each; the answers that are due."""
    for number in range(2):
        for person in PEOPLE:
            telegram.write(f"m{person}-{number}", chat=person)
    return {f"ok m{person}-{number}" for number in range(2) for person in PEOPLE}


async def test_in_memory_nothing_is_lost_at_sigterm(tmp_path: Path) -> None:
    async with FakeTelegram() as telegram:
        telegram.latency = 0.02
        async with BotProcess(tmp_path, telegram, "--drop-in") as bot:
            due = all_write(telegram)
            await telegram.until(lambda: len(telegram.sent) >= 3)
            await bot.stop()
        assert {sent.text for sent in telegram.sent} == due
        assert len(telegram.sent) == len(due)
        assert "Unclosed" not in bot.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_with_a_store_nothing_is_lost_however_the_bot_ends(tmp_path: Path, number: signal.Signals) -> None:
    """What was under way at a kill may be done twice, and no more than that."""
    store = ("--drop-in", "--store", str(tmp_path / "store.db"))
    async with FakeTelegram() as telegram:
        telegram.latency = 0.02
        async with BotProcess(tmp_path, telegram, *store) as bot:
            due = all_write(telegram)
            await telegram.until(lambda: len(telegram.sent) >= 3)
            await bot.stop(number)
        assert len(telegram.sent) < len(due)
        async with BotProcess(tmp_path, telegram, *store) as bot:
            await telegram.until(lambda: {sent.text for sent in telegram.sent} == due)
            await bot.stop()
        assert len(telegram.sent) - len(due) <= (0 if number is signal.SIGTERM else 5)
        assert "Unclosed" not in bot.log


async def test_a_handler_that_outlives_the_bot_leaves_no_session_open(tmp_path: Path) -> None:
    async with FakeTelegram() as telegram:
        async with BotProcess(tmp_path, telegram, "--drop-in", "--stop-within", "0.2", "--work", "3") as bot:
            telegram.write("m1-1", chat=1)
            await telegram.until(lambda: telegram.called.count("getUpdates") > 1)
            await bot.stop()
        assert "1 updates were not handled to their end within 0.2 s" in bot.log
        assert "Unclosed" not in bot.log


async def test_the_store_may_be_the_file_of_a_box_that_runs(tmp_path: Path) -> None:
    """The box works as before beside it, and starts again with the two tables."""
    box = BoxProcess(
        tmp_path / "box", flows={"w.yaml": "flow: w\non:\n  webhook: {path: w}\nsteps:\n  - {do: set, with: {a: 1}}\n"}
    )
    try:
        await box.start()
        store = str(box.database)
        async with FakeTelegram() as telegram, BotProcess(tmp_path, telegram, "--drop-in", "--store", store) as bot:
            due = all_write(telegram)
            accepted = await box.post("w")
            await telegram.until(lambda: {sent.text for sent in telegram.sent} == due, within=20)
            await bot.stop()
        assert accepted == 200
        await box.stop()
        await box.start()
        assert box.rows("select decision, count(*) from drop_in_update group by decision") == [("taken", 40)]
        assert await box.post("w") == 200
    finally:
        await box.clean_up()
