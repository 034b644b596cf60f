"""What an account makes of a sender who says much: the throttle, and the words in which a person is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from onebox.messaging.chat import Post


@dataclass(frozen=True, slots=True)
class Opinion:
    """Of one post. `verdict`: why no flow gets it, in words for the operator. `notice`: what its sender is told.
    `supersedes`: what the sender said before, and nobody has begun with, is not acted on any more."""

    verdict: str | None = None
    notice: str | None = None
    supersedes: bool = False


class Gate(Protocol):
    """The throttle of one account."""

    def opinion(self, post: Post, now: datetime) -> Opinion:
        """What becomes of a post. Counts it."""
        ...


class OpenGate:
    """Lets everything in: for accounts without a throttle."""

    def opinion(self, _post: Post, _now: datetime) -> Opinion:
        """Nothing is withheld."""
        return Opinion()
