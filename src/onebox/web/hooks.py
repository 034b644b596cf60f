"""Webhooks: a request becomes an event, is stored, and only then is the caller told so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import hdrs

from onebox.messaging.event import StoredResponse
from onebox.messaging.inbox import Arrival
from onebox.web.answers import JSON, Answer, Refused, head_of, json_answer
from onebox.web.bodies import parse_body
from onebox.web.origins import remote_of
from onebox.web.reading import read_body
from onebox.web.requests import lower_headers, parse_query, payload_of, short, value_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.web import BaseRequest

    from onebox.flows.responses import Responses, RunEnded
    from onebox.kernel.clock import Clock
    from onebox.messaging.event import Stored
    from onebox.messaging.inbox import Inbox
    from onebox.web.guards import Guard
    from onebox.web.settings import WebSettings
    from onebox.web.switchboard import Hook, Switchboard

_TAKEN = head_of(200, JSON)
_IDEMPOTENCY_KEY = "idempotency-key"


class Hooks:
    """Takes the requests for `/hooks/…`."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        switchboard: Switchboard,
        responses: Responses,
        clock: Clock,
        settings: WebSettings,
    ) -> None:
        self._inbox = inbox
        self._switchboard = switchboard
        self._responses = responses
        self._clock = clock
        self._settings = settings

    async def answer(self, request: BaseRequest, raw_path: str, query: str) -> Answer:
        """What the caller is told, after the commit. Raises Refused, and what the inbox raises."""
        method = request.method
        if method in {"HEAD", "OPTIONS"}:
            return self._about(raw_path, method)
        hook, parameters = self._switchboard.find(raw_path, method)
        arrival = await self._arrival(request, hook, parameters, query)
        outcome = await self._inbox.receive(arrival)
        if hook.waits:
            return await self._from_the_run(outcome)
        if hook.fixed is not None:
            return hook.fixed()
        return Answer(200, _TAKEN, b'{"id":"%b"}' % outcome.event_id.encode())

    def _about(self, raw_path: str, method: str) -> Answer:
        """Senders ask whether an address is there before they use it: nothing has happened yet, nothing is stored."""
        allowed = {"Allow": ", ".join(self._switchboard.allowed(raw_path))}
        if method == "OPTIONS":
            return Answer(204, head_of(204, allowed), b"")
        return Answer(200, head_of(200, allowed), b"")

    async def _arrival(self, request: BaseRequest, hook: Hook, parameters: Mapping[str, str], query: str) -> Arrival:
        guard, settings = hook.guard, self._settings
        if guard is not None and not guard.needs_body:
            self._admit(guard, request, b"")
        raw = await read_body(request, limit=settings.body_limit, timeout=settings.body_timeout)
        if guard is not None and guard.needs_body:
            self._admit(guard, request, raw)
        content_type = request.headers.get(hdrs.CONTENT_TYPE, "")
        body, body_text = parse_body(raw, content_type, max_depth=settings.max_depth)
        headers = lower_headers(request.headers.items())
        data = {
            "body": body,
            "headers": headers,
            "query": parse_query(query),
            "path": parameters,
            "method": request.method,
            "remote": remote_of(request.remote or "", headers, settings.trusted_proxies),
        }
        return Arrival(
            source=hook.source,
            topic=hook.topic,
            data=data,
            key=_key(hook, data),
            sender=value_at(data, hook.sender) if hook.sender else None,
            payload=payload_of(data, body_text),
        )

    def _admit(self, guard: Guard, request: BaseRequest, raw: bytes) -> None:
        if guard.admits(request.headers, raw, self._clock.now().timestamp()):
            return
        # The same whether the credentials are missing, old or wrong.
        headers = {"WWW-Authenticate": guard.challenge} if guard.challenge else {}
        raise Refused(401, "not_authorised", "this address needs valid credentials", headers=headers)

    async def _from_the_run(self, outcome: Stored) -> Answer:
        answer: StoredResponse | RunEnded | None = outcome.response
        if answer is None:
            answer = await self._responses.wait(outcome.event_id, self._settings.respond_timeout)
        if answer is None:
            return json_answer(202, {"id": outcome.event_id, "status": "running"})
        if isinstance(answer, StoredResponse):
            return Answer(answer.status, head_of(answer.status, answer.headers), answer.body)
        if answer.failed:
            return json_answer(500, {"error": "run_failed", "id": outcome.event_id, "run": answer.run_id})
        return json_answer(200, {"id": outcome.event_id})


def _key(hook: Hook, data: Mapping[str, Any]) -> str | None:
    """The source's own id of what happened. What is signed counts more than the header, which anyone could change."""
    own = next((key for place in hook.key_places if (key := value_at(data, place))), None)
    given = short(data["headers"].get(_IDEMPOTENCY_KEY, ""))
    return own or given if hook.is_signed else given or own
