"""A backup brings rows and files back, onto the other kind of database too; a damaged one brings nothing (RE-09)."""

import os
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

from portal.backup import back_up, remains, restore
from portal.demo.commands import run_demo
from portal.evidence import actions as evidence
from portal.evidence import jobs
from portal.installation import Installation, open_installation
from portal.platform.cli import Failed
from portal.platform.clock import FixedClock
from portal.platform.files import StoreUnreachable
from portal.platform.vault import VaultDamaged
from tests.buckets import S3Server
from tests.databases import Databases
from tests.make.evidence import pdf
from tests.platform.toy import settings_of, wish, wished

KEY = "k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0123456789"
SECRETS = {"FILE_KEYS": KEY, "AUDIT_KEYS": f"a{KEY}", "SECRET_KEYS": f"s{KEY}"}
Of = Callable[[str], Databases]


def opened(folder: Path, url: str, clock: FixedClock, **more: str) -> Installation:
    return open_installation(settings_of(folder, url, **{**SECRETS, **more}), clock)


def told(_name: str, _done: int) -> None:
    """Nobody watches."""


@pytest.mark.parametrize(("kind", "other"), [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite")])
def test_everything_comes_back(tmp_path: Path, clock: FixedClock, databases_of: Of, kind: str, other: str) -> None:
    target = tmp_path / "portal.backup"
    portal = opened(tmp_path / "one", databases_of(kind).create(), clock)
    portal.doors.write_as(portal.doors.system(), wish, "pony")
    key = portal.files.put(b"evidence")
    counts = back_up(portal, target, told)
    assert counts["throttle"] == counts["files"] == 1
    portal.doors.close()
    assert b"evidence" not in target.read_bytes()
    fresh = opened(tmp_path / "two", databases_of(other).create(), clock)
    restore(fresh, target, told)
    assert fresh.doors.read_as(fresh.doors.system(), wished, "pony") == 1
    assert fresh.files.get(key) == b"evidence"
    with pytest.raises(Failed, match="not empty"):
        restore(fresh, target, told)
    fresh.doors.close()


STORES = [("bucket", "folder"), ("folder", "bucket"), ("bucket", "bucket")]


@pytest.mark.parametrize(("kind", "other"), STORES, ids="-to-".join)
def test_a_backup_holds_the_files_of_whichever_store_and_goes_into_any(
    tmp_path: Path, clock: FixedClock, sqlite_databases: Databases, s3: S3Server, kind: str, other: str
) -> None:
    """One file is everything, though the service that kept the evidence be gone; so it also moves an installation."""
    settings = {"bucket": s3.bucket, "folder": dict}
    target = tmp_path / "portal.backup"
    portal = opened(tmp_path / "one", sqlite_databases.create(), clock, **settings[kind]())
    contents = {portal.files.put(content): content for content in (b"evidence", os.urandom(2_000_000), b"")}
    assert back_up(portal, target, told)["files"] == 3
    portal.doors.close()
    fresh = opened(tmp_path / "two", sqlite_databases.create(), clock, **settings[other]())
    restore(fresh, target, told)
    assert {key: fresh.files.get(key) for key in contents} == contents
    assert len(list(fresh.files.keys())) == 3
    fresh.doors.close()


def test_a_backup_is_whole_or_not_there(tmp_path: Path, clock: FixedClock, sqlite_databases: Databases) -> None:
    """A store that cannot be reached makes no backup that lacks its files."""
    away = {"FILES_URL": "s3://evidence", "FILES_ENDPOINT": "http://127.0.0.1:9"}
    portal = opened(tmp_path / "one", sqlite_databases.create(), clock, **away)
    with pytest.raises(StoreUnreachable):
        back_up(portal, tmp_path / "backups/portal.backup", told)
    assert list((tmp_path / "backups").iterdir()) == []
    portal.doors.close()


def test_nothing_is_restored_beside_files_that_are_there(
    tmp_path: Path, clock: FixedClock, sqlite_databases: Databases, s3: S3Server
) -> None:
    bucket = s3.bucket()
    portal = opened(tmp_path / "one", sqlite_databases.create(), clock, **bucket)
    portal.files.put(b"evidence")
    back_up(portal, tmp_path / "portal.backup", told)
    portal.doors.close()
    fresh = opened(tmp_path / "two", sqlite_databases.create(), clock, **bucket)
    with pytest.raises(Failed, match=bucket["FILES_URL"]):
        restore(fresh, tmp_path / "portal.backup", told)
    fresh.doors.close()


def test_what_a_backup_still_holds_is_listed(
    tmp_path: Path, clock: FixedClock, database_url: str, store_settings: Mapping[str, str]
) -> None:
    """After the keeping time the portal has nothing left; an older backup has, until it is deleted itself (EV-17)."""
    portal = opened(tmp_path / "one", database_url, clock, **store_settings)
    with redirect_stdout(StringIO()):
        assert run_demo(portal.doors, portal.settings) == 0
    today = portal.doors.system().today
    codes = []
    for number, days in ((1, 5), (2, 500)):
        kept = evidence.keep(portal.files, f"{number}.pdf", pdf(number))
        take = partial(evidence.take_upload, kept=kept, case_kind="dispute", case_number="4K7-2GH", person_id=1)
        codes.append(
            portal.doors.write_as(
                portal.doors.system(),
                lambda session, viewer, take=take, days=days: take(
                    session, viewer, delete_after=today + timedelta(days=days)
                ),
            )
        )
    while jobs.read_waiting(portal.doors, portal.files):
        pass
    target = tmp_path / "portal.backup"
    back_up(portal, target, told)
    assert remains(portal, target) == []
    clock.advance(days=6)
    assert jobs.delete_expired(portal.doors, portal.files) == 1
    later = tmp_path / "later.backup"
    back_up(portal, later, told)
    day = f"{clock.now():%Y-%m-%d}"
    assert remains(portal, target) == [(codes[0], "dispute 4K7-2GH", day, 2)]
    assert remains(portal, later) == []
    portal.doors.close()


@pytest.mark.parametrize("damage", ["cut", "flip", "leave out a piece", "other key", "no backup"])
def test_damage_is_found_before_anything_is_put_back(
    tmp_path: Path, clock: FixedClock, sqlite_databases: Databases, damage: str
) -> None:
    target = tmp_path / "portal.backup"
    portal = opened(tmp_path / "one", sqlite_databases.create(), clock)
    portal.files.put(os.urandom(3_000_000))
    back_up(portal, target, told)
    portal.doors.close()
    raw = bytearray(target.read_bytes())
    if damage == "cut":
        raw = raw[:-500]
    elif damage == "flip":
        raw[len(raw) // 2] ^= 1
    elif damage == "leave out a piece":
        raw = raw[:36] + raw[36 + 1024 * 1024 + 16 :]
    elif damage == "no backup":
        raw = bytearray(b"PK" + bytes(raw[2:]))
    target.write_bytes(raw)
    more = {"FILE_KEYS": KEY[::-1]} if damage == "other key" else {}
    fresh = opened(tmp_path / "two", sqlite_databases.create(), clock, **more)
    with pytest.raises(VaultDamaged):
        restore(fresh, target, told)
    assert list(fresh.files.keys()) == []
    fresh.doors.close()
