"""Takes the forms that people send: checked, stored, and only then thanked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs

from onebox.kernel.ledger import StorageClosed, StorageFull
from onebox.messaging.inbox import Arrival, BacklogFull
from onebox.messaging.rates import Rates
from onebox.web.answers import Answer, Refused, head_of, json_answer
from onebox.web.bodies import parse_body
from onebox.web.form.pages import page
from onebox.web.form.settings import FormSettings
from onebox.web.form.submission import FormReader
from onebox.web.form.trigger import event_data, sent_files
from onebox.web.origins import remote_of
from onebox.web.reading import read_body
from onebox.web.requests import lower_headers, short, value_at
from onebox.web.texts import readable
from onebox.web.unavailable import unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiohttp.web import BaseRequest

    from onebox.flows.book import FlowBook
    from onebox.kernel.clock import Clock
    from onebox.messaging.files import FileKeeper
    from onebox.messaging.inbox import Inbox
    from onebox.web.form.fields import SentFile
    from onebox.web.form.submission import Submission
    from onebox.web.settings import WebSettings

_log = structlog.get_logger("onebox.forms")

_BACK = "Please go back (what you wrote is still there), mend it, and send it again."
_LONGEST_HEADER = 300


@dataclass(frozen=True, slots=True)
class Form:
    """One form of one flow, made ready when the flow was loaded."""

    flow: str
    topic: str
    settings: FormSettings
    reader: FormReader
    rates: Rates | None


class Forms:
    """Takes the requests for `/forms/…`. Follows the book of flows."""

    def __init__(self, *, inbox: Inbox, book: FlowBook, files: FileKeeper, clock: Clock, settings: WebSettings) -> None:
        self._inbox = inbox
        self._book = book
        self._files = files
        self._clock = clock
        self._settings = settings
        self._forms: dict[str, Form] = {}
        book.on_change(self._renew)

    def _renew(self) -> None:
        before, self._forms = self._forms, {}
        for flow, trigger in self._book.triggers("form"):
            settings = trigger.settings
            assert isinstance(settings, FormSettings)
            known = before.get(settings.path)
            if known is not None and known.settings == settings:  # what was counted of its senders goes on
                self._forms[settings.path] = known
                continue
            rates = Rates(*settings.spam.per_ip) if settings.spam.per_ip else None
            self._forms[settings.path] = Form(flow.name, trigger.topic, settings, FormReader(settings), rates)

    async def answer(self, request: BaseRequest, path: str) -> Answer:
        """What the sender is told, as JSON or as a page, as it asks. Raises Refused for an address without a form."""
        form = self._forms.get(path)
        if form is None:
            raise Refused(404, "not_found", "there is no form at this address")
        sender = _Sender(request, form.settings)
        try:
            if request.method != "POST":
                return _about(request.method, sender)
            return await self._take(request, form, sender)
        except Refused as refused:
            return sender.refusal(refused)
        except (BacklogFull, StorageFull, StorageClosed) as error:
            return sender.refusal(unavailable(error))

    async def _take(self, request: BaseRequest, form: Form, sender: _Sender) -> Answer:
        sender.check_origin()
        headers = lower_headers(request.headers.items())
        remote = remote_of(request.remote or "", headers, self._settings.trusted_proxies)
        self._check_rate(form, remote)
        body = await self._body(request, form.settings)
        submission = form.reader.read(body)
        if submission.is_spam:
            _log.info("form_of_a_bot", flow=form.flow, form=form.settings.path, remote=remote)
            return sender.thanks(self._inbox.new_id())  # as if it had been taken: a bot learns nothing
        if submission.faults:
            return sender.faults(submission.faults)
        key = value_at({"body": body, "headers": headers}, form.settings.key) if form.settings.key else None
        key = key or short(headers.get("idempotency-key", ""))
        return sender.thanks(await self._store(form, submission, key, remote, headers))

    def _check_rate(self, form: Form, remote: str) -> None:
        wait = form.rates.wait(remote, self._clock.now().timestamp()) if form.rates else 0.0
        if wait > 0:
            seconds = max(1, math.ceil(wait))
            message = f"too many forms came from your address: try again in {seconds} s"
            raise Refused(429, "too_many", message, headers={"Retry-After": str(seconds)})

    async def _body(self, request: BaseRequest, settings: FormSettings) -> Mapping[str, Any]:
        limit = settings.body or self._settings.body_limit
        raw = await read_body(request, limit=limit, timeout=self._settings.body_timeout)
        body, _ = parse_body(raw, request.headers.get(hdrs.CONTENT_TYPE, ""), max_depth=self._settings.max_depth)
        if not isinstance(body, dict):
            raise Refused(400, "form_invalid", "a form is sent as fields: urlencoded, multipart, or a JSON object")
        return body

    async def _store(
        self, form: Form, submission: Submission, key: str | None, remote: str, headers: Mapping[str, str]
    ) -> str:
        """The id of the event. Files are on the disk before it, and go again if it is not stored."""
        event_id, files = self._inbox.new_id(), sent_files(submission)
        try:
            names = await self._files.save(event_id, [file.content for file in files]) if files else []
            data = event_data(
                form.settings,
                submission,
                names,
                remote=remote,
                origin=headers.get("origin", headers.get("referer", ""))[:_LONGEST_HEADER],
                user_agent=headers.get("user-agent", "")[:_LONGEST_HEADER],
            )
            arrival = Arrival(f"form:{form.settings.path}", form.topic, data, key=key, sender=remote, id=event_id)
            outcome = await self._inbox.receive(arrival)
        except (BacklogFull, StorageFull, StorageClosed):
            await self._discard(event_id, files)
            raise
        # Whatever else ends this, the event may be kept all the same: the sweep knows whether it is.
        if outcome.duplicate:
            await self._discard(event_id, files)
        return outcome.event_id

    async def _discard(self, event_id: str, files: Sequence[SentFile]) -> None:
        if files:
            await self._files.discard(event_id)


def _about(method: str, sender: _Sender) -> Answer:
    if method == "OPTIONS":
        sender.check_origin()
        return Answer(204, head_of(204, sender.preflight()), b"")
    raise Refused(405, "method_not_allowed", "a form is sent by POST", headers={"Allow": "OPTIONS, POST"})


class _Sender:
    """Who sent a request, and how they want to be answered."""

    def __init__(self, request: BaseRequest, settings: FormSettings) -> None:
        self._settings = settings
        self._origin = readable(request.headers.get("Origin", ""))
        self._is_allowed = _is_allowed(self._origin, request.headers.get("Host", ""), settings.allow_origins)
        accept = request.headers.get("Accept", "").lower()
        sends_json = "json" in request.headers.get(hdrs.CONTENT_TYPE, "").lower()
        self._wants_json = "text/html" not in accept and (
            sends_json
            or "application/json" in accept
            or "XMLHttpRequest" in request.headers.get("X-Requested-With", "")
        )

    def check_origin(self) -> None:
        """Raises Refused for a page of another site that is not named."""
        if self._origin and not self._is_allowed:
            message = f"pages of {self._origin[:100]} may not send this form"
            raise Refused(403, "origin_refused", message, hint="the form's flow names them under allow_origins")

    def _headers(self) -> dict[str, str]:
        shared = {"Vary": "Origin, Accept"}
        if self._origin and self._is_allowed:
            shared["Access-Control-Allow-Origin"] = self._origin
        return shared

    def preflight(self) -> dict[str, str]:
        """What a browser asks before it sends."""
        return {
            **self._headers(),
            "Allow": "OPTIONS, POST",
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "accept, content-type, idempotency-key, x-requested-with",
            "Access-Control-Max-Age": "600",
        }

    def thanks(self, event_id: str) -> Answer:
        """It is stored."""
        if self._wants_json:
            return json_answer(200, {"ok": True, "id": event_id}, self._headers())
        if self._settings.then is not None:
            headers = {**self._headers(), "Location": self._settings.then}
            return Answer(303, head_of(303, headers), b"")
        return page(200, "Thank you", ["We got what you sent."], self._headers())

    def faults(self, faults: Mapping[str, str]) -> Answer:
        """Some fields are not as they should be."""
        if self._wants_json:
            message = "; ".join(faults.values())
            told = {"ok": False, "error": "fields_invalid", "message": message, "fields": dict(faults)}
            return json_answer(422, told, self._headers())
        first = "This could not be sent, because:"
        return page(422, "Please look again", [first, _BACK], self._headers(), listed=faults.values())

    def refusal(self, refused: Refused) -> Answer:
        """It was not taken."""
        headers = {**self._headers(), **refused.headers}
        if not self._wants_json:
            sentence = f"{refused.message[:1].upper()}{refused.message[1:]}."
            answer = page(refused.status, "This was not taken", [sentence], headers)
        else:
            told = {"ok": False, "error": refused.error, "message": refused.message}
            answer = json_answer(refused.status, told | ({"hint": refused.hint} if refused.hint else {}), headers)
        if refused.close:
            answer.force_close()
        return answer


def _is_allowed(origin: str, host: str, allowed: list[str] | Literal["any"]) -> bool:
    """Whether a page of this origin may send: it is named, or one of the box's own."""
    try:
        own = urlsplit(origin).netloc == host
    except ValueError:  # no address at all
        own = False
    return allowed == "any" or origin.lower() in allowed or own
