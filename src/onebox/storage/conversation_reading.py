"""What is read of conversations and people. See `messaging.conversation.ConversationReader`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.kernel.encoding import load, to_json
from onebox.messaging.conversation import Conversation, Known, Person
from onebox.storage import tables
from onebox.storage.dialects import Say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.storage.dialects import Dialect
    from onebox.storage.readers import ReadPool

_COLUMNS = "account chat person_id heard_at heard_id gone_at offered state".split()


class ConversationReading:
    """Reads conversations through a pool of connections."""

    def __init__(self, pool: ReadPool, dialect: Dialect) -> None:
        self._pool = pool
        self._moment = dialect.moment
        self._instant = dialect.instant
        say = Say(dialect)
        talk, person, address = tables.conversation, tables.person, tables.person_address
        of_account = talk.c.account == sa.bindparam("account_")
        named = talk.c.chat.in_(dialect.members("chats"))
        self._some = say(sa.select(*[talk.c[name] for name in _COLUMNS]).where(of_account, named), "account_ chats")
        gone = sa.select(talk.c.chat).where(of_account, named, talk.c.gone_at.is_not(None))
        self._gone = say(gone, "account_ chats")
        there = sa.select(talk.c.chat).where(of_account, talk.c.heard_at.is_not(None), talk.c.gone_at.is_(None))
        self._reachable = say(there.order_by(talk.c.chat), "account_")
        event, status = tables.event, tables.delivery_status
        judged = (event.c.source == sa.bindparam("source_"), event.c.received_at >= sa.bindparam("since"))
        by_verdict = sa.select(event.c.verdict, sa.func.count()).where(*judged, event.c.verdict.is_not(None))
        self._verdicts = say(by_verdict.group_by(event.c.verdict), "source_ since")
        said = sa.select(status.c.channel_id, status.c.status, status.c.at)
        named = status.c.channel_id.in_(dialect.members("ids"))
        self._statuses = say(said.where(status.c.account == sa.bindparam("account_"), named), "account_ ids")
        known = (
            sa.select(address.c.user_id, *[person.c[name] for name in "id name username language phone".split()])
            .join_from(address, person, person.c.id == address.c.person_id)
            .where(address.c.account == sa.bindparam("account_"), address.c.user_id.in_(dialect.members("users")))
        )
        self._known_people = say(known, "account_ users")

    async def known(self, account: str, chats: Sequence[str], user_ids: Sequence[str]) -> Known:
        """Those of these chats and users that there are."""
        found, people = await self._pool.run(
            lambda connection: (
                connection.rows(self._some, (account, to_json(list(chats)))),
                connection.rows(self._known_people, (account, to_json(list(user_ids)))) if user_ids else [],
            )
        )
        conversations = [self._conversation(row) for row in found]
        return Known({one.chat: one for one in conversations}, {user_id: Person(*rest) for user_id, *rest in people})

    async def verdicts(self, source: str, since: datetime) -> dict[str, int]:
        """How many events of a source the throttle did not let through, by the first word of its verdict."""
        values = (source, self._instant(since))
        found = await self._pool.run(lambda connection: connection.rows(self._verdicts, values))
        counted: Counter[str] = Counter()
        for verdict, count in found:
            counted[verdict.partition(":")[0]] += count
        return dict(counted)

    async def statuses(self, account: str, message_ids: Sequence[str]) -> dict[str, tuple[str, datetime]]:
        """What a channel said last of messages that it took, and when, by its own ids of them."""
        values = (account, to_json(list(message_ids)))
        found = await self._pool.run(lambda connection: connection.rows(self._statuses, values))
        return {own: (status, self._moment(at)) for own, status, at in found}

    async def gone(self, account: str, chats: Sequence[str]) -> set[str]:
        """Those of these chats that cannot be reached."""
        values = (account, to_json(list(chats)))
        return {chat for (chat,) in await self._pool.run(lambda connection: connection.rows(self._gone, values))}

    async def reachable(self, account: str) -> list[str]:
        """All chats of an account in which somebody was heard and is not gone."""
        return [
            chat for (chat,) in await self._pool.run(lambda connection: connection.rows(self._reachable, (account,)))
        ]

    def _conversation(self, row: Sequence[Any]) -> Conversation:
        account, chat, person_id, heard_at, heard_id, gone_at, offered, state = row
        offer: dict[str, Any] = load(offered) if offered else {"choices": (), "at": None}
        return Conversation(
            account=account,
            chat=chat,
            person_id=person_id,
            heard_at=None if heard_at is None else self._moment(heard_at),
            heard_id=heard_id,
            gone_at=None if gone_at is None else self._moment(gone_at),
            offered=[(id_, title) for id_, title in offer["choices"]],
            offered_at=offer["at"],
            state=load(state) if state else {},
        )
