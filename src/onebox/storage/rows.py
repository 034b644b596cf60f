"""From rows to what the rooms know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from onebox.flows.records import SentMessage
from onebox.flows.run import Entry, EntryKind, Request, Run, RunState, Signal
from onebox.kernel.encoding import load
from onebox.messaging.event import Event
from onebox.messaging.message import Message, MessageState, Priority
from onebox.storage import tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from onebox.storage.dialects import Dialect


def _columns(table: sa.Table, names: str) -> list[sa.Column[Any]]:
    return [table.c[name] for name in names.split()]


RUN = _columns(
    tables.run,
    "id event_id flow version created_at sender state parent_run_id parent_path ended_at output error",
)
EVENT = _columns(tables.event, "id source topic received_at payload key sender")
ENTRY = _columns(tables.step_result, "path outcome value at attempt")
SIGNAL = _columns(tables.signal, "path kind value at")
MESSAGE = _columns(
    tables.message,
    "id account recipient content created_at run_id step state attempts due_at error"
    " priority handed_at doubt broadcast_id",
)
SENT = [*MESSAGE, *_columns(tables.message, "ended_at receipt"), tables.delivery_status.c.status]
SENT_FROM = tables.message.outerjoin(
    tables.delivery_status,
    sa.and_(
        tables.delivery_status.c.account == tables.message.c.account,
        tables.delivery_status.c.channel_id == tables.message.c.channel_id,
    ),
)
REQUEST = _columns(tables.request, "id kind target arguments requested_by created_at done_at result")


class Rows:
    """Reads the columns above, in their order."""

    def __init__(self, dialect: Dialect) -> None:
        self.moment = dialect.moment

    def maybe_moment(self, value: Any) -> datetime | None:
        return None if value is None else self.moment(value)

    def run(self, row: Sequence[Any]) -> Run:
        id_, event_id, flow, version, created_at, sender, state, parent_run_id, parent_path, ended_at, output, error = (
            row
        )
        return Run(
            id=id_,
            event_id=event_id,
            flow=flow,
            version=version,
            created_at=self.moment(created_at),
            sender=sender,
            state=RunState(state),
            parent_run_id=parent_run_id,
            parent_path=parent_path,
            ended_at=self.maybe_moment(ended_at),
            output=_maybe_load(output),
            error=_maybe_load(error),
        )

    def event(self, row: Sequence[Any]) -> Event:
        id_, source, topic, received_at, payload, key, sender = row
        return Event(id_, source, topic, self.moment(received_at), load(payload), payload, key, sender)

    def entry(self, row: Sequence[Any]) -> Entry:
        path, outcome, value, at, attempt = row
        return Entry(path, EntryKind(outcome), load(value), self.moment(at), attempt)

    def signal(self, row: Sequence[Any]) -> Signal:
        path, kind, value, at = row
        return Signal(path, EntryKind(kind), load(value), self.moment(at))

    def message(self, row: Sequence[Any]) -> Message:
        id_, account, recipient, content, created_at, run_id, step, state, attempts, due_at, error, *rank = row
        priority, handed_at, doubt, broadcast = rank
        return Message(
            id=id_,
            account=account,
            recipient=recipient,
            content=load(content),
            created_at=self.moment(created_at),
            run_id=run_id,
            step=step,
            state=MessageState(state),
            attempts=attempts,
            due_at=self.maybe_moment(due_at),
            error=error,
            priority=Priority(priority),
            handed_at=self.maybe_moment(handed_at),
            doubt=doubt,
            broadcast=broadcast,
        )

    def sent_message(self, row: Sequence[Any]) -> SentMessage:
        *message, ended_at, receipt, status = row
        return SentMessage(self.message(message), self.maybe_moment(ended_at), _maybe_load(receipt), status)

    def request(self, row: Sequence[Any]) -> Request:
        id_, kind, target, arguments, by, created_at, done_at, result = row
        return Request(
            id=id_,
            kind=kind,
            target=target,
            arguments=load(arguments),
            by=by,
            created_at=self.moment(created_at),
            done_at=self.maybe_moment(done_at),
            result=_maybe_load(result),
        )


def _maybe_load(text: str | None) -> Any:
    return None if text is None else load(text)
