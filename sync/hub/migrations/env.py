"""Run by Alembic: migrates over the connection that `Store.upgrade` hands in."""

from __future__ import annotations

from alembic import context

from sync.hub.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by building it anew
    transactional_ddl=False,  # the connection is inside its transaction already
)
with context.begin_transaction():
    context.run_migrations()
