"""The audit log tampered with where it lies, by whoever holds the database's password or its file (ST-14).

Eight kinds of tampering, each done as well as somebody without the key can do it: past the triggers, the end of the
chain set back, the rows renumbered.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlmodel import Session

from portal.audit import jobs, queries
from portal.audit.actions import KEYS, record
from portal.audit.chain import Finding, Row, row_hash, verify
from portal.audit.tables import GENESIS, HEAD, LOG
from portal.platform.clock import FixedClock
from portal.platform.columns import instant, microseconds
from portal.platform.db import Doors, make_engines
from portal.platform.gate import Viewer
from tests.house.access_matrix import NOON

KEY = "an-audit-key-that-only-the-tests-use-0001"
ROWS = 30
SOME = (1, 14, 25)
ALL = tuple(range(1, 26))
MANY = 100_000


@dataclass(frozen=True)
class Noted:
    """Something happened."""

    kind: ClassVar[str] = "test.noted"
    subject: str
    place: int


def note(session: Session, viewer: Viewer, place: int) -> None:
    record(session, viewer, Noted("4K7-2GH", place))


@dataclass
class Log:
    """A log of thirty rows, noted outside the database as the worker does it."""

    doors: Doors
    folder: Path
    clock: FixedClock

    def write(self, places: Sequence[int]) -> None:
        for place in places:
            self.doors.write_as(self.doors.system(), note, place)

    def finding(self) -> Finding | None:
        return self.doors.read_as(self.doors.system(), queries.first_fault, [KEY], self.folder)

    def rows(self) -> list[dict[str, Any]]:
        with self.doors.engines.read.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(select(LOG).order_by(LOG.c.id))]

    def replace(self, rows: Sequence[dict[str, Any]], end: tuple[int, str] | None = None) -> None:
        """Put other rows where the log is, and say that it ends there, as the owner of the database can."""
        with self.doors.engines.write.begin() as connection:
            unprotect(connection)
            connection.execute(delete(LOG))
            if rows:
                connection.execute(insert(LOG), list(rows))
            last = end or ((rows[-1]["id"], rows[-1]["hash"]) if rows else (0, GENESIS))
            connection.execute(update(HEAD).values(last_id=last[0], last_hash=last[1]))

    def cut_and_go_on(self, rows: Sequence[dict[str, Any]]) -> None:
        """Cut, and let the portal itself add rows under the right key until the log is longer than it was."""
        self.replace(rows)
        self.write(range(100, 101 + ROWS))


def unprotect(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        for act in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS audit_log_no_{act}"))
    else:
        connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[Log]:
    clock = FixedClock(NOON)

    def system() -> Viewer:
        return Viewer(kind="system", now=clock.now(), today=clock.today("Asia/Shanghai"))

    doors = Doors(make_engines(database_url), system, {KEYS: (KEY,)})
    kept = Log(doors, tmp_path / "data", clock)
    kept.write(range(1, ROWS + 1))
    clock.advance(hours=1)
    assert jobs.note_anchor(doors, kept.folder, [KEY]) == 1
    yield kept
    doors.close()


Rows = list[dict[str, Any]]


def chained(rows: Rows, key: str = "another-key") -> Rows:
    """Rows numbered and hashed so that they hang together, under a key that is not the log's."""
    done: Rows = []
    for row in rows:
        previous = done[-1]["hash"] if done else GENESIS
        moved = {**row, "id": len(done) + 1, "previous_hash": previous, "hash": ""}
        moved["hash"] = row_hash(key, Row(**{**moved, "at": microseconds(moved["at"])}))
        done.append(moved)
    return done


def renumbered(rows: Rows) -> Rows:
    return [{**row, "id": number} for number, row in enumerate(rows, 1)]


def swapped(rows: Rows, at: int) -> Rows:
    other = at % ROWS + 1
    contents = {at: rows[other - 1], other: rows[at - 1]}
    return [{**contents.get(row["id"], row), "id": row["id"]} for row in rows]


Tamper = Callable[[Log, Rows, int], None]
TAMPERS: dict[str, Tamper] = {
    "a row edited": lambda log, rows, at: log.replace(
        [{**row, "payload": "{}"} if row["id"] == at else row for row in rows]
    ),
    "a row deleted, the rest moved up": lambda log, rows, at: log.replace(
        renumbered([row for row in rows if row["id"] != at])
    ),
    "a row inserted, the rest moved down": lambda log, rows, at: log.replace(
        renumbered([*rows[: at - 1], {**rows[at - 1], "payload": "{}"}, *rows[at - 1 :]])
    ),
    "two rows swapped": lambda log, rows, at: log.replace(swapped(rows, at)),
    "the end cut off": lambda log, rows, at: log.replace(rows[: at - 1]),
    "the end cut off and the portal let go on": lambda log, rows, at: log.cut_and_go_on(rows[: at - 1]),
    "everything written anew": lambda log, rows, at: log.replace(
        chained([{**row, "subject": "changed"} if row["id"] == at else row for row in rows])
    ),
    "an old copy brought back": lambda log, rows, at: log.replace(rows[:at] if at < ROWS else rows[:-1]),
}


