"""Logs of every format become the same entries."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from onebox.operating.diagnosis.entries import Entry, Level, LogFile
from onebox.operating.diagnosis.reading import read_entries
from onebox.operating.diagnosis.times import Times

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEWEST = NOON + timedelta(days=3)


def entries(log: str | bytes, zone: str = "UTC", newest: datetime = NEWEST) -> list[Entry]:
    stream = io.BytesIO(log.encode() if isinstance(log, str) else log)
    return list(read_entries(stream, LogFile("a.log"), Times(ZoneInfo(zone), newest)))


def told(entry: Entry) -> tuple[Any, ...]:
    at = None if entry.at is None else datetime.fromtimestamp(entry.at, UTC)
    return at and at.replace(microsecond=0), entry.level, entry.text, entry.exception


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-24 12:00:00,123 ERROR orders: no",
        "2026-11-24 12:00:00,123 - ERROR - orders: no",
        "2026-11-24 12:00:00.123 | ERROR    | orders: no",
        "2026-11-24T12:00:00Z [error    ] orders: no",
        "2026-11-24T14:00:00.123456+02:00 ERROR orders: no",
        "2026-11-24T12:00:00.123456789Z 2026-11-24 09:00:00,123 ERROR orders: no",
        "2026-11-24T12:00:00.123456789Z stderr F ERROR orders: no",
        "[2026-11-24 12:00:00 +0000] [7] [ERROR] orders: no",
        "2026/11/24 12:00:00 [error] orders: no",
        "bot-1  | 2026-11-24 12:00:00,123 ERROR orders: no",
        "\x1b[31mERROR\x1b[0m 2026-11-24 12:00:00,123 orders: no",
        "INFO 2026-11-24 12:00:00,123 orders: no",
        "Nov 24 12:00:00 salon bot[812]: ERROR:orders: no",
        "Nov 24 12:00:00 salon bot[812]: 2026-11-24 11:00:00,123 ERROR orders: no",
        "2026-11-24T12:00:00+0000 salon bot[812]: ERROR orders: no",
        "[Tue Nov 24 12:00:00 2026] ERROR orders: no",
        "1795521600.25 ERROR orders: no",
        '{"timestamp": "2026-11-24T12:00:00Z", "levelname": "ERROR", "message": "orders: no"}',
        '{"time": 1795521600123, "level": 50, "pid": 7, "hostname": "salon", "msg": "orders: no"}',
        '{"@timestamp": "2026-11-24T12:00:00.000Z", "log.level": "error", "message": "orders: no"}',
        '{"log": "ERROR orders: no\\n", "stream": "stderr", "time": "2026-11-24T12:00:00.5Z"}',
        '{"__REALTIME_TIMESTAMP": "1795521600000000", "_TRANSPORT": "stdout", "PRIORITY": "6", "MESSAGE": "ERROR orders: no"}',
        '{"__REALTIME_TIMESTAMP": "1795521600000000", "PRIORITY": "3", "MESSAGE": [111, 114, 100, 101, 114, 115, 58, 32, 110, 111]}',
        'Nov 24 12:00:00 salon bot[8]: {"level": "error", "event": "orders: no"}',
    ],
)
def test_a_line_has_its_time_its_level_and_its_words(line: str) -> None:
    (entry,) = entries(line)

    level = Level.info if line.startswith("INFO") else Level.error
    assert told(entry)[:2] == (NOON, level)
    assert entry.text.split(" hostname=")[0].removeprefix("[7] ").endswith("orders: no")


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-11-24 12:00:00 INFO asked: is ERROR a level?", Level.info),
        ("2026-11-24 12:00:00 the customer wrote no level", Level.unknown),
        ("WARNING:root:low", Level.warning),
        ("error: low", Level.error),
        ("level=warn msg=low", Level.warning),
        ('{"level": 30, "msg": "hello"}', Level.info),
        ('{"PRIORITY": "4", "__REALTIME_TIMESTAMP": "1795521600000000", "MESSAGE": "low"}', Level.warning),
    ],
)
def test_the_level_is_the_program_s_own(line: str, level: Level) -> None:
    assert [entry.level for entry in entries(line)] == [level]


TRACEBACK = """\
Traceback (most recent call last):
  File "/srv/bot/a.py", line 3, in answer
    raise ValueError("ERROR 12")
