"""One run, told for people: its event, its journal, what it waits for, what it sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.cli.output import failure, jsonable, local, one_line, show
from onebox.cli.runs import as_plain
from onebox.kernel.encoding import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zoneinfo import ZoneInfo

    from onebox.flows.records import JournalLine, RunDetail, SentMessage

_WIDTH = 160
_LONGEST = 2000
_AS_WRITTEN = {"startchild": "run", "sleep": "wait", "listen": "wait_for", "nonetype": "stopped"}
"""what the engine calls a command, as a flow's author writes it"""


def tell(detail: RunDetail, zone: ZoneInfo, mask: Callable[[Any], Any]) -> None:
    """Prints it."""
    for line in _lines(detail, zone):
        show(one_line(mask(line), _LONGEST))


def _lines(detail: RunDetail, zone: ZoneInfo) -> Iterator[str]:
    run, event = detail.run, detail.event
    yield f"run     {run.id}  {run.flow}  {run.state.value}"
    yield f"began   {local(run.created_at, zone)}" + (f", ended {local(run.ended_at, zone)}" if run.ended_at else "")
    if run.parent_run_id:
        yield f"parent  {run.parent_run_id} {run.parent_path or ''}".rstrip()
    yield f"event   {event.id}  {event.source}  {event.topic}" + (f"  key {event.key}" if event.key else "")
    yield f"        {_short(event.data)}"
    yield from _journal(detail.journal, zone)
    yield from (f"timer   {timer.path} is due {local(timer.due_at, zone)}" for timer in detail.timers)
    yield from (f"waits   {wait.path} for {wait.topic} {_short(wait.match)}" for wait in detail.waits)
    yield from (_message(sent, zone) for sent in detail.messages)
    yield from (f"started {child.id}  {child.flow}  {child.state.value}" for child in detail.children)
    if run.error:
        yield f"error   {failure(run.error)}"
    elif run.output is not None:
        yield f"output  {_short(run.output)}"


def _journal(journal: list[JournalLine], zone: ZoneInfo) -> Iterator[str]:
    for line in journal:
        entry = line.entry
        again = f", attempt {entry.attempt}" if entry.attempt > 1 else ""
        value = failure(entry.value) if entry.kind.value == "failure" else _short(entry.value)
        yield f"{line.position:>4}    {local(entry.at, zone)}  {entry.path} ({_kind(line)}{again}) {entry.kind.value}: {value}"


def _kind(line: JournalLine) -> str:
    return _AS_WRITTEN.get(line.step_kind, line.step_kind)


def _message(sent: SentMessage, zone: ZoneInfo) -> str:
    message = sent.message
    at = f" {local(sent.ended_at, zone)}" if sent.ended_at else ""
    tries = f", {message.attempts} attempts" if message.attempts > 1 else ""
    later = f", {sent.status}" if sent.status not in {None, "sent", "failed"} else ""
    doubt = ", may have come twice" if message.doubt else ""
    why = f": {one_line(message.error)}" if message.error else ""
    said = _short(message.content)
    return f"message {message.id}  {message.account} to {message.recipient}, {message.state.value}{at}{later}{tries}{doubt}{why}  {said}"


def _short(value: Any) -> str:
    return one_line(to_json(jsonable(value)), _WIDTH)


def as_tree(detail: RunDetail) -> dict[str, Any]:
    """The same for JSON, whole."""
    return {
        **as_plain(detail.run),
        "event": {
            "id": detail.event.id,
            "source": detail.event.source,
            "topic": detail.event.topic,
            "key": detail.event.key,
            "received_at": detail.event.received_at,
            "data": dict(detail.event.data),
        },
        "journal": [
            {
                "position": line.position,
                "path": line.entry.path,
                "do": _kind(line),
                "kind": line.entry.kind.value,
                "attempt": line.entry.attempt,
                "at": line.entry.at,
                "value": line.entry.value,
            }
            for line in detail.journal
        ],
        "timers": [{"path": timer.path, "due_at": timer.due_at} for timer in detail.timers],
        "waits": [{"path": wait.path, "topic": wait.topic, "match": dict(wait.match)} for wait in detail.waits],
        "messages": [
            {
                "id": sent.message.id,
                "account": sent.message.account,
                "recipient": sent.message.recipient,
                "state": sent.message.state.value,
                "status": sent.status,
                "attempts": sent.message.attempts,
                "doubt": sent.message.doubt,
                "error": sent.message.error,
                "content": dict(sent.message.content),
                "ended_at": sent.ended_at,
                "receipt": sent.receipt,
            }
            for sent in detail.messages
        ],
        "children": [as_plain(child) for child in detail.children],
    }
