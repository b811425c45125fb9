"""Prepared statements say the same as SQLAlchemy, values and errors alike."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Date, bindparam, cast, column, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from portal.platform.columns import Instant
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.prepared import Prepared
from portal.platform.throttle import ROWS
from tests.platform.conftest import NOON

WINDOWS = (
    select(
        ROWS.c.bucket,
        cast(ROWS.c.window_start, Instant).label("start"),
        bindparam("on", type_=Date).label("day"),
        cast(ROWS.c.count > 1, Boolean).label("often"),
    )
    .where(ROWS.c.bucket != bindparam("left_out"), ROWS.c.window_start < bindparam("before", type_=Instant))
    .order_by(ROWS.c.bucket)
    .limit(2)
)
ASKED = {"on": date(2026, 5, 6), "left_out": "b", "before": NOON}
_FILL = text("INSERT INTO throttle (bucket, window_start, window_end, count) VALUES (:bucket, :start, :start, :count)")


@pytest.fixture
def filled(doors: Doors) -> Doors:
    def fill(session: Session, viewer: Viewer) -> None:
        for count, bucket in enumerate("abcd"):
            session.connection().execute(_FILL, {"bucket": bucket, "start": 1_700_000_000_000_000, "count": count})

    doors.write_as(doors.system(), fill)
    return doors


def plain(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]


def test_values_go_and_come_as_their_types_say(filled: Doors) -> None:
    def both(connection: Connection, _viewer: Viewer) -> tuple[Any, Any]:
        return plain(Prepared(WINDOWS).rows(connection, ASKED)), plain(connection.execute(WINDOWS, ASKED).all())

    found, expected = filled.read_as(filled.system(), both)
    assert found == expected
    assert [row[0] for row in found] == ["a", "c"]
    assert found[0][1] == NOON.replace(2023, 11, 14, 22, 13, 20)


def test_a_list_is_refused_since_every_reading_would_fail_first(doors: Doors) -> None:
    listed = Prepared(select(ROWS.c.bucket).where(ROWS.c.bucket.in_(["a", "b"])))
    with pytest.raises(ValueError, match="a list among the parameters"):
        doors.read_as(doors.system(), lambda connection, _viewer: listed.rows(connection, {}))


def test_it_reads_what_its_own_transaction_wrote(filled: Doors) -> None:
    def write_and_read(session: Session, viewer: Viewer) -> int:
        session.connection().execute(_FILL, {"bucket": "aa", "start": 0, "count": 1})
        return len(Prepared(WINDOWS.limit(9)).rows(session.connection(), ASKED))

    assert filled.write_as(filled.system(), write_and_read) == 4


def test_what_goes_wrong_is_said_by_sqlalchemy(doors: Doors) -> None:
    missing = Prepared(select(column("x")).select_from(table("no_such_table")))
    with pytest.raises(DBAPIError):
        doors.read_as(doors.system(), lambda connection, _: missing.rows(connection, {}))
