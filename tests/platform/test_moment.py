"""A page of several statements shows one moment, whatever is committed while it is read."""

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment
from portal.platform.throttle import ROWS, count_try
from tests.platform.test_throttle import WINDOW


def counted(connection: Connection) -> int:
    return int(connection.scalar(select(func.count()).select_from(ROWS)) or 0)


def seen_twice(connection: Connection, viewer: Viewer, doors: Doors) -> tuple[int, int]:
    """What two statements see, between which something is committed."""
    before = counted(connection)
    doors.write_as(viewer, lambda session, _: count_try(session, f"bucket {before}", 1, WINDOW, viewer.now))
    return before, counted(connection)


def test_what_is_committed_meanwhile_is_not_half_seen(doors: Doors) -> None:
    system = doors.system()
    assert doors.read_as(system, seen_twice, doors) == (0, 1)  # the control
    assert doors.read_as(system, one_moment(seen_twice), doors) == (1, 1)
    assert doors.read_as(system, one_moment(seen_twice), doors) == (2, 2)


def test_a_page_within_a_page_is_of_the_same_moment(doors: Doors) -> None:
    @one_moment
    def outer(connection: Connection, viewer: Viewer) -> tuple[int, ...]:
        return counted(connection), *one_moment(seen_twice)(connection, viewer, doors), counted(connection)

    assert doors.read_as(doors.system(), outer) == (0, 0, 0, 0)


@pytest.mark.parametrize("statement", ["SELECT 1 / 0 FROM no_such_table", ""])
def test_what_goes_wrong_ends_the_moment(doors: Doors, statement: str) -> None:
    @one_moment
    def fail(connection: Connection, _viewer: Viewer) -> None:
        counted(connection)
        if statement:
            connection.exec_driver_sql(statement)
        raise LookupError

    with doors.engines.read.connect() as connection:
        with pytest.raises((LookupError, SQLAlchemyError)):
            fail(connection, doors.system())
        assert seen_twice(connection, doors.system(), doors) == (0, 1)


def test_a_write_sees_what_it_has_waited_for(doors: Doors) -> None:
    """In its transaction every statement sees what was committed by then, and what it wrote itself."""
    system = doors.system()

    def write(session: Session, viewer: Viewer) -> int:
        count_try(session, "own", 1, WINDOW, viewer.now)
        return one_moment(lambda connection, _: counted(connection))(session.connection(), viewer)

    assert doors.write_as(system, write) == 1
