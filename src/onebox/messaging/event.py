"""An event: something happened. It is stored before it is acknowledged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.kernel.ledger import Change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(slots=True)
class Event:
    """Something that happened, as it was stored.

    `source` says where it came from (`webhook:w`, `schedule:daily-report`, `manual`, `run:<id>`), and `key` is the
    source's own id of it: one source and key are stored once. `topic` is what flows and waits are asked by
    (`webhook.w`, `order.paid`). `sender` names whose turn it takes under `per_sender`. `data` is what a flow sees as
    `${event.…}`; `payload` is the same as the row's text (`kernel.encoding.dump`).

    `answers` is the topic under which questions wait for it: where one takes it, it is for nobody else.
    `verdict` is why no flow may have it, if the throttle says so. `supersession`: of events that have the same one, and
    wait to be acted on, the last counts.
    """

    id: str
    source: str
    topic: str
    received_at: datetime
    data: Mapping[str, Any]
    payload: str
    key: str | None = None
    sender: str | None = None
    answers: str | None = None
    verdict: str | None = None
    supersession: str | None = None


@dataclass(slots=True)
class StoredResponse:
    """What the caller of a webhook was answered, kept so that a duplicate is answered as the first was."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Stored:
    """The outcome of storing an event.

    `duplicate` means that source and key were known: `event_id` and `response` (if it has been given yet) are then
    those of the first, and no consequence was done. `answered`: a question took the event, so that what would have
    followed from it for others was not done either. `woken` are the ids of runs whose wait this event ended; or, where
    a parent asked again for a child that has ended, the run that goes on: the parent, or the child, retried.
    """

    event_id: str
    duplicate: bool = False
    response: StoredResponse | None = None
    woken: list[str] = field(default_factory=list)
    answered: bool = False


@dataclass(slots=True)
class StoreEvent(Change[Stored]):
    """Stores an event unless its source and key are known, and with it the changes that follow from it.

    A question under `event.answers` that takes it (`messaging.asking.newest_question`) gets it alone. Else the changes
    `then` are made, and waits on the event's topic that match its data (`flows.waiting.matches`) are ended. The changes
    `always` belong to the event itself. All in the same transaction.
    """

    event: Event
    then: Sequence[Change[Any]] = ()
    always: Sequence[Change[Any]] = ()


@dataclass(slots=True)
class GiveVerdict(Change[None]):
    """Notes why an event that was stored is not acted on after all."""

    event_id: str
    verdict: str


@dataclass(slots=True)
class StoreResponse(Change[None]):
    """Keeps what the caller was answered for this event; the first answer stays."""

    event_id: str
    response: StoredResponse
    at: datetime
