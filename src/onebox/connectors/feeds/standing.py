"""How a feed stands after a poll. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from onebox.connectors.feeds.pace import next_poll, next_try

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from typing import Any, Literal

    from onebox.connectors.feeds.documents import Document
    from onebox.connectors.feeds.failure import FeedFailed
    from onebox.connectors.feeds.fetching import Fetched
    from onebox.flows.feeds import Feed

_GONE = 410
_NOT_THERE = frozenset({404, _GONE})
_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Watch:
    """What a flow says of a feed."""

    every: timedelta
    first: Literal["none", "latest", "all"]


def after_success(feed: Feed, watch: Watch, fetched: Fetched, now: datetime) -> Feed:
    """It answered: with a feed, or that nothing has changed."""
    address = fetched.address or feed.address
    return replace(
        feed,
        address=None if address == feed.url else address,
        etag=fetched.etag or (feed.etag if fetched.body is None else None),
        last_modified=fetched.last_modified or (feed.last_modified if fetched.body is None else None),
        polled_at=now,
        next_at=next_poll(feed.url, watch.every, now),
        failures=0,
        failing_since=None,
        error=None,
    )


def after_failure(feed: Feed, watch: Watch, failed: FeedFailed, now: datetime) -> Feed:
    """It did not. A feed that said it moved, and is not where it said, is asked where it was before."""
    lost = feed.address is not None and failed.status in _NOT_THERE
    failures = feed.failures + 1
    return replace(
        feed,
        address=None if lost else feed.address,
        polled_at=now,
        next_at=next_try(feed.url, watch.every, failures, failed.retry_after, now),
        failures=failures,
        failing_since=feed.failing_since or now,
        error=failed.message[:_LONGEST_ERROR],
        gone_at=now if failed.status == _GONE and not lost else None,
    )


def removed(feed: Feed, now: datetime) -> Feed:
    """No flow names it any more: named again, it is asked again, also if it was gone."""
    return replace(feed, next_at=now, failures=0, failing_since=None, error=None, gone_at=None)


def to_tell(feed: Feed, watch: Watch, document: Document, known: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The items that become events, oldest first."""
    new = [item for item in reversed(document.items) if item["key"] not in known]
    if feed.digest is not None or watch.first == "all":
        return new
    return new[-1:] if watch.first == "latest" else []
