"""What an entry tells: a failure of a known sort, a start, an end, a number that may grow."""

from __future__ import annotations

import re
from enum import StrEnum

import re2

from onebox.operating.diagnosis.entries import Entry, Level


class Sign(StrEnum):
    """The sort of a failure, or of another thing that an entry may tell. The gravest come first."""

    oom = "oom"
    killed = "killed"
    disk = "disk"
    files = "files"
    pool = "pool"
    conflict = "conflict"
    locked = "locked"
    flood = "flood"
    unclosed = "unclosed"
    exited = "exited"
    timeout = "timeout"
    other = "other"
    """a failure of a sort that is not known"""
    restarting = "restarting"
    started = "started"
    unit_started = "unit_started"
    stopped = "stopped"
    measured = "measured"
    begun = "begun"
    handled = "handled"
    at_info = "at_info"


FAILURES = frozenset(list(Sign)[: list(Sign).index(Sign.other) + 1])
OF_THE_END = frozenset({Sign.oom, Sign.killed, Sign.exited})
"""those that tell how a process ended"""

_PATTERNS = {
    Sign.oom: r"(?i)out of memory: kill|\boom-kill|oom_reaper|oomkilled|invoked oom|by the OOM killer"
    r"|\bMemoryError\b|heap out of memory|cannot allocate memory",
    Sign.killed: r"code=(?:killed|dumped)|^Killed$|exited with code 137|signal SIGKILL|Segmentation fault|Fatal Python error",
    Sign.disk: r"(?i)no space left on device|\bENOSPC\b|database or disk is full|disk full|could not extend file",
    Sign.files: r"(?i)too many open files|\bEMFILE\b",
    Sign.pool: r"(?i)too many clients already|remaining connection slots|too many connections|QueuePool limit"
    r"|TooManyConnections|PoolTimeout|connection pool (?:is )?(?:exhausted|full|timed?.?out)"
    r"|timeout exceeded when trying to connect",
    Sign.conflict: r"(?i)terminated by other getUpdates|TelegramConflictError|can't use getUpdates method while webhook",
    Sign.locked: r"(?i)database (?:table |schema )?is locked|\bSQLITE_BUSY\b|deadlock detected|lock wait timeout"
    r"|LockNotAvailable|canceling statement due to lock timeout|could not obtain lock",
    Sign.flood: r"(?i)\bTelegramRetryAfter\b|\bRetryAfter\b|flood control exceeded|\btoo many requests\b|\bFloodWait"
    r"|Flood limit is exceeded|rate limit exceeded|\b130429\b",
    Sign.unclosed: r"(?i)\bunclosed (?:client session|connector|connection|socket|transport|<socket|<ssl|resource <)",
    Sign.exited: r"(?i)main process exited, code=exited|failed with result|exited with code [1-9]|start request repeated too quickly",
    Sign.timeout: r"(?i)timeouterror|\btimed ?out\b|readtimeout|connecttimeout|deadline exceeded|timeoutexpired|ETIMEDOUT",
    Sign.restarting: r"(?i)scheduled restart job",
    Sign.unit_started: r"^Started ",
    Sign.started: r"(?i)\bstart(?:ed|ing)? polling\b|\brun polling\b|application startup complete|application started"
    r"|uvicorn running|started server process|running on http|^(?:\S+ )?(?:starting|started) (?:the )?(?:bot|app|service|server|worker)\b"
    r"|\b(?:bot|application|app|service|server|worker) (?:is |has )?(?:starting|started|online|up and running|running)[.!]?(?:$| \w+=)"
    r"|^ready\b.* flows=",
    Sign.stopped: r"(?i)\bpolling stopped\b|received SIGTERM|^Stopp(?:ed|ing) \S+\.service|shutting down|^stopped$"
    r"|code=exited, status=0|deactivated successfully",
    Sign.measured: r"(?i)\b(?:rss|mem|memory|vmrss|heap_?used|tasks|in.?flight|handlers|sessions|connections|queue|fds|open.files)"
    r"[\w ]{0,16}[=:]\s*\d|anon-rss:\d",
    Sign.begun: r"(?i)\b(?:handling|processing|received|incoming|got|new|accepted) (?:new |an? )?(?:update|message|event|webhook|request|callback)\b"
    r"|\"POST /",
    Sign.handled: r"(?i)(?:is|was|request|update) (?:not )?(?:handled|completed|processed|finished)\b.{0,12}\b\d+(?:\.\d+)? ?m?s\b"
    r"|responseTime=\d",
    Sign.at_info: r"HTTP Request: .*\b429\b|(?i:flood control exceeded)",
}  # fmt: skip
_STRICT = frozenset({Sign.oom, Sign.killed, Sign.exited, Sign.unclosed})
"""failures that are believed at any level: systemd and the kernel write them as information"""

