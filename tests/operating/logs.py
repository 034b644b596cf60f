"""Logs as programs write them, made up: the incident, and others. Every one is the same each time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
_PRIORITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
_FRAMES = (
    "Traceback (most recent call last):",
    '  File "/srv/bot/handlers.py", line 41, in answer',
    "    await message.answer(text)",
)
_FLOOD = (
    "Telegram server says - Flood control exceeded on method 'SendMessage' in chat {chat}. Retry in {wait} seconds.\n"
    "Original description: Too Many Requests: retry after {wait}"
)


@dataclass(frozen=True)
class Said:
    """What one of the programs of a machine says."""

    at: datetime
    message: str
    level: str = "INFO"
    logger: str = "bot"
    who: str = "bot"
    trace: tuple[str, ...] = ()


class Story:
    """What happened, to be written in one format or another."""

    def __init__(self, began: datetime = MIDNIGHT) -> None:
        self.at = began
        self.random = Random(7)
        self.said: list[Said] = []
        self.update = 900_100

    def says(self, after: float, message: str, level: str = "INFO", logger: str = "bot", trace: str = "") -> None:
        lines = (*_FRAMES, trace) if trace else ()
        self.said.append(Said(self.at + timedelta(seconds=after), message, level, logger, trace=lines))

    def systemd(self, after: float, message: str) -> None:
        self.said.append(Said(self.at + timedelta(seconds=after), message, logger="", who="systemd"))

    def kernel(self, after: float, message: str) -> None:
        self.said.append(Said(self.at + timedelta(seconds=after), message, "ERROR", "", who="kernel"))

    def handles(self, after: float, milliseconds: int) -> None:
        self.update += 1
        told = f"Update id={self.update} is handled. Duration {milliseconds} ms by bot id=7000000001"
        self.says(after, told, logger="aiogram.event")

    def fails(self, after: float, trace: str) -> None:
        self.update += 1
        told = f"Cause exception while process update id={self.update} by bot id=7000000001"
        self.says(after, f"{told}\n{trace}", "ERROR", "aiogram.event", trace=trace.split("\n", 1)[0])

    def calm(self, minutes: float, memory: float = 84, grows: float = 0.0) -> None:
        """Updates now and then, and a word of health every five minutes."""
        second = 0.0
        while second < minutes * 60:
            second += self.random.uniform(4, 30)
            self.handles(second, self.random.randint(30, 90))
        for minute in range(0, int(minutes), 5):
            self.says(
                minute * 60 + 1,
                f"rss={memory + grows * minute:.0f}MB tasks={self.random.randint(4, 7)}",
                logger="health",
            )
        self.at += timedelta(minutes=minutes)

    def starts(self) -> None:
        self.says(0.4, "Start polling", logger="aiogram.dispatcher")
        self.says(0.9, "Run polling for bot @salon_bot id=7000000001 - 'Salon'", logger="aiogram.dispatcher")

    def dies(self, after: float, *, status: str, result: str, restarts: int | None) -> None:
        """Systemd's words of an end, and of the start after it."""
        self.systemd(after, f"bot.service: Main process exited, {status}")
        self.systemd(after + 0.1, f"bot.service: Failed with result '{result}'.")
        if restarts is not None:
            self.systemd(after + 2, f"bot.service: Scheduled restart job, restart counter is at {restarts}.")
            self.systemd(after + 2.1, "Started bot.service - The salon's bot.")

    def in_order(self) -> list[Said]:
        return sorted(self.said, key=lambda one: one.at)


# ---- what happened


def incident(cascades: int = 4) -> Story:
    """A burst comes in and goes out; refusals, waits inside the send, locks, leaks, no memory; all 140 minutes."""
    story = Story()
    for number in range(1, cascades + 1):
        story.starts()
        story.calm(story.random.choice([129.9, 130.9, 131.9]), grows=0.4)
        _storm(story, number)
        story.at += timedelta(minutes=9, seconds=6)
    story.starts()
    story.calm(25, grows=0.4)
    return story


