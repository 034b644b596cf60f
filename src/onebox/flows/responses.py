"""How a run's answer reaches the caller of a webhook who waits for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from onebox.messaging.event import StoredResponse

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}")
_UNSAFE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_OURS = frozenset(
    (
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run came to its end without answering."""

    run_id: str
    failed: bool


class Responses(Protocol):
    """Tells callers what runs answered. Kept by `dispatch`, asked by `web`."""

    async def wait(self, event_id: str, timeout: float) -> StoredResponse | RunEnded | None:
        """The answer to an event, or how its run ended without one; None after `timeout` seconds.

        Also when the run answered or ended before this was called.
        """
        ...


def header_fault(name: str, value: str) -> str | None:
    r"""What is wrong with a header of an answer, in words that follow "the header …"; None: it may be sent.

    >>> header_fault("X-Shop", "7")
    >>> header_fault("X-Shop", "7\r\nSet-Cookie: a=b")
    "X-Shop has the character '\\r', which no header may have"
    >>> header_fault("Content-Length", "7")
    'Content-Length is set by the box itself'
    """
    if not _TOKEN.fullmatch(name):
        return f"{name!r} is no header name: letters, digits and hyphens"
    if name.lower() in _OURS:
        return f"{name} is set by the box itself"
    found = _UNSAFE.search(value)
    return f"{name} has the character {found[0]!r}, which no header may have" if found else None
