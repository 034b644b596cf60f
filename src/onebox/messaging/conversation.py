"""What is kept of a chat: who it is with, when they were last heard, what they were offered, what flows remember."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from onebox.kernel.ledger import Change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(slots=True)
class Person:
    """Somebody, on however many channels. `language` is a tag such as `uk`; `phone` is E.164, `+4930123456`."""

    id: str
    name: str | None = None
    username: str | None = None
    language: str | None = None
    phone: str | None = None


@dataclass(slots=True)
class Conversation:
    """A chat on one account. `heard_at` and `heard_id` are of the last message that came in; `gone_at` is since when
    the person cannot be reached; `offered` are the choices that were offered last, at `offered_at`, as ids and titles."""

    account: str
    chat: str
    person_id: str | None = None
    heard_at: datetime | None = None
    heard_id: str | None = None
    gone_at: datetime | None = None
    offered: Sequence[tuple[str, str]] = ()
    offered_at: datetime | None = None
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Known:
    """What is known of the chats and people of one account: by chat, and by user id."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)


class ConversationReader(Protocol):
    """Reads conversations. Never waits for the writer."""

    async def known(self, account: str, chats: Sequence[str], user_ids: Sequence[str]) -> Known:
        """Those of these chats and users that there are."""
        ...

    async def gone(self, account: str, chats: Sequence[str]) -> set[str]:
        """Those of these chats that cannot be reached."""
        ...

    async def reachable(self, account: str) -> list[str]:
        """All chats of an account in which somebody was heard and is not gone."""
        ...


def person_id(account: str, user_id: str) -> str:
    """The id of somebody who is met for the first time: the same however many messages of theirs come at once.

    >>> person_id("telegram/main", "7")
    'p-c0ffc16b15a6f7752d82'
    """
    return "p-" + hashlib.sha256(f"{account}\0{user_id}".encode("utf-8", "replace")).hexdigest()[:20]


@dataclass(slots=True)
class Heard(Change[None]):
    """Somebody wrote in a chat, so they are there. A later instant stays."""

    account: str
    chat: str
    at: datetime
    message_id: str | None = None
    person_id: str | None = None


@dataclass(slots=True)
class MarkGone(Change[None]):
    """The person of a chat cannot be reached any more, since `at`; or, with None, can again."""

    account: str
    chat: str
    at: datetime | None


@dataclass(slots=True)
class OfferChoices(Change[None]):
    """These are the choices that were offered last in a chat, as ids and titles; none: those before are over."""

    account: str
    chat: str
    offered: Sequence[tuple[str, str]]
    at: datetime


@dataclass(slots=True)
class RememberState(Change[None]):
    """Flows remember these values in a chat; None takes a value away, others stay."""

    account: str
    chat: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class MeetPerson(Change[None]):
    """This person is known on an account by a user id. What is given of them replaces what was known."""

    person: Person
    account: str
    user_id: str
    at: datetime


@dataclass(slots=True)
class MergePeople(Change[None]):
    """Two turned out to be one: what leads to `gone` leads to `kept` from now on, and what `kept` lacks is taken over."""

    kept: str
    gone: str
