"""One flow, as `onebox flows show` tells it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from onebox.app.catalogue import catalogue
from onebox.cli.exits import Exit
from onebox.cli.flow_story import FollowedFeed, ShownFlow, feed_as_plain, tell_flow
from onebox.cli.main import main
from onebox.cli.output import jsonable
from onebox.flows.definition import FlowLoader
from onebox.flows.feeds import Feed
from onebox.flows.records import FlowStats
from onebox.flows.run import Run, RunState

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

NOON = datetime(2026, 3, 29, 12, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
NEWS = """\
flow: news
keep: 7d
limits: {per_sender: 1}
on:
  manual:
  feed: {urls: ["https://news.example.org/feed", "https://blog.example.org/feed"]}
steps:
  - do: log
    with: {text: "${event.title}"}
"""


def stands(name: str, **more: Any) -> FollowedFeed:
    url = f"https://{name}.example.org/feed"
    given = {"title": f"News of {name}", "polled_at": NOON, "next_at": NOON + HOUR, **more}
    return FollowedFeed(url, Feed("news", url, **given), 20)


FEEDS = [
    stands("ana"),
    stands("bilal", address="https://bilal.example.org/new"),
    stands("chen", failures=3, failing_since=NOON - HOUR, error="chen.example.org answered 500 secret"),
    stands("dana", failures=1, failing_since=NOON, error="dana.example.org answered 410 Gone", gone_at=NOON),
    FollowedFeed("https://emil.example.org/feed", None, 0),
]


def shown(**more: Any) -> ShownFlow:
    [flow] = FlowLoader(catalogue()).load({"flows/news.yaml": NEWS}).flows
    failed = Run("run1", "event1", "news", "v1", NOON, state=RunState.failed, ended_at=NOON + HOUR)
    failed.error = {"code": "timeout", "message": "no answer", "step": "1"}
    stats = FlowStats("news", {"done": 12, "failed": 1, "waiting": 0}, NOON, failed)
    return ShownFlow(**{"name": "news", "flow": flow, "stats": stats, "feeds": FEEDS, "throttled": {}, **more})


def test_a_flow_is_told_with_its_feeds(capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    tell_flow(shown(), BERLIN, lambda text: text.replace("secret", "***"))

    assert capsys.readouterr().out == snapshot


def test_a_flow_without_a_file_is_told(capsys: pytest.CaptureFixture[str], snapshot: SnapshotAssertion) -> None:
    tell_flow(shown(flow=None, stats=None, feeds=FEEDS[:1]), BERLIN, str)

    assert capsys.readouterr().out == snapshot


def test_feeds_are_whole_as_json(snapshot: SnapshotAssertion) -> None:
    assert jsonable([feed_as_plain(feed) for feed in FEEDS]) == snapshot


@pytest.fixture
def box(tmp_path: Path) -> str:
    assert main(["init", str(tmp_path / "box")]) == Exit.ok
    Path(tmp_path, "box", "flows", "news.yaml").write_text(NEWS)
    return str(tmp_path / "box")


def test_a_flow_that_never_ran_is_shown(box: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["flows", "show", "news", "--box", box, "--json"]) == Exit.ok

    told = json.loads(capsys.readouterr().out)
    assert [trigger["topic"] for trigger in told["triggers"]] == ["manual.news", "feed.news"]
    assert told["limits"] == {"concurrency": 100, "per_sender": 1, "time": "10m", "items": 10_000}
    assert [(feed["url"], feed["polled_at"], feed["items"]) for feed in told["feeds"]] == [
        ("https://news.example.org/feed", None, 0),
        ("https://blog.example.org/feed", None, 0),
    ]


def test_a_flow_that_is_not_there_is_named(box: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flows", "show", "newz", "--box", box]) == Exit.fault

    said = capsys.readouterr().err
    assert "there is no flow 'newz'; did you mean 'news'?" in said
    assert "there are: hello, news" in said


def test_options_stand_behind_the_command(box: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flows", "--box", box, "show", "news"]) == Exit.usage

    assert "write options after it: onebox flows show … --box DIR" in capsys.readouterr().err.replace("\n", " ")
