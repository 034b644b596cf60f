"""Steps that are changes of the box's own rows: they happen exactly once, with the entry that records them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from onebox.dispatch.sendings import Sendings
from onebox.flows.handlers import Call, StepFailed
from onebox.flows.responses import header_fault
from onebox.kernel.encoding import dump, normalise, to_json
from onebox.messaging.event import Event, StoredResponse, StoreEvent, StoreResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onebox.flows.handlers import Writing
    from onebox.kernel.clock import Clock
    from onebox.kernel.ids import Ids
    from onebox.kernel.ledger import Change
    from onebox.messaging.channel import Outlet

log = structlog.get_logger("onebox.flow")

_LEVELS = ("debug", "info", "warning", "error")


class Writings:
    """`emit`, `respond`, `log`, and what `Sendings` sends."""

    def __init__(
        self,
        *,
        accounts: Mapping[str, Outlet],
        starts: Callable[[Event], Sequence[Change[Any]]],
        mask: Callable[[Any], Any],
        clock: Clock,
        ids: Ids,
        logger: Any = log,
    ) -> None:
        self._sendings = Sendings(accounts, clock, ids)
        self._starts = starts
        self._mask = mask
        self._clock = clock
        self._ids = ids
        self._log = logger

    def all(self) -> dict[str, Writing]:
        """By kind of step."""
        return {**self._sendings.all(), "emit": self.emit, "respond": self.respond, "log": self.log}

    def emit(self, call: Call) -> tuple[list[Change[Any]], Any]:
        """Makes an event of the box; flows and waits of its topic take it up."""
        topic, data = call.arguments["event"], call.arguments.get("data") or {}
        if not isinstance(topic, str) or not isinstance(data, Mapping):
            message = f"emit: event must be a text and data a mapping, got {topic!r:.80} and {data!r:.80}"
            raise StepFailed("bad_argument", message, passing=False)
        key = call.arguments.get("key")
        source = f"run:{call.run_id}" if key is None else f"emit:{topic}"
        plain = normalise(data)
        event = Event(
            id=self._ids.new(),
            source=source,
            topic=topic,
            received_at=self._clock.now(),
            data=plain,
            payload=dump(plain),
            # Without a key it is no duplicate of anything: event and journal entry are one unit.
            key=None if key is None else str(key),
        )
        return [StoreEvent(event, self._starts(event))], {"id": event.id}

    def respond(self, call: Call) -> tuple[list[Change[Any]], Any]:
        """Answers the caller of the webhook."""
        response = _response(call.arguments)
        return [StoreResponse(call.event_id, response, self._clock.now())], {"status": response.status}

    def log(self, call: Call) -> tuple[list[Change[Any]], Any]:
        """Writes a line into the box's log."""
        level = call.arguments.get("level") or "info"
        text = self._mask(str(call.arguments.get("text", "")))
        if level not in _LEVELS:
            message = f"log: level must be one of {', '.join(_LEVELS)}, got {level!r}"
            raise StepFailed("bad_argument", message, passing=False)
        data = self._mask(normalise(call.arguments.get("data")))
        getattr(self._log, level)(
            text, flow=call.flow, run=call.run_id, step=call.path, **({"data": data} if data else {})
        )
        return [], {"text": text}


def _response(arguments: Mapping[str, Any]) -> StoredResponse:
    status = arguments.get("status", 200)
    if not isinstance(status, int) or not 200 <= status <= 599:  # noqa: PLR2004 - the range of final answers
        message = f"respond: status must be a number from 200 to 599, got {status!r:.80}"
        raise StepFailed("bad_argument", message, passing=False)
    kind, body = _body(arguments)
    headers = {"Content-Type": kind} if body else {}
    for name, value in (arguments.get("headers") or {}).items():
        fault = header_fault(str(name), str(value))
        if fault:
            raise StepFailed("bad_argument", f"respond: the header {fault}", passing=False)
        headers = {known: kept for known, kept in headers.items() if known.lower() != str(name).lower()}
        headers[str(name)] = str(value)
    return StoredResponse(status, headers, body)


def _body(arguments: Mapping[str, Any]) -> tuple[str, bytes]:
    if arguments.get("json") is not None:
        return "application/json", to_json(normalise(arguments["json"])).encode()
    body = arguments.get("body")
    if body is None:
        return "", b""
    if isinstance(body, bytes):
        return "application/octet-stream", body
    if isinstance(body, str):
        return "text/plain; charset=utf-8", body.encode()
    return "application/json", to_json(normalise(body)).encode()
