"""Conversations, and the people that they are with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.kernel.encoding import dump, load, normalise
from onebox.messaging.conversation import Heard, MarkGone, MeetPerson, MergePeople, OfferChoices, RememberState
from onebox.storage import tables
from onebox.storage.session import keepable, maybe_keepable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.storage.dialects import Say
    from onebox.storage.session import Session

_PERSON = ("name", "username", "language", "phone")


class Conversations:
    """Writes conversations."""

    def __init__(self, say: Say) -> None:
        self._heard = _heard(say)
        self._gone = _set(say, "gone_at")
        self._offer = _set(say, "offered")
        self._remember = _set(say, "state")
        table = tables.conversation
        place = (table.c.account == sa.bindparam("account_"), table.c.chat == sa.bindparam("chat_"))
        self._state = say(sa.select(table.c.state).where(*place), "account_ chat_")
        self.appliers = {
            Heard: self.heard,
            MarkGone: self.mark_gone,
            OfferChoices: self.offer,
            RememberState: self.remember,
        }

    def heard(self, session: Session, change: Heard) -> None:
        at, said = session.instant(change.at), maybe_keepable(change.message_id)
        session.do(self._heard, (*_place(change), change.person_id, at, said))

    def mark_gone(self, session: Session, change: MarkGone) -> None:
        session.do(self._gone, (*_place(change), None if change.at is None else session.instant(change.at)))

    def offer(self, session: Session, change: OfferChoices) -> None:
        choices = [[keepable(part) for part in choice] for choice in change.offered]
        offered = dump({"at": change.at, "choices": choices}) if choices else None
        session.do(self._offer, (*_place(change), offered))

    def remember(self, session: Session, change: RememberState) -> None:
        """The writer is alone, so what is read cannot change before it is written."""
        place = _place(change)
        found = session.rows(self._state, place)
        state: dict[str, Any] = load(found[0][0]) if found and found[0][0] is not None else {}
        state.update(normalise(change.values))
        kept = {key: value for key, value in state.items() if value is not None}
        session.do(self._remember, (*place, dump(kept) if kept else None))


class People:
    """Writes people."""

    def __init__(self, say: Say) -> None:
        person, address = tables.person, tables.person_address
        columns = ("id", *_PERSON, "met_at")
        new = say.dialect.insert(person).values({name: sa.bindparam(name) for name in columns})
        known = {name: sa.func.coalesce(new.excluded[name], person.c[name]) for name in _PERSON}
        self._meet = say(new.on_conflict_do_update(index_elements=["id"], set_=known), " ".join(columns))
        self._address = say.insert(address, "account", "user_id", "person_id", once=True)
        kept: sa.BindParameter[str] = sa.bindparam("kept")
        gone: sa.BindParameter[str] = sa.bindparam("gone_")
        other = person.alias("other")
        lacking = {
            name: sa.func.coalesce(
                person.c[name],
                sa.select(other.c[name]).where(other.c.id == sa.bindparam(f"from_{name}")).scalar_subquery(),
            )
            for name in _PERSON
        }
        fill = sa.update(person).values(lacking).where(person.c.id == kept)
        self._fill = say(fill, " ".join([*(f"from_{name}" for name in _PERSON), "kept"]))
        self._merge = [
            say(
                sa.update(table)
                .values(person_id=kept)
                .where(table.c.person_id == gone, table.c.person_id.is_not(None)),
                "kept gone_",
            )
            for table in (address, tables.conversation, tables.appointment)
        ]
        self._drop = say(sa.delete(person).where(person.c.id == gone), "gone_")
        self.appliers = {MeetPerson: self.meet, MergePeople: self.merge}

    def meet(self, session: Session, change: MeetPerson) -> None:
        person = change.person
        given = [maybe_keepable(getattr(person, name)) for name in _PERSON]
        session.do(self._meet, (person.id, *given, session.instant(change.at)))
        session.do(self._address, (keepable(change.account), keepable(change.user_id), person.id))

    def merge(self, session: Session, change: MergePeople) -> None:
        if change.kept == change.gone:
            return
        session.do(self._fill, (*[change.gone] * len(_PERSON), change.kept))
        for statement in self._merge:
            session.do(statement, (change.kept, change.gone))
        session.do(self._drop, (change.gone,))


def _place(change: Heard | MarkGone | OfferChoices | RememberState) -> tuple[str, str]:
    return keepable(change.account), keepable(change.chat)


def _heard(say: Say) -> str:
    columns = ("account", "chat", "person_id", "heard_at", "heard_id")
    table = tables.conversation
    new = say.dialect.insert(table).values({name: sa.bindparam(name) for name in columns})
    later: Sequence[str] = ("heard_at", "heard_id")
    is_later = sa.or_(table.c.heard_at.is_(None), table.c.heard_at <= new.excluded.heard_at)
    changed: dict[str, Any] = {name: sa.case((is_later, new.excluded[name]), else_=table.c[name]) for name in later}
    changed["person_id"] = sa.func.coalesce(new.excluded.person_id, table.c.person_id)
    changed["gone_at"] = sa.null()
    return say(new.on_conflict_do_update(index_elements=["account", "chat"], set_=changed), " ".join(columns))


def _set(say: Say, column: str) -> str:
    """One column of a conversation, which is made if there is none."""
    columns = ("account", "chat", column)
    new = say.dialect.insert(tables.conversation).values({name: sa.bindparam(name) for name in columns})
    changed = new.on_conflict_do_update(index_elements=["account", "chat"], set_={column: new.excluded[column]})
    return say(changed, " ".join(columns))
