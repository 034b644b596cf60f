"""Sends messages through one phone number, and knows when a person may be written to."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.channels.whatsapp.addresses import address_of, addressed
from onebox.channels.whatsapp.api import ApiRefused, ApiUnreachable
from onebox.channels.whatsapp.contents import MEDIA_TYPES, draft_of, message_of
from onebox.channels.whatsapp.failures import CLOSED, failure_of
from onebox.channels.whatsapp.files import read_file
from onebox.messaging.channel import DeliveryFailed, Pace, Rate
from onebox.messaging.content import invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from onebox.channels.whatsapp.api import GraphApi
    from onebox.channels.whatsapp.contents import Draft
    from onebox.channels.whatsapp.templates import Template
    from onebox.kernel.clock import Clock
    from onebox.messaging.chat import LastHeard
    from onebox.messaging.media import Media
    from onebox.messaging.message import Message

SEND_LIMIT, FILE_LIMIT = 30.0, 60.0
"""seconds that Meta may take for a message, and for a file"""
WINDOW = timedelta(hours=24)
_FILES_AT_A_TIME = 2
"""that are held in memory"""
_MARGIN = timedelta(minutes=1)
"""before the window's end, for a message on its way and clocks that differ"""

# Meta lets a number write to one person once in 6 s, and lend up to 45 of them at once. A bucket of 20 lasts for a
# dialogue of quick presses, and is paid back in the two minutes that Meta gives for it.
_PAIR = (Rate(per_second=1 / 6, burst=20),)


def rates_of(recipient: str) -> Sequence[Rate]:
    """How often WhatsApp lets a number write to one person. That somebody types is no message."""
    return () if recipient.startswith(("typing:", "press:")) else _PAIR


# Meta takes 80 a second, what comes in counted too: a burst and what comes back in its second are no more than 70.
PACE = Pace(per_second=55, burst=15, parallel=24, each=rates_of)