def _storm(story: Story, restarts: int) -> None:
    for number in range(150):
        story.handles(number / 150, story.random.randint(40, 900))
    for second in range(540):
        chat = story.random.randint(100, 149)
        story.fails(1.2 + second, "TelegramRetryAfter: " + _FLOOD.format(chat=chat, wait=28))
        if second > 31 and second % 4 == 0:
            story.says(1.5 + second, "an answer was given up", "ERROR", trace="TimeoutError")
            story.handles(1.6 + second, 30_000 + 50 * second)
        if second > 70 and second % 3 == 0:
            story.says(1.7 + second, "state not saved", "ERROR", trace="sqlite3.OperationalError: database is locked")
        if second > 90 and second % 5 == 0:
            story.says(
                1.8 + second,
                "Unclosed client session\nclient_session: <aiohttp.client.ClientSession object>",
                "ERROR",
                "asyncio",
            )
        if second % 60 == 0:
            story.says(1.9 + second, f"rss={136 + second * 0.68:.0f}MB tasks={20 + second}", logger="health")
    story.kernel(543, "Out of memory: Killed process 812 (python3) total-vm:2097152kB, anon-rss:516096kB, file-rss:0kB")
    story.systemd(543.2, "bot.service: A process of this unit has been killed by the OOM killer.")
    story.dies(543.4, status="code=killed, status=9/KILL", result="oom-kill", restarts=restarts)


def healthy() -> Story:
    """Two failures in six hours, far from each other, and neither leads anywhere."""
    story = Story()
    story.starts()
    story.calm(120)
    story.says(
        0, "weather not fetched", "ERROR", trace="aiohttp.client_exceptions.ClientConnectorError: no route to host"
    )
    story.calm(200)
    story.says(0, "an order without a city: 0 errors, 1 warning", "ERROR", trace="KeyError: 'city'")
    story.calm(40)
    return story


def crash_loop() -> Story:
    """A setting is gone after an upgrade: the bot ends as soon as it starts."""
    story = Story()
    for restarts in range(1, 41):
        story.says(0.1, "the bot starts", logger="bot")
        story.says(1.3, "cannot start", "CRITICAL", trace="KeyError: 'BOT_TOKEN'")
        story.dies(1.6, status="code=exited, status=1/FAILURE", result="exit-code", restarts=restarts)
        story.at += timedelta(seconds=7)
    return story


def postgres_exhausted() -> Story:
    """Twelve workers ask for more connections than the server has, each noon."""
    story = Story()
    for _day in range(2):
        story.calm(90)
        for second in range(0, 240, 2):
            story.says(
                second,
                "orders not read",
                "ERROR",
                "orders",
                "psycopg.OperationalError: FATAL: sorry, too many clients already",
            )
            if second > 40:
                story.says(
                    second + 0.5,
                    "worker gave up",
                    "ERROR",
                    "orders",
                    "psycopg_pool.PoolTimeout: couldn't get a connection after 30.00 sec",
                )
        story.at += timedelta(minutes=300)
    story.calm(30)
    return story


def disk_full() -> Story:
    """Backups fill the disk; from then on nothing can be written."""
    story = Story()
    story.calm(60)
    story.says(
        0,
        "backup not written",
        "ERROR",
        "backup",
        "OSError: [Errno 28] No space left on device: '/srv/backups/0412.tar'",
    )
    for second in range(20, 1200, 20):
        story.says(second, "order not kept", "ERROR", "orders", "sqlite3.OperationalError: database or disk is full")
    return story


def slow_leak() -> Story:
    """Memory grows for a day, until the kernel ends it; nothing fails before."""
    story = Story()
    story.starts()
    for hour in range(24):
        story.calm(60, memory=90 + 18 * hour, grows=18 / 60)
    story.kernel(0, "Out of memory: Killed process 977 (python3) total-vm:2097152kB, anon-rss:530000kB, file-rss:0kB")
    story.dies(0.3, status="code=killed, status=9/KILL", result="oom-kill", restarts=1)
    story.at += timedelta(seconds=3)
    story.starts()
    story.calm(60, memory=90)
    return story


