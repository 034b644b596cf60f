"""The feeds that a flow follows, for those who look into a box."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from onebox.connectors.feeds.settings import FeedSettings, feed_urls

if TYPE_CHECKING:
    from onebox.flows.plan import Flow


def followed_feeds(flow: Flow) -> list[str]:
    """Their URLs as the flow names them, each once."""
    named = [
        url
        for trigger in flow.triggers
        if trigger.kind == "feed"
        for url in feed_urls(cast("FeedSettings", trigger.settings), trigger.files)
    ]
    return list(dict.fromkeys(named))
