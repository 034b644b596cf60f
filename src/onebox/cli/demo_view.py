"""How the demo is shown: a live table for a person, plain lines for a pipe."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from onebox.app.demo.scenario import BURST
from onebox.cli.output import one_line, show

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINES = 6
_EVERY = 50


class View(Protocol):
    """A watcher of the demo that can be told to draw no more. See `app.demo.playing.Watcher`."""

    def phase(self, text: str) -> None: ...
    def came_in(self, told: str, status: int, seconds: float) -> None: ...
    def went_out(self, line: str) -> None: ...
    def ran(self, counts: dict[str, int]) -> None: ...
    def close(self) -> None: ...


@contextmanager
def open_view() -> Iterator[View]:
    """A live one if a person looks on."""
    if not sys.stdout.isatty():
        yield PlainView()
        return
    live = LiveView()
    try:
        yield live
    finally:
        live.close()


class PlainView:
    """A line for all that happens; of a burst, every fiftieth."""

    def __init__(self) -> None:
        self._in = self._out = self._burst_from = 0
        self._in_burst = False

    def phase(self, text: str) -> None:
        self._in_burst = str(BURST) in text
        self._burst_from = self._out
        self._in = 0
        show(f"\n# {text}")

    def came_in(self, told: str, status: int, seconds: float) -> None:
        self._in += 1
        if not self._in_burst:
            show(f"in   {status} in {seconds * 1000:.0f} ms  {one_line(told)}")
        elif self._in % _EVERY == 0:
            show(f"in   {self._in} orders")

    def went_out(self, line: str) -> None:
        self._out += 1
        if not self._in_burst:
            show(f"out  {line}")
        elif (self._out - self._burst_from) % _EVERY == 0:
            show(f"out  {self._out - self._burst_from} messages")

    def ran(self, counts: dict[str, int]) -> None:
        pass

    def close(self) -> None:
        self._in_burst = False


class LiveView:
    """Counts, and the last of what came in and went out, drawn a few times a second."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._phase = "starting"
        self._came: deque[str] = deque(maxlen=_LINES)
        self._went: deque[str] = deque(maxlen=_LINES)
        self._counts: dict[str, int] = {}
        self._in = self._out = 0
        self._closed = False
        self._live: Any = Live(console=Console(), get_renderable=self._drawn, refresh_per_second=8, transient=False)
        self._live.start()

    def phase(self, text: str) -> None:
        self._phase = text

    def came_in(self, told: str, status: int, seconds: float) -> None:
        self._in += 1
        self._came.append(f"{status} {seconds * 1000:5.1f} ms  {one_line(told)}")

    def went_out(self, line: str) -> None:
        self._out += 1
        if self._closed:
            show(line)
        self._went.append(one_line(line))

    def ran(self, counts: dict[str, int]) -> None:
        self._counts = counts

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._live.stop()

    def _drawn(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        states = "  ".join(f"{count} {state}" for state, count in self._counts.items() if count)
        return Group(
            Text(self._phase, style="bold cyan"),
            Text(f"came in: {self._in}", style="bold"),
            *_block(self._came),
            Text(f"ran: {states}", style="bold"),
            Text(f"went out: {self._out}", style="bold"),
            *_block(self._went),
        )


def _block(lines: deque[str]) -> Iterator[Any]:
    """A fixed number of lines, so that what stands below does not jump."""
    from rich.text import Text

    for number in range(_LINES):
        text = lines[number] if number < len(lines) else ""
        yield Text(f"  {text}", no_wrap=True, overflow="ellipsis")
