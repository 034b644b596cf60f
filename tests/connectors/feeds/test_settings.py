"""The trigger `feed` in a flow's file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from onebox.app.catalogue import catalogue
from onebox.connectors.feeds.settings import FeedSettings, feed_trigger, feed_urls
from onebox.flows.definition import FlowLoader, Loaded
from onebox.flows.kinds import EventRefused

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

NEWS = "https://news.example.org/feed"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
KIND = feed_trigger()
CHANNEL = """\
flow: feeds-to-channel
on:
  feed: {urls_from: feeds.txt, every: 15m, overlap: skip}      # one event an item; an item is known by its link
steps:
  - do: send
    once: ${event.link | sha256}                                # never twice, also across restarts and re-imports
    with: {via: telegram/main, to: "@news", text: "*${event.title}*\\n${event.link}"}
"""


def load(on: str, **files: str) -> Loaded:
    """A flow with this trigger, and files beside it."""
    beside = {f"flows/{name.replace('_', '.')}": text for name, text in files.items()}
    flow = f"flow: news\non:\n  feed: {on}\nsteps:\n  - do: log\n    with: {{text: x}}\n"
    return FlowLoader(catalogue(), read_file=beside.get, list_files=beside.keys).load({"flows/news.yaml": flow})


def test_the_flow_of_feeds_to_a_channel_compiles() -> None:
    beside = {"flows/feeds.txt": f"# Ana's\n{NEWS}\nhttps://blog.example.org/feed.xml # daily\n"}
    loader = FlowLoader(catalogue(), read_file=beside.get, list_files=beside.keys)
    loaded = loader.load({"flows/feeds-to-channel.yaml": CHANNEL})
    assert list(map(str, loaded.faults)) == []
    [trigger] = loaded.flows[0].triggers
    assert isinstance(trigger.settings, FeedSettings)
    assert trigger.topic == "feed.feeds-to-channel"
    assert feed_urls(trigger.settings, trigger.files) == [NEWS, "https://blog.example.org/feed.xml"]


def test_a_kept_version_knows_its_feeds() -> None:
    beside = {"flows/feeds.txt": NEWS}
    loader = FlowLoader(catalogue(), read_file=beside.get, list_files=beside.keys)
    [flow] = loader.load({"flows/feeds-to-channel.yaml": CHANNEL}).flows
    beside.clear()
    [trigger] = loader.compile_bundle(flow.bundle).triggers
    assert trigger.files == {"feeds.txt": NEWS}


@pytest.mark.parametrize(
    ("on", "urls"),
    [(f"{{url: '{NEWS}'}}", [NEWS]), (f"{{urls: ['{NEWS}', 'http://10.0.0.5/feed']}}", [NEWS, "http://10.0.0.5/feed"])],
)
def test_feeds_are_named_in_the_flow(on: str, urls: list[str]) -> None:
    loaded = load(on)
    assert list(map(str, loaded.faults)) == []
    [trigger] = loaded.flows[0].triggers
    assert isinstance(trigger.settings, FeedSettings)
    assert feed_urls(trigger.settings, trigger.files) == urls


WRONG = {
    "no feed": "{every: 15m}",
    "two ways": f"{{url: '{NEWS}', urls: ['{NEWS}']}}",
    "an empty list": "{urls: []}",
    "too often": f"{{url: '{NEWS}', every: 59s}}",
    "no duration": f"{{url: '{NEWS}', every: soon}}",
    "another scheme": "{url: 'ftp://news.example.org/feed'}",
    "no URL": "{url: 'https://[broken/'}",
    "no host": "{url: 'https:///feed'}",
    "a space": "{url: 'https://news.example.org/a b'}",
    "a password": "{url: 'https://ana:secret@news.example.org/feed'}",
    "an expression": "{url: '${vars.feed}'}",
    "a very long URL": f"{{url: 'https://news.example.org/{'x' * 2000}'}}",
    "one twice": f"{{urls: ['{NEWS}', 'HTTPS://news.example.org:443/feed#top']}}",
    "a wrong one in a list": f"{{urls: ['{NEWS}', 'news.example.org']}}",
    "another overlap": f"{{url: '{NEWS}', overlap: queue}}",
    "another first": f"{{url: '{NEWS}', first: newest}}",
    "a wrong name": f"{{uls: '{NEWS}'}}",
    "a file that is not there": "{urls_from: feed.txt}",
    "a file elsewhere": "{urls_from: ../feeds.txt}",
}


@pytest.mark.parametrize("on", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told(on: str, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(map(str, load(on, feeds_txt=NEWS).faults)) == snapshot


LISTS = {
    "an empty file": "",
    "comments alone": "# nothing\n\n",
    "wrong lines": f"{NEWS}\nnews.example.org\n  # fine\nftp://x.example/\n{NEWS}#again\nhttps://a:b@x.example/\n",
    "no UTF-8": "https://news.example.org/\udcff",
    "too many": "\n".join(f"https://news.example.org/{number}" for number in range(1002)),
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_what_is_wrong_in_a_file_is_told_by_its_line(text: str, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(map(str, load("{urls_from: feeds.txt}", feeds_txt=text).faults)) == snapshot


# --- what a test says ---


def settings(**more: Any) -> FeedSettings:
    return FeedSettings.model_validate({"url": NEWS, **more})


def test_a_test_says_title_and_link_and_the_rest_is_filled_in() -> None:
    event = KIND.example(settings(), {"title": "Hair", "link": "https://news.example.org/1"}, AT)
    assert tuple(event) == KIND.names
    assert event == {
        "title": "Hair",
        "link": "https://news.example.org/1",
        "id": "https://news.example.org/1",
        "summary": "",
        "text": "",
        "markup": "",
        "author": None,
        "published": AT,
        "updated": None,
        "tags": [],
        "image": None,
        "enclosures": [],
        "feed": {"url": NEWS, "title": None, "link": None},
    }


def test_a_text_stands_for_summary_and_markup() -> None:
    event = KIND.example(
        settings(), {"text": "a < b", "feed": {"title": "News"}, "updated": "2026-03-01T13:00+01:00"}, AT
    )
    assert (event["summary"], event["markup"]) == ("a < b", "a &lt; b")
    assert (event["updated"], event["feed"]) == (AT, {"url": NEWS, "title": "News", "link": None})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"titel": "x"}, "an item of a feed has no 'titel'; did you mean 'title'?"),
        ({"title": 7}, "title: expected a text, got 7"),
        ({"tags": "hair"}, "tags: expected a list, got 'hair'"),
        ({"feed": "x"}, "feed: expected a mapping, got 'x'"),
        ({"published": 7}, "published: expected an instant such as 2026-03-01T12:00:00Z, got 7"),
        ({"published": "today"}, "published: expected an instant such as 2026-03-01T12:00:00Z, got 'today'"),
        ({"updated": "2026-03-01"}, "updated: '2026-03-01' has no time zone: write it such as 2026-03-01T12:00:00Z"),
    ],
)
def test_what_a_feed_would_not_say_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(EventRefused) as refused:
        KIND.example(settings(), given, AT)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"title": "Hair"}, {"title": "Hair", "published": "2026-03-01T12:00:00+00:00"}),
        ({"text": "x", "published": None}, {"text": "x", "published": None}),
        (
            {"text": "x", "summary": "y", "link": "https://x.example/", "id": "1", "feed": {"title": "News"}},
            {
                "text": "x",
                "summary": "y",
                "link": "https://x.example/",
                "id": "1",
                "published": "2026-03-01T12:00:00+00:00",
                "feed": {"url": NEWS, "title": "News", "link": None},
            },
        ),
    ],
)
def test_a_test_of_an_event_says_what_makes_it(data: dict[str, Any], said: dict[str, Any]) -> None:
    event = KIND.example(settings(), data, AT)
    assert KIND.given(settings(), event) == said
    assert KIND.example(settings(), said, datetime(2030, 1, 1, tzinfo=UTC)) == event