def two_pollers() -> Story:
    """Somebody starts the bot on a laptop while it runs on the server."""
    story = Story()
    story.starts()
    story.calm(45)
    told = (
        "Failed to fetch updates - TelegramConflictError: Telegram server says - Conflict: "
        "terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    for number in range(60):
        story.says(number * 5, told, "ERROR", "aiogram.dispatcher")
        story.says(
            number * 5 + 0.1,
            f"Sleep for 5.0 seconds and try again... (tryings = {number}, bot id = 7000000001)",
            "WARNING",
            "aiogram.dispatcher",
        )
    story.at += timedelta(minutes=5)
    story.calm(30)
    return story


# ---- how it is written


def plain(story: Story) -> bytes:
    """Python's logging as it is mostly set up; systemd and the kernel as syslog has them."""
    return "".join(f"{line}\n" for said in story.in_order() for line in _plain_lines(said)).encode()


def _plain_lines(said: Said) -> list[str]:
    if said.who != "bot":
        who = "systemd[1]" if said.who == "systemd" else "kernel"
        return [f"{said.at:%b} {said.at.day:2} {said.at:%H:%M:%S} salon {who}: {said.message}"]
    stamp = f"{said.at:%Y-%m-%d %H:%M:%S},{said.at.microsecond // 1000:03d}"
    return [f"{stamp} {said.level} {said.logger}: {said.message}", *said.trace]


def json_lines(story: Story) -> bytes:
    """What the bot says, as python-json-logger has it."""
    return b"".join(_object(_of_bot(said)) for said in story.in_order() if said.who == "bot")


def _of_bot(said: Said) -> dict[str, str]:
    told = {"timestamp": said.at.isoformat(), "level": said.level, "logger": said.logger, "message": said.message}
    return told | ({"exc_info": "\n".join(said.trace)} if said.trace else {})


def journal_json(story: Story, *, bot: bool) -> bytes:
    """`journalctl -o json`, with the bot's output or without it."""
    return b"".join(_object(fields) for fields in _journal(story) if bot or fields["SYSLOG_IDENTIFIER"] != "bot")


def journal_export(story: Story) -> bytes:
    """`journalctl -o export`; a message that is not plain ASCII is written with its size."""
    return b"".join(_exported(fields) for fields in _journal(story))


def _exported(fields: dict[str, str]) -> bytes:
    written = b""
    for name, value in fields.items():
        text = value.encode()
        sized = name.encode() + b"\n" + len(text).to_bytes(8, "little") + text + b"\n"
        written += sized if name == "MESSAGE" and "'" in value else f"{name}={value}\n".encode()
    return written + b"\n"


def _journal(story: Story) -> list[dict[str, str]]:
    lines = [(said, line) for said in story.in_order() for line in _journal_lines(said)]
    return [_fields(number, said, line) for number, (said, line) in enumerate(lines)]


def _journal_lines(said: Said) -> list[str]:
    if said.who != "bot":
        return [said.message]
    return [*f"{said.level}:{said.logger}:{said.message}".split("\n"), *said.trace]


def _fields(number: int, said: Said, line: str) -> dict[str, str]:
    fields = {
        "__CURSOR": f"s=1;i={number:x}",
        "__REALTIME_TIMESTAMP": str(int(said.at.timestamp() * 1_000_000)),
        "_HOSTNAME": "salon",
        "PRIORITY": str(_PRIORITY[said.level]),
        "SYSLOG_IDENTIFIER": said.who,
        "MESSAGE": line,
    }
    if said.who == "bot":
        fields |= {"PRIORITY": "6", "_TRANSPORT": "stdout", "_SYSTEMD_UNIT": "bot.service", "_PID": "812"}
    return fields


def _object(fields: dict[str, str]) -> bytes:
    return json.dumps(fields).encode() + b"\n"
