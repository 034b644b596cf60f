"""Which repository writes which change."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from onebox.storage.broadcasts import Broadcasts
from onebox.storage.chats import Chats
from onebox.storage.conversations import Conversations, People
from onebox.storage.desk import Desk
from onebox.storage.dialects import Say
from onebox.storage.events import Events
from onebox.storage.feeds import Feeds
from onebox.storage.outbox import Outbox
from onebox.storage.pruning import Pruning
from onebox.storage.retrying import Retrying
from onebox.storage.runs import Runs
from onebox.storage.signals import Signals
from onebox.storage.statuses import Statuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.kernel.ledger import Change
    from onebox.storage.dialects import Dialect
    from onebox.storage.session import Session


def appliers_for(dialect: Dialect) -> dict[type[Change[Any]], Callable[[Session, Any], Any]]:
    """How each kind of change is written on this database."""
    return _appliers_for(type(dialect))


@cache
def _appliers_for(dialect: type[Dialect]) -> dict[type[Change[Any]], Callable[[Session, Any], Any]]:
    """They are texts of SQL and keep nothing, so that all who open such a database may share them."""
    say = Say(dialect())
    signals = Signals(say)
    found = _Appliers(say)

    def apply(session: Session, change: Change[Any]) -> Any:
        return found[type(change)](session, change)

    for repository in (
        Events(say, signals, apply),
        signals,
        Runs(say),
        Retrying(say),
        Outbox(say),
        Statuses(say),
        Broadcasts(say, apply),
        Conversations(say),
        People(say),
        Desk(say),
        Feeds(say),
        Chats(say),
        Pruning(say),
    ):
        found.update(repository.appliers)  # type: ignore[arg-type]
    return found


class _Appliers(dict["type[Change[Any]]", "Callable[[Session, Any], Any]"]):
    """A box without appointments does not load what writes them."""

    def __init__(self, say: Say) -> None:
        super().__init__()
        self._say = say

    def __missing__(self, kind: type[Change[Any]]) -> Callable[[Session, Any], Any]:
        if kind.__module__ != "onebox.booking.appointment":
            raise KeyError(kind)
        from onebox.storage.appointments import Appointments

        self.update(Appointments(self._say, lambda session, change: self[type(change)](session, change)).appliers)
        return self[kind]
