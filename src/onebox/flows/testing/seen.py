"""What a run did, as a test looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.flows.run import RunState
from onebox.flows.testing.values import plain, shown
from onebox.kernel.encoding import EncodingError, from_json
from onebox.messaging.broadcast import StartBroadcast
from onebox.messaging.conversation import OfferChoices
from onebox.messaging.event import StoredResponse, StoreEvent, StoreResponse
from onebox.messaging.message import Priority, QueueMessage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.flows.machine.commands import Finish
    from onebox.kernel.ledger import Change
    from onebox.messaging.event import Event
    from onebox.messaging.message import Message


class Lines:
    """Takes the lines of `log` steps, as a logger does."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def debug(self, text: str, **fields: Any) -> None:
        """A line of this weight; so are the others."""
        self._take("debug", text, fields)

    def info(self, text: str, **fields: Any) -> None:
        self._take("info", text, fields)

    def warning(self, text: str, **fields: Any) -> None:
        self._take("warning", text, fields)

    def error(self, text: str, **fields: Any) -> None:
        self._take("error", text, fields)

    def _take(self, level: str, text: str, fields: Mapping[str, Any]) -> None:
        data = {"data": fields["data"]} if "data" in fields else {}
        self.lines.append({"text": text, "level": level, **data})


@dataclass(slots=True)
class Seen:
    """All in the order in which it was done. `steps` are the paths of what was performed, each attempt; `calls` the
    arguments by path, those of the last attempt; `offered` the choices that a chat was offered last."""

    sends: list[dict[str, Any]] = field(default_factory=list)
    emits: list[dict[str, Any]] = field(default_factory=list)
    responds: list[dict[str, Any]] = field(default_factory=list)
    lines: Lines = field(default_factory=Lines)
    steps: list[str] = field(default_factory=list)
    calls: dict[str, Any] = field(default_factory=dict)
    offered: Sequence[tuple[str, str]] = ()
    state: str | None = None
    output: Any = None
    error: Mapping[str, Any] | None = None

    @property
    def logs(self) -> list[dict[str, Any]]:
        """The lines of the log."""
        return self.lines.lines

    def performed(self, path: str, arguments: Any) -> None:
        """A step was asked for."""
        self.steps.append(path)
        self.calls[path] = arguments

    def changed(self, change: Change[Any]) -> None:
        """A step wrote something."""
        if isinstance(change, QueueMessage):
            if change.message.priority is not Priority.signal:  # the end of a button's waiting is no message
                self.sends.append(_message(change.message))
        elif isinstance(change, StartBroadcast):
            begun, to = change.broadcast, [message.recipient for message in change.messages]
            self.sends.append({"via": begun.account, "to": to, **begun.content})
        elif isinstance(change, OfferChoices):
            self.offered = change.offered
        elif isinstance(change, StoreEvent):
            self.emits.append(_event(change.event))
        elif isinstance(change, StoreResponse):
            self.responds.append(_response(change.response))

    def finished(self, finish: Finish) -> None:
        """The run ended."""
        self.state = finish.state.value
        self.output = plain(finish.output)
        self.error = dict(finish.error) if finish.error is not None else None

    @property
    def failed(self) -> bool:
        """Whether the run failed."""
        return self.state == RunState.failed.value


def _message(message: Message) -> dict[str, Any]:
    content = dict(message.content)
    return {"via": message.account, "to": content.pop("to", message.recipient), **content}


def _event(event: Event) -> dict[str, Any]:
    key = {} if event.key is None else {"key": event.key}
    return {"event": event.topic, "data": event.data, **key}


def _response(response: StoredResponse) -> dict[str, Any]:
    return {"status": response.status, "headers": dict(response.headers), "body": _body(response)}


def _body(response: StoredResponse) -> Any:
    """JSON as its value, a text as a text, anything else as bytes; nothing as null."""
    if not response.body:
        return None
    kind = next((value for name, value in response.headers.items() if name.lower() == "content-type"), "")
    try:
        return from_json(response.body) if kind.startswith("application/json") else response.body.decode()
    except (EncodingError, UnicodeDecodeError):
        return shown(response.body)
