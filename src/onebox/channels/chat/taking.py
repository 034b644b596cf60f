"""Takes what a visitor sends: an event for the flows, and an entry for the visitor's own eyes, in one unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.channels.chat.files import picture_type
from onebox.channels.chat.incoming import NotTaken
from onebox.kernel.encoding import normalise
from onebox.kernel.ledger import StorageClosed, StorageFull
from onebox.messaging.chat import Post, chat_data
from onebox.messaging.inbox import BacklogFull
from onebox.messaging.transcripts import AppendEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from onebox.channels.chat.incoming import Sent
    from onebox.channels.chat.rooms import Rooms
    from onebox.kernel.clock import Clock
    from onebox.messaging.chat import Reception
    from onebox.messaging.files import FileKeeper
    from onebox.messaging.transcripts import Transcripts


@dataclass(frozen=True, slots=True)
class Parts:
    """What the endpoint of a web chat works with. `folder` is the box's files folder, which `files` writes;
    `entropy(n)` gives n random bytes; `new_id()` is the id of an event to come."""

    reception: Reception
    transcripts: Transcripts
    rooms: Rooms
    files: FileKeeper
    folder: Path
    clock: Clock
    new_id: Callable[[], str]
    entropy: Callable[[int], bytes]


class Taking:
    """Stores what is sent to one account."""

    def __init__(self, account: str, parts: Parts) -> None:
        self._account = account
        self._parts = parts

    async def take(self, chat: str, sent: Sent, *, language: str | None) -> None:
        """Returns when it is stored. Raises NotTaken, BacklogFull, StorageFull, StorageClosed: then it is not.

        A file is on the disk before the event, and goes again if that is not stored.
        """
        said = await self._said(chat, sent)
        if said is None:
            return
        event_id, media = None, []
        if sent.upload is not None:
            event_id = self._parts.new_id()
            [name] = await self._parts.files.save(event_id, [sent.upload.content])
            media = [_medium(sent, name)]
        post = self._post(chat, sent, said, media, language, event_id)
        try:
            outcomes = await self._parts.reception.receive([post])
        except (BacklogFull, StorageFull, StorageClosed):
            await self._discard(event_id)
            raise
        # Whatever else ends this, the event may be kept all the same: the sweep of files knows whether it is.
        if any(outcome.duplicate for outcome in outcomes):
            await self._discard(event_id)
        self._parts.rooms.changed(chat)

    async def _said(self, chat: str, sent: Sent) -> dict[str, Any] | None:
        """What the visitor's own entry says. Of choices, only one that is offered in this chat can be made; None for one
        that was made before, and whose answer the page did not get."""
        place = {"location": sent.location} if sent.location else {}
        if sent.choice is None:
            return {"text": sent.text, **place} if sent.text else {**place}
        assert sent.message is not None
        entry = await self._parts.transcripts.chat_entry(self._account, chat, sent.message)
        offered = entry.body.get("choices", ()) if entry and entry.direction == "out" else ()
        for choice in offered:
            if choice["id"] == sent.choice and not choice.get("url"):
                return {"text": choice["title"], "choice": sent.choice}
        if await self._parts.transcripts.wrote(self._account, chat, sent.id):
            return None
        raise NotTaken(
            409, "no_such_choice", f"{sent.choice[:80]!r} is not offered any more", hint="load the page anew"
        )

    def _post(
        self,
        chat: str,
        sent: Sent,
        said: Mapping[str, Any],
        media: list[dict[str, Any]],
        language: str | None,
        event_id: str | None,
    ) -> Post:
        now, account, pressed = self._parts.clock.now(), self._account, sent.choice is not None
        sender = {"id": chat, "user_id": chat, "name": None, "username": None, "phone": None}
        data = chat_data(
            kind="press" if pressed else "message",
            at=now,
            sender={**sender, "language": language, "account": account},
            chat={"id": chat, "type": "private", "title": None, "account": account},
            update={"id": sent.id, **said},
            text=said.get("text", ""),
            choice=sent.choice,
            pressed=pressed,
            media=[{**one, "account": account} for one in media],
            location=sent.location,
            message_id=sent.message if pressed else sent.id,
        )
        shown = [{"file" if key == "id" else key: value for key, value in one.items()} for one in media]
        body = {**said, "media": shown} if shown else said
        return Post(
            account=account,
            chat=chat,
            data=normalise(data),
            key=f"{chat}:{sent.id}",
            sender=chat,
            protected=pressed,
            ends=[AppendEntry(account, chat, sent.id, "in", body, now)],
            event_id=event_id,
        )

    async def _discard(self, event_id: str | None) -> None:
        if event_id is not None:
            await self._parts.files.discard(event_id)


def _medium(sent: Sent, name: str) -> dict[str, Any]:
    """What was sent along, as flows see it. That it is a picture is believed of its bytes alone."""
    assert sent.upload is not None
    picture = picture_type(sent.upload.content[:16])
    return {
        "kind": "photo" if picture else "document",
        "id": name,
        "name": sent.upload.name,
        "type": picture or sent.upload.type,
        "size": len(sent.upload.content),
    }
