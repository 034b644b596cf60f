"""Writes into chats that the box itself shows. Delivered is what stands in the chat: a page sees it when it looks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from onebox.channels.chat.content import said
from onebox.channels.chat.files import look_at, picture_type, read_file
from onebox.channels.chat.visitors import CHAT
from onebox.kernel.ledger import StorageClosed, StorageFull
from onebox.messaging.channel import DeliveryFailed, Pace
from onebox.messaging.content import invalid
from onebox.messaging.transcripts import AppendEntry, EditEntry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from onebox.channels.chat.rooms import Rooms
    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Change, Ledger
    from onebox.messaging.message import Message

_Done = TypeVar("_Done")

PACE = Pace(per_second=1000.0, burst=1000, parallel=64)
"""a message is a row of the box's own: there is nobody whose limits it must keep"""


class ChatChannel:
    """One web chat. A recipient is a chat's name, as `event.sender.id` has it.

    `receipts(outbox_id)` is what `deliver` gave for a message that was sent, or None.
    """

    def __init__(
        self,
        *,
        account: str,
        ledger: Ledger,
        rooms: Rooms,
        files: Path,
        receipts: Callable[[str], Awaitable[Mapping[str, Any] | None]],
        clock: Clock,
        pace: Pace = PACE,
    ) -> None:
        self.pace = pace
        self._account = account
        self._ledger = ledger
        self.rooms = rooms
        self._files = files
        self._receipts = receipts
        self._clock = clock

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{"message_id": …}`, its place in the chat. Raises DeliveryFailed."""
        content = message.content
        if "action" in content:
            if content["action"] == "typing":
                self.rooms.typing(str(content.get("chat")))
            return {}
        chat, body = _chat(message.recipient), await self._shown(said(content))
        edited = content.get("edit")
        if edited is None:
            entry = AppendEntry(self._account, chat, message.id, "out", body, self._clock.now())
            place = await self._write(entry)
        else:
            place = await self._place(edited)
            if not await self._write(EditEntry(self._account, chat, place, body, self._clock.now())):
                text = f"there is no message {edited!r:.80} of this box in the chat; entries go when `keep` is over"
                raise DeliveryFailed(text, permanent=True, kind="refused")
        self.rooms.changed(chat)
        return {"message_id": place}

    async def fetch(self, id: str) -> tuple[bytes, str | None]:
        """The bytes of what a person sent, and the type of a picture. Raises DeliveryFailed."""
        content = await asyncio.to_thread(read_file, self._files, id)
        return content, picture_type(content)

    async def close(self) -> None:
        """No page waits any more."""
        self.rooms.close()

    async def _shown(self, body: dict[str, Any]) -> dict[str, Any]:
        """With each file looked at: a picture is shown, anything else is a link."""
        media = [await self._look_at(dict(one)) for one in body.get("media", ())]
        return {**body, "media": media} if media else body

    async def _look_at(self, medium: dict[str, Any]) -> dict[str, Any]:
        owner, known = medium.pop("account", self._account), medium.pop("id", None)
        if "url" in medium:
            return medium
        if known is not None and owner != self._account:
            raise invalid(
                f"media: {owner} knows what {known!r:.80} is, and {self._account} does not", "download it first"
            )
        name = known or medium["file"]
        picture = await asyncio.to_thread(look_at, self._files, name)
        kind = ("photo" if picture else "document") if medium["kind"] == "photo" else medium["kind"]
        return {**medium, "file": name, "kind": kind, **({"type": picture} if picture else {})}

    async def _place(self, edited: Any) -> int:
        """Of a message that is named by its place, or by the outbox's id of it."""
        receipt = await self._receipts(str(edited))
        place = str(edited if receipt is None else receipt.get("message_id"))
        if not place.isascii() or not place.isdecimal():
            raise invalid(
                f"edit must be a message that was sent, got {edited!r:.80}", "such as the id of a `send` step"
            )
        return int(place)

    async def _write(self, change: Change[_Done]) -> _Done:
        try:
            [done] = await self._ledger.commit([change])
        except (StorageFull, StorageClosed) as error:
            after = getattr(error, "retry_after", None)
            raise DeliveryFailed(error.message, permanent=False, retry_after=after, kind="busy") from None
        else:
            return done  # type: ignore[no-any-return] # a ledger's results are of any type


def _chat(recipient: str) -> str:
    if not CHAT.fullmatch(recipient):
        raise invalid(f"to must be a chat, got {recipient!r:.80}", "such as ${event.sender}")
    return recipient
