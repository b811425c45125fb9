"""Database engines whose safety settings are set on every connection, read back, and refused when they do not hold.

Nothing that was acknowledged may be lost at a power cut, so the measured settings of each database are the only
ones allowed (RE-01 to RE-03).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url

from portal.platform.prepared import READS_ONLY

WAL_SAFE_FROM = (3, 51, 3)
"""Older SQLite libraries may corrupt a write-ahead log when it is reset."""

READ_THREADS = {"sqlite": 1, "postgresql": 4}
"""More threads only fight for the interpreter (measured)."""

WRITE_THREADS = {"sqlite": 1, "postgresql": 4}

_READING = {"isolation_level": "AUTOCOMMIT", "execution_options": {READS_ONLY: True}}
"""Most pages are one statement, which needs no transaction; others say that they are of `one_moment`."""

BUSY_SECONDS = 15
"""How long a write waits for another before it is told to come back."""

_SYNCHRONOUS = {"FULL": 2, "EXTRA": 3}


class UnsafeDatabase(Exception):
    """The database may lose what it acknowledges, so the portal refuses to use it."""


@dataclass(frozen=True)
class Engines:
    """One engine that can only read and one that writes, over the same database."""

    read: Engine
    write: Engine

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.read.dialect.name

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file beside us."""
        return self.kind == "sqlite"

    def dispose(self) -> None:
        """Close every connection that is not in use."""
        self.read.dispose()
        self.write.dispose()


def make_engines(url: str, patient: bool = False) -> Engines:
    """Engines for a database; `patient` ones let a statement take as long as it needs (commands, migrations)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engines(parsed)
    return _postgresql_engines(parsed.set(drivername="postgresql+psycopg"), patient)


# --- SQLite ---------------------------------------------------------------------------------------------------


def sqlite_library() -> ModuleType:
    """The SQLite that comes with the wheel pysqlite3 where there is one, else Python's own."""
    try:
        import pysqlite3.dbapi2 as library
    except ImportError:
        import sqlite3

        return sqlite3
    found: ModuleType = library
    return found


def sqlite_journal() -> tuple[str, str]:
    """The journal mode and the synchronous setting under which no power cut loses an acknowledged write."""
    return ("wal", "FULL") if sqlite_library().sqlite_version_info >= WAL_SAFE_FROM else ("delete", "EXTRA")


def _sqlite_engines(url: URL) -> Engines:
    if url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    common = {"module": sqlite_library(), "hide_parameters": True}
    # Reads begin no transaction of themselves (see _READING); listening for one alone would cost as much as a query.
    read = create_engine(url, skip_autocommit_rollback=True, **_READING, **common)
    write = create_engine(url, **common)
    for engine in (read, write):
        event.listen(engine, "connect", _set_up_sqlite)
    event.listen(read, "connect", _forbid_writing)
    event.listen(write, "begin", _begin_immediate)
    return Engines(read, write)


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads first and writes later loses updates or fails (RE-02).
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _forbid_writing(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only=ON")


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN loses updates without an error
    mode, synchronous = sqlite_journal()
    wanted = {
        "busy_timeout": BUSY_SECONDS * 1000,
        "journal_mode": mode,
        "synchronous": _SYNCHRONOUS[synchronous],
        "foreign_keys": 1,
        "mmap_size": 0,
    }
    for pragma, value in wanted.items():
        connection.execute(f"PRAGMA {pragma}={value}")
    found = {pragma: _first(connection.execute(f"PRAGMA {pragma}")) for pragma in wanted}
    refused = {pragma: value for pragma, value in found.items() if value != wanted[pragma]}
    if refused:
        raise UnsafeDatabase(f"SQLite does not take safe settings; it has {refused}")


def _first(cursor: Any) -> object:
    row = cursor.fetchone()
    return row[0] if row else 0


# --- PostgreSQL -----------------------------------------------------------------------------------------------


def _postgresql_engines(url: URL, patient: bool) -> Engines:
    limits = {
        "statement_timeout": 0 if patient else 30_000,
        "idle_in_transaction_session_timeout": 0 if patient else 60_000,
        "lock_timeout": BUSY_SECONDS * 1000,
        "timezone": "UTC",
    }
    read = _postgresql_engine(url, {**limits, "default_transaction_read_only": "on"}, **_READING)
    write = _postgresql_engine(url, limits)
    event.listen(write, "connect", _wait_for_the_disk)
    return Engines(read, write)


def _postgresql_engine(url: URL, settings: Mapping[str, object], **options: Any) -> Engine:
    named = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_engine(
        url,
        pool_size=WRITE_THREADS["postgresql"],
        max_overflow=4,
        hide_parameters=True,
        pool_timeout=BUSY_SECONDS,
        connect_args={"options": named, "connect_timeout": 5},
        **options,
    )


def _wait_for_the_disk(connection: Any, _record: object) -> None:
    before, connection.autocommit = connection.autocommit, True
    if connection.execute("SHOW synchronous_commit").fetchone()[0] == "off":
        connection.execute("SET synchronous_commit = on")
    connection.autocommit = before


def weaknesses(engines: Engines) -> list[str]:
    """What of the server's own configuration may lose acknowledged writes; nothing on SQLite, which has none."""
    if engines.is_sqlite:
        with engines.write.connect():
            return []
    with engines.read.connect() as connection:
        found = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in ("fsync", "full_page_writes")}
    return [f"PostgreSQL runs with {name} = {value}" for name, value in found.items() if value != "on"]
