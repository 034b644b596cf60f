"""The tables of a box: the one description for both databases, named for the operator who opens `sqlite3` or `psql`.

There are no foreign keys: one process writes, and each key would cost a look-up an event. Ids sort by time, so rows are
appended at the right edge of their tree; without a rowid each row of SQLite lives in one tree instead of two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from onebox.storage import booking_guard

if TYPE_CHECKING:
    from collections.abc import Sequence

Instant = DateTime(timezone=True).with_variant(Text(), "sqlite")
"""timestamptz; on SQLite UTC text with microseconds, which sorts"""

Id = Text().with_variant(Text(collation="C"), "postgresql")
"""sorts by bytes on both databases, whatever the language of the Postgres cluster"""

metadata = MetaData()


def _table(name: str, *columns: Column[object]) -> Table:
    return Table(name, metadata, *columns, sqlite_with_rowid=False)


def _index(name: str, *columns: Column[object], where: str | None = None, unique: bool = False) -> None:
    only = {} if where is None else {"sqlite_where": text(where), "postgresql_where": text(where)}
    Index(name, *columns, unique=unique, **only)  # type: ignore[arg-type]


def _id(name: str = "id") -> Column[object]:
    return Column(name, Id, primary_key=True)


def _text(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, Text, nullable=null)


def _instant(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, Instant, nullable=null)


def _number(name: str, *, key: bool = False, default: int | None = None) -> Column[object]:
    given = None if default is None else text(str(default))
    return Column(name, Integer, primary_key=key, nullable=False, autoincrement=False, server_default=given)


def _long(name: str, *, key: bool = False) -> Column[object]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _guard(table: Table, dialect: str, statements: Sequence[str]) -> None:
    """What a table has besides columns and indexes."""
    for statement in statements:
        sa.event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]


event = _table(
    "event",
    _id(),
    _text("source"),
    _text("topic"),
    _text("key", null=True),
    _text("sender", null=True),
    _text("payload"),
    _instant("received_at"),
    _number("runs"),  # how many it started
    _text("verdict", null=True),  # why none, if the throttle said so
)
_index("event_once", event.c.source, event.c.key, where="key is not null", unique=True)
_index("event_idle", event.c.received_at, where="runs = 0")
_index("event_verdict", event.c.source, event.c.received_at, where="verdict is not null")

response = _table(
    "response",
    _id("event_id"),
    _number("status"),
    _text("headers"),
    Column("body", LargeBinary, nullable=False),
    _instant("at"),
)

flow_version = _table("flow_version", _id("version"), _text("flow"), _text("text"), _instant("kept_at"))

run = _table(
    "run",
    _id(),
    _text("event_id"),
    _text("flow"),
    _text("version"),
    _text("state"),
    _text("sender", null=True),
    _text("parent_run_id", null=True),
    _text("parent_path", null=True),
    _instant("created_at"),
    _instant("ended_at", null=True),
    _text("output", null=True),
    _text("error", null=True),
)
_index("run_open", run.c.state, run.c.flow, run.c.id, where="state <> 'done'")
_index("run_ended", run.c.ended_at, run.c.flow, where="ended_at is not null")
_index("run_event", run.c.event_id)
_index("run_parent", run.c.parent_run_id, where="parent_run_id is not null")

step_result = _table(
    "step_result",
    _id("run_id"),
    _number("position", key=True),
    _text("path"),
    _text("step_kind"),
    _number("attempt"),
    _text("outcome"),
    _text("value"),
    _instant("at"),
)

once_key = _table("once_key", _id("flow"), _id("step"), _id("key"), _text("run_id"), _instant("claimed_at"))

timer = _table("timer", _id("run_id"), _id("path"), _instant("due_at"))
_index("timer_due", timer.c.due_at)

wait = _table("wait", _id("run_id"), _id("path"), _text("topic"), _text("match"))
_index("wait_topic", wait.c.topic)

signal = _table("signal", _id("run_id"), _id("path"), _text("kind"), _text("value"), _instant("at"))

message = _table(
    "message",
    _id(),
    _text("run_id", null=True),
    _text("step", null=True),
    _text("account"),
    _text("recipient"),
    _text("content"),
    _text("state"),
    _number("attempts"),
    _instant("due_at", null=True),
    _instant("created_at"),
    _instant("ended_at", null=True),  # sent, or given up
    _text("receipt", null=True),
    _text("error", null=True),
    _number("priority", default=1),  # 0 signal, 1 interactive, 2 reminder, 3 broadcast
    _instant("handed_at", null=True),  # to the channel, while what became of it is not known
    _number("doubt", default=0),  # how often it may have arrived though nobody said so
    _text("broadcast_id", null=True),
    _text("channel_id", null=True),  # the channel's own id of it
)
_index("message_queue", message.c.account, message.c.priority, message.c.id, where="state = 'queued'")
_index(
    "message_delayed",
    message.c.account,
    message.c.recipient,
    message.c.id,
    where="state = 'queued' and due_at is not null",
)
_index("message_run", message.c.run_id)
_index("message_broadcast", message.c.broadcast_id, message.c.state, where="broadcast_id is not null")
_index("message_channel", message.c.account, message.c.channel_id, where="channel_id is not null")

delivery_status = _table(
    "delivery_status",
    _id("account"),
    _id("channel_id"),
    _text("status"),  # sent, delivered, read or failed
    _instant("at"),
    _text("error", null=True),
)
"""what channels said of messages that they took; a status may come before the row of its message knows its id"""
_index("delivery_status_old", delivery_status.c.at)

broadcast = _table(
    "broadcast",
    _id(),
    _text("account"),
    _text("content"),
    _text("state"),  # running, paused, cancelled
    _number("total"),
    _number("skipped"),  # of those who were named: gone, or named twice
    _text("created_by"),
    _instant("created_at"),
)
_index("broadcast_old", broadcast.c.created_at)

conversation = _table(
    "conversation",
    _id("account"),
    _id("chat"),
    _text("person_id", null=True),
    _instant("heard_at", null=True),
    _text("heard_id", null=True),  # the channel's id of the last message in
    _instant("gone_at", null=True),  # blocked, deleted, left
    _text("offered", null=True),  # the choices that were offered last: {at, choices: [[id, title], …]}
    _text("state", null=True),  # what flows remember
)
_index("conversation_person", conversation.c.person_id, where="person_id is not null")
OF_CHATS = "account >= 'chat/' and account < 'chat0'"
"""the accounts `chat/…`: a condition that indexes know"""
_index("conversation_silent", conversation.c.heard_at, where=OF_CHATS)

person = _table(
    "person",
    _id(),
    _text("name", null=True),
    _text("username", null=True),
    _text("language", null=True),
    _text("phone", null=True),
    _instant("met_at"),
)

person_address = _table("person_address", _id("account"), _id("user_id"), _text("person_id"))
"""by whom a person is known on each account; two accounts may lead to one person"""
_index("person_address_person", person_address.c.person_id)

schedule_tick = _table("schedule_tick", _id("trigger_key"), _instant("last_at"))

request = _table(
    "request",
    _id(),
    _text("kind"),
    _text("target"),
    _text("arguments"),
    _text("requested_by"),
    _instant("created_at"),
    _instant("done_at", null=True),
    _text("result", null=True),
)
_index("request_open", request.c.id, where="done_at is null")
_index("request_done", request.c.done_at, where="done_at is not null")

feed = _table(
    "feed",
    _id("flow"),
    _id("url"),  # as the flow names it
    _text("address", null=True),  # where it has moved to for good
    _text("title", null=True),
    _text("etag", null=True),
    _text("last_modified", null=True),
    _text("digest", null=True),  # of the body that was read last
    _instant("polled_at", null=True),
    _instant("next_at"),
    _number("failures"),  # one after another
    _instant("failing_since", null=True),
    _text("error", null=True),
    _instant("gone_at", null=True),  # it said 410: it is not asked again
)

feed_item = _table("feed_item", _id("flow"), _id("url"), _id("item"), _instant("seen_at"))
"""the items of feeds that were met, by the hash of their id: they outlive their events"""

chat_entry = _table(
    "chat_entry",
    _id("account"),
    _id("chat"),
    _long("position", key=True),
    _long("changed"),
    _text("direction"),
    _text("key"),
    _text("body"),
    _instant("at"),
)
"""what people see in the chats that the box itself shows"""
_index("chat_entry_once", *(chat_entry.c[name] for name in ("account", "chat", "direction", "key")), unique=True)
_index("chat_entry_changed", chat_entry.c.account, chat_entry.c.chat, chat_entry.c.changed)
_index("chat_entry_at", chat_entry.c.at)

appointment = _table(
    "appointment",
    _id(),
    _text("request_key"),  # who asks again under the same key gets this one
    _text("state"),  # held, confirmed, done, no_show, cancelled, expired
    _instant("held_until", null=True),
    _instant("starts_at"),
    _instant("ends_at"),
    _text("parts"),  # [[service, staff, [place, …], starts_at, ends_at], …]
    _text("client_id", null=True),
    _text("person_id", null=True),
    _text("name", null=True),  # as the client gave it
    _text("phone", null=True),
    _long("price"),  # minor units of the currency
    _long("deposit"),
    _text("currency"),
    _text("note", null=True),
    _text("language", null=True),
    _instant("created_at"),
    _number("revision"),
    _text("request_digest"),  # of what was asked for
)
"""they are never pruned: they are the salon's books"""
_index("appointment_request", appointment.c.request_key, unique=True)
_index("appointment_hold", appointment.c.held_until, where="state = 'held'")
_index("appointment_day", appointment.c.starts_at)
_index("appointment_client", appointment.c.client_id, appointment.c.starts_at, where="client_id is not null")
_index("appointment_person", appointment.c.person_id, appointment.c.starts_at, where="person_id is not null")

