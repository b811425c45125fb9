"""Backups made while people work, and what is no backup at all (RE-09, D14)."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from portal import backup as archive
from portal.access import staff_queries
from portal.audit import jobs as audit
from portal.backup import back_up, restore
from portal.installation import Installation, open_installation
from portal.platform.clock import FixedClock
from portal.platform.settings import Settings
from portal.platform.vault import VaultDamaged
from portal.prove import prove
from tests.databases import Databases
from tests.house.access_matrix import NOON
from tests.make import access as make

KEY = "k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0123456789"
KEYS = {"PORTAL_FILE_KEYS": KEY, "PORTAL_AUDIT_KEYS": f"a{KEY}", "PORTAL_SECRET_KEYS": f"s{KEY}"}
Opened = Callable[[Path, str], Installation]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Installations with one set of keys, on a clock that stands."""
    made: list[Installation] = []

    def make_one(folder: Path, url: str) -> Installation:
        given = {"PORTAL_DATA_DIR": str(folder), "PORTAL_DATABASE_URL": url, **KEYS}
        made.append(open_installation(Settings.load(given), FixedClock(NOON)))
        return made[-1]

    yield make_one
    for portal in made:
        portal.doors.close()


def told(_name: str, _done: int) -> None:
    """Nobody watches."""


def faults(portal: Installation) -> list[str]:
    lines: list[str] = []
    return lines if prove(portal, lines.append) else []


def note_anchor(portal: Installation) -> None:
    audit.note_anchor(portal.doors, portal.settings.data_dir, portal.settings.audit_keys)


def test_a_backup_under_load_restores_with_proof(
    tmp_path: Path, database_url: str, databases_of: Callable[[str], Databases], opened: Opened
) -> None:
    """What was acknowledged before it began is in it; rows and anchors that come meanwhile make no false alarm."""
    portal = opened(tmp_path / "one", database_url)
    acknowledged = [make.staff(portal.doors, f"before-{number}").name for number in range(5)]
    note_anchor(portal)
    ending = threading.Event()

    def work() -> None:
        number = 0
        while not ending.is_set():
            number += 1
            make.staff(portal.doors, f"meanwhile-{number}")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        back_up(portal, tmp_path / "portal.backup", told)
    finally:
        ending.set()
        worker.join()
    fresh = opened(tmp_path / "two", databases_of("sqlite").create())
    restore(fresh, tmp_path / "portal.backup", told)
    assert faults(fresh) == []
    names = [account.name for account in fresh.doors.read_as(fresh.doors.system(), staff_queries.staff_accounts)]
    assert set(acknowledged) <= set(names)


def test_an_anchor_that_is_noted_during_a_backup_is_no_damage(
    tmp_path: Path, sqlite_url: str, sqlite_databases: Databases, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker notes a row that came after the backup's moment: the anchors in the archive must not know it."""
    portal = opened(tmp_path / "one", sqlite_url)
    make.staff(portal.doors, "before")
    rows = archive._Backup._rows

    def rows_then_more(self: archive._Backup) -> str:
        revision = rows(self)
        make.staff(portal.doors, "after")
        note_anchor(portal)
        return revision

    monkeypatch.setattr(archive._Backup, "_rows", rows_then_more)
    back_up(portal, tmp_path / "portal.backup", told)
    fresh = opened(tmp_path / "two", sqlite_databases.create())
    restore(fresh, tmp_path / "portal.backup", told)
    assert faults(fresh) == []


@pytest.mark.parametrize("what", ["the database file", "its log alone", "a folder in an archive", "nothing"])
def test_what_is_no_backup_is_refused(
    tmp_path: Path, sqlite_url: str, sqlite_databases: Databases, opened: Opened, what: str
) -> None:
    portal = opened(tmp_path / "one", sqlite_url)
    make.staff(portal.doors, "somebody")
    file = Path(str(make_url(sqlite_url).database))
    given = tmp_path / "given"
    if what == "the database file":
        shutil.copyfile(file, given)
    elif what == "its log alone":
        shutil.copyfile(f"{file}-wal", given)
    elif what == "a folder in an archive":
        shutil.copyfile(shutil.make_archive(str(tmp_path / "packed"), "gztar", tmp_path / "one"), given)
    else:
        given.touch()
    fresh = opened(tmp_path / "two", sqlite_databases.create())
    with pytest.raises(VaultDamaged):
        restore(fresh, given, told)


def test_a_live_file_copied_without_its_log_is_seen_by_the_proof(
    tmp_path: Path, sqlite_url: str, opened: Opened
) -> None:
    """Whoever copies files instead: the end of the audit log is missing, and the anchors that came along say so."""
    portal = opened(tmp_path / "one", sqlite_url)
    with portal.doors.engines.write.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")
    for number in range(3):
        make.staff(portal.doors, f"member-{number}")
    note_anchor(portal)
    copied = tmp_path / "two"
    shutil.copytree(tmp_path / "one", copied)
    shutil.copyfile(str(make_url(sqlite_url).database), copied / "portal.db")
    assert faults(portal) == []
    assert any("went further" in line for line in faults(opened(copied, f"sqlite:///{copied / 'portal.db'}")))
