"""A box that follows feeds, with a clock that is moved: `feedbox.py FOLDER`.

For each line on stdin it lets an interval pass, asks all feeds, and prints how that went as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

from onebox.app.folder import BoxFolder
from onebox.app.serve import loop_factory, running_box

if TYPE_CHECKING:
    from onebox.app.serve import RunningBox
    from onebox.connectors.feeds.poller import FeedPoller

_INTERVAL = timedelta(minutes=30)


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at


async def serve(folder: Path) -> None:
    """Until stdin ends."""
    clock = MovedClock()
    loop = asyncio.get_running_loop()
    async with running_box(BoxFolder(folder), port=0, environ={}, clock=clock) as box:
        poller = cast("FeedPoller", box.box.sources["feeds"])
        await poller.poll_due()  # makes the plan
        print("ready", flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            clock.at += _INTERVAL
            began, worked = time.monotonic(), time.process_time()
            await poller.poll_due()
            polled = time.monotonic() - began
            await _drained(box)
            told = {"polled": polled, "through": time.monotonic() - began, "cpu": time.process_time() - worked}
            print(json.dumps(told), flush=True)


async def _drained(box: RunningBox) -> None:
    while box.box.engine.backlog():  # noqa: ASYNC110 - the engine tells nobody
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(Path(sys.argv[1])))
