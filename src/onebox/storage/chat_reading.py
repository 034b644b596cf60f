"""What is read of the chats that the box itself shows. See `messaging.transcripts.Transcripts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.kernel.encoding import load
from onebox.messaging.transcripts import ChatEntry
from onebox.storage import tables
from onebox.storage.dialects import Say, const, up_to_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onebox.storage.dialects import Dialect, Values
    from onebox.storage.readers import ReadPool

_COLUMNS = [tables.chat_entry.c[name] for name in ("position", "changed", "direction", "body", "at")]


class ChatReading:
    """Reads entries of chats through a pool of connections."""

    def __init__(self, pool: ReadPool, dialect: Dialect) -> None:
        self._pool = pool
        self._moment = dialect.moment
        say = Say(dialect)
        entry = tables.chat_entry
        of_chat = sa.select(*_COLUMNS).where(
            entry.c.account == sa.bindparam("account_"), entry.c.chat == sa.bindparam("chat_")
        )
        latest = up_to_limit(of_chat.order_by(entry.c.position.desc()))
        self._latest_of_chat = say(latest, "account_ chat_ limit")
        changed = of_chat.where(entry.c.changed > sa.bindparam("after", type_=sa.BigInteger))
        self._changed_of_chat = say(up_to_limit(changed.order_by(entry.c.changed)), "account_ chat_ after limit")
        one = of_chat.where(entry.c.position == sa.bindparam("position_", type_=sa.BigInteger))
        mine = (entry.c.direction == const("in"), entry.c.key == sa.bindparam("key_"))
        self._wrote = say(of_chat.where(*mine), "account_ chat_ key_")
        self._one_of_chat = say(one, "account_ chat_ position_")

    async def latest_entries(self, account: str, chat: str, limit: int) -> list[ChatEntry]:
        """The last ones of a chat, in the order of their positions."""
        return (await self._chat_entries(self._latest_of_chat, (account, chat, limit)))[::-1]

    async def changed_entries(self, account: str, chat: str, after: int, limit: int) -> list[ChatEntry]:
        """The first ones that came or were edited after `after`, in the order of `changed`."""
        return await self._chat_entries(self._changed_of_chat, (account, chat, after, limit))

    async def chat_entry(self, account: str, chat: str, position: int) -> ChatEntry | None:
        """The one at this place."""
        found = await self._chat_entries(self._one_of_chat, (account, chat, position))
        return found[0] if found else None

    async def wrote(self, account: str, chat: str, key: str) -> bool:
        """Whether a person's entry of this key is there."""
        return bool(await self._chat_entries(self._wrote, (account, chat, key)))

    async def _chat_entries(self, sql: str, values: Values) -> list[ChatEntry]:
        return [
            self._chat_entry_of(row) for row in await self._pool.run(lambda connection: connection.rows(sql, values))
        ]

    def _chat_entry_of(self, row: Sequence[Any]) -> ChatEntry:
        position, changed, direction, body, at = row
        return ChatEntry(position, changed, direction, load(body), self._moment(at))
