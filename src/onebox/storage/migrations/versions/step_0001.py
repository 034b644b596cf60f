"""The spine: events, runs with their journals, timers and waits, the outbox, schedule ticks, requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, sqlite_with_rowid=False)


def _index(name: str, table: str, columns: list[str], where: str | None = None, *, unique: bool = False) -> None:
    only = None if where is None else sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    _create_events()
    _create_runs()
    _create_what_runs_wait_for()
    _create_outbox()
    _create_desk()


def _create_events() -> None:
    _table(
        "event",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=True),
        sa.Column("sender", sa.Text, nullable=True),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("received_at", _Instant, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
    )
    _index("event_idle", "event", ["received_at"], "runs = 0")
    _index("event_once", "event", ["source", "key"], "key is not null", unique=True)
    _table(
        "response",
        sa.Column("event_id", _Id, primary_key=True),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("at", _Instant, nullable=False),
    )


def _create_runs() -> None:
    _table(
        "flow_version",
        sa.Column("version", _Id, primary_key=True),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("kept_at", _Instant, nullable=False),
    )
    _table(
        "run",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=True),
        sa.Column("parent_run_id", sa.Text, nullable=True),
        sa.Column("parent_path", sa.Text, nullable=True),
        sa.Column("created_at", _Instant, nullable=False),
        sa.Column("ended_at", _Instant, nullable=True),
        sa.Column("output", sa.Text, nullable=True),
        sa.Column("error", sa.Text, nullable=True),
    )
    _index("run_ended", "run", ["ended_at", "flow"], "ended_at is not null")
    _index("run_event", "run", ["event_id"])
    _index("run_open", "run", ["state", "flow", "id"], "state <> 'done'")
    _index("run_parent", "run", ["parent_run_id"], "parent_run_id is not null")
    _table(
        "step_result",
        sa.Column("run_id", _Id, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("step_kind", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("at", _Instant, nullable=False),
    )
    _table(
        "once_key",
        sa.Column("flow", _Id, primary_key=True),
        sa.Column("step", _Id, primary_key=True),
        sa.Column("key", _Id, primary_key=True),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("claimed_at", _Instant, nullable=False),
    )


def _create_what_runs_wait_for() -> None:
    _table(
        "timer",
        sa.Column("run_id", _Id, primary_key=True),
        sa.Column("path", _Id, primary_key=True),
        sa.Column("due_at", _Instant, nullable=False),
    )
    _index("timer_due", "timer", ["due_at"])
    _table(
        "wait",
        sa.Column("run_id", _Id, primary_key=True),
        sa.Column("path", _Id, primary_key=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("match", sa.Text, nullable=False),
    )
    _index("wait_topic", "wait", ["topic"])
    _table(
        "signal",
        sa.Column("run_id", _Id, primary_key=True),
        sa.Column("path", _Id, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("at", _Instant, nullable=False),
    )


def _create_outbox() -> None:
    _table(
        "message",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("run_id", sa.Text, nullable=True),
        sa.Column("step", sa.Text, nullable=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", _Instant, nullable=True),
        sa.Column("created_at", _Instant, nullable=False),
        sa.Column("ended_at", _Instant, nullable=True),
        sa.Column("receipt", sa.Text, nullable=True),
        sa.Column("error", sa.Text, nullable=True),
    )
    _index("message_delayed", "message", ["account", "recipient", "id"], "state = 'queued' and due_at is not null")
    _index("message_queue", "message", ["account", "id"], "state = 'queued'")
    _index("message_run", "message", ["run_id"])


def _create_desk() -> None:
    _table(
        "schedule_tick",
        sa.Column("trigger_key", _Id, primary_key=True),
        sa.Column("last_at", _Instant, nullable=False),
    )
    _table(
        "request",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("created_at", _Instant, nullable=False),
        sa.Column("done_at", _Instant, nullable=True),
        sa.Column("result", sa.Text, nullable=True),
    )
    _index("request_open", "request", ["id"], "done_at is null")
    _table(
        "commit_mark",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("mark", sa.Text, nullable=False),
    )
