"""The window of a sender: the few messages that it holds in memory, one lane a recipient, lanes taken in turn."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from onebox.messaging.message import Message

_LANE = 32
"""messages held of one recipient: what is behind them is read again when these are through"""
_LANES = 256
"""recipients held"""


class Lanes:
    """Messages in order per recipient; of each recipient, one at a time is out."""

    def __init__(self) -> None:
        self._lanes: dict[str, deque[Message]] = {}  # the first of a lane may be out
        self._ready: deque[str] = deque()  # recipients of whom none is out and who do not rest, in turn
        self._resting: list[tuple[datetime, str]] = []  # a heap, by the end of the rest
        self._blocked: set[str] = set()  # recipients to whom something of another window is out
        self._out: set[str] = set()

    @property
    def recipients(self) -> list[str]:
        """Those who have a lane."""
        return list(self._lanes)

    @property
    def ready(self) -> int:
        """How many messages could go out at once."""
        return len(self._ready)

    @property
    def rests_until(self) -> datetime | None:
        """When the first of those who rest may be written to."""
        return self._resting[0][0] if self._resting else None

    @property
    def full(self) -> bool:
        """No more recipients should be taken in."""
        return len(self._lanes) >= _LANES

    def take_in(self, messages: Iterable[Message]) -> None:
        """Adds messages, oldest first, of recipients who have no lane yet."""
        for message in messages:
            lane = self._lanes.get(message.recipient)
            if lane is None:
                self._lanes[message.recipient] = deque([message])
                self._ready.append(message.recipient)
            elif len(lane) < _LANE:
                lane.append(message)

    @property
    def whose_turn(self) -> str:
        """The recipient whose turn it is. Raises IndexError if none is ready."""
        return self._ready[0]

    def next(self) -> Message:
        """The first message of the recipient whose turn it is. It is out until `done`. Raises IndexError if none is."""
        recipient = self._ready.popleft()
        self._out.add(recipient)
        return self._lanes[recipient][0]

    def block(self) -> None:
        """The recipient whose turn it is waits until `unblock`. Raises IndexError if none is ready."""
        self._blocked.add(self._ready.popleft())

    def unblock(self, recipient: str) -> None:
        """Who was blocked takes turns again."""
        if recipient in self._blocked:
            self._blocked.discard(recipient)
            self._ready.append(recipient)

    def forget(self) -> None:
        """Lets go of all that is not out: what is to become of it stands in the database."""
        self._lanes = {recipient: deque([lane[0]]) for recipient, lane in self._lanes.items() if recipient in self._out}
        self._ready.clear()
        self._resting.clear()
        self._blocked.clear()

    def rest(self, until: datetime) -> None:
        """The recipient whose turn it is may not be written to before then. Raises IndexError if none is ready."""
        heapq.heappush(self._resting, (until, self._ready.popleft()))

    def rested(self, now: datetime) -> None:
        """Those whose rest is over take their turns again."""
        while self._resting and self._resting[0][0] <= now:
            self._ready.append(heapq.heappop(self._resting)[1])

    def done(self, message: Message, *, hold: bool) -> bool:
        """The message is not out any more. With `hold`, its lane is let go too: it waits in the database.

        True if the recipient's lane is through, so that the outbox may hold more of it than was in memory.
        """
        lane = self._lanes[message.recipient]
        lane.popleft()
        self._out.discard(message.recipient)
        if lane and not hold:
            self._ready.append(message.recipient)
            return False
        del self._lanes[message.recipient]
        return True
