"""The patterns that are known by name: what proves each, and what cures it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from onebox.operating.diagnosis.gauges import MEMORY
from onebox.operating.diagnosis.signs import Sign

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onebox.operating.diagnosis.growth import Growth
    from onebox.operating.diagnosis.seen import Bout, Evidence, Life, Seen

_NEAR = 120.0
_NO_ACCIDENT = 10
_FEW = 3
_LOOP_LIFE = 600.0
_LOOP_SHARE = 0.8
_DOUBLED = 2.0


@dataclass(slots=True)
class Pattern:
    """A pattern that was found."""

    name: str
    """for machines, such as `flood_without_pace`"""
    title: str
    told: str
    """what was seen of it, with numbers"""
    evidence: list[Evidence]
    cure: str


def patterns_of(seen: Seen, grown: Sequence[Growth]) -> list[Pattern]:
    """Those that the log proves, what is nearest to the cause first."""
    whole = Whole(seen, grown)
    return [found for look in _LOOKS if (found := look(whole)) is not None]


class Whole:
    """The log as the patterns look at it."""

    def __init__(self, seen: Seen, grown: Sequence[Growth]) -> None:
        self.seen = seen
        self.grown = grown
        self._bouts: dict[Sign, list[Bout]] = {}
        for bout in seen.bouts:
            self._bouts.setdefault(bout.sign, []).append(bout)

    def of(self, *signs: Sign) -> list[Bout]:
        """The bouts of these sorts of failures."""
        return [bout for sign in signs for bout in self._bouts.get(sign, ())]

    def count(self, sign: Sign) -> int:
        """How many failures of a sort."""
        return sum(bout.count for bout in self.of(sign))


def _crash_loop(whole: Whole) -> Pattern | None:
    lives = whole.seen.lives
    ended = [life for life in lives if life.last_words is not None]
    lasted = [later.began.at - life.began.at for life, later in pairwise(lives) if later.began.at and life.began.at]
    if len(lives) <= _FEW or len(ended) < _LOOP_SHARE * len(lives) or not lasted or median(lasted) > _LOOP_LIFE:
        return None
    words = max({life.last_words for life in ended}, key=lambda kind: sum(life.last_words == kind for life in ended))
    same = [life for life in ended if life.last_words == words]
    if len(same) < _LOOP_SHARE * len(ended):
        return None
    first, last = (_bout_of(whole, words, life) for life in (same[0], same[-1]))
    told = (
        f"{len(same)} of {len(lives)} lives ended after the same failure, the middle one within {median(lasted):.0f} s"
    )
    cure = "mend what the line says, before all else; StartLimitBurst= of systemd ends the loop"
    return Pattern("crash_loop", "A crash loop", told, [first.first, last.first], cure)


def _bout_of(whole: Whole, kind: str | None, life: Life) -> Bout:
    number = next(index for index, each in enumerate(whole.seen.lives) if each is life)
    matching = (bout for bout in whole.seen.bouts if bout.kind == kind and bout.life == number)
    return next(matching, next(bout for bout in whole.seen.bouts if bout.kind == kind))


def _disk(whole: Whole) -> Pattern | None:
    cure = "make room (df -h, du -x); then rotate logs, move backups, bound what is uploaded"
    return _plain(whole, Sign.disk, "disk_full", "A full disk", "write", cure)


def _conflict(whole: Whole) -> Pattern | None:
    cure = "one poller a token: stop the other (an old deploy, a laptop, a second worker), or the webhook"
    return _plain(whole, Sign.conflict, "two_pollers", "Two pollers of one bot (409)", "poll", cure)


def _plain(whole: Whole, sign: Sign, name: str, title: str, what: str, cure: str) -> Pattern | None:
    bouts = whole.of(sign)
    if not bouts:
        return None
    return Pattern(name, title, _times(whole.count(sign), f"refused {what}"), [bouts[0].first], cure)


def _times(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _flood(whole: Whole) -> Pattern | None:
    refusals, bouts = whole.seen.refusals, whole.of(Sign.flood)
    if not bouts:
        return None
    told = _times(refusals.count, "refusal")
    if refusals.longest:
        told += f", waits up to {refusals.longest:.0f} s"
    if refusals.while_refused:
        told += f"; {refusals.while_refused:,} within a wait already told"
    if refusals.while_refused or refusals.count >= _NO_ACCIDENT:
        name, title = "flood_without_pace", "Flood control without pace"
    else:
        name, title = "flood", "Flood control"
    cure = "pace sends at the root: onebox.drop_in.aiogram (PacedSession, ThrottleMiddleware) or a box"
    return Pattern(name, title, told, [bouts[0].first, *filter(None, [refusals.again])], cure)


def _locked(whole: Whole) -> Pattern | None:
    bouts = whole.of(Sign.locked)
    if not bouts:
        return None
    count = whole.count(Sign.locked)
    waits = whole.of(Sign.flood, Sign.timeout)
    under = [(wait, lock) for lock in bouts if (wait := next((each for each in waits if _near(each, lock)), None))]
    if under:
        told = f"{_times(count, 'refused write')}, after refusals or timeouts in {len(under)} of {len(bouts)} bouts"
        cure = "commit before the send: no transaction stays open while something is sent, asked or slept"
        return Pattern("lock_under_wait", "A lock under a wait", told, [under[0][1].first, under[0][0].first], cure)
    cure = "one writer, short transactions, WAL mode; look who else writes, and for how long"
    return Pattern("lock", "A lock in the database", _times(count, "refused write"), [bouts[0].first], cure)


def _near(wait: Bout, lock: Bout) -> bool:
    """Whether waiting began before the lock and went on nearly until it."""
    if wait.life != lock.life:
        return False
    if wait.first.at is None or wait.last.at is None or lock.first.at is None:
        return True
    return wait.first.at <= lock.first.at <= wait.last.at + _NEAR


def _pool(whole: Whole) -> Pattern | None:
    cure = "all pools together below the server's limit; give a connection back before every wait"
    return _plain(whole, Sign.pool, "pool_exhausted", "Connections exhausted", "connection", cure)


def _files(whole: Whole) -> Pattern | None:
    cure = "close what is opened: sessions, sockets, files; LimitNOFILE= buys time, no more"
    return _plain(whole, Sign.files, "files_exhausted", "Too many open files", "file or socket", cure)


def _unclosed(whole: Whole) -> Pattern | None:
    bouts = whole.of(Sign.unclosed)
    if not bouts:
        return None
    most = max(life.unclosed for life in whole.seen.lives)
    told = f"{whole.count(Sign.unclosed):,} told, at most {most:,} in one life of the process"
    cure = "one session a process, closed in shutdown after the last handler: bot.session.close()"
    return Pattern("unclosed_sessions", "Sessions that nobody closes", told, [bouts[0].first], cure)


def _oom(whole: Whole) -> Pattern | None:
    bouts = whole.of(Sign.oom)
    if not bouts:
        return None
    lives = len({bout.life for bout in bouts})
    told = f"{lives} of {len(whole.seen.lives)} lives ended by it"
    cure = "bound what is in hand: few handlers at once, the rest on disk; MemoryMax= as a last wall"
    return Pattern("out_of_memory", "Out of memory", told, [bouts[0].first], cure)


def _leak(whole: Whole) -> Pattern | None:
    memory = next((one for one in whole.grown if one.name == MEMORY), None)
    if memory is None or memory.last < _DOUBLED * memory.first or whole.of(Sign.flood):
        return None
    told = f"{memory.first:.0f} to {memory.last:.0f} MB"
    if memory.seconds > 0:
        told += f", {(memory.last - memory.first) / memory.seconds * 3600:.1f} MB an hour"
    cure = "find what is kept: two tracemalloc snapshots an hour apart; caches without a bound first"
    return Pattern("memory_leak", "Memory that only grows", told, [memory.began, memory.ended], cure)


_LOOKS: tuple[Callable[[Whole], Pattern | None], ...] = (
    _crash_loop, _disk, _conflict, _flood, _locked, _pool, _files, _unclosed, _leak, _oom,
)  # fmt: skip
