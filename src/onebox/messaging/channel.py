"""The port that every channel implements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from onebox.messaging.message import Message


FAILURES: Mapping[str, str] = {
    "bounced": "the recipient is not there, or takes nothing",
    "refused": "this message is not taken",
    "invalid": "the channel cannot make anything of what the step gave",
    "too_many": "the channel wants less at a time",
    "busy": "the channel has trouble of its own",
    "unreachable": "the channel does not answer",
    "misconfigured": "the account is set up wrongly, or not any more what it was",
    "closed": "the time in which this person may be written to is over",
    "uncertain": "nobody knows whether it arrived, and the account's settings say to leave it at that",
    "failed": "any other",
}
"""The kinds of failures to deliver."""


class DeliveryFailed(OneboxError):
    """A channel could not deliver. `permanent`: trying again cannot help. `retry_after`: seconds the channel asks for.

    `kind` is a word that flows may ask for, see `FAILURES`. `uncertain`: it may have arrived all the same.
    """

    code: ClassVar[str] = "delivery_failed"

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        retry_after: float | None = None,
        kind: str = "failed",
        hint: str | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.permanent = permanent
        self.retry_after = retry_after
        self.kind = kind
        self.uncertain = uncertain


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something may happen: `per_second` on average, `burst` at once after a pause."""

    per_second: float = 50.0
    burst: int = 50


def _no_rates(_recipient: str) -> Sequence[Rate]:
    return ()


@dataclass(frozen=True, slots=True)
class Pace(Rate):
    """How fast an account may send: the rate of all its messages together, and `parallel` to different recipients at a
    time. `each` gives the rates that hold for one recipient alone; all of them must allow a message."""

    parallel: int = 16
    each: Callable[[str], Sequence[Rate]] = field(default=_no_rates)


def in_one(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """A content that goes out as it is."""
    return [content]


A_TEXT = ("text", "markdown", "template")
"""the arguments of `send` by which a text may be given"""


@dataclass(frozen=True, slots=True)
class Outlet:
    """What is known of an account without speaking to it. Pure, so that `send` and `check` may ask it.

    `recipient` is where a message goes that names none; None: one must be named. `parts` makes of one content those
    that go out one after another, each a message of its own: a text that is too long for the channel is split. It raises
    DeliveryFailed for a content that the channel can make nothing of. A channel that has an `outlet` itself, since its
    secrets say more, has the last word. `needs` are arguments that a step must have, of each group one: `check` looks.
    `is_chat`: whoever gets a message there can answer.
    """

    recipient: str | None = None
    parts: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]] = in_one
    needs: Sequence[Sequence[str]] = ()
    is_chat: bool = False


class Channel(Protocol):
    """One account of one channel. Built by `app`, called by the outbox alone."""

    pace: Pace

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """Hands one message over and returns the channel's receipt. Raises DeliveryFailed."""
        ...

    async def close(self) -> None:
        """Closes sessions and files."""
        ...
