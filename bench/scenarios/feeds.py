"""1,000 feeds of 20 items: all new, and then asked again when nothing is new."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from aiohttp import web

from bench.contenders import MB
from bench.results import Measure, Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bench.session import Session

FEEDS = 1000
ITEMS = 20
_HOSTS = 50
_PROGRAM = Path(__file__).parents[1] / "feedbox.py"
_FLOW = """\
flow: news
on:
  feed: {urls_from: feeds.txt, first: all}
steps:
  - do: set
    with: {text: "${event.title}: ${event.link}"}
"""
_ITEM = """<item><title>Item {number} of {feed}</title><link>https://news.example.org/{feed}/{number}</link>
<guid>https://news.example.org/{feed}/{number}</guid><pubDate>Mon, 02 Mar 2026 10:{number:02}:00 GMT</pubDate>
<description>&lt;p&gt;What Ana &lt;b&gt;wrote&lt;/b&gt; about it, &lt;a href="https://news.example.org/"&gt;and where&lt;/a&gt;.
&lt;/p&gt;&lt;p&gt;{words}&lt;/p&gt;</description></item>"""
_WORDS = "a salon is open from nine to six " * 12

NEW = Measure("feeds", "all new: 1,000 feeds, 20,000 items, through their flow", "s")
RATE = Measure("feeds", "all new, items", "1/s")
AGAIN = {
    "304": Measure("feeds", "again, answered 304", "s"),
    "same": Measure("feeds", "again, the same bytes", "s"),
    "changed": Measure("feeds", "again, other bytes, the same items", "s"),
}
_FIFTH = Target(most=0.2, told="<= 0.2")
SHARE = {
    "304": Measure("feeds", "answered 304, share of all new", "", _FIFTH),
    "same": Measure("feeds", "the same bytes, share of all new", "", _FIFTH),
    "changed": Measure("feeds", "other bytes, share of all new", ""),
}
BOX = Measure("feeds", "resident, the box itself", "MB")
CHILD = Measure("feeds", "resident, the process that reads", "MB")


class Feeds:
    """Serves all feeds as `mode` says: `new`, `304`, `same` or `changed`."""

    def __init__(self) -> None:
        self.mode = "new"
        self.port = 0
        self.answered = 0
        self._bodies = [_body(feed) for feed in range(FEEDS)]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Feeds]:
        app = web.Application()
        app.router.add_get("/{feed}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 0).start()  # 127.0.0.1 and the addresses beside it
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()

    def urls(self) -> list[str]:
        """On many addresses: no host is asked by more than two at once."""
        return [f"http://127.0.0.{feed % _HOSTS + 1}:{self.port}/{feed}" for feed in range(FEEDS)]

    async def _answer(self, request: web.Request) -> web.Response:
        self.answered += 1
        feed = int(request.match_info["feed"])
        if self.mode == "304" and "If-None-Match" in request.headers:
            return web.Response(status=304)
        changed = f"<!-- {self.answered} -->" if self.mode == "changed" else ""
        return web.Response(
            text=self._bodies[feed] + changed, content_type="application/rss+xml", headers={"ETag": f'"{feed}"'}
        )


def _body(feed: int) -> str:
    items = "".join(_ITEM.format(number=number, feed=feed, words=_WORDS) for number in range(ITEMS))
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {feed}</title>{items}</channel></rss>'


async def measure(session: Session) -> None:
    """A box of its own each time."""
    async with Feeds().serving() as feeds:
        for _ in range(session.rounds):
            with tempfile.TemporaryDirectory(dir=session.folder, ignore_cleanup_errors=True) as folder:
                feeds.mode = "new"
                await _measure_one(session, feeds, Path(folder))


async def _measure_one(session: Session, feeds: Feeds, folder: Path) -> None:
    (folder / "flows").mkdir()
    (folder / "box.yaml").write_text("log: {level: error}\n")
    (folder / "flows/news.yaml").write_text(_FLOW)
    (folder / "flows/feeds.txt").write_text("\n".join(feeds.urls()))
    box = await asyncio.create_subprocess_exec(
        sys.executable, str(_PROGRAM), str(folder), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert box.stdin is not None
    assert box.stdout is not None
    try:
        await box.stdout.readline()
        new = await _pass(box, feeds, "new")
        _tell(session, NEW, new)
        session.results.add(RATE, "onebox", FEEDS * ITEMS / new["through"])
        resident = psutil.Process(box.pid)
        session.results.add(BOX, "onebox", resident.memory_info().rss / MB)
        session.results.add(CHILD, "onebox", sum(child.memory_info().rss for child in resident.children()) / MB)
        for mode, told in AGAIN.items():
            again = await _pass(box, feeds, mode)
            _tell(session, told, again)
            session.results.add(SHARE[mode], "onebox", again["through"] / new["through"])
    finally:
        box.stdin.close()
        await box.wait()


async def _pass(box: asyncio.subprocess.Process, feeds: Feeds, mode: str) -> dict[str, Any]:
    assert box.stdin is not None
    assert box.stdout is not None
    feeds.mode, feeds.answered = mode, 0
    box.stdin.write(b"poll\n")
    told: dict[str, Any] = json.loads(await box.stdout.readline())
    return {**told, "answered": feeds.answered}


def _tell(session: Session, measure: Measure, told: dict[str, Any]) -> None:
    session.results.add(measure, "onebox", told["through"])
    session.say(
        f"feeds: {measure.name}: {told['through']:.2f} s, of these {told['cpu']:.2f} s of the box's processor time;"
        f" {told['answered']} answers"
    )
    if told["answered"] != FEEDS:
        session.results.notes.append(f"{measure.name}: {told['answered']} of {FEEDS} feeds were asked")
