"""The chat in the terminal: what is typed goes to the bot, what it says is shown, its buttons numbered."""

from __future__ import annotations

import asyncio
import base64
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onebox.cli.output import one_line, say, show
from onebox.sandbox.acting import Acts, CannotAct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onebox.sandbox.talk import Line

HELP = """What you type is sent. Ctrl-C ends it.
  /press N            press the button with that number
  /as NAME            be another person
  /photo PATH         send a photo; /file PATH sends any file
  /location LAT LON   send a place; /contact sends your number
  /pay                pay the newest invoice
  /block, /unblock    forbid the bot to write to you, and allow it again
  /forward HOURS      let time pass here, and not for the box
  /help               this; // at the beginning sends what begins with one /
Any other command, such as /start, goes to the bot."""
_LONGEST_LINE = 2000
_WATCHES_FOR = 3600.0


async def chat_with(sandbox: Any) -> None:
    """Talks to the bot until the input ends."""
    chat = Chat(sandbox)
    say("you are Ana; /help tells what else can be typed")
    watching = asyncio.create_task(chat.watch())
    try:
        lines = _typed()
        while (line := await lines.get()) is not None:
            await chat.take(line)
        if sys.stdin.isatty():
            return
        # A pipe ended; what is said is still shown, until a signal ends it.
        await watching
    finally:
        watching.cancel()


class Chat:
    """One terminal. `take` is what a person typed; `watch` shows what is said."""

    def __init__(self, sandbox: Any, out: Callable[[str], None] = show) -> None:
        self._talk = sandbox.talk
        self._acts = Acts(sandbox)
        self._out = out
        self._person = "Ana"
        self._shown: dict[str, Line] = {}
        self._seen: dict[str, tuple[str, str, bool]] = {}
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "press": self._press,
            "as": self._as,
            "photo": lambda path: self._attach(path, "photo"),
            "file": lambda path: self._attach(path, "document"),
            "location": self._locate,
            "contact": lambda _: self._act("share_contact"),
            "pay": lambda _: self._pay(),
            "block": lambda _: self._act("block"),
            "unblock": lambda _: self._act("unblock"),
            "forward": self._forward,
            "help": self._help,
        }

    async def take(self, typed: str) -> None:
        """Sends a line, or does what it says."""
        command = re.fullmatch(r"/([a-z]+)(?:\s+(.*))?", typed.strip())
        try:
            if command and command[1] in self._commands:
                await self._commands[command[1]]((command[2] or "").strip())
            elif typed.strip():
                await self._act(
                    "write", text=typed.strip().removeprefix("/") if typed.startswith("//") else typed.strip()
                )
        except CannotAct as refused:
            self._out(f"  {refused.message}")

    async def watch(self) -> None:
        """Shows what is said, and what changes."""
        change = 0
        while True:
            for line in await self._talk.wait(change, _WATCHES_FOR):
                change = max(change, line.change)
                self._show(line)

    # --- what is typed

    async def _act(self, name: str, /, **given: Any) -> None:
        await self._acts.act(name, {"person": self._person, **given})

    async def _press(self, number: str) -> None:
        line = next((line for line in reversed(self._talk.lines) if line.person == self._person and line.choices), None)
        if line is None:
            raise CannotAct(f"no message to {self._person} has buttons")
        if not number.isdigit() or not 1 <= int(number) <= len(line.choices):
            raise CannotAct(f"there is no button {number or 'without a number'}; there are 1 to {len(line.choices)}")
        choice = line.choices[int(number) - 1]
        if choice.kind == "press":
            await self._act("press", button=choice.value, message_id=line.message_id)
        elif choice.kind == "text":
            await self._act("write", text=choice.value)
        elif choice.kind == "contact":
            await self._act("share_contact")
        elif choice.kind == "location":
            await self._act("locate", latitude=40.4168, longitude=-3.7038)
        elif choice.kind == "pay":
            await self._pay()
        else:
            self._out(f"  opens {one_line(choice.value)}")

    async def _as(self, name: str) -> None:
        if not name:
            raise CannotAct("who? /as NAME")
        self._person = name
        self._out(f"  you are {one_line(name)}")

    async def _attach(self, path: str, kind: str) -> None:
        try:
            content = await asyncio.to_thread(_read, path)
        except OSError as error:
            raise CannotAct(f"{path or 'a file without a name'} cannot be read: {error.strerror}") from None
        given = {"content": base64.b64encode(content).decode(), "kind": kind, "name": Path(path).name}
        await self._acts.act("attach", {"person": self._person, **given})

    async def _locate(self, place: str) -> None:
        found = re.fullmatch(r"(-?[\d.]+)[\s,]+(-?[\d.]+)", place)
        if found is None:
            raise CannotAct("where? /location LATITUDE LONGITUDE, such as /location 40.4168 -3.7038")
        await self._act("locate", latitude=found[1], longitude=found[2])

    async def _pay(self) -> None:
        # The bot is asked whether it agrees; meanwhile it may say something.
        paid = await self._acts.act("pay", {"person": self._person})
        self._out("  paid" if paid["paid"] else f"  not paid: {one_line(paid['reason'])}")

    async def _forward(self, hours: str) -> None:
        if not re.fullmatch(r"\d{1,6}(?:\.\d+)?", hours):
            raise CannotAct("how long? /forward HOURS")
        await self._acts.act("forward", {"seconds": float(hours) * 3600})
        self._out(f"  {hours} hours later")

    async def _help(self, _: str) -> None:
        self._out(HELP)

    # --- what is shown

    def _show(self, line: Line) -> None:
        state = (line.text, line.note, line.gone)
        before = self._seen.get(line.key)
        self._seen[line.key] = state
        if before == state:
            return
        if before is None:
            if line.author != self._person:
                self._show_new(line)
        elif line.gone:
            self._out(f"  deleted: {one_line(line.text)}")
        elif before[0] != line.text:
            self._show_new(line)
        elif line.note:
            self._out(f"  {one_line(line.note)}")

    def _show_new(self, line: Line) -> None:
        who = line.author or f"→ {line.person}"
        said = line.text or f"({line.media_kind})"
        first, *rest = said.splitlines() or [""]
        medium = f"({line.media_kind}) " if line.media_kind and line.text else ""
        self._out(f"{one_line(who)}: {medium}{one_line(first, _LONGEST_LINE)}")
        for one in rest:
            self._out(f"    {one_line(one, _LONGEST_LINE)}")
        if line.choices:
            buttons = (f"[{number}] {one_line(choice.label)}" for number, choice in enumerate(line.choices, 1))
            self._out(f"    {'  '.join(buttons)}")
        if line.note and line.note != "edited":
            self._out(f"  {one_line(line.note)}")


def _read(path: str) -> bytes:
    return Path(path).expanduser().read_bytes()


def _typed() -> asyncio.Queue[str | None]:
    """The lines of stdin as they come, and None at its end; read by a thread, for a terminal cannot be awaited."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        try:
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line.rstrip("\n"))
            loop.call_soon_threadsafe(lines.put_nowait, None)
        except RuntimeError:
            pass  # the loop is closed: the sandbox ended first

    threading.Thread(target=read, name="typed", daemon=True).start()
    return lines
