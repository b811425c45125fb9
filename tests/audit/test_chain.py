"""Every kind of tampering with the audit log is found, at its first row (ST-14)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from portal.audit import jobs, queries
from portal.audit.actions import record
from portal.audit.anchors import AnchorsDamaged, add_anchor, read_anchors
from portal.audit.chain import Anchor, Row, row_hash, verify
from portal.audit.tables import GENESIS
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.audit.conftest import KEY

ROWS = 25


@dataclass(frozen=True)
class Noted:
    """Something happened."""

    kind: ClassVar[str] = "test.noted"
    subject: str
    place: int


def note(session: Session, viewer: Viewer, place: int) -> None:
    record(session, viewer, Noted("4K7-2GH", place))


def chain(count: int = ROWS, key: str = KEY, word: str = "") -> list[Row]:
    """A good log of so many rows."""
    rows: list[Row] = []
    for place in range(1, count + 1):
        previous = rows[-1].hash if rows else GENESIS
        row = Row(
            place, place * 10, "system", None, "test.noted", "4K7-2GH", f'{{"place": {place}}}{word}', previous, ""
        )
        rows.append(row._replace(hash=row_hash(key, row)))
    return rows


def test_good_log_has_no_fault() -> None:
    rows = chain()
    assert verify(rows, [KEY], [Anchor(10, rows[9].hash)]) is None
    assert verify([], [KEY]) is None


def rehashed_from(rows: list[Row], start: int, key: str) -> list[Row]:
    """The log written anew from a row on, so that it hangs together again."""
    done = rows[:start]
    for row in rows[start:]:
        previous = done[-1].hash if done else GENESIS
        moved = row._replace(id=len(done) + 1, previous_hash=previous)
        done.append(moved._replace(hash=row_hash(key, moved)))
    return done


Tamper = Callable[[list[Row], int], list[Row]]
TAMPERS: dict[str, Tamper] = {
    "edit": lambda rows, at: [*rows[:at], rows[at]._replace(payload="{}"), *rows[at + 1 :]],
    "delete": lambda rows, at: [*rows[:at], *rows[at + 1 :]],
    "insert": lambda rows, at: [*rows[:at], rows[at]._replace(payload="{}"), *rows[at:]],
    "swap": lambda rows, at: (
        [*rows[:at], *reversed(rows[at : at + 2]), *rows[at + 2 :]]
        if at + 1 < len(rows)
        else [*rows[: at - 1], *reversed(rows[at - 1 :])]
    ),
    "cut the end": lambda rows, at: rows[:at],
    "cut and add": lambda rows, at: rehashed_from([*rows[:at], *chain(ROWS - at, word=" ")], at, KEY),
    "write anew without the key": lambda rows, at: rehashed_from(rows, at, "another-key"),
    "restore an old copy": lambda rows, at: rows[:at],
}


@pytest.mark.parametrize("at", range(ROWS))
@pytest.mark.parametrize("how", TAMPERS)
def test_tampering_is_found(how: str, at: int) -> None:
    rows = chain()
    anchors = [Anchor(row.id, row.hash) for row in rows]
    finding = verify(TAMPERS[how](rows, at), [KEY], anchors)
    assert finding is not None
    assert finding.row_id in {at, at + 1}


def test_old_keys_are_still_known() -> None:
    rows = chain(key="the-old-key")
    assert verify(rows, [KEY, "the-old-key"]) is None


def test_events_are_chained_in_the_transaction(doors: Doors) -> None:
    """ST-13."""
    system = doors.system()
    for place in range(3):
        doors.write_as(system, note, place)
    with pytest.raises(ZeroDivisionError):
        doors.write_as(system, fail_after_noting)
    entries = doors.read_as(system, queries.entries_about, "4K7-2GH")
    assert [entry.id for entry in entries] == [1, 2, 3]
    assert entries[0].payload == '{"place": 0, "subject": "4K7-2GH"}'
    assert doors.read_as(system, queries.first_fault, [KEY]) is None
    finding = doors.read_as(system, queries.first_fault, ["another-key"])
    assert finding
    assert finding.row_id == 1


def fail_after_noting(session: Session, viewer: Viewer) -> None:
    note(session, viewer, 99)
    session.flush()
    raise ZeroDivisionError


@pytest.mark.parametrize("change", ["UPDATE audit_log SET kind = 'x'", "DELETE FROM audit_log"])
def test_rows_cannot_be_changed(doors: Doors, change: str) -> None:
    """ST-13."""
    system = doors.system()
    doors.write_as(system, note, 1)
    with pytest.raises(DBAPIError, match="only ever added to"):
        doors.write_as(system, lambda session, _viewer: session.connection().execute(text(change)).rowcount)


def test_parallel_writers_leave_no_gap(doors: Doors) -> None:
    from concurrent.futures import ThreadPoolExecutor

    system = doors.system()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda place: doors.write_as(system, note, place), range(30)))
    assert len(doors.read_as(system, queries.entries_about, "4K7-2GH")) == 30
    assert doors.read_as(system, queries.first_fault, [KEY]) is None


def test_anchors_are_noted_hourly_and_sealed(tmp_path: Path, clock: FixedClock) -> None:
    rows = chain()
    assert add_anchor(tmp_path, [KEY], (5, rows[4].hash), clock.now())
    assert not add_anchor(tmp_path, [KEY], (6, rows[5].hash), clock.now())
    assert add_anchor(tmp_path, [KEY], (1005, "f" * 64), clock.now())
    clock.advance(hours=1)
    assert not add_anchor(tmp_path, [KEY], (1005, "f" * 64), clock.now())
    assert add_anchor(tmp_path, [KEY], (1006, "e" * 64), clock.now())
    assert [anchor.row_id for anchor in read_anchors(tmp_path, [KEY])] == [5, 1005, 1006]
    path = tmp_path / "audit-anchors.log"
    path.write_text(path.read_text().replace("eee", "aaa"))
    with pytest.raises(AnchorsDamaged, match="line 3"):
        read_anchors(tmp_path, [KEY])


def test_half_a_line_that_a_power_cut_left_is_no_damage(tmp_path: Path, clock: FixedClock) -> None:
    rows = chain()
    add_anchor(tmp_path, [KEY], (5, rows[4].hash), clock.now())
    path = tmp_path / "audit-anchors.log"
    path.write_text(path.read_text() + '{"hour": "2026-05')
    assert add_anchor(tmp_path, [KEY], (7, rows[6].hash), clock.now())
    assert [anchor.row_id for anchor in read_anchors(tmp_path, [KEY])] == [5, 7]


def test_a_damaged_file_of_anchors_is_a_finding(doors: Doors, tmp_path: Path, clock: FixedClock) -> None:
    system = doors.system()
    doors.write_as(system, note, 1)
    jobs.note_anchor(doors, tmp_path, [KEY])
    assert doors.read_as(system, queries.first_fault, [KEY], tmp_path) is None
    path = tmp_path / "audit-anchors.log"
    path.write_text(path.read_text().replace('"row": 1', '"row": 2'))
    assert str(doors.read_as(system, queries.first_fault, [KEY], tmp_path)) == "audit-anchors.log line 1 was changed"


def test_anchors_that_are_gone_are_missed_after_a_day(doors: Doors, tmp_path: Path, clock: FixedClock) -> None:
    for day in range(2):
        doors.write_as(doors.system(), note, day)
        jobs.note_anchor(doors, tmp_path, [KEY])
        clock.advance(days=1, hours=2)
    assert doors.read_as(doors.system(), queries.first_fault, [KEY], tmp_path) is None
    (tmp_path / "audit-anchors.log").unlink()
    finding = doors.read_as(doors.system(), queries.first_fault, [KEY], tmp_path)
    assert finding
    assert (finding.row_id, "not noted" in finding.what) == (1, True)


def test_the_look_through_the_log_is_remembered(doors: Doors, tmp_path: Path, clock: FixedClock) -> None:
    """RE-14: cheap to ask, in doubt after a fault or after a day without a look."""
    assert not doors.read_as(doors.system(), queries.is_in_doubt)
    doors.write_as(doors.system(), note, 1)
    jobs.check_log(doors, tmp_path, [KEY])
    assert not doors.read_as(doors.system(), queries.is_in_doubt)
    clock.advance(hours=25, seconds=1)
    assert doors.read_as(doors.system(), queries.is_in_doubt)
    jobs.check_log(doors, tmp_path, [KEY])
    assert not doors.read_as(doors.system(), queries.is_in_doubt)
    jobs.check_log(doors, tmp_path, ["another-key"])
    assert doors.read_as(doors.system(), queries.is_in_doubt)
