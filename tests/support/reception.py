"""A reception that keeps what it is handed: each once by its key, whole units or nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from onebox.messaging.event import Stored
from onebox.messaging.inbox import BacklogFull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.kernel.ledger import Change
    from onebox.messaging.chat import Post


class PlainReception:
    """Full for the next `full` times. `units` counts how many posts came together."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.units: list[int] = []
        self.full = 0
        self._came = asyncio.Event()

    async def receive(self, posts: Sequence[Post], then: Sequence[Change[Any]] = ()) -> list[Stored]:
        if self.full:
            self.full -= 1
            full = BacklogFull(f"{self.full + 10} runs are waiting")
            full.retry_after = 0
            raise full
        assert not then
        known = {(post.account, post.key) for post in self.posts}
        self.units.append(len(posts))
        self.posts += [post for post in posts if (post.account, post.key) not in known]
        self._came.set()
        return [Stored("e", duplicate=(post.account, post.key) in known) for post in posts]

    @property
    def events(self) -> list[dict[str, Any]]:
        """What flows would see."""
        return [dict(post.data) for post in self.posts]

    async def until(self, count: int) -> list[dict[str, Any]]:
        """What flows would see, once it is so much."""
        async with asyncio.timeout(10):
            while len(self.posts) < count:
                self._came.clear()
                await self._came.wait()
        return self.events
