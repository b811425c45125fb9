"""A backup brings rows and files back, onto the other kind of database too; a damaged one brings nothing (RE-09)."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.app import Portal, open_portal
from portal.backup import back_up, restore
from portal.platform.cli import Failed
from portal.platform.clock import FixedClock
from portal.platform.vault import VaultDamaged
from tests.databases import Databases
from tests.platform.toy import settings_of, wish, wished

KEY = "k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0123456789"
SECRETS = {"FILE_KEYS": KEY, "AUDIT_KEYS": f"a{KEY}", "SECRET_KEYS": f"s{KEY}"}
Of = Callable[[str], Databases]


def opened(folder: Path, url: str, clock: FixedClock, **more: str) -> Portal:
    return open_portal(settings_of(folder, url, **{**SECRETS, **more}), clock)


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
