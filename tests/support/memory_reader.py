"""What is read of a ledger in memory: every reader port, over the same rows."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from onebox.flows import records
from onebox.flows import run as runs
from onebox.flows.run import RunState, SqlFailed
from onebox.kernel.encoding import dump, normalise
from onebox.messaging.message import MessageState, Priority
from onebox.messaging.outbox import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from onebox.flows.feeds import Feed
    from onebox.messaging.event import Event, StoredResponse
    from onebox.messaging.message import Message
    from onebox.messaging.transcripts import ChatEntry
    from tests.support.memory_ledger import Tables

_READING = ("select", "values", "with")


class MemoryReader:
    """RunReader, SqlReader, MessageReader, Records, FeedReader and Transcripts."""

    tables: Tables
    people: sqlite3.Connection

    # --- RunReader, SqlReader ---

    async def ready_counts(self) -> dict[str, int]:
        return _count(run.flow for run in self.tables.runs.values() if run.state is RunState.ready)

    async def ready_runs(self, flow: str, *, limit: int, after: str = "") -> list[runs.ReadyRun]:
        found = self._runs(lambda run: run.flow == flow and run.state is RunState.ready and run.id > after)[:limit]
        return [runs.ReadyRun(replace(run), self.tables.events[run.event_id], self._fresh(run.id)) for run in found]

    def _fresh(self, run_id: str) -> bool:
        return not self._journal(run_id) and all(key[0] != run_id for key in self.tables.signals)

    async def history(self, run_id: str) -> runs.History | None:
        run = self.tables.runs.get(run_id)
        if run is None:
            return None
        signals = [signal for key, signal in self.tables.signals.items() if key[0] == run_id]
        timers = {path: due_at for (of_run, path), due_at in self.tables.timers.items() if of_run == run_id}
        return runs.History(
            run=replace(run),  # a row is never handed out twice as one object
            event=self.tables.events[run.event_id],
            entries=[line.entry for line in self._journal(run_id)],
            signals=sorted(signals, key=lambda signal: (signal.at, signal.path)),
            timers=timers,
        )

    async def timers(self, *, limit: int, after: tuple[datetime, str, str]) -> list[runs.DueTimer]:
        rows = sorted((due_at, run_id, path) for (run_id, path), due_at in self.tables.timers.items())
        rows = [row for row in rows if row > after]
        return [runs.DueTimer(run_id, path, due, self.tables.runs[run_id].flow) for due, run_id, path in rows[:limit]]

    async def version_text(self, version: str) -> str | None:
        return self.tables.versions.get(version)

    async def last_ticks(self) -> dict[str, datetime]:
        return dict(self.tables.ticks)

    async def open_requests(self, *, limit: int) -> list[runs.Request]:
        rows = sorted(self.tables.requests.values(), key=lambda request: request.id)
        return [request for request in rows if request.done_at is None][:limit]

    async def request_result(self, request_id: str) -> Mapping[str, Any] | None:
        request = self.tables.requests.get(request_id)
        return None if request is None else request.result

    async def read_sql(
        self, statement: str, arguments: Mapping[str, Any], *, limit: int, time_limit: timedelta
    ) -> dict[str, Any] | None:
        if not statement.strip().lower().startswith(_READING):
            return None
        self.people.execute("pragma query_only = on")
        try:
            return self._ask_people(statement, arguments, limit)
        except SqlFailed as error:
            if "readonly" in error.message:
                return None
            raise
        finally:
            self.people.execute("pragma query_only = off")

    def _ask_people(self, statement: str, arguments: Mapping[str, Any], limit: int) -> dict[str, Any]:
        given = {
            name: dump(normalise(value)) if isinstance(value, (dict, list)) else value
            for name, value in arguments.items()
        }
        try:
            cursor = self.people.execute(statement, given)
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()][:limit]
        except sqlite3.Error as error:
            raise SqlFailed(str(error)) from error
        count = len(rows) if cursor.rowcount < 0 else cursor.rowcount
        return {"rows": rows, "row": rows[0] if rows else None, "count": count}

    # --- MessageReader ---

    async def waiting(
        self, account: str, *, priority: Priority, now: datetime, busy: Sequence[str], limit: int
    ) -> Waiting:
        queued = [
            message
            for message in sorted(self.tables.messages.values(), key=lambda message: message.id)
            if (message.account, message.priority, message.state) == (account, priority, MessageState.queued)
        ]
        later = [message.due_at for message in queued if message.due_at is not None and message.due_at > now]
        return Waiting(_free(queued, now, busy)[:limit], min(later, default=None))

    # --- Records ---

    async def list_runs(
        self, *, state: RunState | None = None, flow: str | None = None, limit: int = 50, before: str | None = None
    ) -> list[runs.Run]:
        found = self._runs(
            lambda run: (
                (state is None or run.state == state)
                and (flow is None or run.flow == flow)
                and (before is None or run.id < before)
            )
        )
        return found[::-1][:limit]

    async def count_runs(self) -> dict[str, int]:
        return _count(run.state.value for run in self.tables.runs.values())

    async def run_detail(self, run_id: str) -> records.RunDetail | None:
        run = self.tables.runs.get(run_id)
        if run is None:
            return None
        timers = sorted((due, path) for (of_run, path), due in self.tables.timers.items() if of_run == run_id)
        waits = sorted((path, *wait) for (of_run, path), wait in self.tables.waits.items() if of_run == run_id)
        return records.RunDetail(
            run=run,
            event=self.tables.events[run.event_id],
            journal=self._journal(run_id),
            timers=[records.PendingTimer(path, due_at) for due_at, path in timers],
            waits=[records.PendingWait(*wait) for wait in waits],
            messages=self._messages(lambda message: message.run_id == run_id),
            children=self._runs(lambda child: child.parent_run_id == run_id),
        )

    async def event(self, event_id: str) -> Event | None:
        return self.tables.events.get(event_id)

    async def response(self, event_id: str) -> StoredResponse | None:
        return self.tables.responses.get(event_id)

    async def runs_of_event(self, event_id: str) -> list[runs.Run]:
        return self._runs(lambda run: run.event_id == event_id)

    async def list_messages(
        self,
        *,
        state: MessageState | None = None,
        account: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[records.SentMessage]:
        found = self._messages(
            lambda message: (
                (state is None or message.state == state)
                and (account is None or message.account == account)
                and (before is None or message.id < before)
            )
        )
        return found[::-1][:limit]

    async def flow_stats(self) -> dict[str, records.FlowStats]:
        stats: dict[str, records.FlowStats] = {}
        for run in self._runs(lambda _: True):
            found = stats.setdefault(run.flow, records.FlowStats(run.flow))
            found.counts[run.state.value] = found.counts.get(run.state.value, 0) + 1
            found.last_run_at = max(found.last_run_at or run.created_at, run.created_at)
            if run.state is RunState.failed:
                found.last_failed = run
        return stats

    # --- FeedReader ---

    async def feeds(self, flow: str | None = None) -> list[Feed]:
        return [feed for _, feed in sorted(self.tables.feeds.items()) if flow in (None, feed.flow)]

    async def known_items(self, flow: str, url: str, items: Sequence[str]) -> dict[str, datetime]:
        known = {item: self.tables.feed_items.get((flow, url, item)) for item in items}
        return {item: seen_at for item, seen_at in known.items() if seen_at is not None}

    async def item_counts(self, flow: str) -> dict[str, int]:
        return _count(url for of_flow, url, _ in self.tables.feed_items if of_flow == flow)

    # --- Transcripts ---

    async def latest_entries(self, account: str, chat: str, limit: int) -> list[ChatEntry]:
        return sorted(self._chat(account, chat), key=lambda entry: entry.position)[-limit:]

    async def changed_entries(self, account: str, chat: str, after: int, limit: int) -> list[ChatEntry]:
        found = sorted(self._chat(account, chat), key=lambda entry: entry.changed)
        return [entry for entry in found if entry.changed > after][:limit]

    async def chat_entry(self, account: str, chat: str, position: int) -> ChatEntry | None:
        return self.tables.chats.get((account, chat, position), (None, None))[1]

    async def wrote(self, account: str, chat: str, key: str) -> bool:
        mine = [found for place, found in self.tables.chats.items() if place[:2] == (account, chat)]
        return any(entry.direction == "in" and known == key for known, entry in mine)

    def _chat(self, account: str, chat: str) -> list[ChatEntry]:
        return [entry for place, (_, entry) in self.tables.chats.items() if place[:2] == (account, chat)]

    # --- rows ---

    def _runs(self, wanted: Callable[[runs.Run], bool]) -> list[runs.Run]:
        return [run for _, run in sorted(self.tables.runs.items()) if wanted(run)]

    def _journal(self, run_id: str) -> list[records.JournalLine]:
        lines = sorted((key[1], *line) for key, line in self.tables.journal.items() if key[0] == run_id)
        return [records.JournalLine(*line) for line in lines]

    def _messages(self, wanted: Callable[[Message], bool]) -> list[records.SentMessage]:
        return [
            records.SentMessage(message, *self.tables.ended_messages.get(message.id, (None, None)))
            for _, message in sorted(self.tables.messages.items())
            if wanted(message)
        ]


def _count(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _free(queued: Sequence[Message], now: datetime, busy: Sequence[str]) -> list[Message]:
    held = set(busy)
    free = []
    for message in queued:
        if message.due_at is not None and message.due_at > now:
            held.add(message.recipient)
        if message.recipient not in held:
            free.append(message)
    return free