def first_bad(how: str, at: int) -> int:
    """Which row is named: the first that is not as it was noted or chained."""
    known = {"everything written anew": 1, "an old copy brought back": at + 1}
    return ROWS if "let go on" in how else known.get(how, at)


def tamper_and_find(log: Log, positions: Sequence[int]) -> None:
    rows = log.rows()
    assert log.finding() is None
    for how, tamper in TAMPERS.items():
        for at in positions:
            tamper(log, rows, at)
            finding = log.finding()
            assert finding is not None, f"{how} at {at}"
            assert finding.row_id == first_bad(how, at), (how, at, finding)
            log.replace(rows)
            assert log.finding() is None, f"{how} at {at}: not as before"


def test_tampering_is_found_where_the_log_lies(log: Log) -> None:
    tamper_and_find(log, SOME)


@pytest.mark.drill
def test_two_hundred_tamperings_are_found(log: Log) -> None:
    """D26: eight kinds at twenty-five positions."""
    assert len(TAMPERS) * len(ALL) == 200
    tamper_and_find(log, ALL)


def test_a_chain_alone_would_not_see_them_all(log: Log) -> None:
    """The control: without anchors and without the end that the database notes, a cut tail goes unseen."""
    rows = log.rows()
    log.replace(rows[:20])
    with log.doors.engines.read.connect() as connection:
        assert verify(queries.all_rows(connection), [KEY]) is None
    (log.folder / "audit-anchors.log").unlink()
    assert log.finding() is None
    log.replace(rows[:20], end=(30, rows[-1]["hash"]))
    finding = log.finding()
    assert finding is not None
    assert finding.row_id == 21, "whoever forgets to set the end back is seen without anchors too"


def test_a_file_edited_in_hex_and_an_old_file_brought_back(sqlite_url: str, tmp_path: Path) -> None:
    """D26 on SQLite: the bytes of a row changed in the file itself, and yesterday's whole file."""
    path, clock = Path(sqlite_url.removeprefix("sqlite:///")), FixedClock(NOON)

    def system() -> Viewer:
        return Viewer(kind="system", now=clock.now(), today=clock.today("Asia/Shanghai"))

    def opened() -> Log:
        return Log(Doors(make_engines(sqlite_url), system, {KEYS: (KEY,)}), tmp_path / "data", clock)

    def closed(log: Log) -> None:
        log.doors.close()
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    log = opened()
    log.write(range(10, 20))
    closed(log)
    shutil.copyfile(path, tmp_path / "yesterday.db")
    log = opened()
    log.write(range(20, 40))
    jobs.note_anchor(log.doors, log.folder, [KEY])
    assert log.finding() is None
    closed(log)
    whole = path.read_bytes()
    assert b'"place": 15' in whole
    path.write_bytes(whole.replace(b'"place": 15', b'"place": 51'))
    log = opened()
    finding = log.finding()
    assert finding is not None
    assert finding.row_id == 6
    closed(log)
    shutil.copyfile(tmp_path / "yesterday.db", path)
    log = opened()
    finding = log.finding()
    assert finding is not None
    assert finding.row_id == 11
    closed(log)


@pytest.mark.drill
def test_a_hundred_thousand_good_rows_raise_no_alarm(log: Log) -> None:
    """No false alarm in 10⁵ rows, written in many hours with an anchor every thousand."""
    rows = [Row(**{**row, "at": microseconds(row["at"])}) for row in log.rows()]
    for number in range(ROWS + 1, MANY + 1):
        at = microseconds(NOON) + number * 1_000_000
        row = Row(number, at, "system", None, "test.noted", "4K7-2GH", f'{{"place": {number}}}', rows[-1].hash, "")
        rows.append(row._replace(hash=row_hash(KEY, row)))
    with log.doors.engines.write.begin() as connection:
        for start in range(ROWS, MANY, 10_000):
            batch = [{**row._asdict(), "at": instant(row.at)} for row in rows[start : start + 10_000]]
            connection.execute(insert(LOG), batch)
        connection.execute(update(HEAD).values(last_id=rows[-1].id, last_hash=rows[-1].hash))
    log.clock.set(instant(rows[-1].at))
    jobs.note_anchor(log.doors, log.folder, [KEY])
    assert log.finding() is None