_RETRY = re.compile(r"(?i)(?:retry[ _-]?(?:after|in)|sleep for)\D{0,12}(\d{1,6})")
_DURATION = re.compile(r"(?i)(?:duration|took|in|responseTime)[ =:]{1,2}(\d{1,9}(?:\.\d+)?) ?(s\b)?")
_NUMBERS = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+|'[^']*'|\"[^\"]*\"", re.IGNORECASE)
_SHAPE = 72
_TYPE = re.compile(r"(?:Uncaught |Unhandled )?(?:\w+\.)*(?=\w+)")
_SECRETS = re.compile(
    r"(?<=bot)\d{5,}:[\w-]{20,}|\b\d{8,}:[\w-]{30,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|(?i:(?<=bearer ))[\w.~+/-]{8,}=*"
    r"|(?i:(?<=token=)|(?<=password=)|(?<=secret=)|(?<=api_key=))[^\s&'\"]+"
)
_LONGEST_LABEL = 240


class Reader:
    """Finds the signs of entries; one scan of a text finds them all."""

    def __init__(self) -> None:
        self._signs = list(_PATTERNS)
        self._set = re2.Set.SearchSet()
        for pattern in _PATTERNS.values():
            self._set.Add(pattern)
        self._set.Compile()

    def read(self, entry: Entry) -> tuple[Sign | None, frozenset[Sign]]:
        """The failure that an entry tells, if it does, and what else it tells."""
        text = f"{entry.text}\n{entry.exception}" if entry.exception else entry.text
        matched = self._set.Match(text)
        if not matched and entry.level < Level.error and not entry.exception:
            return None, _NOTHING
        signs = frozenset(self._signs[index] for index in matched or ())
        if signs & _WANTED_ENDS and _is_wanted(text):
            return None, frozenset({Sign.stopped})
        return _failure(signs, entry), signs


_NOTHING: frozenset[Sign] = frozenset()
_WANTED_ENDS = frozenset({Sign.killed, Sign.exited})


def _is_wanted(text: str) -> bool:
    """Whether systemd tells of an end that somebody asked for."""
    return "status=15/TERM" in text or "status=143" in text or "status=0" in text


def _failure(signs: frozenset[Sign], entry: Entry) -> Sign | None:
    failures = signs & FAILURES
    if Level.unknown < entry.level < Level.warning:
        failures &= _STRICT
        if Sign.at_info in signs:
            failures |= {Sign.flood}
        return min(failures, key=_ORDER.__getitem__) if failures else None
    if Sign.at_info in signs:
        failures |= {Sign.flood}
    if failures:
        return min(failures, key=_ORDER.__getitem__)
    return Sign.other if entry.level >= Level.error or entry.exception else None


_ORDER = {sign: place for place, sign in enumerate(Sign)}


def kind_of(sign: Sign, entry: Entry) -> str:
    """What failures are folded by: the sort, or where it is not known, the type of the exception or the text's shape.

    >>> from onebox.operating.diagnosis.entries import Place
    >>> kind_of(Sign.other, Entry(Place("a.log", 1), None, Level.error, "order 17 of 'Ana' failed"))
    'order # of # failed'
    """
    if sign is not Sign.other:
        return sign.value
    if entry.exception:
        return _TYPE.sub("", entry.exception, count=1).split(":", 1)[0][:_SHAPE]
    return _NUMBERS.sub("#", entry.text[: 2 * _SHAPE])[:_SHAPE].strip()


def label_of(entry: Entry) -> str:
    """The words of an entry that tell a failure, on one line and without what is secret.

    >>> from onebox.operating.diagnosis.entries import Place
    >>> label_of(Entry(Place("a.log", 1), None, Level.error, "no", "aiogram.exceptions.TelegramRetryAfter: wait"))
    'TelegramRetryAfter: wait'
    """
    text = _TYPE.sub("", entry.exception, count=1) if entry.exception else entry.text
    line = text[:_LONGEST_LABEL].lstrip().split("\n", 1)[0]
    shown = "".join(sign if sign.isprintable() else " " for sign in line)
    return _SECRETS.sub("***", shown).strip()


def retry_after(entry: Entry) -> float | None:
    """The seconds that a refusal asks to wait."""
    found = _RETRY.search(f"{entry.exception} {entry.text}")
    return float(found[1]) if found else None


def seconds_taken(entry: Entry) -> float | None:
    """How long the handler ran that an entry tells the end of."""
    found = _DURATION.search(entry.text)
    if found is None:
        return None
    return float(found[1]) * (1 if found[2] else 0.001)
