"""A Graph API of our own: takes messages and files for one phone number, keeps the Cloud API's limits, and has the
faults that a test asks for. It makes the webhooks that Meta would send, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from onebox.messaging.endpoint import Called
from tests.support.local_server import LocalServer

NUMBER, TOKEN, APP_SECRET, VERIFY_TOKEN = "106540352242922", "EAAmade-up", "app-secret-made-up", "verify-made-up"
ANA, ANA_ID = "491700000001", "DE.13491208655302741918"
TEMPLATES = {("reminder", "en_US"): 2, ("hello", "de"): 0}
"""approved ones, and how many values each has"""


@dataclass
class Fault:
    """How messages to a recipient are refused; `status` 0: the connection is closed once the request was read."""

    status: int
    code: int = 0
    details: str = "made up"
    subcode: int | None = None
    body: bytes | None = None


@dataclass
class Uploaded:
    data: bytes
    kind: str
    name: str = ""


@dataclass
class FakeWhatsapp(LocalServer):
    """`async with FakeWhatsapp() as whatsapp`; the box's account has `api: whatsapp.api`."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
    files: dict[str, Uploaded] = field(default_factory=dict)
    media_url: str | None = None
    """where files are said to be, instead of here"""
    seen_tokens: list[str] = field(default_factory=list)
    tells_size: bool = True
    closed: set[str] = field(default_factory=set)
    """who takes nothing but templates"""

    @property
    def api(self) -> str:
        return f"{self.url}/v25.0"

    def application(self) -> web.Application:
        application = web.Application(client_max_size=30_000_000)
        application.router.add_post(f"/v25.0/{NUMBER}/messages", self._message)
        application.router.add_post(f"/v25.0/{NUMBER}/media", self._upload)
        application.router.add_get("/v25.0/{id}", self._file)
        application.router.add_get("/bytes/{id}", self._bytes)
        return application

    async def _message(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        to = asked.get("to") or asked.get("recipient") or ""
        fault = self.faults.get(to)
        if fault is not None:
            return _refused(request, fault)
        if not self._admits(request):
            return _no(401, 190, "Error validating access token")
        if why := fault_of(asked):
            return _no(400, why[0], why[1])
        if to in self.closed and asked["type"] != "template":
            return _no(400, 131047, "More than 24 hours have passed")
        self.sent.append(asked)
        if asked.get("status") == "read":
            return web.json_response({"success": True})
        told = {"messaging_product": "whatsapp", "contacts": [{"input": to, "wa_id": to}]}
        return web.json_response({**told, "messages": [{"id": f"wamid.{len(self.sent)}"}]})

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        assert form["messaging_product"] == "whatsapp"
        if not self._admits(request):
            return _no(401, 190, "Error validating access token")
        number = f"media{len(self.files) + 1}"
        self.files[number] = Uploaded(file.file.read(), str(form["type"]), file.filename)
        return web.json_response({"id": number})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        number = request.match_info["id"]
        if number not in self.files:
            return _no(400, 100, "Unsupported get request. Object does not exist", subcode=33)
        if not self._admits(request):
            return _no(401, 190, "Error validating access token")
        file = self.files[number]
        url = self.media_url or f"{self.url}/bytes/{number}"
        size = {"file_size": len(file.data)} if self.tells_size else {}
        about = {"url": url, "mime_type": file.kind, **size, "id": number}
        return web.json_response({**about, "messaging_product": "whatsapp"})

    async def _bytes(self, request: web.Request) -> web.StreamResponse:
        if not self._admits(request):
            return web.Response(status=401)
        return web.Response(body=self.files[request.match_info["id"]].data)

    def _admits(self, request: web.Request) -> bool:
        self.seen_tokens.append(request.headers.get("Authorization", ""))
        return self.seen_tokens[-1] == f"Bearer {TOKEN}"


def fault_of(asked: dict[str, Any]) -> tuple[int, str] | None:
    """The limits of the Cloud API, as far as a message of ours could break them."""
    if asked.get("status") == "read":
        return None if asked.get("message_id") else (100, "message_id is missing")
    if "." in asked.get("to", ""):
        return 131009, "a user id stands under to"
    kind = asked["type"]
    part = asked[kind]
    if kind == "text" and not 0 < len(part["body"]) <= 4096:
        return 131009, "the length of text.body"
    if kind == "template":
        return _fault_of_template(part)
    if kind == "interactive":
        return _fault_of_interactive(part)
    if kind in {"image", "video", "audio", "document"} and ("id" in part) == ("link" in part):
        return 131009, "one of id and link"
    return (131009, "the length of the caption") if len(part.get("caption", "")) > 1024 else None


def _fault_of_template(part: dict[str, Any]) -> tuple[int, str] | None:
    needs = TEMPLATES.get((part["name"], part["language"]["code"]))
    if needs is None:
        return 132001, "Template name does not exist in the translation"
    given = sum(len(component["parameters"]) for component in part.get("components", []))
    return None if given == needs else (132000, "Number of parameters does not match")


def _fault_of_interactive(part: dict[str, Any]) -> tuple[int, str] | None:
    if not 0 < len(part["body"]["text"]) <= 1024:
        return 131009, "the length of interactive.body"
    action = part["action"]
    if part["type"] == "button":
        titles = [button["reply"]["title"] for button in action["buttons"]]
        most, longest = 3, 20
    elif part["type"] == "list":
        titles = [row["title"] for section in action["sections"] for row in section["rows"]]
        most, longest = 10, 24
        if len(action["button"]) > 20 or "header" in part:
            return 131009, "the button or the header of the list"
    else:
        titles, most, longest = [action["parameters"]["display_text"]], 1, 20
    fits = 0 < len(titles) <= most and all(0 < len(title) <= longest for title in titles)
    return None if fits and len(set(titles)) == len(titles) else (131009, "the titles")


def _refused(request: web.Request, fault: Fault) -> web.StreamResponse:
    if not fault.status:
        assert request.transport is not None
        request.transport.close()
        return web.Response()
    if fault.body is not None:
        return web.Response(status=fault.status, body=fault.body)
    return _no(fault.status, fault.code, fault.details, subcode=fault.subcode)


def _no(status: int, code: int, details: str, subcode: int | None = None) -> web.Response:
    error: dict[str, Any] = {"message": f"(#{code}) Made up", "type": "OAuthException", "code": code}
    error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    if subcode is not None:
        error["error_subcode"] = subcode
    return web.json_response({"error": {**error, "fbtrace_id": "A1"}}, status=status)


# --- what Meta sends ----------------------------------------------------------------------------------------------


def message(type: str = "text", part: Any = None, *, id: str = "wamid.in.1", **more: Any) -> dict[str, Any]:
    """What Ana wrote."""
    told = {"from": ANA, "from_user_id": ANA_ID, "id": id, "timestamp": "1790000000", "type": type, **more}
    return {**told, type: {"body": "Hello"} if part is None else part}


def status(word: str, id: str = "wamid.1", **more: Any) -> dict[str, Any]:
    return {"id": id, "status": word, "timestamp": "1790000001", "recipient_id": ANA, **more}


def value(number: str = NUMBER, **parts: Any) -> dict[str, Any]:
    """What stands in a change: `messages`, `statuses`, and Ana among the contacts."""
    contact = {"profile": {"name": "Ana", "username": "ana.example"}, "wa_id": ANA, "user_id": ANA_ID}
    known = {"contacts": [contact]} if "messages" in parts else {}
    metadata = {"display_phone_number": "15550783881", "phone_number_id": number}
    return {"messaging_product": "whatsapp", "metadata": metadata, **known, **parts}


def body(*values: Any) -> dict[str, Any]:
    """A body of one entry, with a change for each value."""
    changes = [{"field": "messages", "value": one} for one in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": changes}]}


def signature(raw: bytes, secret: str = APP_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def call(content: Any, *, signed: str | None = None) -> Called:
    """A call as the web room hands it over; `signed`: another signature, empty for none."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    given = signature(raw) if signed is None else signed
    headers = {"content-type": "application/json", **({"x-hub-signature-256": given} if given else {})}
    return Called("POST", "", "", headers, raw, "203.0.113.7")
