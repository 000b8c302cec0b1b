"""Alembic's entry: runs on the connection that `core.storage.migrate` hands over, in its transaction."""

from alembic import context

from core.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
