"""The window of a sender: the few messages that it holds in memory, one lane a recipient, lanes taken in turn."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onebox.messaging.message import Message

_LANE = 32
"""messages held of one recipient: what is behind them is read again when these are through"""
_LANES = 256
"""recipients held"""


class Lanes:
    """Messages in order per recipient; of each recipient, one at a time is out."""

    def __init__(self) -> None:
        self._lanes: dict[str, deque[Message]] = {}  # the first of a lane may be out
        self._ready: deque[str] = deque()  # recipients of whom none is out, in turn

    @property
    def recipients(self) -> list[str]:
        """Those who have a lane."""
        return list(self._lanes)

    @property
    def ready(self) -> int:
        """How many messages could go out at once."""
        return len(self._ready)

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

    def next(self) -> Message:
        """The first message of the recipient whose turn it is. It is out until `done`. Raises IndexError if none is."""
        return self._lanes[self._ready.popleft()][0]

    def done(self, message: Message, *, hold: bool) -> bool:
        """The message is not out any more. With `hold`, its lane is let go too: it waits in the database.

        True if the recipient's lane is through, so that the outbox may hold more of it than was in memory.
        """
        lane = self._lanes[message.recipient]
        lane.popleft()
        if lane and not hold:
            self._ready.append(message.recipient)
            return False
        del self._lanes[message.recipient]
        return True
