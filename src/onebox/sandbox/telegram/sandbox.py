"""A Bot API of one's own, and people who chat with its bots.

    async with TelegramSandbox() as telegram:               # in a test; the box's account: api: telegram.url, token: telegram.token
        await telegram.write("Hello", person="Ana")         # attach, locate, share_contact, edit, press, pay, block, join …
        await telegram.until(lambda: telegram.texts("Ana"))
        assert telegram.texts("Ana") == ["Hello, Ana"]
        assert telegram.stats()["refused_by_flood"] == {}

`telegram.sent` holds what was sent and when; `flood` and `trouble` say what is refused and what goes wrong.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web

from onebox.sandbox.control import Control
from onebox.sandbox.retrying import RetryPace
from onebox.sandbox.server import LoopbackServer
from onebox.sandbox.telegram.call import Call, call_of, read_call
from onebox.sandbox.telegram.flood import Flood
from onebox.sandbox.telegram.methods.table import METHODS
from onebox.sandbox.telegram.people import People
from onebox.sandbox.telegram.refusals import Refused
from onebox.sandbox.telegram.world import Bot, Sent, Stats, World
from onebox.sandbox.trouble import Trouble, troubled

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

TOKEN = "1000001:a-token-of-the-sandbox"  # noqa: S105  # opens nothing but the sandbox
LATENCY = 0.06
"""seconds that a method takes"""
_TOKEN = re.compile(r"[1-9]\d{0,14}:[\w-]+", re.ASCII)
_AT_ONCE = {"getUpdates"}


class TelegramSandbox(People, LoopbackServer):
    """`async with` serves it at `url`. `flood` without a value is Telegram's; `Flood(on=False)` refuses nothing.

    Any token of the right shape is a bot's; `tokens`: only these are. `latency` in seconds; `webhook_ports`: empty allows any.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        tokens: frozenset[str] | None = None,
        latency: float = LATENCY,
        flood: Flood | None = None,
        trouble: Trouble | None = None,
        retry_pace: RetryPace | None = None,
        webhook_ports: frozenset[int] = frozenset(),
    ) -> None:
        super().__init__(port=port)
        self.token = token
        self.latency = latency
        self._tokens = tokens
        self._happened = asyncio.Event()
        self.world = World(
            flood=flood or Flood(),
            trouble=trouble or Trouble(),
            retry_pace=retry_pace or RetryPace(),
            webhook_ports=webhook_ports,
            happened=self._tell,
            carry_out=self._reply,
        )
        self.time = self.world.time
        self.talk = self.world.talk
        self.trouble = self.world.trouble
        self.flood = self.world.flood

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bot in self.world.bots.values():
            if bot.webhook is not None:
                await bot.webhook.stop()
            bot.updates.end_polls("terminated by the end of the sandbox")
        await super().__aexit__(kind, error, trace)

    # --- what was sent

    @property
    def sent(self) -> list[Sent]:
        """What was sent and changed, in order."""
        return self.world.sent

    def texts(self, chat: int | str) -> list[str]:
        """The texts and captions that were sent to a chat, by its id or a person's name, in order."""
        number = chat if isinstance(chat, int) else self.world.person(chat).id
        return [one.text for one in self.world.sent if one.chat == number and not one.method.startswith("edit")]

    def stats(self) -> dict[str, Any]:
        """Counts since the last reset: calls by method, refusals by code and by scope, trouble, presses and their answers."""
        queries = (query for bot in self.world.bots.values() for query in bot.queries.values())
        presses = [query for query in queries if query.kind == "callback_query"]
        return {
            "calls": dict(self.world.stats.calls),
            "refused": dict(self.world.stats.refused),
            "refused_by_flood": dict(self.flood.refused),
            "trouble": dict(self.trouble.met),
            "webhooks": dict(self.world.stats.webhooks),
            "sent": len(self.world.sent),
            "waiting": sum(len(bot.updates.waiting) for bot in self.world.bots.values()),
            "presses": len(presses),
            "answered_after": [press.answered_after for press in presses if press.answered_after is not None],
        }

    async def until(self, holds: Callable[[], Any], *, within: float = 10.0) -> None:
        """Waits until something holds of what was called and sent. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not holds():
                self._happened.clear()
                await self._happened.wait()

    def reset(self) -> None:
        """Forgets what was said, sent and counted, and what waits; people, bots and webhooks stay."""
        self.world.sent.clear()
        self.world.stats = Stats()
        self.flood.forget()
        self.trouble.met.clear()
        self.talk.clear()
        for bot in self.world.bots.values():
            bot.updates.forget()
            bot.queries.clear()
            bot.messages.clear()

    def _tell(self) -> None:
        self._happened.set()

    # --- the server

    def routes(self) -> list[web.RouteDef]:
        """The Bot API, its files, the control API, the page."""
        return [
            web.route("*", "/bot{token}/{method}", self._called),
            web.get("/file/bot{token}/{path:.+}", self._download),
            *Control(self, title="Telegram", files=self._file).routes(),
            web.route("*", "/{other:.*}", _not_found),
        ]

    async def _called(self, request: web.Request) -> web.StreamResponse:
        return await troubled(self.trouble, request, lambda: self._answer(request))

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            bot = self._bot_of(request.match_info["token"])
            call = await read_call(request, request.match_info["method"])
            return web.json_response({"ok": True, "result": await self._carry_out(bot, call)})
        except Refused as refused:
            return self._no(refused)
        except web.HTTPRequestEntityTooLarge:
            return self._no(Refused(413, "Request Entity Too Large"))
        finally:
            self._tell()

    def _no(self, refused: Refused) -> web.Response:
        self.world.stats.refused[str(refused.status)] += 1
        wait = (refused.parameters or {}).get("retry_after")
        headers = {"Retry-After": str(wait)} if wait else None
        return web.json_response(refused.told(), status=refused.status, headers=headers)

    def _bot_of(self, token: str) -> Bot:
        if not _TOKEN.fullmatch(token) or (self._tokens is not None and token not in self._tokens):
            raise Refused(401, "Unauthorized")
        return self.world.bot(token)

    async def _carry_out(self, bot: Bot, call: Call) -> Any:
        known = METHODS.get(call.method.lower())
        if known is None:
            raise Refused(404, "Not Found")
        call.method, handler = known
        self.world.stats.calls[call.method] += 1
        self._tell()
        if self.latency and call.method not in _AT_ONCE:
            await asyncio.sleep(self.latency)
        return await handler(self.world, bot, call)

    async def _reply(self, bot: Bot, asked: dict[str, Any]) -> None:
        """Carries out the method of a webhook's reply; nobody is told what came of it."""
        with suppress(Refused):
            await self._carry_out(bot, call_of(str(asked.get("method")), asked))
        self._tell()

    async def _download(self, request: web.Request) -> web.StreamResponse:
        try:
            self._bot_of(request.match_info["token"])
        except Refused as refused:
            return self._no(refused)
        path = request.match_info["path"]
        stored = next((one for one in self.world.files.values() if one.path == path), None)
        if stored is None or stored.content is None:
            return self._no(Refused(404, "Not Found"))
        return web.Response(body=stored.content, content_type="application/octet-stream")

    def _file(self, unique_id: str) -> tuple[str, bytes] | None:
        stored = next((one for one in self.world.files.values() if one.unique_id == unique_id), None)
        return (stored.mime, stored.content) if stored and stored.content is not None else None


async def _not_found(_request: web.Request) -> web.Response:
    return web.json_response(Refused(404, "Not Found").told(), status=404)
