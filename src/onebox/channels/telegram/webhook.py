"""Takes the updates that Telegram brings to the box's own address, and sees that Telegram knows it.

What happens to an update, and what a crash at each point means:
1. Telegram posts it, one of a chat at a time. A crash: it posts it again, for a day.
2. Who knows the secret may go on. It is handed to the reception, which stores it once by its number. A crash: it is
   posted again, and known.
3. It is answered with 200: Telegram forgets it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from onebox.channels.telegram.api import ApiRefused
from onebox.channels.telegram.reading import integer, mapping, text
from onebox.channels.telegram.updates import post_of, unreadable
from onebox.channels.telegram.wanted import Trouble, Wanted, explained, log, tell_of_unusable
from onebox.kernel.encoding import EncodingError, from_json_of_others
from onebox.kernel.errors import OneboxError
from onebox.messaging.endpoint import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onebox.channels.telegram.api import BotApi
    from onebox.flows.book import FlowBook
    from onebox.kernel.clock import Clock
    from onebox.messaging.chat import Post, Reception
    from onebox.messaging.endpoint import Called

LARGEST_UPDATE = 1_000_000
_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
_CALL = 30.0
_LOOK_AGAIN = 300.0
"""seconds after which Telegram is asked whether the webhook is as it was set"""
_NOT_WANTED = Reply(503, b"no flow wants updates of this bot", {"Retry-After": "60"})


def secret_of(token: str) -> str:
    """What Telegram must show with each update. It follows from the bot's token, which both know and nobody else
    does; the token does not follow from it."""
    return hmac.new(token.encode(), b"onebox: updates by webhook", hashlib.sha256).hexdigest()


class TelegramWebhook:
    """Where the updates of one bot come in: `address` is what Telegram calls, `secret` what it must show."""

    def __init__(
        self,
        *,
        account: str,
        api: BotApi,
        book: FlowBook,
        reception: Reception,
        clock: Clock,
        address: str,
        secret: str,
        connections: int,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._account = account
        self._api = api
        self._reception = reception
        self._clock = clock
        self._address = address
        self._secret = secret
        self._connections = connections
        self._wanted = Wanted(account, book)
        self._trouble = Trouble(account, pause)
        self._was_set = False
        self._told_of = 0

    # --- what Telegram brings

    async def __call__(self, called: Called) -> Reply:
        """Stores the update, also one that cannot be read: Telegram would bring it again for hours. Raises as
        `Reception.receive` does."""
        if not self._shows_secret(called):
            return Reply(401, b"the secret token is missing or wrong")
        if called.path.strip("/"):
            return Reply(404, b"there is nothing at this address")
        if called.method != "POST":
            return Reply(405, b"this address takes POST", {"Allow": "POST"})
        if not self._wanted.kinds:
            return _NOT_WANTED
        post = self._post(called.body)
        tell_of_unusable([post])
        await self._reception.receive([post])
        return Reply()

    def _shows_secret(self, called: Called) -> bool:
        shown = called.headers.get(_SECRET_HEADER, "").encode(errors="surrogateescape")
        return hmac.compare_digest(shown, self._secret.encode())

    def _post(self, body: bytes) -> Post:
        now = self._clock.now()
        if len(body) > LARGEST_UPDATE:
            return unreadable(body, self._account, now, f"it has {len(body):,} bytes, more than any update")
        try:
            update = from_json_of_others(body)
        except EncodingError as error:
            return unreadable(body, self._account, now, error.message)
        return post_of(update, self._account, now)

    # --- what Telegram knows

    async def run(self) -> None:
        """Sets the webhook, again when the flows want something else or somebody changed it. While no flow wants
        updates nothing is set anew, and what is brought is left with Telegram."""
        while True:
            self._wanted.changed.clear()
            try:
                if self._wanted.kinds:
                    await self._keep_set()
            except OneboxError as error:
                await self._trouble.wait(error)
                continue
            self._trouble.over()
            await self._rest()

    def poke(self) -> None:
        """Telegram has a clock of its own."""

    async def close(self) -> None:
        """Closes the connections. The webhook stays: what is written to a box that is down waits with Telegram."""
        await self._api.close()

    async def _keep_set(self) -> None:
        wanted = self._wanted.asked_for
        if self._was_set:
            known = mapping(await self._call("getWebhookInfo", {}))
            self._tell_of_errors(known)
            if _is_set(known, self._address, self._connections, wanted):
                return
            if known.get("url") != self._address:
                url = text(known.get("url")) or "nothing"
                log.warning("webhook_restored", account=self._account, why=f"somebody changed it to {url:.200}")
        await self._call(
            "setWebhook",
            {
                "url": self._address,
                "secret_token": self._secret,
                "max_connections": self._connections,
                "allowed_updates": wanted,
                "drop_pending_updates": False,
            },
        )
        self._was_set = True

    def _tell_of_errors(self, known: Any) -> None:
        """What kept Telegram from bringing updates, once each."""
        at = integer(known.get("last_error_date")) or 0
        if at > self._told_of:
            waiting, why = known.get("pending_update_count"), text(known.get("last_error_message"))
            log.warning("webhook_troubled", account=self._account, why=why, waiting=waiting)
        self._told_of = max(at, self._told_of)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_AGAIN):
                await self._wanted.changed.wait()
        except TimeoutError:
            pass

    async def _call(self, method: str, arguments: dict[str, Any]) -> Any:
        try:
            return await self._api.call(method, arguments, limit=_CALL)
        except ApiRefused as refused:
            raise explained(refused, self._account) from None


def _is_set(known: Any, address: str, connections: int, wanted: list[str]) -> bool:
    kinds = known.get("allowed_updates")
    same_kinds = isinstance(kinds, list) and sorted(map(str, kinds)) == wanted
    return known.get("url") == address and known.get("max_connections") == connections and same_kinds
