"""One chain of Alembic revisions; each runs on SQLite and on PostgreSQL."""
