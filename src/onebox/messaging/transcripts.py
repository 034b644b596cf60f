"""What stands in the chats that the box itself shows: the changes that write it, and the port by which it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from onebox.kernel.ledger import Change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Direction = Literal["in", "out"]
"""in: a person wrote it; out: the box"""


@dataclass(frozen=True, slots=True)
class ChatEntry:
    """One entry of a chat. `position` is its place there, and its name. `changed` grows with each entry and each edit
    of the chat: who knows everything up to one number is told what came after it."""

    position: int
    changed: int
    direction: Direction
    body: Mapping[str, Any]
    at: datetime


@dataclass(slots=True)
class AppendEntry(Change[int]):
    """Adds an entry at the end of a chat, and gives its position; of one direction and key, that of the first.

    A position is the entry's instant in milliseconds, or one more than the last: none comes again after a chat was
    forgotten, so that neither an open page nor an edit takes one entry for another.
    """

    account: str
    chat: str
    key: str
    direction: Direction
    body: Mapping[str, Any]
    at: datetime


@dataclass(slots=True)
class EditEntry(Change[bool]):
    """Replaces what an entry of the box says. Whether there is such an entry."""

    account: str
    chat: str
    position: int
    body: Mapping[str, Any]
    at: datetime


class Transcripts(Protocol):
    """What is read of chats. Never waits for the writer."""

    async def latest_entries(self, account: str, chat: str, limit: int) -> list[ChatEntry]:
        """The last ones of a chat, in the order of their positions."""
        ...

    async def changed_entries(self, account: str, chat: str, after: int, limit: int) -> list[ChatEntry]:
        """The first ones that came or were edited after `after`, in the order of `changed`."""
        ...

    async def chat_entry(self, account: str, chat: str, position: int) -> ChatEntry | None:
        """The one at this place."""
        ...

    async def wrote(self, account: str, chat: str, key: str) -> bool:
        """Whether a person's entry of this key is there."""
        ...
