"""The trigger `feed`: what its author may set, which feeds it names, and what its events have."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yarl
from pydantic import AfterValidator, Field, field_validator, model_validator

from onebox.connectors.feeds.events import EVENT_NAMES, event_of_test, said_of_event
from onebox.flows.definition.fields import FlowModel, Verbatim
from onebox.flows.kinds import TriggerKind
from onebox.kernel.fields import Duration
from onebox.kernel.wrong import wrong

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

MOST_FEEDS = 1000
_SHORTEST = timedelta(minutes=1)
_LONGEST_URL = 2000
_ONE_OF = "expected one of url, urls and urls_from"


def url_fault(url: str) -> str | None:
    """What is wrong with the address of a feed; None if nothing is."""
    try:
        parts = yarl.URL(url)
    except ValueError as error:
        return f"{url!r:.100} is no URL: {error}"
    if parts.scheme not in {"http", "https"}:
        return f"{url!r:.100} is no URL of a feed: it must begin with https:// or http://"
    if not parts.raw_host:
        return f"{url!r:.100} is no URL: it names no host"
    if not url.isprintable() or " " in url:
        return f"{url!r:.100} is no URL: it holds a space, or a sign that cannot be seen"
    if parts.user is not None or parts.password is not None:
        return f"{str(parts.with_user(None))!r:.100} comes with a user or a password, which a flow does not keep"
    if len(url.encode()) > _LONGEST_URL:
        return f"{url!r:.100}… is longer than {_LONGEST_URL:,} bytes"
    return None


def _feed_url(url: str) -> str:
    if fault := url_fault(url):
        raise wrong("verbatim", fault)  # what was written may hold a password: it is not repeated
    return url


FeedUrl = Annotated[Verbatim, AfterValidator(_feed_url)]


class FeedSettings(FlowModel):
    """`on: {feed: {url: https://news.example.org/feed}}`, or a list of `urls`, or a file of them."""

    url: FeedUrl | None = Field(default=None, examples=["https://news.example.org/feed"])
    """where the feed is"""
    urls: list[FeedUrl] | None = Field(default=None, max_length=MOST_FEEDS)
    """where several feeds are"""
    urls_from: Annotated[Verbatim, Field(min_length=1)] | None = Field(default=None, examples=["feeds.txt"])
    """a file beside the flow that has one URL a line; # begins a comment"""
    every: Duration = Field(default="15m", validate_default=True)
    """how often each feed is asked, at least 1m"""
    overlap: Literal["skip"] = "skip"
    """a poll that is still running is not begun again"""
    first: Literal["none", "latest", "all"] = "none"
    """which of the items that are there already the first poll of a new feed tells"""

    @field_validator("urls")
    @classmethod
    def _each_once(cls, urls: list[str] | None) -> list[str] | None:
        if urls == []:
            raise wrong("verbatim", "expected at least one URL")
        for _, message in _given_twice(enumerate(urls or ())):
            raise wrong("verbatim", message)
        return urls

    @field_validator("every")
    @classmethod
    def _not_too_often(cls, every: timedelta) -> timedelta:
        if every < _SHORTEST:
            raise wrong("every", "must be 1m or longer")
        return every

    @model_validator(mode="after")
    def _one_source(self) -> FeedSettings:
        given = [name for name in ("url", "urls", "urls_from") if getattr(self, name) is not None]
        if len(given) != 1:
            raise wrong("verbatim", f"{_ONE_OF}, got {' and '.join(given) or 'none'}")
        return self


def feed_urls(settings: FeedSettings, files: Mapping[str, str]) -> list[str]:
    """The feeds that a trigger names, each once. `files` are the texts of the files that it names."""
    if settings.url is not None:
        return [settings.url]
    if settings.urls is not None:
        return list(settings.urls)
    return [url for _, url in listed_urls(files.get(settings.urls_from or "", ""))]


def listed_urls(text: str) -> Iterator[tuple[int, str]]:
    r"""The lines of a file that hold an address, with their numbers; `#` at the beginning of a word begins a comment.

    >>> list(listed_urls("# news\nhttps://news.example.org/feed#top  # Ana's\n\n"))
    [(2, 'https://news.example.org/feed#top')]
    """
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.strip() if line.lstrip()[:1] != "#" else ""
        for comment in (" #", "\t#"):
            words = words.partition(comment)[0].rstrip()
        if words:
            yield number, words


def _files(settings: FeedSettings) -> Mapping[str, str]:
    return {} if settings.urls_from is None else {"urls_from": settings.urls_from}


def _file_faults(settings: FeedSettings, files: Mapping[str, str]) -> Iterable[tuple[str, int, str, str | None]]:
    name = settings.urls_from
    if name is None or name not in files:
        return
    listed = list(listed_urls(files[name]))
    if not listed:
        yield name, 1, "it names no feed", "write one URL a line"
    sound = []
    for number, url in listed:
        fault = url_fault(url)
        if fault:
            yield name, number, fault, None
        else:
            sound.append((number, url))
    for number, message in _given_twice(sound):
        yield name, number, message, None
    if len(listed) > MOST_FEEDS:
        message = f"{len(listed):,} feeds: a flow follows {MOST_FEEDS:,} at most"
        yield name, listed[MOST_FEEDS][0], message, "make a second flow of them"


def _given_twice(listed: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Addresses that were met before, however they are written."""
    met: set[tuple[object, ...]] = set()
    for number, url in listed:
        parts = yarl.URL(url)
        same = (parts.scheme, parts.raw_host, parts.port, parts.raw_path_qs)
        if same in met:
            yield number, f"{url!r:.100} is given twice"
        met.add(same)


def feed_trigger() -> TriggerKind:
    """The trigger kind, for the catalogue."""
    return TriggerKind(
        name="feed",
        settings=FeedSettings,
        topic=lambda flow, _settings: topic_of(flow),
        names=EVENT_NAMES,
        files=_files,
        file_faults=_file_faults,
        example=_example,
        given=_given,
    )


def topic_of(flow: str) -> str:
    """What the events of a flow's feeds are asked by."""
    return f"feed.{flow}"


def _example(settings: FeedSettings, given: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    return event_of_test(given, _first_url(settings), at)


def _given(settings: FeedSettings, data: Mapping[str, Any]) -> Mapping[str, Any]:
    return said_of_event(data, _first_url(settings))


def _first_url(settings: FeedSettings) -> str:
    """Of the feed that a test's event comes from. A file of addresses is not at hand."""
    return settings.url or next(iter(settings.urls or ()), "https://feeds.example.org/feed")
