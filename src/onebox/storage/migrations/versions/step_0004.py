"""What stands in the chats that the box itself shows; and indexes by which old visitors and requests are found."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_Id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "chat_entry",
        sa.Column("account", _Id, primary_key=True),
        sa.Column("chat", _Id, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", _Instant, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("chat_entry_once", "chat_entry", ["account", "chat", "direction", "key"], unique=True)
    op.create_index("chat_entry_changed", "chat_entry", ["account", "chat", "changed"])
    op.create_index("chat_entry_at", "chat_entry", ["at"])
    of_chats = _where("account >= 'chat/' and account < 'chat0'")
    op.create_index("conversation_silent", "conversation", ["heard_at"], **of_chats)
    op.create_index("request_done", "request", ["done_at"], **_where("done_at is not null"))
