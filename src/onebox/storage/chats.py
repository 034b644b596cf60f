"""What stands in the chats that the box itself shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from onebox.kernel.encoding import dump, normalise
from onebox.messaging.transcripts import AppendEntry, EditEntry
from onebox.storage import tables
from onebox.storage.dialects import const
from onebox.storage.session import keepable

if TYPE_CHECKING:
    from datetime import datetime

    from onebox.storage.dialects import Say
    from onebox.storage.session import Session

_COLUMNS = "account chat position changed direction key body at"


class Chats:
    """Writes entries of chats."""

    def __init__(self, say: Say) -> None:
        entry = tables.chat_entry
        of_chat = (entry.c.account == sa.bindparam("account_"), entry.c.chat == sa.bindparam("chat_"))
        same = (entry.c.direction == sa.bindparam("direction_"), entry.c.key == sa.bindparam("key_"))
        self._known = say(sa.select(entry.c.position).where(*of_chat, *same), "account_ chat_ direction_ key_")
        self._last = say(sa.select(sa.func.max(entry.c.changed)).where(*of_chat), "account_ chat_")
        self._insert = say.insert(entry, *_COLUMNS.split())
        edited = sa.update(entry).values(changed=sa.bindparam("changed_"), body=sa.bindparam("body_"))
        own = (entry.c.position == sa.bindparam("position_"), entry.c.direction == const("out"))
        self._edit = say.touching(edited.where(*of_chat, *own), "changed_ body_ account_ chat_ position_")
        self.appliers = {AppendEntry: self.append, EditEntry: self.edit}

    def append(self, session: Session, change: AppendEntry) -> int:
        account, chat, key = keepable(change.account), keepable(change.chat), keepable(change.key)
        known = session.rows(self._known, (account, chat, change.direction, key))
        if known:
            return int(known[0][0])
        number = self._next(session, account, chat, change.at)
        row = (account, chat, number, number, change.direction, key, dump(normalise(change.body)))
        session.do(self._insert, (*row, session.instant(change.at)))
        return number

    def edit(self, session: Session, change: EditEntry) -> object:
        account, chat = keepable(change.account), keepable(change.chat)
        number = self._next(session, account, chat, change.at)
        body = dump(normalise(change.body))
        return session.touched(self._edit, (number, body, account, chat, change.position))

    def _next(self, session: Session, account: str, chat: str, at: datetime) -> int:
        [[last]] = session.rows(self._last, (account, chat))
        return max((last or 0) + 1, int(at.timestamp() * 1000))
