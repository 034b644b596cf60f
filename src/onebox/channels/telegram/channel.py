"""Sends messages by the Bot API, changes them, and fetches the files that people sent."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from onebox.channels.telegram.actions import PRESS_WAITS, action_of
from onebox.channels.telegram.api import LARGEST_FILE, ApiRefused, ApiUnreachable
from onebox.channels.telegram.failures import (
    cannot_be_edited,
    failed,
    is_of_another_sort,
    is_of_format,
    is_so_already,
    is_too_late,
    may_be_the_token,
    of_wrong_token,
    out_of_reach,
)
from onebox.channels.telegram.invoices import STARS
from onebox.channels.telegram.parts import check, edited_message
from onebox.channels.telegram.reading import integer, mapping, mappings, text
from onebox.channels.telegram.requests import Request, editing, sending
from onebox.channels.telegram.uploads import places_of, type_of
from onebox.messaging.channel import DeliveryFailed, Pace, Rate
from onebox.messaging.media import media_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from onebox.channels.telegram.actions import Action
    from onebox.channels.telegram.api import BotApi, Upload
    from onebox.kernel.clock import Clock
    from onebox.messaging.media import Media
    from onebox.messaging.message import Message

LIMIT = 30.0
"""seconds that Telegram may take"""
UPLOAD_LIMIT = 120.0
_PERSON = (Rate(per_second=1, burst=3),)
# Telegram takes 20 in any minute: a burst and what comes back in 60 s are together no more.
_GROUP = (*_PERSON, Rate(per_second=0.25, burst=5))
_NO_CHATS = ("press:", "typing:", "checkout:")
_HELD_ANEW = ("text", "markdown", "markup", "media", "location", "invoice")


def rates_of(recipient: str) -> Sequence[Rate]:
    """How often Telegram lets a bot write to one chat; groups and channels have a negative id, or an `@name`. What is no
    chat (the answer to a press) is not counted."""
    if recipient.startswith(_NO_CHATS):
        return ()
    return _GROUP if recipient.startswith(("-", "@")) else _PERSON


_FILES_AT_A_TIME = 2
"""messages with files of the box, which are held in memory while they are handed over"""
PACE = Pace(per_second=28, burst=20, parallel=8, each=rates_of)
"""Telegram takes about 30 a second; above that it refuses everybody"""


async def _no_receipt(_outbox_id: str) -> None:
    return None


class TelegramChannel:
    """One bot. A recipient is a chat's id, or `@name` of a public channel.

    `receipts` gives the receipt of a message that this box sent, by its id in the outbox. `files` is where the box
    keeps files. `payments` is the token of the provider of payments. When the connection breaks after a message was
    handed over, whether it was sent is not known: the failure says so (`uncertain`).
    """

    def __init__(
        self,
        *,
        account: str,
        api: BotApi,
        clock: Clock,
        pace: Pace | None = None,
        files: Path | None = None,
        payments: str | None = None,
        receipts: Callable[[str], Awaitable[Mapping[str, Any] | None]] = _no_receipt,
    ) -> None:
        self.pace = pace or PACE
        self._account = account
        self._api = api
        self._clock = clock
        self._files = files
        self._payments = payments
        self._receipts = receipts
        self._few = asyncio.Semaphore(_FILES_AT_A_TIME)

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{"message_id": …, "chat_id": …}`; of an album also `message_ids`. `plain`: without its format, which Telegram
        did not take; `moved_from`: the group has another id now; `edited`: an earlier message was changed.
        Raises DeliveryFailed."""
        content, chat = message.content, _chat(message.recipient)
        if content.get("action") is not None:
            return await self._act(action_of(content))
        check(content)
        media = media_of(content)
        if any(one.file is not None for one in media):
            async with self._few:
                return await self._deliver(content, chat, media)
        return await self._deliver(content, chat, media)

    async def _deliver(self, content: Mapping[str, Any], chat: int | str, media: Sequence[Media]) -> Mapping[str, Any]:
        places, uploads = await asyncio.to_thread(places_of, media, self._account, self._files)
        edited = edited_message(content)
        if edited is not None:
            receipt = await self._edit(edited, chat, editing(content, places), uploads)
            if receipt is not None or not any(content.get(key) is not None for key in _HELD_ANEW):
                return receipt or {"message_id": None, "chat_id": chat, "edited": False}
        return await self._send(chat, self._with_provider(sending(content, places)), uploads)

    async def fetch(self, id: str) -> tuple[bytes, str | None]:
        """The bytes of a file that somebody sent to the bot, by its id, and its MIME type. Raises DeliveryFailed; a bot
        may fetch no more than 20 MB."""
        try:
            found = mapping(await self._api.call("getFile", {"file_id": id}, limit=LIMIT))
            path, size = text(found.get("file_path")), integer(found.get("file_size")) or 0
            if path is None or size > LARGEST_FILE:
                why = f"it has {size:,} bytes" if size else "Telegram gave no path to it"
                raise DeliveryFailed(f"the file {id:.80} cannot be fetched: {why}", permanent=True, kind="refused")
            data, told = await self._api.download(path, limit=UPLOAD_LIMIT)
        except ApiRefused as refused:
            if refused.method != "getFile" and refused.status == HTTPStatus.NOT_FOUND:
                gone = f"{refused.message}; it is not kept for ever"
                raise DeliveryFailed(gone, permanent=True, kind="refused") from None
            raise await self._failure(refused, twice_matters=False) from None
        except ApiUnreachable as unreachable:
            raise out_of_reach(unreachable, twice_matters=False) from None
        # Telegram's file server calls everything an octet-stream; the path has an ending.
        known = type_of(path)
        return data, known if known != type_of("") else told

    async def close(self) -> None:
        """Closes the connections."""
        await self._api.close()

    # --- messages

    async def _send(self, chat: int | str, request: Request, uploads: Sequence[Upload]) -> dict[str, Any]:
        said: dict[str, Any] = {}
        try:
            sent = await self._attempt(chat, request, uploads, said)
        except ApiRefused as refused:
            raise await self._failure(refused, twice_matters=True) from None
        except ApiUnreachable as unreachable:
            raise out_of_reach(unreachable, twice_matters=True) from None
        numbers = [integer(one.get("message_id")) for one in (mappings(sent) or [mapping(sent)])]
        album = {"message_ids": numbers} if len(numbers) > 1 else {}
        return {"message_id": numbers[0], "chat_id": chat, **album, **said}

    async def _attempt(self, chat: int | str, request: Request, uploads: Sequence[Upload], said: dict[str, Any]) -> Any:
        """Calls, and again where Telegram says what to do better, each only once; `said` is told of it."""
        arguments = request.arguments
        while True:
            try:
                return await self._call(request.method, {"chat_id": chat, **arguments}, uploads)
            except ApiRefused as refused:
                moved = integer(refused.parameters.get("migrate_to_chat_id"))
                if moved is not None and "moved_from" not in said:
                    # The group became a supergroup, with an id of its own.
                    said.update({"moved_from": chat, "chat_id": moved})
                    chat = moved
                elif is_of_format(refused) and request.plain is not None and "plain" not in said:
                    said["plain"] = True
                    arguments = request.plain
                else:
                    raise

    async def _edit(
        self, edited: int | str, chat: int | str, requests: Sequence[Request], uploads: Sequence[Upload]
    ) -> dict[str, Any] | None:
        """The receipt; None where the message cannot be changed, so that it is sent anew."""
        number = edited if isinstance(edited, int) else None
        if isinstance(edited, str):
            known = mapping(await self._receipts(edited))
            number, chat = integer(known.get("message_id")), known.get("chat_id", chat)
        if number is None:
            return None
        for request in requests:
            with_number = {"message_id": number, **request.arguments}
            plain = None if request.plain is None else {"message_id": number, **request.plain}
            said: dict[str, Any] = {}
            try:
                await self._attempt(chat, Request(request.method, with_number, plain), uploads, said)
            except ApiRefused as refused:
                if is_of_another_sort(refused):
                    continue
                if cannot_be_edited(refused):
                    return None
                if not is_so_already(refused):
                    raise await self._failure(refused, twice_matters=False) from None
            except ApiUnreachable as unreachable:
                raise out_of_reach(unreachable, twice_matters=False) from None
            return {"message_id": number, "chat_id": chat, "edited": True, **said}
        return None

    def _with_provider(self, request: Request) -> Request:
        if request.method != "sendInvoice":
            return request
        if request.arguments["currency"] != STARS and self._payments is None:
            text = (
                f"send: {self._account} has no provider of payments: name the secret with its token "
                f"under accounts.{self._account}.payments in box.yaml, or send an invoice in {STARS}"
            )
            raise DeliveryFailed(text, permanent=True, kind="misconfigured")
        token = "" if request.arguments["currency"] == STARS else self._payments
        return Request(request.method, {**request.arguments, "provider_token": token})

    # --- what is no message

    async def _act(self, action: Action) -> dict[str, Any]:
        """A press that waits no longer is answered well enough, and that a bot types is nothing to fail for."""
        if action.at is not None and self._clock.now() - action.at > PRESS_WAITS:
            return {"answered": False}
        try:
            await self._call(action.method, action.arguments, ())
        except ApiRefused as refused:
            if not action.must and (is_too_late(refused) or action.method == "sendChatAction"):
                return {"answered": False}
            raise await self._failure(refused, twice_matters=False) from None
        except ApiUnreachable as unreachable:
            if action.method == "sendChatAction":
                return {"answered": False}
            raise out_of_reach(unreachable, twice_matters=False) from None
        return {"answered": True}

    async def _failure(self, refused: ApiRefused, *, twice_matters: bool) -> DeliveryFailed:
        """What a refusal means. A 404 is said of a wrong token, and of a method that the server does not know."""
        if may_be_the_token(refused):
            try:
                await self._call("getMe", {}, ())
            except ApiRefused as of_the_bot:
                if of_the_bot.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
                    return of_wrong_token(refused, self._account)
                return failed(of_the_bot, self._account, twice_matters=False)
            except ApiUnreachable as unreachable:
                return out_of_reach(unreachable, twice_matters=False)
        return failed(refused, self._account, twice_matters=twice_matters)

    async def _call(self, method: str, arguments: Mapping[str, Any], uploads: Sequence[Upload]) -> Any:
        limit = UPLOAD_LIMIT if uploads else LIMIT
        return await self._api.call(method, arguments, limit=limit, uploads=uploads)


def _chat(recipient: str) -> int | str:
    """
    >>> _chat("-100123"), _chat("@news")
    (-100123, '@news')
    """
    try:
        return int(recipient)
    except ValueError:
        return recipient
