"""What waits to be told to a bot: given again until it is confirmed, by a higher offset or by the webhook's 2xx."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.sandbox.numbers import first_number
from onebox.sandbox.telegram.refusals import bad, conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from onebox.sandbox.times import Time
    from onebox.sandbox.trouble import Trouble

KINDS = frozenset(
    "message edited_message channel_post edited_channel_post business_connection business_message edited_business_message "
    "deleted_business_messages message_reaction message_reaction_count inline_query chosen_inline_result callback_query "
    "shipping_query pre_checkout_query purchased_paid_media poll poll_answer my_chat_member chat_member chat_join_request "
    "chat_boost removed_chat_boost".split()
)
BY_DEFAULT = KINDS - {"chat_member", "message_reaction", "message_reaction_count"}
MOST = 100
LONGEST_POLL = 50
DAY = 86_400.0
_EXPIRY = {"callback_query": 150.0, "pre_checkout_query": 150.0, "shipping_query": 150.0, "inline_query": 30.0}


@dataclass
class Update:
    """One update. `queue`: what it is told in order with; `expires` in seconds of the sandbox's time."""

    number: int
    kind: str
    body: dict[str, Any]
    queue: str
    expires: float
    repeated: bool = False

    def told(self) -> dict[str, Any]:
        """As the bot gets it."""
        return {"update_id": self.number, self.kind: self.body}


@dataclass
class Updates:
    """The updates of one bot."""

    time: Time
    trouble: Trouble
    came: Callable[[Update], object] = field(default=id)
    """called with each new one"""
    allowed: frozenset[str] = BY_DEFAULT
    waiting: dict[int, Update] = field(default_factory=dict)
    _again: list[Update] = field(default_factory=list)
    """taken, and given once more in spite of it"""
    _held: dict[str, list[tuple[str, dict[str, Any], str]]] = field(default_factory=dict)
    _poll: int = 0
    _ended_by: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _last: int = field(default_factory=first_number)
    """the number of the newest"""

    def add(self, kind: str, body: dict[str, Any], *, chat: str, queue: str | None = None) -> None:
        """Something happened in a chat; a chat's updates stay in their order, also when they are late."""
        if kind not in self.allowed:
            return
        queue = queue or chat
        if chat in self._held:
            self._held[chat].append((kind, body, queue))
        elif self.trouble.is_late():
            self._held[chat] = [(kind, body, queue)]
            asyncio.get_running_loop().call_later(self.trouble.late_seconds, self._release, chat)
        else:
            self._arrive(kind, body, queue)

    def _release(self, chat: str) -> None:
        for kind, body, queue in self._held.pop(chat, ()):
            self._arrive(kind, body, queue)

    def _arrive(self, kind: str, body: dict[str, Any], queue: str) -> None:
        self._last += 1
        update = Update(self._last, kind, body, queue, self.time.now() + _EXPIRY.get(kind, DAY))
        self.waiting[update.number] = update
        self._wake()
        self.came(update)

    def confirm(self, update: Update) -> bool:
        """The bot has it; whether it is told once more all the same."""
        self.waiting.pop(update.number, None)
        if update.repeated or not self.trouble.is_doubled():
            return False
        update.repeated = True
        return True

    def forget(self) -> None:
        """Drops what waits."""
        self.waiting.clear()
        self._again.clear()

    def expire(self) -> None:
        """Drops what is too old."""
        now = self.time.now()
        for number in [number for number, update in self.waiting.items() if update.expires <= now]:
            del self.waiting[number]

    def allow(self, kinds: Any) -> None:
        """`allowed_updates`: None leaves them as they are, an empty list means those of the default. Raises Refused."""
        if kinds is None:
            return
        if not isinstance(kinds, list):
            raise bad("can't parse allowed updates JSON object")
        named = frozenset(kind for kind in kinds if isinstance(kind, str)) & KINDS
        self.allowed = named or BY_DEFAULT

    @property
    def is_by_default(self) -> bool:
        """Whether the bot never chose."""
        return self.allowed == BY_DEFAULT

    async def poll(self, *, offset: int, limit: int, timeout: float) -> list[dict[str, Any]]:
        """What waits from the offset on, once there is something or the time is over. Raises Refused for the older of two."""
        self._poll += 1
        mine = self._poll
        self._wake()
        self._confirm_below(offset)
        ends = asyncio.get_running_loop().time() + timeout
        while True:
            if mine != self._poll:
                raise conflict(self._ended_by or _SECOND)
            news = self._news
            if found := self._next_ones(limit):
                return [update.told() for update in found]
            if (left := ends - asyncio.get_running_loop().time()) <= 0:
                return []
            try:
                async with asyncio.timeout(left):
                    await news.wait()
            except TimeoutError:
                pass

    def end_polls(self, by: str) -> None:
        """Ends a poll that is open, as setting a webhook does."""
        self._poll += 1
        self._ended_by = by
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _confirm_below(self, offset: int) -> None:
        self._ended_by = ""
        if offset > self._last + 1:
            return  # it was given by another start: nothing of this one was seen
        numbers = sorted(self.waiting)
        if offset < 0:
            offset = numbers[offset:][0] if numbers else 0
        for number in numbers:
            if number < offset and self.confirm(update := self.waiting[number]):
                self._again.append(update)

    def _next_ones(self, limit: int) -> Iterable[Update]:
        self.expire()
        again, self._again = self._again[:limit], self._again[limit:]
        return [*again, *(self.waiting[number] for number in sorted(self.waiting))][:limit]


_SECOND = "terminated by other getUpdates request; make sure that only one bot instance is running"
