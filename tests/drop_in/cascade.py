"""The cascade: bursts of people who write to one bot, a Bot API that refuses what comes too fast, and a tally."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil
from tests.support.telegram import FakeTelegram

from onebox.sandbox.telegram.flood import Flood

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
_LATENCY = 0.06
_SETTLES_WITHIN = 150.0


@dataclass
class Tally:
    """What came of it. Times in seconds."""

    written: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    doubled: int = 0
    refused: int = 0
    out_of_order: int = 0
    last: float = 0.0
    memory_grew: float = 0.0
    """MB, at the most"""
    said: dict[str, int] = field(default_factory=dict)
    """what the bot counted"""
    log: str = ""

    @property
    def lost(self) -> int:
        return len(self.written) - len(self.answered)

    @property
    def median(self) -> float:
        waits = sorted(self.answered[text] - self.written[text] for text in self.answered)
        return waits[len(waits) // 2] if waits else 0.0


class BotProcess:
    """The naive bot in a process of its own."""

    def __init__(self, folder: Path, telegram: FakeTelegram, *arguments: str) -> None:
        self.folder = folder
        self._telegram = telegram
        self._arguments = ["--db", str(folder / "bot.db"), *arguments]
        self.log_file = folder / "bot.log"

    async def __aenter__(self) -> Self:
        command = [sys.executable, "-m", "tests.drop_in.naive_bot", self._telegram.url, *self._arguments]
        polls = self._telegram.called.count("getUpdates")
        with self.log_file.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log
            )
        await self._telegram.until(lambda: self._telegram.called.count("getUpdates") > polls, within=30)
        return self

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> dict[str, int]:
        """Ends the bot; what it counted."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(90):
            said, _ = await self.process.communicate()
        return json.loads(said) if said.strip() else {}

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    @property
    def memory(self) -> float:
        """MB."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / 2**20

    @property
    def log(self) -> str:
        return self.log_file.read_text()


@dataclass(frozen=True)
class Scene:
    """`plan`: when who writes what. `forced`: at this time the whole bot is refused for 28 s, whatever it did."""

    plan: Sequence[tuple[float, int, str]]
    shut: float = 5.0
    forced: float | None = None


def bursts(people: int = 50, times: int = 4, *, shut: float = 5.0, forced: float | None = None) -> Scene:
    """Each of the people writes 3 times within a second, so many times, 5 s apart."""
    dice = random.Random(7)
    plan: list[tuple[float, int, str]] = []
    for burst in range(times):
        for person in range(1, people + 1):
            moments = sorted(dice.random() for _ in range(3))
            plan += [(5 * burst + at, person, f"m{person}-{3 * burst + n}") for n, at in enumerate(moments)]
    return Scene(sorted(plan), shut, forced)


def crowd(people: int = 100, times: int = 3) -> Scene:
    """So many different people write once within 0.2 s, so many times, 6 s apart."""
    return Scene(
        [(6 * n + 0.2 * who / people, who, f"m{who}-{n}") for n in range(times) for who in range(1, people + 1)]
    )


async def play(scene: Scene, folder: Path, *arguments: str) -> Tally:
    """Plays a scene to a bot, until all is answered or nothing happens any more; then SIGTERM."""
    tally = Tally()
    async with FakeTelegram() as telegram:
        telegram.flood = flood = Flood(all_shut=scene.shut)
        telegram.latency = _LATENCY
        async with BotProcess(folder, telegram, *arguments) as bot:
            before = bot.memory
            started = time.monotonic()
            writing = asyncio.create_task(_write(scene, telegram, tally, started))
            while not writing.done() or not _is_settled(telegram, tally, started, scene):
                await asyncio.sleep(0.1)
                tally.memory_grew = max(tally.memory_grew, bot.memory - before)
            await writing
            tally.said = await bot.stop()
            tally.log = bot.log
    tally.refused = flood.refused.total()
    _count(telegram, tally, started)
    return tally


async def _write(scene: Scene, telegram: FakeTelegram, tally: Tally, started: float) -> None:
    for at, who, text in scene.plan:
        await asyncio.sleep(started + at - time.monotonic())
        if scene.forced is not None and at >= scene.forced and telegram.flood is not None:
            telegram.flood.shut(1, 28.0, time.monotonic())
            scene = Scene(scene.plan, scene.shut)
        tally.written[text] = time.monotonic()
        telegram.write(text, chat=who)


def _is_settled(telegram: FakeTelegram, tally: Tally, started: float, scene: Scene) -> bool:
    now = time.monotonic()
    answered = len({sent.text for sent in telegram.sent})
    last = max(telegram.sent[-1].at if telegram.sent else started, started + scene.plan[-1][0])
    return answered >= len(tally.written) or now - last > 40 or now - started > _SETTLES_WITHIN


def _count(telegram: FakeTelegram, tally: Tally, started: float) -> None:
    lanes: defaultdict[int | str, list[int]] = defaultdict(list)
    for sent in telegram.sent:
        text = sent.text.removeprefix("ok ")
        if text in tally.answered:
            tally.doubled += 1
            continue
        tally.answered[text] = sent.at
        lanes[sent.chat].append(int(text.rsplit("-")[-1]))
        tally.last = sent.at - started
    tally.out_of_order = sum(later < earlier for lane in lanes.values() for earlier, later in pairwise(lane))
