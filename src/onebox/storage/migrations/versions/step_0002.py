"""Feeds with the items that were met, and the files of the box's tables/ folder that were applied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_Id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    _create_feeds()
    op.create_table(
        "table_file",
        sa.Column("name", _Id, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("applied_at", _Instant, nullable=False),
        sqlite_with_rowid=False,
    )


def _create_feeds() -> None:
    op.create_table(
        "feed",
        sa.Column("flow", _Id, primary_key=True),
        sa.Column("url", _Id, primary_key=True),
        sa.Column("address", sa.Text, nullable=True),
        sa.Column("title", sa.Text, nullable=True),
        sa.Column("etag", sa.Text, nullable=True),
        sa.Column("last_modified", sa.Text, nullable=True),
        sa.Column("digest", sa.Text, nullable=True),
        sa.Column("polled_at", _Instant, nullable=True),
        sa.Column("next_at", _Instant, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", _Instant, nullable=True),
        sa.Column("error", sa.Text, nullable=True),
        sa.Column("gone_at", _Instant, nullable=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feed_item",
        sa.Column("flow", _Id, primary_key=True),
        sa.Column("url", _Id, primary_key=True),
        sa.Column("item", _Id, primary_key=True),
        sa.Column("seen_at", _Instant, nullable=False),
        sqlite_with_rowid=False,
    )
