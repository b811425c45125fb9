"""The doors: one transaction, safe settings, a second try after a clash (RE-01, RE-02)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from portal.platform import db
from portal.platform.db import Doors
from portal.platform.engines import make_engines, sqlite_journal
from portal.platform.gate import Viewer
from portal.platform.throttle import ROWS

_ADD = text("INSERT INTO throttle (bucket, window_start, window_end, count) VALUES (:bucket, 0, 0, 0)")


def add(session: Session, viewer: Viewer, bucket: str) -> None:
    session.connection().execute(_ADD, {"bucket": bucket})


def read_then_add(session: Session, viewer: Viewer) -> None:
    """The pattern that loses updates where writers do not take turns."""
    connection = session.connection()
    seen = connection.scalar(select(ROWS.c.count).where(ROWS.c.bucket == "n").with_for_update())
    connection.execute(text("UPDATE throttle SET count = :next WHERE bucket = 'n'"), {"next": seen + 1})


def count(doors: Doors) -> int:
    return doors.read_as(
        doors.system(),
        lambda connection, _: int(connection.execute(text("SELECT sum(count) FROM throttle")).scalar_one()),
    )


def test_no_update_is_lost(doors: Doors) -> None:
    doors.write_as(doors.system(), add, "n")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: doors.write_as(doors.system(), read_then_add), range(60)))
    assert count(doors) == 60


def test_an_error_takes_everything_back(doors: Doors) -> None:
    def fail(session: Session, viewer: Viewer) -> None:
        add(session, viewer, "n")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        doors.write_as(doors.system(), fail)
    doors.write_as(doors.system(), add, "n")


def test_a_clash_is_tried_once_more(doors: Doors) -> None:
    tries = []

    def clash(session: Session, viewer: Viewer) -> str:
        tries.append(1)
        add(session, viewer, "a" if len(tries) == 1 else "b")
        return "done"

    doors.write_as(doors.system(), add, "a")
    assert doors.write_as(doors.system(), clash) == "done"
    with pytest.raises(IntegrityError):
        doors.write_as(doors.system(), add, "a")


def test_the_reading_door_cannot_write(doors: Doors) -> None:
    with pytest.raises(DBAPIError):
        doors.read_as(doors.system(), lambda connection, _: connection.execute(_ADD, {"bucket": "x"}).rowcount)


def test_sqlite_keeps_what_it_acknowledged(sqlite_url: str) -> None:
    mode, synchronous = sqlite_journal()
    with make_engines(sqlite_url).write.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "mmap_size")
        }
    assert found == {
        "journal_mode": mode,
        "synchronous": {"FULL": 2, "EXTRA": 3}[synchronous],
        "foreign_keys": 1,
        "mmap_size": 0,
    }


def test_postgresql_has_limits(postgres_url: str) -> None:
    """RE-03."""
    with make_engines(postgres_url).write.connect() as connection:
        for name in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
            assert connection.execute(text(f"SHOW {name}")).scalar() not in {"0", None}
        assert connection.execute(text("SHOW synchronous_commit")).scalar() != "off"


def test_migrating_again_does_nothing(database_url: str) -> None:
    db.migrate(database_url)
    db.refuse_unmigrated(make_engines(database_url))


def test_an_old_database_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(db.NotMigrated, match="portal migrate"):
        db.refuse_unmigrated(make_engines(f"sqlite:///{tmp_path / 'empty.db'}"))
