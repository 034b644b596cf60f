"""The child process that reads feeds: a document comes as a line of JSON, and is answered by a line of JSON.

It is started with a socket as standard input. When the socket is closed the process ends.
"""

from __future__ import annotations

import base64
import json
import math
import os
import resource
from typing import Any

from onebox.connectors.feeds.parsing.reading import read
from onebox.connectors.feeds.parsing.refusal import Refused

MEMORY = 400_000_000
"""bytes beyond what an idle process takes"""
SECONDS = 10
"""of processor time for one document"""
NICE = 10


def main() -> None:
    """Answers until the other side hangs up."""
    os.nice(NICE)  # a feed that is hard to read must not slow the box
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 64)
    used = _address_space()
    if used:
        _limit(resource.RLIMIT_AS, used + MEMORY)
    with open(0, "rb", closefd=False) as lines:
        for line in lines:
            _allow_time()
            unsent = memoryview(_answer(line))
            while unsent:
                unsent = unsent[os.write(0, unsent) :]


def _answer(line: bytes) -> bytes:
    """One line. Text in it stays as it is, which is shorter."""
    try:
        asked = json.loads(line)
        raw = base64.b64decode(asked["body"])
        told: dict[str, Any] = {"ok": read(raw, url=asked["url"], content_type=asked["type"])}
    except Refused as refused:
        told = {"error": str(refused)}
    except MemoryError:
        told = {"error": f"it takes more than {MEMORY // 1_000_000} MB of memory to read this"}
    except RecursionError:
        told = {"error": "it is nested too deep"}
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _limit(which: int, most: int) -> None:
    _, hard = resource.getrlimit(which)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, hard))


def _allow_time() -> None:
    """Processor time from now on; the box watches the clock."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, math.ceil(usage.ru_utime + usage.ru_stime) + SECONDS + 1)


def _address_space() -> int:
    """What the process takes now, in bytes; 0 where the system does not say (then memory is not limited)."""
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - no path needed
            return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    main()