class WhatsappChannel:
    """One phone number. A recipient is a phone number, or a user id of WhatsApp's.

    `last_heard(recipient)` tells when a person last wrote; `files` is the folder of the box's files.
    """

    def __init__(
        self,
        *,
        account: str,
        api: GraphApi,
        files: Path,
        clock: Clock,
        last_heard: Callable[[str], Awaitable[LastHeard | None]],
        pace: Pace | None = None,
    ) -> None:
        self.pace = pace or PACE
        self._account = account
        self._api = api
        self._files = files
        self._clock = clock
        self._last_heard = last_heard
        self._few = asyncio.Semaphore(_FILES_AT_A_TIME)

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{"message_id": …, "recipient": …}`, and the `template` that was sent where it was one. Raises
        DeliveryFailed, of the kind `closed` where nothing but a template may be sent and there is none."""
        action = message.content.get("action")
        if action == "typing":
            return await self._type(str(message.content.get("chat")))
        if action == "answer_press":
            return {}  # no button waits for an answer here
        if action is not None:
            raise invalid(f"there is no action {action!r:.80}")
        address = address_of(message.recipient)
        draft = draft_of(message.content)
        try:
            return await self._deliver(address, draft)
        except ApiRefused as refused:
            raise failure_of(refused, account=self._account, attempts=message.attempts) from None

    async def fetch(self, id: str) -> tuple[bytes, str | None]:
        """The bytes and the MIME type of a file that somebody sent, up to 20 MB. Raises DeliveryFailed."""
        try:
            return await self._api.fetch(id, limit=FILE_LIMIT)
        except ApiRefused as refused:
            failed = failure_of(refused, account=self._account, attempts=0)
            if failed.kind in {"busy", "too_many"} or refused.is_of_token:
                raise failed from None
            text = f"{refused.message}; WhatsApp keeps what people send for 7 days"
            raise DeliveryFailed(text, permanent=True, kind="refused") from None
        except ApiUnreachable as unreachable:
            raise _unreachable(unreachable) from None

    async def close(self) -> None:
        """Closes the connections."""
        await self._api.close()

    async def _deliver(self, address: str, draft: Draft) -> dict[str, Any]:
        template = draft.template
        if template is not None and draft.template_alone:
            return await self._send_template(address, template)
        if not self._is_open(await self._last_heard(address)):
            return await self._outside(address, draft)
        file = await self._file(draft.media[0]) if draft.media else None
        try:
            return await self._send(address, message_of(draft, file))
        except ApiRefused as refused:
            if refused.number != CLOSED or template is None:
                raise
            return await self._outside(address, draft)

    async def _outside(self, address: str, draft: Draft) -> dict[str, Any]:
        if draft.template is None:
            text = (
                f"{address} has not written to {self._account} in the last 24 hours, so WhatsApp takes no message to "
                "them but a template; give the message a message_template, or wait until they write"
            )
            raise DeliveryFailed(text, permanent=True, kind="closed")
        if draft.follows:
            return {"message_id": None, "template": draft.template.name}  # the first part said it
        return await self._send_template(address, draft.template)

    async def _send_template(self, address: str, template: Template) -> dict[str, Any]:
        return {**await self._send(address, template.message), "template": template.name}

    def _is_open(self, heard: LastHeard | None) -> bool:
        return heard is not None and self._clock.now() < heard.at + WINDOW - _MARGIN

    async def _file(self, media: Media) -> dict[str, Any]:
        """Where the bytes are, as the API takes it."""
        name = {"filename": media.name} if media.name and media.kind == "document" else {}
        voice = {"voice": True} if media.kind == "voice" else {}
        if media.url is not None:
            return {"link": media.url, **name, **voice}
        if media.id is not None:
            if media.account not in {None, self._account}:
                what = f"media: the id is one of {media.account}, and {self._account} cannot send it"
                raise invalid(what, "fetch it with download, and send the file")
            return {"id": media.id, **name, **voice}
        shown, uploaded = await self._upload(media)
        name = {"filename": shown} if MEDIA_TYPES[media.kind] == "document" else {}
        return {"id": uploaded, **name, **voice}

    async def _upload(self, media: Media) -> tuple[str, str]:
        """The name and the id of a file of the box. It is no message yet, so that a second one does no harm."""
        async with self._few:
            data, shown, kind = await asyncio.to_thread(read_file, self._files, media)
            try:
                return shown, await self._api.upload(data, name=shown, type=kind, limit=FILE_LIMIT)
            except ApiUnreachable as unreachable:
                raise _unreachable(unreachable) from None
            except ApiRefused as refused:
                failed = failure_of(refused, account=self._account, attempts=0)
                failed.uncertain = False
                raise failed from None

    async def _send(self, address: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = await self._api.send({**addressed(address), **body}, limit=SEND_LIMIT)
        except ApiUnreachable as unreachable:
            raise _unreachable(unreachable, uncertain=unreachable.uncertain) from None
        sent = answer.get("messages")
        first = sent[0] if isinstance(sent, list) and sent and isinstance(sent[0], dict) else {}
        return {"message_id": first.get("id"), "recipient": address}

    async def _type(self, chat: str) -> dict[str, Any]:
        """Shows that somebody types, and so that the person's last message was read. It is of the moment: no failure
        is worth another try."""
        heard = await self._last_heard(address_of(chat))
        if heard is None or heard.message_id is None or not self._is_open(heard):
            return {}
        seen = {"status": "read", "message_id": heard.message_id, "typing_indicator": {"type": "text"}}
        try:
            await self._api.send(seen, limit=SEND_LIMIT)
        except ApiRefused as refused:
            kind = failure_of(refused, account=self._account, attempts=0).kind
            raise DeliveryFailed(refused.message, permanent=True, kind=kind) from None
        except ApiUnreachable as unreachable:
            raise DeliveryFailed(unreachable.message, permanent=True, kind="unreachable") from None
        return {}


def _unreachable(error: ApiUnreachable, *, uncertain: bool = False) -> DeliveryFailed:
    return DeliveryFailed(error.message, permanent=False, kind="unreachable", uncertain=uncertain)
