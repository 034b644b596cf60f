"""Which updates the flows want of a bot, and what its receivers do about trouble."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog

from onebox.channels.telegram.api import ApiRefused
from onebox.channels.telegram.trigger import CHANNEL
from onebox.channels.telegram.updates import STANDING, UNUSABLE
from onebox.flows.plan import has_step

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from onebox.channels.telegram.updates import UpdateKind
    from onebox.flows.book import FlowBook
    from onebox.kernel.errors import OneboxError
    from onebox.messaging.chat import Post

log = structlog.get_logger("onebox.telegram")

_ANSWERS: Sequence[UpdateKind] = ("message", "callback_query")
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


class Wanted:
    """The kinds that flows ask for. `changed` is set with each change; who waits for it clears it.

    A flow that asks people gets their answers from the bot that it asked by, which may be any.
    """

    def __init__(self, account: str, book: FlowBook) -> None:
        self._account = account
        self._book = book
        self.kinds: list[str] = []
        self.changed = asyncio.Event()
        book.on_change(self._look)

    @property
    def asked_for(self) -> list[str]:
        """What Telegram is to tell: these, and who blocks the bot. Kinds that it gives only to those who name them
        are no others."""
        return sorted({*self.kinds, STANDING})

    def _look(self) -> None:
        settings: list[Any] = [trigger.settings for _, trigger in self._book.triggers(CHANNEL)]
        asked = _ANSWERS if any(has_step(flow, "ask") for flow in self._book.flows.values()) else ()
        kinds = sorted({*asked, *(kind for one in settings if one.account == self._account for kind in one.updates)})
        if kinds != self.kinds:
            self.kinds = kinds
            self.changed.set()


class Trouble:
    """Says once what is wrong, waits longer each time, and says when it is over."""

    def __init__(self, account: str, pause: Callable[[float], Awaitable[None]]) -> None:
        self._account = account
        self._pause = pause
        self._known: tuple[str, int | None] | None = None
        self._next = _FIRST_PAUSE

    async def wait(self, error: OneboxError) -> None:
        """Until it is worth another try: as long as the error asks for, or longer each time."""
        if _sort_of(error) != self._known:
            hint = {"hint": error.hint} if error.hint else {}
            log.warning("updates_troubled", account=self._account, why=error.message, **hint)
        self._known = _sort_of(error)
        asked = _asked_pause(error)
        await self._pause(self._next if asked is None else asked)
        self._next = min(2 * self._next, _LONGEST_PAUSE)

    def over(self) -> None:
        """It went well."""
        if self._known is not None:
            log.info("updates_come_again", account=self._account)
        self._known, self._next = None, _FIRST_PAUSE


def explained(refused: ApiRefused, account: str) -> ApiRefused:
    """With what to do about it."""
    if refused.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
        refused.hint = f"the token of {account} is wrong or was revoked: set its secret anew, and start the box again"
    elif tells_of_webhook(refused):
        refused.hint = (
            "another program gave this bot a webhook, which the box takes away; see that it does so no more, "
            f"or say updates: webhook for {account} in box.yaml"
        )
    elif refused.status == HTTPStatus.CONFLICT:
        refused.hint = "another program asks for this bot's updates: only one can, so stop the other"
    elif "webhook" in refused.message.lower():
        refused.hint = (
            f"accounts.{account}.public_url in box.yaml must be an address of this box that Telegram reaches by https"
        )
    return refused


def tells_of_webhook(error: OneboxError) -> bool:
    """Whether updates go to a webhook now, of which who asks for them knows nothing."""
    conflict = isinstance(error, ApiRefused) and error.status == HTTPStatus.CONFLICT
    return conflict and "webhook" in error.message.lower()


def tell_of_unusable(posts: Sequence[Post]) -> None:
    """A line in the log for each that could not be read; it is stored all the same."""
    for post in posts:
        if post.data["kind"] == UNUSABLE:
            log.warning("update_unusable", account=post.account, key=post.key, why=post.data["reason"])


def _sort_of(error: OneboxError) -> tuple[str, int | None]:
    """What makes two troubles the same one: their messages count what waits, and for how long."""
    return error.code, getattr(error, "status", None)


def _asked_pause(error: OneboxError) -> float | None:
    after = getattr(error, "parameters", {}).get("retry_after", getattr(error, "retry_after", None))
    return float(after) if isinstance(after, (int, float)) else None
