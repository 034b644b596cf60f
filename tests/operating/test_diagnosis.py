"""What a log tells: the first failures, what followed, and what is said not to be known."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.operating import logs

from onebox.cli.diagnose_plain import as_plain
from onebox.cli.diagnose_view import HEIGHT, WIDTH, report
from onebox.kernel.encoding import to_json
from onebox.operating.diagnosis.diagnose import Diagnosis, diagnose
from onebox.operating.diagnosis.entries import LogFile
from onebox.operating.diagnosis.reading import read_entries
from onebox.operating.diagnosis.signs import Sign
from onebox.operating.diagnosis.times import Times

NEWEST = datetime(2026, 12, 1, tzinfo=UTC)


def diagnosed(*written: bytes) -> Diagnosis:
    files = [LogFile(f"{number}.log") for number in range(len(written))]
    return diagnose(
        [read_entries(io.BytesIO(log), file, Times(UTC, NEWEST)) for log, file in zip(written, files, strict=True)],
        files,
    )


def names(found: Diagnosis) -> list[str]:
    return [pattern.name for pattern in found.patterns]


INCIDENT = logs.incident()
WRITTEN = {
    "plain": [logs.plain(INCIDENT)],
    "json, beside the journal": [logs.json_lines(INCIDENT), logs.journal_json(INCIDENT, bot=False)],
    "the journal as json": [logs.journal_json(INCIDENT, bot=True)],
    "the journal's export": [logs.journal_export(INCIDENT)],
}


@pytest.fixture(scope="module", params=list(WRITTEN.values()), ids=list(WRITTEN))
def incident(request: pytest.FixtureRequest) -> Diagnosis:
    return diagnosed(*request.param)


def test_each_cascade_of_the_incident_begins_with_a_refusal(incident: Diagnosis) -> None:
    assert [each.first.sign for each in incident.cascades] == [Sign.flood] * 4
    assert all(
        each.first.first.text.startswith("TelegramRetryAfter: Telegram server says") for each in incident.cascades
    )


def test_what_followed_is_folded_under_it_in_its_order(incident: Diagnosis) -> None:
    order = [Sign.flood, Sign.timeout, Sign.locked, Sign.unclosed, Sign.oom, Sign.killed]

    assert [[part.sign for part in each.folded] for each in incident.cascades] == [order] * 4
    assert [part.count for part in incident.cascades[0].folded] == [540, 127, 156, 89, 3, 1]
    assert [each.ended_by for each in incident.cascades] == [Sign.oom] * 4
    assert incident.alone == []


def test_the_incident_comes_back_every_140_minutes(incident: Diagnosis) -> None:
    assert incident.period is not None
    assert incident.period.regular
    assert incident.period.middle == pytest.approx(140 * 60, abs=90)
    assert incident.period.spread <= 120


def test_a_burst_came_before(incident: Diagnosis) -> None:
    burst = incident.bursts[0]

    assert burst is not None
    assert burst.is_one
    assert (burst.of, burst.peak_at) == ("event", int(incident.cascades[0].first.first.at or 0) - 1)
    assert 50 <= burst.peak <= 150
    assert burst.average < 0.2
    assert burst.at_once == 150


def test_memory_tasks_and_unclosed_sessions_grew(incident: Diagnosis) -> None:
    grown = {one.name: one for one in incident.growths}

    assert set(grown) == {"memory", "tasks"}
    assert (grown["memory"].first, grown["memory"].last, grown["memory"].grown) == (84, 504, 4)
    assert [life.unclosed for life in incident.lives] == [89, 89, 89, 89, 0]


def test_the_four_patterns_of_the_incident_are_named_with_evidence(incident: Diagnosis) -> None:
    assert names(incident) == ["flood_without_pace", "lock_under_wait", "unclosed_sessions", "out_of_memory"]
    assert all(pattern.evidence and pattern.cure for pattern in incident.patterns)
    assert incident.unknown == []


def test_evidence_names_the_line_where_it_stands() -> None:
    written = logs.plain(INCIDENT)
    lines = written.decode().splitlines()

    for pattern in diagnosed(written).patterns:
        for one in pattern.evidence:
            head = lines[one.place.line - 1]
            assert "Cause exception" in head or "state not saved" in head or one.text in head


@pytest.mark.parametrize(
    ("story", "found"),
    [
        (logs.crash_loop(), ["crash_loop"]),
        (logs.postgres_exhausted(), ["pool_exhausted"]),
        (logs.disk_full(), ["disk_full"]),
        (logs.slow_leak(), ["memory_leak", "out_of_memory"]),
        (logs.two_pollers(), ["two_pollers"]),
        (logs.healthy(), []),
    ],
    ids=["crash loop", "connections", "disk", "leak", "pollers", "healthy"],
)
def test_other_logs_are_other_patterns(story: logs.Story, found: list[str]) -> None:
    assert names(diagnosed(logs.plain(story))) == found
    assert names(diagnosed(logs.journal_export(story))) == found


def test_a_healthy_log_has_failures_and_no_cascade() -> None:
    found = diagnosed(logs.plain(logs.healthy()))

    assert found.cascades == []
    assert [(part.kind, part.count) for part in found.alone] == [("ClientConnectorError", 1), ("KeyError", 1)]


def test_rotated_files_may_come_in_any_order() -> None:
    lines = logs.json_lines(logs.incident(cascades=1)).splitlines(keepends=True)
    parts = [b"".join(lines[at : at + 400]) for at in range(0, len(lines), 400)]

    whole, shuffled = diagnosed(b"".join(lines)), diagnosed(*reversed(parts))

    assert [(each.first.kind, each.count) for each in shuffled.cascades] == [
        (each.first.kind, each.count) for each in whole.cascades
    ]
    assert (shuffled.period, shuffled.entries) == (whole.period, whole.entries)


def failing(*seconds: float, what: str = "ValueError: no") -> bytes:
    """A log with a failure at each of these seconds."""
    began = logs.MIDNIGHT
    lines = [f"{began + timedelta(seconds=at):%Y-%m-%d %H:%M:%S},000 ERROR bot: {what}" for at in seconds]
    return "\n".join(lines).encode()


def test_cascades_that_come_as_they_like_have_no_regular_period() -> None:
    starts = (0, 1000, 9000, 10_000, 40_000)

    found = diagnosed(failing(*(start + second for start in starts for second in range(5))))

    assert len(found.cascades) == 5
    assert found.period is not None
    assert not found.period.regular


def test_one_missing_cascade_of_many_leaves_the_period() -> None:
    starts = [3600 * hour for hour in range(12) if hour != 5]

    found = diagnosed(failing(*(start + second for start in starts for second in range(5))))

    assert found.period is not None
    assert (found.period.regular, found.period.middle) == (True, 3600)


def test_two_cascades_are_too_few_for_a_period() -> None:
    found = diagnosed(failing(*range(5), *range(3600, 3605)))

    assert found.period is None
    assert "a period: it takes three cascades, and there are two" in found.unknown


def test_what_fails_all_the_time_begins_no_cascade() -> None:
    log = failing(*range(0, 86_400, 120)) + b"\n" + failing(*range(43_000, 43_060), what="KeyError: 'city'")

    found = diagnosed(failing(*range(0, 86_400, 120)), failing(*range(43_000, 43_060), what="TypeError: no"))

    assert log
    assert [each.first.first.text for each in found.cascades] == ["bot: TypeError: no"]
    assert [(part.first.text, part.count) for part in found.alone] == [("bot: ValueError: no", 720)]


def test_a_lock_without_a_wait_is_another_pattern() -> None:
    found = diagnosed(failing(*range(9), what="database is locked"))

    assert names(found) == ["lock"]


def test_refusals_that_are_waited_for_are_no_want_of_pace() -> None:
    found = diagnosed(failing(0, 60, 120, what="Too Many Requests: retry after 28"))

    assert names(found) == ["flood"]


def test_a_stop_that_was_asked_for_is_no_failure() -> None:
    log = (
        b"Nov 24 12:00:00 salon bot[7]: INFO:bot:Start polling\n"
        b"Nov 24 13:00:00 salon systemd[1]: Stopping bot.service - The bot...\n"
        b"Nov 24 13:00:01 salon systemd[1]: bot.service: Main process exited, code=killed, status=15/TERM\n"
        b"Nov 24 13:00:02 salon systemd[1]: Started bot.service - The bot.\n"
        b"Nov 24 13:00:03 salon bot[8]: INFO:bot:Start polling\n"
    )

    found = diagnosed(log)

    assert (found.failures, [set(life.ends) for life in found.lives]) == (0, [{Sign.stopped}, set()])


def test_systemd_s_starts_of_other_units_are_no_starts() -> None:
    log = "".join(
        f"Nov 24 12:{minute:02d}:00 salon systemd[1]: Started Daily apt activities.\n" for minute in range(60)
    )

    assert len(diagnosed(log.encode()).lives) == 1


def test_a_log_without_times_tells_the_order() -> None:
    log = b"".join(
        line.split(b" ", 2)[2] if line[:4] == b"2026" else line
        for line in logs.plain(INCIDENT).splitlines(keepends=True)
        if b" salon " not in line
    )

    found = diagnosed(log)

    assert [part.sign for part in found.cascades[0].folded] == [Sign.flood, Sign.timeout, Sign.locked, Sign.unclosed]
    assert found.unknown[0] == "when: the log has no times, so only the order of failures is told"
    assert names(found) == ["flood_without_pace", "lock_under_wait", "unclosed_sessions"]


def test_what_is_secret_is_not_repeated() -> None:
    token = "7000000001:" + "A" * 35
    log = failing(
        0, 1, 2, what=f'HTTP Request: POST https://api.telegram.org/bot{token}/sendMessage "429 Too Many Requests"'
    )

    shown = to_json(as_plain(diagnosed(log)))

    assert "A" * 10 not in str(shown)
    assert "/bot***/sendMessage" in str(shown)


def test_numbers_that_are_limits_do_not_grow() -> None:
    log = b"".join(
        b"2026-11-24 12:%02d:00 INFO health: memory_limit=%dMB mem=40%%\n" % (at, 100 * at) for at in range(9)
    )

    assert diagnosed(log).growths == []


ANYTHING = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(
            [
                b"2026-11-24 12:00:00,000 ERROR bot: no\n",
                b"9999-12-31 23:59:59 ERROR bot: TelegramRetryAfter retry in 999999 seconds\n",
                b"0001-01-01 00:00:00+23:59 INFO Start polling rss=99999999999MB\n",
                b"Feb 29 12:00:00 salon kernel: Out of memory: Killed process 7\n",
                b"Traceback (most recent call last):\n",
                b"  File \xff\xfe\n",
                b"ValueError: \x00\x1b[2J\n",
                b'{"msg": "\\ud800", "time": 1e308, "level": -1}\n',
                b'{"__REALTIME_TIMESTAMP": null, "MESSAGE": [300, "a", -1]}\n',
                b'{"time": NaN, "message": {"a": 1}, "exc_info": [[]], "err": []}\n',
                b'{"log": "{\\"log\\": \\"a\\", \\"time\\": 1}", "time": "2026-11-24T12:00:00Z"}\n',
                b"[" * 2000 + b"\n",
                b"Update id=7 is handled. Duration 999999999 ms\n",
                b"__CURSOR=s\n__REALTIME_TIMESTAMP=x\nMESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00ab\n",
                b"\n",
            ]
        )
        | st.binary(max_size=40),
        max_size=12,
    ).map(b"".join),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANYTHING, min_size=1, max_size=3))
def test_any_bytes_can_be_read_and_told_on_a_screen(written: list[bytes]) -> None:
    from zoneinfo import ZoneInfo

    found = diagnosed(*written)

    lines = report(found, ZoneInfo("UTC"), everything=False)
    assert len(lines) <= HEIGHT
    assert all(len(line) <= WIDTH and line.isprintable() for line in lines)
    report(found, ZoneInfo("Asia/Kathmandu"), everything=True)
    to_json(as_plain(found))
