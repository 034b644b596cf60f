"""What people and the bot said to each other, as both a terminal and a page show it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

ChoiceKind = Literal["press", "open", "text", "contact", "location", "pay"]


@dataclass(frozen=True)
class Choice:
    """A button. `value`: what `press` brings to the bot, the address that `open` opens, the text that `text` writes."""

    label: str
    kind: ChoiceKind
    value: str = ""


@dataclass(frozen=True)
class Part:
    """A piece of a text. `styles` such as `bold`, `code`; `link`: where it leads."""

    text: str
    styles: tuple[str, ...] = ()
    link: str | None = None


@dataclass
class Line:
    """One thing that was said. `person`: whose chat it is; `author`: who said it, None: the bot; `note`: what became of it."""

    person: str
    author: str | None
    at: float
    key: str
    """what the API calls it"""
    message_id: int | str = ""
    chat: int | None = None
    """the group that it was said in"""
    text: str = ""
    parts: list[Part] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    media: str | None = None
    """where it is served"""
    media_kind: str = ""
    note: str = ""
    gone: bool = False
    number: int = 0
    change: int = 0
    """counts the changes of the whole talk: what is above the last one seen is new"""

    def told(self) -> dict[str, Any]:
        """The line as JSON."""
        return asdict(self)


class Talk:
    """All lines, in order. Who watches asks for what changed after the last change seen."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.number = 1
        """counts the talks: another one began when all was forgotten"""
        self._by_key: dict[str, Line] = {}
        self._changes = 0
        self._came = asyncio.Event()

    def say(self, line: Line) -> Line:
        """Adds a line."""
        self.lines.append(line)
        line.number = len(self.lines)
        self._by_key[line.key] = line
        return self.changed(line)

    def changed(self, line: Line) -> Line:
        """Lets those who watch see it anew."""
        self._changes += 1
        line.change = self._changes
        self._came.set()
        self._came = asyncio.Event()
        return line

    def line(self, key: str) -> Line | None:
        """The line that the API calls so."""
        return self._by_key.get(key)

    def note(self, key: str, note: str) -> None:
        """Says what became of a line, if it is there."""
        if (line := self._by_key.get(key)) is not None and line.note != note:
            line.note = note
            self.changed(line)

    def after(self, change: int) -> list[Line]:
        """What changed after that change, in the order of the lines."""
        if change > self._changes:
            change = 0  # seen of another sandbox, which was here before
        return [line for line in self.lines if line.change > change] if change < self._changes else []

    async def wait(self, change: int, seconds: float) -> list[Line]:
        """The same, once there is any or the time is over."""
        came = self._came
        if not (found := self.after(change)):
            try:
                async with asyncio.timeout(seconds):
                    await came.wait()
            except TimeoutError:
                return []
            found = self.after(change)
        return found

    def clear(self) -> None:
        """Forgets all, but for how many changes there were."""
        self.lines.clear()
        self._by_key.clear()
        self.number += 1
        self._came.set()
        self._came = asyncio.Event()
