"""Steps that are changes of the box's own rows: they happen exactly once, with the entry that records them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from onebox.flows.handlers import Call, StepFailed
from onebox.flows.responses import header_fault
from onebox.kernel.encoding import dump, normalise, to_json
from onebox.kernel.nearest import did_you_mean
from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.event import Event, StoredResponse, StoreEvent, StoreResponse
from onebox.messaging.message import Message, QueueMessage

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
    """`send`, `emit`, `respond` and `log`."""

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
        self._accounts = accounts
        self._starts = starts
        self._mask = mask
        self._clock = clock
        self._ids = ids
        self._log = logger

    def all(self) -> dict[str, Writing]:
        """By kind of step."""
        return {"send": self.send, "emit": self.emit, "respond": self.respond, "log": self.log}

    def send(self, call: Call) -> tuple[list[Change[Any]], Any]:
        """Writes a message into the outbox, or several where the channel splits it; the result has their ids."""
        content = {key: value for key, value in call.arguments.items() if key not in ("via", "to")}
        to = call.arguments.get("to")
        account = self._account(call.arguments.get("via"), to)
        outlet = self._accounts[account]
        recipient, to = _recipient(outlet.recipient if to is None else to)
        if not isinstance(to, str):
            content["to"] = to
        now = self._clock.now()
        try:
            parts = outlet.parts(normalise(content))
        except DeliveryFailed as failure:
            raise StepFailed("bad_argument", failure.message, passing=False, hint=failure.hint) from None
        messages = [Message(self._ids.new(), account, recipient, part, now, call.run_id, call.path) for part in parts]
        ids = [message.id for message in messages]
        return [QueueMessage(message) for message in messages], {"id": ids[0], "ids": ids}

    def _account(self, via: Any, to: Any) -> str:
        """The account that is named; else the one that the recipient was met by; else the box's only one."""
        if via is None and isinstance(to, Mapping):
            via = to.get("account")
        if via is None and len(self._accounts) == 1:
            return next(iter(self._accounts))
        if isinstance(via, str) and via in self._accounts:
            return via
        known = ", ".join(sorted(self._accounts)) or "none"
        if via is None:
            message = f"send: via is missing, and the box has more than one account or none: {known}"
        else:
            message = f"send: there is no account {via!r}{did_you_mean(str(via), self._accounts)}; there are: {known}"
        raise StepFailed("unknown_account", message, passing=False, hint="accounts are named in box.yaml")

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


def _recipient(to: Any) -> tuple[str, Any]:
    """Whose turn a message takes: a text, the `id` of a person or chat, or a list of these."""
    if isinstance(to, Mapping) and to.get("id") is not None:
        return str(to["id"]), normalise(to)
    if isinstance(to, (list, tuple)) and to:
        return ", ".join(_recipient(one)[0] for one in to), normalise(to)
    if to is None or isinstance(to, (Mapping, list, tuple)) or to == "":
        message = f"send: to must be a text, a mapping with an id, or a list of these, got {to!r:.80}"
        raise StepFailed("bad_argument", message, passing=False)
    return str(to), str(to)


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
