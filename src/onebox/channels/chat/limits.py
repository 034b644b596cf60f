"""How much one address may send to a chat: whoever sends no cookie is somebody new each time, and no throttle counts them.
Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from onebox.channels.chat.incoming import NotTaken
from onebox.messaging.rates import Rates

if TYPE_CHECKING:
    from datetime import datetime

    from onebox.channels.chat.words import Words
    from onebox.flows.definition.fields import Rate

MEGABYTE = 1_000_000


class Limits:
    """Counts what the addresses send to one account. Refusals are in the visitor's words."""

    def __init__(self, posts: Rate, files: Rate, words: Words) -> None:
        self._posts = Rates(*posts)
        self._files = Rates(*files)
        self._words = words

    def post(self, remote: str, now: datetime) -> None:
        """Somebody sends something. Raises NotTaken (429)."""
        self._refuse(self._posts.wait(remote, now.timestamp()))

    def file(self, remote: str, size: int, now: datetime) -> None:
        """What somebody sends has a file of so many bytes. Raises NotTaken (429)."""
        self._refuse(self._files.wait(remote, now.timestamp(), max(1, math.ceil(size / MEGABYTE))))

    def _refuse(self, wait: float) -> None:
        if wait > 0:
            seconds = math.ceil(wait)
            message = self._words.too_much.format(wait=self._words.wait(seconds))
            raise NotTaken(429, "too_many", message, retry_after=seconds)
