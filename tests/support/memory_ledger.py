"""A ledger in memory, written by hand: takes every change and answers every reader as the databases do.

`MemoryLedger` is both the ledger and the reader. A failing unit leaves nothing; people's SQL runs on an SQLite of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
import weakref
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from onebox.flows.feeds import DropItems, Feed, ForgetFeed, KeepItems, RememberFeed
from onebox.flows.run import (
    AnswerRequest,
    AwaitEvent,
    ClaimOnce,
    DropSignal,
    DropTimer,
    DropWait,
    Entry,
    EntryKind,
    FileRequest,
    FinishRun,
    KeepVersion,
    ParkRun,
    Prune,
    RecordEntry,
    ReleaseOnce,
    RememberTick,
    Request,
    RetryRun,
    Run,
    RunSql,
    RunState,
    SendSignal,
    SetTimer,
    Signal,
    StartRun,
    WakeRun,
)
from onebox.flows.waiting import matches
from onebox.kernel.encoding import dump, load, normalise
from onebox.messaging.asking import newest_question
from onebox.messaging.conversation import OfferChoices
from onebox.messaging.event import Event, GiveVerdict, Stored, StoredResponse, StoreEvent, StoreResponse
from onebox.messaging.message import MarkFailed, MarkHanded, MarkRetried, MarkSent, Message, MessageState, QueueMessage
from onebox.messaging.transcripts import AppendEntry, ChatEntry, EditEntry
from tests.support.memory_appointments import MemoryAppointments
from tests.support.memory_reader import MemoryReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from onebox.kernel.ledger import Change

LIVING = (RunState.ready, RunState.waiting)


def kept(value: Any) -> Any:
    """As it comes back from a row."""
    return load(dump(normalise(value)))


@dataclass
class Tables:
    """Rows by their key. Rows are replaced, never changed, so that a shallow copy is a snapshot."""

    events: dict[str, Event] = field(default_factory=dict)
    started: dict[str, int] = field(default_factory=dict)
    responses: dict[str, StoredResponse] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    offered: dict[tuple[str, str], Sequence[tuple[str, str]]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    journal: dict[tuple[str, int], tuple[str, Entry]] = field(default_factory=dict)
    once: dict[tuple[str, str, str], str] = field(default_factory=dict)
    timers: dict[tuple[str, str], datetime] = field(default_factory=dict)
    waits: dict[tuple[str, str], tuple[str, dict[str, Any]]] = field(default_factory=dict)
    signals: dict[tuple[str, str], Signal] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    ended_messages: dict[str, tuple[datetime, Any]] = field(default_factory=dict)
    ticks: dict[str, datetime] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    feeds: dict[tuple[str, str], Feed] = field(default_factory=dict)
    feed_items: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    chats: dict[tuple[str, str, int], tuple[str, ChatEntry]] = field(default_factory=dict)

    def copy(self) -> Tables:
        return Tables(**{table.name: dict(getattr(self, table.name)) for table in fields(self)})


class MemoryLedger(MemoryReader):
    """`commits` are the units that were kept; `refusal`, once set, is raised by each commit instead of keeping it."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.people = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self.people.close)  # by the collector, in whatever thread it runs
        self.commits: list[Sequence[Change[Any]]] = []
        self.refusal: Exception | None = None
        self.appointments = MemoryAppointments(self._apply)
        self._appliers: dict[type[Change[Any]], Callable[[Any], Any]] = {
            StoreEvent: self._store_event,
            StoreResponse: self._store_response,
            GiveVerdict: self._give_verdict,
            KeepVersion: self._keep_version,
            StartRun: self._start_run,
            RecordEntry: self._record_entry,
            RunSql: self._run_sql,
            ClaimOnce: self._claim_once,
            ReleaseOnce: self._release_once,
            ParkRun: self._park_run,
            WakeRun: self._wake_run,
            FinishRun: self._finish_run,
            RetryRun: self._retry_run,
            SetTimer: self._set_timer,
            DropTimer: self._drop_timer,
            AwaitEvent: self._await_event,
            DropWait: self._drop_wait,
            SendSignal: self._send_signal,
            DropSignal: self._drop_signal,
            QueueMessage: self._queue_message,
            OfferChoices: self._offer_choices,
            MarkHanded: self._mark_handed,
            MarkSent: self._mark_sent,
            MarkRetried: self._mark_retried,
            MarkFailed: self._mark_failed,
            RememberTick: self._remember_tick,
            FileRequest: self._file_request,
            AnswerRequest: self._answer_request,
            Prune: self._prune,
            RememberFeed: self._remember_feed,
            KeepItems: self._keep_items,
            DropItems: self._drop_items,
            ForgetFeed: self._forget_feed,
            AppendEntry: self._append_entry,
            EditEntry: self._edit_entry,
            **self.appointments.appliers,
        }

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Any]:
        await asyncio.sleep(0)  # others get their turn, as they do while a disk works
        if self.refusal is not None:
            raise self.refusal
        before, visits = self.tables.copy(), self.appointments.visits.copy()
        self.people.execute("savepoint unit")
        try:
            results = [self._apply(change) for change in changes]
        except Exception:
            self.tables, self.appointments.visits = before, visits
            self.people.execute("rollback to unit")
            raise
        finally:
            self.people.execute("release unit")
        self.commits.append(changes)
        return results

    def close(self) -> None:
        self.people.close()

    def _apply(self, change: Change[Any]) -> Any:
        return self._appliers[type(change)](change)

    # --- events ---

    def _store_event(self, change: StoreEvent) -> Stored:
        event = change.event
        waits = [
            (run_id, path, match)
            for (run_id, path), (topic, match) in sorted(self.tables.waits.items())
            if topic == event.answers
        ]
        question = newest_question(waits, event.data)
        consequences = change.then if question is None else ()
        for known in self.tables.events.values():
            if event.key is not None and (known.source, known.key) == (event.source, event.key):
                response = self.tables.responses.get(known.id)
                asks = any(isinstance(one, StartRun) and one.run.parent_run_id for one in change.then)
                woken = self._ask_again(known.id, event.received_at) if asks else []
                return Stored(known.id, duplicate=True, response=response, woken=woken)
        as_read = replace(event, data=load(event.payload), answers=None, verdict=None, supersession=None)
        self._add(self.tables.events, event.id, as_read)
        self.tables.started[event.id] = sum(isinstance(one, StartRun) for one in consequences)
        for consequence in (*change.always, *consequences):
            self._apply(consequence)
        if question is not None:
            del self.tables.waits[question[0], question[1]]
            self._tell(question[0], Signal(question[1], EntryKind.event, load(event.payload), event.received_at))
            return Stored(event.id, woken=[question[0]], answered=True)
        if event.verdict is not None:
            self._give_verdict(GiveVerdict(event.id, event.verdict))
            return Stored(event.id)
        return Stored(event.id, woken=self._end_waits(event))

    def _give_verdict(self, change: GiveVerdict) -> None:
        self.tables.verdicts[change.event_id] = change.verdict

    def _ask_again(self, event_id: str, at: datetime) -> list[str]:
        woken = []
        for run in [run for run in self.tables.runs.values() if run.event_id == event_id]:
            parent, path = run.parent_run_id or "", run.parent_path or ""
            if not parent or run.state in LIVING or (parent, path) in self.tables.signals:
                continue
            if run.state is RunState.done:
                self._send_signal(SendSignal(parent, path, EntryKind.result, run.output, at))
                woken.append(parent)
            else:
                self._retry_run(RetryRun(run.id, at))
                woken.append(run.id)
        return woken

    def _end_waits(self, event: Event) -> list[str]:
        woken: dict[str, None] = {}
        for (run_id, path), (topic, match) in sorted(self.tables.waits.items()):
            if topic == event.topic and matches(match, event.data):
                del self.tables.waits[run_id, path]
                self._tell(run_id, Signal(path, EntryKind.event, load(event.payload), event.received_at))
                woken[run_id] = None
        return list(woken)

    def _store_response(self, change: StoreResponse) -> None:
        self.tables.responses.setdefault(change.event_id, change.response)

    # --- runs ---

    def _keep_version(self, change: KeepVersion) -> None:
        self.tables.versions.setdefault(change.version, change.text)

    def _start_run(self, change: StartRun) -> None:
        self._add(self.tables.runs, change.run.id, replace(change.run))

    def _record_entry(self, change: RecordEntry) -> None:
        entry = replace(change.entry, value=kept(change.entry.value))
        self._add(self.tables.journal, (change.run_id, change.position), (change.kind_of_step, entry))

    def _run_sql(self, change: RunSql) -> Any:
        value = change.mask(self._ask_people(change.statement, change.arguments, change.limit))
        entry = Entry(change.path, EntryKind.result, value, change.at, change.attempt)
        self._record_entry(RecordEntry(change.run_id, change.position, entry, "sql"))
        return value

    def _claim_once(self, change: ClaimOnce) -> bool:
        return self.tables.once.setdefault((change.flow, change.step, change.key), change.run_id) == change.run_id

    def _release_once(self, change: ReleaseOnce) -> None:
        if self.tables.once.get((change.flow, change.step, change.key)) == change.run_id:
            del self.tables.once[change.flow, change.step, change.key]

    def _park_run(self, change: ParkRun) -> bool:
        if any(run_id == change.run_id for run_id, _ in self.tables.signals):
            return False
        return self._move(change.run_id, (RunState.ready,), state=RunState.waiting)

    def _wake_run(self, change: WakeRun) -> bool:
        return self._move(change.run_id, (RunState.waiting,), state=RunState.ready)

    def _finish_run(self, change: FinishRun) -> bool:
        ended = {"ended_at": change.at, "output": kept(change.output), "error": kept(change.error)}
        finished = self._move(change.run_id, LIVING, state=change.state, **ended)
        for table in (self.tables.timers, self.tables.waits, self.tables.signals):
            _drop_of_run(table, change.run_id)
        return finished

    def _retry_run(self, change: RetryRun) -> bool:
        run = self.tables.runs.get(change.run_id)
        again = {"state": RunState.ready, "ended_at": None, "output": None, "error": None}
        if run is None or not self._move(change.run_id, (RunState.failed, RunState.cancelled), **again):
            return False
        failed = (run.error or {}).get("step")
        lines = [line for (run_id, _), line in sorted(self.tables.journal.items()) if run_id == run.id]
        _drop_of_run(self.tables.journal, run.id)
        left = [line for line in lines if not _belongs_to_failure(failed, line[1])]
        self.tables.journal.update({(run.id, position): line for position, line in enumerate(left, start=1)})
        return True

    def _move(self, run_id: str, states: Sequence[RunState], **to: Any) -> bool:
        run = self.tables.runs.get(run_id)
        if run is None or run.state not in states:
            return False
        self.tables.runs[run_id] = replace(run, **to)
        return True

    # --- what runs wait for ---

    def _set_timer(self, change: SetTimer) -> None:
        self.tables.timers.setdefault((change.run_id, change.path), change.due_at)

    def _drop_timer(self, change: DropTimer) -> None:
        self.tables.timers.pop((change.run_id, change.path), None)

    def _await_event(self, change: AwaitEvent) -> None:
        self.tables.waits.setdefault((change.run_id, change.path), (change.topic, kept(change.match)))

    def _drop_wait(self, change: DropWait) -> None:
        self.tables.waits.pop((change.run_id, change.path), None)

    def _send_signal(self, change: SendSignal) -> None:
        self._tell(change.run_id, Signal(change.path, change.kind, kept(change.value), change.at))

    def _tell(self, run_id: str, signal: Signal) -> None:
        run = self.tables.runs.get(run_id)
        if run is not None and run.state in LIVING:
            self.tables.signals.setdefault((run_id, signal.path), signal)
            self._move(run_id, (RunState.waiting,), state=RunState.ready)

    def _drop_signal(self, change: DropSignal) -> None:
        self.tables.signals.pop((change.run_id, change.path), None)

    # --- messages ---

    def _queue_message(self, change: QueueMessage) -> None:
        message = replace(change.message, content=kept(change.message.content))
        self._add(self.tables.messages, message.id, message)

    def _offer_choices(self, change: OfferChoices) -> None:
        self.tables.offered[change.account, change.chat] = change.offered

    def _mark_handed(self, change: MarkHanded) -> None:
        for message_id in change.message_ids:
            message = self.tables.messages.get(message_id)
            if message is not None and message.state is MessageState.queued:
                self.tables.messages[message_id] = replace(message, handed_at=change.at)

    def _mark_sent(self, change: MarkSent) -> None:
        if self._tried(change.message_id, doubtful=False, state=MessageState.sent, error=None):
            self.tables.ended_messages[change.message_id] = (change.at, kept(change.receipt))

    def _mark_retried(self, change: MarkRetried) -> None:
        self._tried(change.message_id, doubtful=change.doubtful, due_at=change.due_at, error=change.error)

    def _mark_failed(self, change: MarkFailed) -> None:
        if self._tried(change.message_id, doubtful=change.doubtful, state=MessageState.failed, error=change.error):
            self.tables.ended_messages[change.message_id] = (change.at, None)

    def _tried(self, message_id: str, *, doubtful: bool, **changed: Any) -> bool:
        message = self.tables.messages.get(message_id)
        if message is None or message.state in {MessageState.sent, MessageState.failed}:
            return False
        tried: dict[str, Any] = {"attempts": message.attempts + 1, "doubt": message.doubt + doubtful, "handed_at": None}
        self.tables.messages[message_id] = replace(message, **tried, **changed)
        return True

    # --- ticks, requests, retention ---

    def _remember_tick(self, change: RememberTick) -> None:
        last = self.tables.ticks.get(change.trigger_key, change.at)
        self.tables.ticks[change.trigger_key] = max(last, change.at)

    def _file_request(self, change: FileRequest) -> None:
        request = Request(change.id, change.kind, change.target, kept(change.arguments), change.by, change.at)
        self.tables.requests.setdefault(change.id, request)

    def _answer_request(self, change: AnswerRequest) -> None:
        request = self.tables.requests.get(change.id)
        if request is not None and request.done_at is None:
            self.tables.requests[change.id] = replace(request, done_at=change.at, result=kept(change.result))

    def _prune(self, change: Prune) -> int:
        old = [run for run in self.tables.runs.values() if run.ended_at is not None and run.ended_at < change.before]
        if change.flow is not None:
            old = [run for run in old if run.flow == change.flow]
        else:
            old = [run for run in old if run.flow not in change.except_flows]
        gone = sorted(old, key=lambda run: run.ended_at or change.before)[: change.limit]
        for run in gone:
            self._forget_run(run)
        if change.flow is None:
            return max(len(gone), self._forget_what_had_no_run(change.before))
        return len(gone)

    def _forget_run(self, run: Run) -> None:
        tables = self.tables
        del tables.runs[run.id]
        _drop_of_run(tables.journal, run.id)
        for message in [message for message in tables.messages.values() if message.run_id == run.id]:
            if message.state is MessageState.queued:
                tables.messages[message.id] = replace(message, run_id=None)
            else:
                del tables.messages[message.id]
        if not any(other.event_id == run.event_id for other in tables.runs.values()):
            tables.events.pop(run.event_id, None)
            tables.responses.pop(run.event_id, None)

    def _forget_what_had_no_run(self, before: datetime) -> int:
        tables = self.tables
        events = [one.id for one in tables.events.values() if not tables.started[one.id] and one.received_at < before]
        for event_id in events:
            del tables.events[event_id]
            tables.responses.pop(event_id, None)
        lone = [name for name, (ended_at, _) in tables.ended_messages.items() if ended_at < before]
        lone = [name for name in lone if name in tables.messages and tables.messages[name].run_id is None]
        for message_id in lone:
            del tables.messages[message_id]
        places = [place for place, (_, entry) in tables.chats.items() if entry.at < before]
        for place in places:
            del tables.chats[place]
        return max(len(events), len(lone), len(places), self._forget_requests(before))

    def _forget_requests(self, before: datetime) -> int:
        old = [one.id for one in self.tables.requests.values() if one.done_at is not None and one.done_at < before]
        for request_id in old:
            del self.tables.requests[request_id]
        return len(old)

    # --- chats ---

    def _append_entry(self, change: AppendEntry) -> int:
        for (account, chat, position), (key, entry) in self.tables.chats.items():
            if (account, chat, entry.direction, key) == (change.account, change.chat, change.direction, change.key):
                return position
        number = self._next_in_chat(change)
        entry = ChatEntry(number, number, change.direction, kept(change.body), change.at)
        self.tables.chats[change.account, change.chat, number] = (change.key, entry)
        return number

    def _edit_entry(self, change: EditEntry) -> bool:
        place = (change.account, change.chat, change.position)
        key, entry = self.tables.chats.get(place, ("", None))
        if entry is None or entry.direction != "out":
            return False
        edited = replace(entry, changed=self._next_in_chat(change), body=kept(change.body))
        self.tables.chats[place] = (key, edited)
        return True

    def _next_in_chat(self, change: AppendEntry | EditEntry) -> int:
        entries = self._chat(change.account, change.chat)
        return max(int(change.at.timestamp() * 1000), *(entry.changed + 1 for entry in entries), 1)

    # --- feeds ---

    def _remember_feed(self, change: RememberFeed) -> None:
        self.tables.feeds[change.feed.flow, change.feed.url] = change.feed

    def _keep_items(self, change: KeepItems) -> None:
        self.tables.feed_items.update({(change.flow, change.url, item): change.at for item in change.items})

    def _drop_items(self, change: DropItems) -> None:
        self._drop_items_where(change.flow, change.url, lambda seen_at: seen_at < change.before)

    def _forget_feed(self, change: ForgetFeed) -> None:
        self.tables.feeds.pop((change.flow, change.url), None)
        self._drop_items_where(change.flow, change.url, lambda _: True)

    def _drop_items_where(self, flow: str, url: str, gone: Callable[[datetime], bool]) -> None:
        items = self.tables.feed_items
        for key in [key for key, seen_at in items.items() if key[:2] == (flow, url) and gone(seen_at)]:
            del items[key]

    @staticmethod
    def _add(table: dict[Any, Any], key: Any, row: Any) -> None:
        if key in table:
            raise KeyError(f"{key!r} is known already")
        table[key] = row


def _drop_of_run(table: dict[tuple[str, Any], Any], run_id: str) -> None:
    for key in [key for key in table if key[0] == run_id]:
        del table[key]


def _belongs_to_failure(failed: str | None, entry: Entry) -> bool:
    if entry.path == "!abort":
        return True
    if not failed:
        return False
    return (entry.path == failed and entry.kind is EntryKind.failure) or entry.path.startswith(f"{failed}!")
