"""Alembic runs this for each command; the connection, in its transaction, comes from `storage.migrating`."""

from __future__ import annotations

from alembic import context

from onebox.storage.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=False,  # the caller has begun, and commits
)
context.run_migrations()
