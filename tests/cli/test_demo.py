"""The demo, as people see it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest
from tests.channels.chat.site import program

from onebox.app.demo import scenario
from onebox.app.demo.playing import Tally
from onebox.cli.demo import by_hand, summary

if TYPE_CHECKING:
    from pathlib import Path


def _plain() -> dict[str, str]:
    """What a person's shell has: nothing that makes Python write unbuffered."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


async def start(tmp_path: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "onebox", "demo", *arguments,
        env={**_plain(), "TMPDIR": str(tmp_path)}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.soak
async def test_once_it_ends_well_and_leaves_nothing(tmp_path: Path) -> None:
    process = await start(tmp_path, "--once")
    out, err = await process.communicate()
    said = out.decode()

    assert (process.returncode, err.decode()) == (0, "")
    assert "none lost" in said
    assert "answered as the first was, 1 refused" in said
    assert re.search(r"200 orders were taken in \d\.\d+ s and were out after \d\.\d+ s", said)
    assert "Order 1012 needs a person: blue vase is sold out" in said
    assert os.listdir(tmp_path) == []  # noqa: PTH208


@pytest.mark.soak
async def test_it_stays_until_it_is_interrupted(tmp_path: Path) -> None:
    process = await start(tmp_path)
    assert process.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        said += (await process.stdout.readline()).decode()
    curl = re.search(r"curl (\S+/hooks/orders) -H '(.*?): (.*?)' -d '(.*?)'", said)
    assert curl is not None
    request = urllib.request.Request(curl[1], curl[4].encode(), {curl[2]: curl[3]})
    status = await asyncio.to_thread(lambda: urllib.request.urlopen(request).status)
    shown = (await process.stdout.readline()).decode()
    while not shown.strip():
        shown = (await process.stdout.readline()).decode()
    process.send_signal(signal.SIGINT)

    assert status == 200
    assert shown == "out  → Ana: Order 7: your olive soap is on its way (a big order)\n"
    assert await process.wait() == 0
    assert os.listdir(tmp_path) == []  # noqa: PTH208


@pytest.mark.soak
async def test_whoever_opens_its_web_chat_is_asked_and_answered(tmp_path: Path) -> None:
    process = await start(tmp_path)
    assert process.stdout is not None
    said = ""
    while (found := re.search(r"in a browser: (\S+)/chat/main", said)) is None:
        said += (await process.stdout.readline()).decode()
    async with program(found[1]) as visitor:
        heard: list[str] = []
        for number, text in enumerate(("Hello", "Friday", "3")):
            await visitor.post(id=f"m{number}", text=text)
            while len(heard) == number:
                heard += [
                    str(one.get("text") or one["html"])
                    for one in await visitor.entries(wait=20)
                    if one["direction"] == "out"
                ]
    process.send_signal(signal.SIGINT)
    rest = (await process.communicate())[0].decode()

    assert heard[:2] == ["Hello! On which day would you like a cut?", "When would suit you?"]
    assert "Friday, 14:00" in heard[2]
    assert "Chat: a cut on Friday at 14:00" in rest


def test_what_is_lost_is_told() -> None:
    tally = Tally(expected={"Order 1", "Order 2"}, out={"Order 1": 1.0}, out_count=1)

    assert tally.lost == ["Order 2"]
    assert "1 LOST: Order 2" in summary(tally)
    assert "OTHERWISE THAN THE FIRST" in summary(tally)


def test_the_lines_to_try_are_one_command_each() -> None:
    assert len(re.findall(r"^  curl http://h:1/\S+", by_hand("http://h:1"), re.MULTILINE)) == 3


def test_what_comes_in_is_told_apart() -> None:
    incoming = [*scenario.trickle(), *scenario.burst()]

    assert len({one.key for one in incoming}) == len({one.answer for one in incoming}) == len(incoming)
