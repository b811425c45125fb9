"""The nightly row per loan."""

from pathlib import Path

from sqlalchemy import Connection, select

from portal.loans.jobs import FIGURE, compute_figures, nightly
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.make import loans as make


def test_each_loan_has_one_row_marked_with_its_day(doors: Doors, tmp_path: Path) -> None:
    make.import_tables(doors, tmp_path, make.lin_yi())
    assert compute_figures(doors, make.DATA_DATE) == 1
    assert compute_figures(doors, make.DATA_DATE) == 1

    def rows(connection: Connection, viewer: Viewer) -> list[tuple[object, ...]]:
        wanted = (FIGURE.c.day, FIGURE.c.due, FIGURE.c.penalty, FIGURE.c.stage, FIGURE.c.risk_class)
        return [tuple(row) for row in connection.execute(select(*wanted))]

    assert doors.read_as(doors.system(), rows) == [(make.DATA_DATE, 208691, 1806, "M2", "in collection")]


def test_the_nightly_run_does_its_work_once_a_day_and_after_an_import(
    doors: Doors, tmp_path: Path, clock: FixedClock
) -> None:
    make.import_tables(doors, tmp_path, make.lin_yi())
    assert [nightly(doors), nightly(doors)] == [1, 0]
    clock.advance(minutes=5)
    make.import_tables(doors, tmp_path, make.lin_yi(payments=[make.payment("A9", "2026-04-17", "1.00")]))
    assert [nightly(doors), nightly(doors)] == [1, 0]
    clock.advance(days=1)
    assert [nightly(doors), nightly(doors)] == [1, 0]