appointment_claim = _table(
    "appointment_claim",
    _id("appointment_id"),
    _id("subject"),  # staff:olena, chair:1
    Column("starts_at", Instant, primary_key=True, nullable=False),
    _instant("ends_at"),
    Column("active", Boolean, nullable=False),
)
"""what appointments take, with buffers; of the active ones no two of a subject overlap, and the database sees to it"""
_index(
    "appointment_claim_busy",
    *(appointment_claim.c[name] for name in ("subject", "ends_at", "starts_at")),
    where="active",
)
ACTIVE = text("appointment_claim.active")
"""a condition that the index knows"""
_guard(appointment_claim, "postgresql", booking_guard.POSTGRES)
_guard(appointment_claim, "sqlite", booking_guard.SQLITE)

appointment_entry = _table(
    "appointment_entry",
    _id("appointment_id"),
    _number("revision", key=True),  # that the appointment has from then on
    _text("what"),  # held, confirmed, moved, cancelled, done, no_show, expired
    _text("from_state", null=True),
    _instant("starts_at"),  # of the appointment from then on
    _instant("ends_at"),
    _text("who"),
    _text("reason", null=True),
    _instant("at"),
    _text("request_key", null=True),
    _text("request_digest", null=True),
)
"""the history of appointments"""
_index(
    "appointment_entry_request",
    appointment_entry.c.appointment_id,
    appointment_entry.c.request_key,
    where="request_key is not null",
    unique=True,
)

table_file = _table("table_file", _id("name"), _text("digest"), _instant("applied_at"))
"""the files of the box's tables/ folder that were applied, in this order of names"""

commit_mark = _table("commit_mark", _number("id", key=True), _text("mark"))
"""one row: the mark of the last transaction, so that a writer that lost Postgres during COMMIT knows what became of it"""

NAMES = frozenset(metadata.tables)
VERSION_TABLE = "schema_version"
SCHEMA = "onebox"
"""the Postgres schema that the tables live in; people's own tables are in `public`"""
BOX_PATH = f"{SCHEMA}, pg_temp"
"""where Postgres looks for the box's tables: temporary ones, which a flow may make, would come first if not named"""
