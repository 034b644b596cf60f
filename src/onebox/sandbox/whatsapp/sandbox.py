"""A Graph API of one's own, and people who chat with the business.

    async with WhatsAppSandbox() as whatsapp:               # in a test; its account: whatsapp.account, at whatsapp.url
        await whatsapp.point_to(f"{box}/hooks/whatsapp", "the verify token")
        await whatsapp.write("Hello", person="Ana")         # attach, locate, press, react, change_number, block …
        await whatsapp.until(lambda: whatsapp.texts("Ana"))
        assert whatsapp.texts("Ana") == ["Hello, Ana"]

`whatsapp.sent` holds what was sent and when; `flood` and `trouble` say what is refused and what goes wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any

from aiohttp import web

from onebox.kernel.encoding import EncodingError, from_json
from onebox.sandbox.control import Control
from onebox.sandbox.retrying import RetryPace
from onebox.sandbox.server import LoopbackServer
from onebox.sandbox.trouble import Trouble, troubled
from onebox.sandbox.whatsapp.callback import Callback
from onebox.sandbox.whatsapp.limits import Limits
from onebox.sandbox.whatsapp.people import People
from onebox.sandbox.whatsapp.refusals import MEDIA, MISSING, PARAMETER, TOKEN, Refused, no_object
from onebox.sandbox.whatsapp.sending import Sending, WhenClosed
from onebox.sandbox.whatsapp.world import Account, Medium, Sent, World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

LATENCY = 0.06
"""seconds that a call takes"""
_LARGEST_MEDIUM = 100 * 1024 * 1024
_ADDRESS_LASTS = 300.0


class WhatsAppSandbox(People, LoopbackServer):
    """`async with` serves it at `url`. `flood` without a value is WhatsApp's; `Limits(on=False)` refuses nothing.

    `latency` and `gather` in seconds: how long a call takes, and how long happenings are gathered for one body of the webhook.
    `when_closed`: outside the 24 hours a message is refused at once, or fails a little later.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        account: Account | None = None,
        latency: float = LATENCY,
        gather: float = 0.0,
        flood: Limits | None = None,
        trouble: Trouble | None = None,
        retry_pace: RetryPace | None = None,
        when_closed: WhenClosed = "fail",
    ) -> None:
        super().__init__(port=port)
        self.account = account or Account()
        self.latency = latency
        self._happened = asyncio.Event()
        self._webhooks: Counter[str] = Counter()
        self.trouble = trouble or Trouble()
        self.flood = flood or Limits()
        self.world = World(self.account, self.flood, self.trouble, self._happened.set)
        self.time, self.talk = self.world.time, self.world.talk
        self.callback = Callback(
            self.account, self.trouble, retry_pace or RetryPace(), gather=gather, tried=self._tried
        )
        self.sending = Sending(self.world, self.callback, when_closed)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.callback.stop()
        await super().__aexit__(kind, error, trace)

    # --- what was sent

    @property
    def sent(self) -> list[Sent]:
        """What was taken, in order."""
        return self.world.sent

    def texts(self, person: str = "Ana") -> list[str]:
        """What was sent to a person, in order."""
        chat = self.world.person(person).chat
        return [one.text for one in self.world.sent if one.chat == chat]

    def stats(self) -> dict[str, Any]:
        """Counts since the last reset: calls, refusals by code and by scope, statuses, trouble, tries of the webhook."""
        return {
            "calls": dict(self.world.calls),
            "refused": dict(self.world.refused),
            "refused_by_flood": dict(self.flood.refused),
            "trouble": dict(self.trouble.met),
            "statuses": dict(self.world.statuses),
            "webhooks": dict(self._webhooks),
            "sent": len(self.world.sent),
        }

    async def until(self, holds: Callable[[], Any], *, within: float = 10.0) -> None:
        """Waits until something holds of what was called and sent. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not holds():
                self._happened.clear()
                await self._happened.wait()

    def reset(self) -> None:
        """Forgets what was said, sent and counted; people, templates and the webhook stay."""
        for counted in (self.world.calls, self.world.refused, self.world.statuses, self._webhooks, self.trouble.met):
            counted.clear()
        self.world.sent.clear()
        self.world.messages.clear()
        self.flood.forget()
        self.talk.clear()

    def _tried(self, outcome: str) -> None:
        self._webhooks[outcome] += 1
        self._happened.set()

    # --- the server

    def routes(self) -> list[web.RouteDef]:
        """The Graph API, media, the control API, the page. An address may begin with a version, such as `/v23.0`."""
        made = []
        for version in ("", r"/{version:v\d+\.\d+}"):
            made += [
                web.post(version + r"/{id:\d+}/messages", self._serving("messages", self._messages)),
                web.post(version + r"/{id:\d+}/media", self._serving("upload", self._upload)),
                web.get(version + r"/{id:\d+}", self._serving("look", self._look)),
                web.delete(version + r"/{id:\d+}", self._serving("delete", self._delete)),
            ]
        return [
            *made,
            web.get("/media/{ticket}", self._download),
            *Control(self, title="WhatsApp", files=self._file).routes(),
            web.route("*", "/{other:.*}", self._nowhere),
        ]

    def _serving(
        self, name: str, handler: Callable[[web.Request], Awaitable[Any]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.Response:
            try:
                self._authorize(request)
                self.world.calls[name] += 1
                await asyncio.sleep(self.latency)
                return web.json_response(await handler(request))
            except Refused as refused:
                return self._no(refused)
            except web.HTTPRequestEntityTooLarge:
                return self._no(Refused(MEDIA, "the file is too large"))
            finally:
                self._happened.set()

        async def serve(request: web.Request) -> web.StreamResponse:
            return await troubled(self.trouble, request, lambda: answer(request))

        return serve

    def _no(self, refused: Refused) -> web.Response:
        self.world.refused[str(refused.code)] += 1
        return web.json_response(refused.told(), status=refused.status)

    async def _nowhere(self, request: web.Request) -> web.Response:
        return self._no(no_object(request.path.strip("/")[:100]))

    def _authorize(self, request: web.Request) -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else request.query.get("access_token", "")
        if not secrets.compare_digest(given.encode("utf-8", "replace"), self.account.token.encode()):
            raise Refused(TOKEN)

    def _check_number(self, request: web.Request) -> None:
        if request.match_info["id"] != self.account.phone_number_id:
            raise no_object(request.match_info["id"])

    async def _messages(self, request: web.Request) -> dict[str, Any]:
        self._check_number(request)
        try:
            body = from_json(await request.read())
        except EncodingError:
            raise Refused(PARAMETER, "The body of the request is no JSON.") from None
        if not isinstance(body, dict):
            raise Refused(PARAMETER, "The body of the request must be a JSON object.")
        return self.sending.take(body)

    # --- media

    async def _upload(self, request: web.Request) -> dict[str, Any]:
        self._check_number(request)
        try:
            form = await request.post()
        except (ValueError, LookupError, AssertionError, RuntimeError, web.RequestPayloadError):
            raise Refused(PARAMETER, "The body of the request cannot be read.") from None
        if form.get("messaging_product") != "whatsapp":
            raise Refused(PARAMETER, "Param messaging_product must be one of {WHATSAPP}")
        file = form.get("file")
        if not isinstance(file, web.FileField):
            raise Refused(MISSING, "Parameter 'file' is missing")
        content = file.file.read()
        if not content or len(content) > _LARGEST_MEDIUM:
            raise Refused(MEDIA, "the file is empty, or larger than 100 MB")
        kind = form.get("type")
        return {"id": self.world.keep(kind if isinstance(kind, str) else file.content_type, file.filename, content).id}

    def _medium(self, request: web.Request) -> Medium:
        medium = self.world.media.get(request.match_info["id"])
        if medium is None:
            raise no_object(request.match_info["id"])
        return medium

    async def _look(self, request: web.Request) -> dict[str, Any]:
        if request.match_info["id"] == self.account.phone_number_id:
            return {
                "id": self.account.phone_number_id,
                "display_phone_number": self.account.display_phone_number,
                "verified_name": "Sandbox",
            }
        medium = self._medium(request)
        medium.ticket = secrets.token_urlsafe(24)
        medium.ends = self.time.now() + _ADDRESS_LASTS
        told = {"messaging_product": "whatsapp", "url": f"{self.url}/media/{medium.ticket}", "mime_type": medium.mime}
        return {
            **told,
            "sha256": hashlib.sha256(medium.content).hexdigest(),
            "file_size": len(medium.content),
            "id": medium.id,
        }

    async def _delete(self, request: web.Request) -> dict[str, Any]:
        del self.world.media[self._medium(request).id]
        return {"success": True}

    async def _download(self, request: web.Request) -> web.Response:
        try:
            self._authorize(request)
        except Refused as refused:
            return self._no(refused)
        ticket = request.match_info["ticket"]
        medium = next((one for one in self.world.media.values() if one.ticket == ticket), None)
        if medium is None or medium.ends <= self.time.now():
            raise web.HTTPNotFound
        return web.Response(body=medium.content, headers={"Content-Type": "application/octet-stream"})

    def _file(self, id: str) -> tuple[str, bytes] | None:
        medium = self.world.media.get(id)
        return (medium.mime, medium.content) if medium else None
