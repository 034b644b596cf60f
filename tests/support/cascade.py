"""The cascade that once brought a bot down, to be let loose on a box: who writes when, and what became of it."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from onebox.sandbox.telegram.flood import Flood
from onebox.sandbox.telegram.sandbox import TOKEN, TelegramSandbox
from tests.support.process import BoxProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

MB = 1_000_000
BOT = int(TOKEN.partition(":")[0])
FLOW = """\
flow: answer
on:
  telegram: {updates: [message]}
steps:
  - do: sql
    with:
      run: insert into state (chat, text) values (:chat, :text)
      args: {chat: "${event.chat.id}", text: "${event.text}"}
  - do: send
    with: {to: "${event.sender}", text: "ok ${event.text}"}
"""
TABLE = "create table state (id integer primary key, chat text not null, text text not null);\n"
"""as the bot did that the cascade brought down: each message changes what is kept of its sender"""


@dataclass(slots=True)
class Outcome:
    """What became of the messages. Times in seconds since the first was written; `memory` is the most that the box
    grew by, in MB."""

    written: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    twice: int = 0
    refused: int = 0
    out_of_order: int = 0
    memory: float = 0.0

    @property
    def lost(self) -> int:
        """How many were never answered."""
        return len(self.written.keys() - self.answered.keys())

    @property
    def last(self) -> float:
        """When the last answer left."""
        return max(self.answered.values(), default=0.0)

    @property
    def waits(self) -> list[float]:
        """How long each waited for its answer, the shortest first."""
        return sorted(at - self.written[key] for key, at in self.answered.items())


class Crowd:
    """Writes to the bot of a box. Each message is `person-number`; the answer is `ok person-number`."""

    def __init__(self, telegram: TelegramSandbox, box: BoxProcess) -> None:
        self.telegram = telegram
        self.box = box
        self.began = time.monotonic()
        self.outcome = Outcome()
        self._counts: dict[int, int] = {}
        self._resident = self._memory()
        self._watching = asyncio.create_task(self._watch())

    async def write(self, person: int) -> None:
        """One message."""
        number = self._counts[person] = self._counts.get(person, 0) + 1
        text = f"{person}-{number}"
        self.outcome.written[text] = time.monotonic() - self.began
        await self.telegram.write(text, person=f"Guest {person}")

    async def answers(self, more: int, *, within: float) -> None:
        """Waits for so many more answers."""
        least = len(self.telegram.sent) + more
        await self.telegram.until(lambda: len(self.telegram.sent) >= least, within=within)

    async def answered(self, *, within: float) -> Outcome:
        """Waits until every message has its answer, or the time is over, and counts."""
        try:
            await self.telegram.until(lambda: self._answers() >= len(self.outcome.written), within=within)
        except TimeoutError:
            pass
        finally:
            self._watching.cancel()
        return self._count()

    def _answers(self) -> int:
        return sum(sent.text.startswith("ok ") for sent in self.telegram.sent)

    def _count(self) -> Outcome:
        outcome, order = self.outcome, dict[int, int]()
        for sent in self.telegram.sent:
            text = sent.text.removeprefix("ok ")
            if text not in outcome.written:
                continue  # it is of a broadcast
            if text in outcome.answered:
                outcome.twice += 1
                continue
            outcome.answered[text] = sent.at - self.began
            number = int(text.partition("-")[2])
            outcome.out_of_order += number < order.get(sent.chat, 0)
            order[sent.chat] = number
        outcome.refused = sum(self.telegram.flood.refused.values())
        return outcome

    def _memory(self) -> float:
        assert self.box.process is not None
        return float(psutil.Process(self.box.process.pid).memory_info().rss / MB)

    async def _watch(self) -> None:
        while True:
            self.outcome.memory = max(self.outcome.memory, self._memory() - self._resident)
            await asyncio.sleep(0.1)


async def bursts(crowd: Crowd) -> None:
    """50 people write 3 messages each within a second, four times, 5 seconds apart."""
    for burst in range(4):
        for number in range(150):
            await _until(crowd, 5 * burst + number / 150)
            await crowd.write(number % 50)


async def forced(crowd: Crowd) -> None:
    """The same, and 7 seconds in Telegram has enough of the bot, and refuses all of it for 28 seconds."""

    async def refuse() -> None:
        await _until(crowd, 7)
        crowd.telegram.flood.shut(BOT, 28, crowd.telegram.time.now())

    await asyncio.gather(bursts(crowd), refuse())


async def rush(crowd: Crowd) -> None:
    """100 different people write within 0.2 seconds, three times, 5 seconds apart."""
    for burst in range(3):
        for number in range(100):
            await _until(crowd, 5 * burst + number / 500)
            await crowd.write(100 * burst + number)


async def broadcast(crowd: Crowd, *, recipients: int, clients: int, every: float) -> str:
    """One message to many, begun by hand, while clients write, each `every` so many seconds, until it is through. Gives
    what `onebox broadcast show` says of it in the end."""
    people = [crowd.telegram.person(f"Reader {number}", started=True).id for number in range(recipients)]
    listed = crowd.box.folder.parent / "recipients.txt"
    listed.write_text("\n".join(map(str, people)))
    crowd.telegram.world.talk.clear()
    begun = await _onebox(crowd, "start", "telegram/main", "--to", str(listed), "--text", "We are closed on Monday.")
    talking = asyncio.create_task(_talk(crowd, clients, every))
    try:
        while "done" not in (told := await _onebox(crowd, "show", begun)):  # noqa: ASYNC110 - it tells who asks
            await asyncio.sleep(1)
    finally:
        talking.cancel()
    return told


async def _talk(crowd: Crowd, clients: int, every: float) -> None:
    for number in itertools.count():
        await _until(crowd, number * every / clients)
        await crowd.write(number % clients)


async def _onebox(crowd: Crowd, *arguments: str) -> str:
    command = [sys.executable, "-m", "onebox", "broadcast", *arguments, "--box", str(crowd.box.folder)]
    made = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await made.communicate()
    assert made.returncode == 0, err.decode()
    return out.decode().strip()


SCENES: dict[str, Callable[[Crowd], Awaitable[None]]] = {"bursts": bursts, "forced": forced, "rush": rush}


async def _until(crowd: Crowd, seconds: float) -> None:
    await asyncio.sleep(max(0.0, crowd.began + seconds - time.monotonic()))


@asynccontextmanager
async def chatty_box(folder: Path, *, flow: str = FLOW, flood: Flood | None = None) -> AsyncIterator[Crowd]:
    """A box with a bot that answers, at a sandbox with Telegram's flood control."""
    async with TelegramSandbox(flood=flood or Flood()) as telegram:
        settings = f"accounts: {{telegram/main: {{token: bot, api: '{telegram.url}'}}}}\nlog: {{level: warning}}\n"
        box = BoxProcess(folder, settings=settings, flows={"answer.yaml": flow}, secrets={"bot": TOKEN})
        box.write("tables/0001-state.sql", TABLE)
        try:
            await box.start()
            await _warm_up(telegram)
            yield Crowd(telegram, box)
        finally:
            await box.clean_up()


async def _warm_up(telegram: TelegramSandbox) -> None:
    """One answer, so that what is loaded once is loaded; then the sandbox forgets it."""
    await telegram.write("hello-1", person="Somebody")
    await telegram.until(lambda: telegram.sent, within=20)
    await asyncio.sleep(1.5)
    telegram.reset()