ValueError: ERROR 12

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/bot/a.py", line 5, in answer
sqlite3.OperationalError: database is locked
"""


def test_a_traceback_belongs_to_its_entry() -> None:
    log = f"2026-11-24 12:00:00,000 ERROR bot: not answered\n{TRACEBACK}2026-11-24 12:00:01,000 INFO bot: next\n"

    assert [(told(one)[0], one.text, one.exception) for one in entries(log)] == [
        (NOON, "bot: not answered", "sqlite3.OperationalError: database is locked"),
        (NOON + timedelta(seconds=1), "bot: next", ""),
    ]


def test_a_traceback_in_a_log_of_containers_belongs_together_too() -> None:
    docker = "".join(
        f"2026-11-24T12:00:00.{number:09d}Z {line}\n" for number, line in enumerate(TRACEBACK.splitlines())
    )

    assert [one.exception for one in entries(docker)] == ["sqlite3.OperationalError: database is locked"]


def test_a_traceback_goes_on_beneath_lines_of_others() -> None:
    head = "Nov 24 12:00:00 salon"
    log = "".join(
        f"{line}\n"
        for line in (
            f"{head} bot[7]: ERROR bot: not answered",
            f"{head} bot[7]: Traceback (most recent call last):",
            f"{head} kernel: usb 1-1: new device",
            f'{head} bot[7]:   File "/srv/bot/a.py", line 3, in answer',
            f"{head} bot[7]: TimeoutError",
            f"{head} systemd[1]: Started backup.service.",
        )
    )

    assert [(one.source, one.exception) for one in entries(log)] == [
        ("bot[7]", "TimeoutError"),
        ("kernel", ""),
        ("systemd[1]", ""),
    ]


def test_an_exception_group_is_named() -> None:
    log = """\
2026-11-24 12:00:00 ERROR bot: not answered
  + Exception Group Traceback (most recent call last):
  |   File "/srv/bot/a.py", line 3, in answer
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    | KeyError: 'city'
    +------------------------------------
"""

    assert [one.exception for one in entries(log)] == ["KeyError: 'city'"]


def test_what_a_program_prints_beside_its_log_is_an_entry_with_the_time_before() -> None:
    log = "2026-11-24 12:00:00 ERROR bot: not answered\nUnclosed client session\nclient_session: <ClientSession>\n"

    assert [told(one)[:3] for one in entries(log)] == [
        (NOON, Level.error, "bot: not answered"),
        (NOON, Level.unknown, "Unclosed client session"),
    ]


def test_fields_of_json_that_are_numbers_are_read_with_the_message() -> None:
    log = '{"time": "2026-11-24T12:00:00Z", "level": "info", "msg": "health", "rss_mb": 84, "err": {"type": "E", "message": "m"}}'

    assert [(one.text, one.exception) for one in entries(log)] == [("health rss_mb=84", "E: m")]


def test_tracebacks_of_json_are_named_by_their_last_line() -> None:
    log = (
        '{"level": "error", "msg": "a", "exc_info": "Traceback (most recent call last):\\n  File\\nValueError: b"}\n'
        '{"level": "error", "msg": "a", "exception": [{"exc_type": "KeyError", "exc_value": "c"}]}\n'
        '{"level": "error", "msg": "a", "stack": "TypeError: d\\n    at answer (bot.js:3:1)"}\n'
    )

    assert [one.exception for one in entries(log)] == ["ValueError: b", "KeyError: c", "TypeError: d"]


def test_a_journal_s_export_with_fields_of_a_size() -> None:
    message = "ERROR not answered: caf\u00e9\nand more".encode()
    log = (
        b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795521600000000\n_TRANSPORT=stdout\nMESSAGE\n"
        + len(message).to_bytes(8, "little")
        + message
        + b"\n_SYSTEMD_UNIT=bot.service\n_PID=7\n\n"
        b"__CURSOR=s=2\n__REALTIME_TIMESTAMP=1795521601000000\nSYSLOG_IDENTIFIER=systemd\nMESSAGE=Started bot.service\n"
    )

    first, second = entries(log)

    assert (told(first)[0], first.text, first.source, first.place.line) == (
        NOON,
        "not answered: caf\u00e9\nand more",
        "bot.service[7]",
        4,
    )
    assert (told(second)[0], second.text, second.place.line) == (NOON + timedelta(seconds=1), "Started bot.service", 13)


def test_a_size_that_cannot_be_is_not_believed() -> None:
    log = b"__REALTIME_TIMESTAMP=1795521600000000\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\x7f\n__REALTIME_TIMESTAMP=1795521601000000\nMESSAGE=here\n"

    assert [one.text for one in entries(log)] == ["here"]


def test_times_without_a_zone_are_of_the_zone_that_is_given() -> None:
    log = "2026-11-24 13:00:00 INFO a\n2026-11-24 12:00:00Z INFO b\n"

    assert [told(one)[0] for one in entries(log, "Europe/Madrid")] == [NOON, NOON]


def test_a_year_that_is_not_written_is_the_last_that_fits() -> None:
    log = "Dec 31 23:59:59 salon bot[1]: a\nJan  1 00:00:01 salon bot[1]: b\n"

    spoken = [told(one)[0] for one in entries(log, newest=datetime(2026, 1, 2, tzinfo=UTC))]

    assert spoken == [datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)]


def test_a_date_that_a_text_tells_of_is_not_its_time() -> None:
    log = "2026-11-24 12:00:00 INFO a\nvalid until 2031-01-01 00:00:00 says the certificate\n"

    assert [told(one)[0] for one in entries(log)] == [NOON, NOON]


def test_a_line_without_an_end_is_cut_and_the_next_is_read() -> None:
    log = "2026-11-24 12:00:00 ERROR " + "x" * 300_000 + "\n2026-11-24 12:00:01 ERROR next\n"

    assert [(len(one.text) < 70_000, one.place.line) for one in entries(log)] == [(True, 1), (True, 2)]
