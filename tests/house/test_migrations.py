"""The revisions: upgrade from nothing works on both databases, and head is what the code describes."""

from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import portal.schema  # noqa: F401 - so that every table is in the metadata
from portal.platform.db import migrate
from portal.platform.engines import make_engines

FUNCTIONS = (
    "dispute_review_by_others",
    "plan_not_by_its_writer",
    "audit_log_is_fixed",
    "second_person_four_eyes",
    "staff_account_identity",
    *(f"{table}_not_to_the_named" for table in ("complaint", "complaint_message", "complaint_answer", "shut_out")),
)


@pytest.fixture
def engine(database_url: str) -> Engine:
    """A migrated, empty database."""
    return make_engines(database_url).write


def test_models_and_head_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_upgrading_twice_does_nothing(engine: Engine, database_url: str) -> None:
    migrate(database_url)
    with engine.connect() as connection:
        assert set(SQLModel.metadata.tables) <= set(inspect(connection).get_table_names())


def triggers(connection: Connection) -> set[str]:
    """The names of all triggers of a database."""
    names = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    return set(connection.execute(text(names[connection.dialect.name])).scalars())


def test_the_triggers_of_the_models_are_in_the_revisions(engine: Engine) -> None:
    """Alembic compares no triggers: a table made from the models has the same ones as a migrated one."""
    with engine.connect() as connection:
        migrated = triggers(connection)
    with engine.begin() as connection:
        SQLModel.metadata.drop_all(connection)
        for function in FUNCTIONS:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"DROP FUNCTION IF EXISTS {function}() CASCADE"))
        SQLModel.metadata.create_all(connection)
    with engine.connect() as connection:
        assert triggers(connection) == migrated
        assert migrated


def checks(connection: Connection) -> set[tuple[str, str]]:
    """Table and name of every CHECK constraint, and on SQLite, which keeps them as they were written, their text."""
    seen = inspect(connection)
    as_written = connection.dialect.name == "sqlite"
    return {
        (table, f"{check['name']} {' '.join(check['sqltext'].split()) if as_written else ''}")
        for table in SQLModel.metadata.tables
        for check in seen.get_check_constraints(table)
    }


def test_the_checks_of_the_models_are_in_the_revisions(engine: Engine) -> None:
    """Alembic compares none, and forgets some where SQLite makes a table anew."""
    with engine.connect() as connection:
        migrated = checks(connection)
    with engine.begin() as connection:
        SQLModel.metadata.drop_all(connection)
        if connection.dialect.name == "postgresql":
            own = text("SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = current_schema()::regnamespace")
            for function in connection.scalars(own).all():
                connection.execute(text(f"DROP FUNCTION {function} CASCADE"))
        SQLModel.metadata.create_all(connection)
    with engine.connect() as connection:
        assert migrated == checks(connection)
        assert migrated


def test_the_audit_log_cannot_be_changed(engine: Engine) -> None:
    log = SQLModel.metadata.tables["audit_log"]
    texts = ("actor_kind", "kind", "subject", "payload", "previous_hash", "hash")
    row = {"id": 1, "at": datetime(2026, 4, 17, tzinfo=UTC)} | dict.fromkeys(texts, "system")
    with engine.begin() as connection:
        connection.execute(log.insert(), row)
    for change in (log.update().values(subject="x"), log.delete()):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(change)
