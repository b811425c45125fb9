"""How Alembic reaches the database: over a connection handed in by `db.migrate`, or `-x url=` of its own."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection, create_engine, pool
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

import portal.schema  # noqa: F401 - so that every table is in the metadata

METADATA = SQLModel.metadata


def run() -> None:
    """Migrate over the connection that was handed in, or over one made for this run."""
    given = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
        return
    engine = create_engine(address(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Rebuilding a table in a batch drops it for a moment; its children must not be deleted with it.
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.commit()
        migrate(connection)
        connection.commit()
    engine.dispose()


def address() -> str:
    """The address after `-x url=`, else what the caller configured."""
    url = context.get_x_argument(as_dictionary=True).get("url") or context.config.get_main_option("sqlalchemy.url")
    if not url:
        raise SystemExit("Name the database: alembic -x url=sqlite:///scratch.db …")
    return url


def migrate(connection: Connection) -> None:
    """Run the revisions; tables are rebuilt where SQLite cannot alter them."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=True,
        compare_type=True,
        compare_server_default=True,
        render_item=plain_type,
    )
    with context.begin_transaction():
        context.run_migrations()


def plain_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own column types as what they are in the database: a revision never depends on today's code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{type(item.impl_instance).__name__}()"
    return False


run()
