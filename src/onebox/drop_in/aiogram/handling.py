"""What a send knows of the update that it answers."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.drop_in.aiogram.pacer import Right


@dataclass(slots=True)
class Handling:
    """An update that is being handled. `spoke` is called when it sends something; `waited`: seconds that its sends have waited so far."""

    bot_id: int
    chat: str
    right: Right | None
    spoke: Callable[[], None]
    waited: float = 0.0
    over: bool = False
    cut_off: bool = False
    """something that it wanted to send was not sent, since the session is closed"""


_CURRENT: ContextVar[Handling | None] = ContextVar("onebox_handling", default=None)


def current(bot_id: int, chat: str) -> Handling | None:
    """The update of this chat that this task handles; None: it handles none, or one of another chat."""
    handling = _CURRENT.get()
    if handling is None or handling.over or (handling.bot_id, handling.chat) != (bot_id, chat):
        return None
    return handling


def cut_off() -> None:
    """What this task handles could not be finished: the bot stops. Handlers may catch what is raised of it."""
    handling = _CURRENT.get()
    if handling is not None:
        handling.cut_off = True


class Marked:
    """`with Marked(handling)`: sends within are those of the update."""

    def __init__(self, handling: Handling) -> None:
        self._handling = handling

    def __enter__(self) -> None:
        self._token = _CURRENT.set(self._handling)

    def __exit__(self, *_: object) -> None:
        self._handling.over = True  # tasks that it started may go on: they answer nobody who waits
        _CURRENT.reset(self._token)
