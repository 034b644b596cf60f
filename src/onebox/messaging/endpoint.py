"""The port of what a channel serves to the world: its webhook, its page. The web room listens and calls it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Called:
    """A request, its body read whole. `path` is what follows the endpoint's own, still escaped; `query` what follows
    the question mark; `headers` are by lower-case name; `remote` is the caller's address."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    remote: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the caller is answered."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Endpoint(Protocol):
    """Answers requests below one address. `body_limit`, where it has one, is how many bytes a body may have, instead of
    the box's limit. What it raises of BacklogFull, StorageFull and StorageClosed becomes 503
    with Retry-After; anything else 500, and a line in the log."""

    async def __call__(self, called: Called) -> Reply:
        """The answer."""
        ...
