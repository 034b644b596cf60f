"""Chats: priorities, doubt and statuses of messages, broadcasts, conversations, people; verdicts of the throttle."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_Id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.add_column("event", sa.Column("verdict", sa.Text, nullable=True))
    op.create_index("event_verdict", "event", ["source", "received_at"], **_where("verdict is not null"))
    _change_messages()
    _create_broadcasts()
    _create_conversations()


def _change_messages() -> None:
    op.add_column("message", sa.Column("priority", sa.Integer, nullable=False, server_default=sa.text("1")))
    op.add_column("message", sa.Column("handed_at", _Instant, nullable=True))
    op.add_column("message", sa.Column("doubt", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("message", sa.Column("broadcast_id", sa.Text, nullable=True))
    op.add_column("message", sa.Column("channel_id", sa.Text, nullable=True))
    op.drop_index("message_queue", "message")
    op.create_index("message_queue", "message", ["account", "priority", "id"], **_where("state = 'queued'"))
    op.create_index("message_broadcast", "message", ["broadcast_id", "state"], **_where("broadcast_id is not null"))
    op.create_index("message_channel", "message", ["account", "channel_id"], **_where("channel_id is not null"))


def _create_broadcasts() -> None:
    op.create_table(
        "delivery_status",
        sa.Column("account", _Id, primary_key=True),
        sa.Column("channel_id", _Id, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("at", _Instant, nullable=False),
        sa.Column("error", sa.Text, nullable=True),
        sqlite_with_rowid=False,
    )
    op.create_index("delivery_status_old", "delivery_status", ["at"])
    op.create_table(
        "broadcast",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("total", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("skipped", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", _Instant, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("broadcast_old", "broadcast", ["created_at"])


def _create_conversations() -> None:
    op.create_table(
        "conversation",
        sa.Column("account", _Id, primary_key=True),
        sa.Column("chat", _Id, primary_key=True),
        sa.Column("person_id", sa.Text, nullable=True),
        sa.Column("heard_at", _Instant, nullable=True),
        sa.Column("heard_id", sa.Text, nullable=True),
        sa.Column("gone_at", _Instant, nullable=True),
        sa.Column("offered", sa.Text, nullable=True),
        sa.Column("state", sa.Text, nullable=True),
        sqlite_with_rowid=False,
    )
    op.create_index("conversation_person", "conversation", ["person_id"], **_where("person_id is not null"))
    op.create_table(
        "person",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("name", sa.Text, nullable=True),
        sa.Column("username", sa.Text, nullable=True),
        sa.Column("language", sa.Text, nullable=True),
        sa.Column("phone", sa.Text, nullable=True),
        sa.Column("met_at", _Instant, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_address",
        sa.Column("account", _Id, primary_key=True),
        sa.Column("user_id", _Id, primary_key=True),
        sa.Column("person_id", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("person_address_person", "person_address", ["person_id"])
