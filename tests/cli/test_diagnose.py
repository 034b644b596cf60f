"""`onebox diagnose` on the logs of made-up bots."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.test_commands import said
from tests.operating import logs

from onebox.cli.exits import Exit

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

__all__ = ["said"]

STORIES = {
    "healthy": logs.healthy,
    "crash-loop": logs.crash_loop,
    "connections": logs.postgres_exhausted,
    "disk": logs.disk_full,
    "leak": logs.slow_leak,
    "pollers": logs.two_pollers,
}


def written(folder: Path, name: str, log: bytes) -> str:
    (folder / name).write_bytes(log)
    return str(folder / name)


def is_one_screen(text: str) -> bool:
    lines = text.splitlines()
    return len(lines) <= 40 and max(map(len, lines)) <= 100


def test_the_incident_is_told_on_one_screen(tmp_path: Path, said: Any, snapshot: SnapshotAssertion) -> None:
    shown = said("diagnose", written(tmp_path, "bot.log", logs.plain(logs.incident())))

    assert (shown.code, shown.err) == (Exit.ok, "")
    assert is_one_screen(shown.out)
    assert shown.out == snapshot


def test_the_guide_shows_the_incident_as_it_is_told(tmp_path: Path, said: Any) -> None:
    guide = (Path(__file__).parents[2] / "docs/guides/diagnose.md").read_text()

    shown = said("diagnose", written(tmp_path, "bot.log", logs.plain(logs.incident())))

    assert "".join(f"    {line}".rstrip() + "\n" for line in shown.out.splitlines()) in guide


@pytest.mark.parametrize("name", STORIES)
def test_each_of_the_others_is_told_on_one_screen(
    name: str, tmp_path: Path, said: Any, snapshot: SnapshotAssertion
) -> None:
    shown = said("diagnose", written(tmp_path, f"{name}.log", logs.plain(STORIES[name]())))

    assert (shown.code, shown.err) == (Exit.ok, "")
    assert is_one_screen(shown.out)
    assert shown.out == snapshot


def test_everything_is_every_cascade_and_every_life(tmp_path: Path, said: Any, snapshot: SnapshotAssertion) -> None:
    log = written(tmp_path, "bot.log", logs.plain(logs.incident(cascades=2)))

    assert said("diagnose", "--all", log).out == snapshot


def test_json_has_what_the_screen_has(tmp_path: Path, said: Any) -> None:
    log = written(tmp_path, "bot.log", logs.plain(logs.incident()))

    told = said("diagnose", log, "--json").json

    assert [each["first"]["at"][:16] for each in told["cascades"]] == [
        "2026-11-24T02:10",
        "2026-11-24T04:29",
        "2026-11-24T06:50",
        "2026-11-24T09:10",
    ]
    assert [each["ended_by"] for each in told["cascades"]] == ["oom"] * 4
    assert [each["name"] for each in told["patterns"]] == [
        "flood_without_pace",
        "lock_under_wait",
        "unclosed_sessions",
        "out_of_memory",
    ]
    assert {each["file"] for pattern in told["patterns"] for each in pattern["evidence"]} == {log}
    assert sum(told["failures_by_minute"].values()) == told["failures"] == 3664


def test_packed_and_rotated_logs_are_one(tmp_path: Path, said: Any) -> None:
    lines = logs.plain(logs.incident()).splitlines(keepends=True)
    start = max(number for number, line in enumerate(lines[:15_000]) if b"Start polling" in line)
    new = written(tmp_path, "bot.log", b"".join(lines[start:]))
    old = written(tmp_path, "bot.log.1.gz", gzip.compress(b"".join(lines[:start])))

    found, back = (said("diagnose", *given, "--json").json for given in ((new, old), (old, new)))

    assert found["cascades"] == back["cascades"]
    assert [(each["failures"], each["first"]["file"]) for each in found["cascades"]] == [
        (916, old),
        (916, old),
        (916, new),
        (916, new),
    ]


def test_a_packed_log_that_ends_early_is_told_as_far_as_it_goes(tmp_path: Path, said: Any) -> None:
    packed = gzip.compress(logs.plain(logs.incident()))

    shown = said("diagnose", written(tmp_path, "bot.log.gz", packed[: len(packed) // 2]))

    assert shown.code == Exit.ok
    assert "Flood control without pace" in shown.out
    assert "the end of " in shown.out
    assert "it can be read no further" in shown.out


def test_standard_input_is_a_log_too() -> None:
    command = [sys.executable, "-m", "onebox", "diagnose", "-"]
    given = logs.journal_export(logs.crash_loop())

    ended = subprocess.run(
        command, input=given, check=False, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )

    assert (ended.returncode, ended.stderr) == (Exit.ok, b"")
    assert "A crash loop: 40 of 41 lives" in ended.stdout.decode()


def test_the_clock_of_the_zone_is_read_and_shown(tmp_path: Path, said: Any) -> None:
    log = written(tmp_path, "bot.log", logs.plain(logs.disk_full()))

    shown, told = (
        said("diagnose", "--zone", "Europe/Madrid", log),
        said("diagnose", "--zone", "Europe/Madrid", log, "--json"),
    )

    assert "2026-11-24 00:00:" in shown.out.splitlines()[0]
    assert "(Europe/Madrid)" in shown.out.splitlines()[0]
    assert told.json["began"].startswith("2026-11-23T23:00:")


def test_a_zone_that_is_not_there(tmp_path: Path, said: Any) -> None:
    refused = said("diagnose", "--zone", "Europe/Madird", written(tmp_path, "bot.log", b"x"))

    assert (refused.code, refused.out) == (Exit.usage, "")
    assert "there is no time zone 'Europe/Madird'" in refused.err


def test_what_cannot_be_opened_is_said_and_the_others_are_read(tmp_path: Path, said: Any) -> None:
    log = written(tmp_path, "bot.log", logs.plain(logs.disk_full()))

    shown = said("diagnose", str(tmp_path / "gone.log"), log, str(tmp_path))

    assert shown.code == Exit.no_log
    assert "A full disk" in shown.out
    assert shown.err == (
        f"onebox: {tmp_path}/gone.log cannot be read: no such file or directory\n"
        "hint: name files, or - for standard input: journalctl -u UNIT -o export | onebox diagnose -\n"
        f"onebox: {tmp_path} cannot be read: is a directory\n"
        "hint: name the files in it\n"
    )


def test_what_is_no_log(tmp_path: Path, said: Any) -> None:
    refused = said("diagnose", written(tmp_path, "poem.txt", b"Roses are red\nviolets are blue\n"))

    assert (refused.code, refused.out) == (Exit.no_log, "")
    assert refused.err == (
        f"onebox: nothing in {tmp_path}/poem.txt looks like a log: 2 lines, none with a time, a level or a traceback\n"
        "hint: plain text, JSON lines, journalctl -o json and -o export are read, gzip too\n"
    )


def test_a_journal_s_own_file(tmp_path: Path, said: Any) -> None:
    journal = written(tmp_path, "system.journal", b"LPKSHHRH\x00\x00\x00")

    refused = said("diagnose", journal)

    assert refused.code == Exit.no_log
    assert refused.err == (
        f"onebox: {journal} is a journal's own file, which systemd alone reads\n"
        f"hint: have it read: journalctl --file {journal} -o export | onebox diagnose -\n"
    )
