"""What stands in the chats that the box itself shows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_Id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


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
