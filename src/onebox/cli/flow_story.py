"""One flow, told for people: what starts it, how its runs stand, how its feeds stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.cli.output import failure, local, one_line, show
from onebox.kernel.durations import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from onebox.flows.feeds import Feed
    from onebox.flows.plan import Flow
    from onebox.flows.records import FlowStats

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class FollowedFeed:
    """A feed of a flow. `stands`: None if it was never polled; `items`: how many are known."""

    url: str
    stands: Feed | None
    items: int


@dataclass(frozen=True, slots=True)
class ShownFlow:
    """All that is told of a flow. `flow`: None if its file is gone or faulty; `stats`: None if it never ran;
    `throttled`: by chat account, how many events were kept from flows within a day, by what was made of them."""

    name: str
    flow: Flow | None
    stats: FlowStats | None
    feeds: Sequence[FollowedFeed]
    throttled: Mapping[str, Mapping[str, int]]


def tell_flow(shown: ShownFlow, zone: ZoneInfo, mask: Callable[[Any], Any]) -> None:
    """Prints it."""
    for line in _lines(shown, zone):
        show(one_line(mask(line), _LONGEST))


def _lines(shown: ShownFlow, zone: ZoneInfo) -> Iterator[str]:
    flow, stats = shown.flow, shown.stats
    if flow is None:
        yield f"flow    {shown.name}  (its file is gone, or faulty)"
    else:
        yield f"flow    {flow.name}  {flow.file}  version {flow.version}"
        yield from (f"starts  {trigger.kind}  {trigger.topic}" for trigger in flow.triggers)
        yield f"limits  {_limits(flow)}"
    counts = stats.counts if stats else {}
    yield f"runs    {', '.join(f'{count} {state}' for state, count in counts.items() if count) or 'none'}"
    if stats and stats.last_run_at:
        yield f"last    {local(stats.last_run_at, zone)}"
    if stats and stats.last_failed:
        failed = stats.last_failed
        yield f"failed  {local(failed.ended_at, zone)}  {failed.id}  {failure(failed.error)}"
    for account, withheld in shown.throttled.items():
        told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(withheld.items()))
        yield f"throttle  {account}  within a day: {told or 'nothing was withheld'}"
    for feed in shown.feeds:
        yield from _feed(feed, zone)


def _limits(flow: Flow) -> str:
    limits = flow.limits
    told = [f"concurrency {limits.concurrency}"]
    told += [] if limits.per_sender is None else [f"per_sender {limits.per_sender}"]
    told += [f"time {format_duration(limits.time)}", f"items {limits.items}"]
    return ", ".join(told if flow.keep is None else [*told, f"keep {format_duration(flow.keep)}"])


def _feed(feed: FollowedFeed, zone: ZoneInfo) -> Iterator[str]:
    stands = feed.stands
    yield f"feed    {feed.url}" + (f"  {stands.title}" if stands and stands.title else "")
    if stands is None:
        yield "        not polled yet"
        return
    if stands.address:
        yield f"        moved to {stands.address}"
    items = f"{feed.items} item{'' if feed.items == 1 else 's'} known"
    coming = "" if stands.gone_at else f", next {local(stands.next_at, zone)}"
    yield f"        polled {_when(stands.polled_at, zone)}{coming}, {items}"
    if stands.gone_at:
        yield f"        gone since {local(stands.gone_at, zone)}: {stands.error}; it is not asked again"
    elif stands.failures:
        times = "once" if stands.failures == 1 else f"{stands.failures} times"
        yield f"        failing since {_when(stands.failing_since, zone)}, {times}: {stands.error}"


def _when(at: datetime | None, zone: ZoneInfo) -> str:
    return local(at, zone) or "never"


def feed_as_plain(feed: FollowedFeed) -> dict[str, Any]:
    """The same of one feed, for JSON."""
    stands = feed.stands
    names = "title address polled_at next_at failures failing_since error gone_at".split()
    return {"url": feed.url, **{name: getattr(stands, name, None) for name in names}, "items": feed.items}


def limits_as_plain(flow: Flow) -> dict[str, Any]:
    """The limits of a flow, for JSON."""
    limits = flow.limits
    return {
        "concurrency": limits.concurrency,
        "per_sender": limits.per_sender,
        "time": format_duration(limits.time),
        "items": limits.items,
    }
