"""Numbered migrations (Alembic); `core.storage.migrate` runs them when a database is opened."""
