"""kill -9 in the middle of storing, removing, sweeping and key rotation: nothing dangles or is lost (EV-13, D5).

A power cut is another thing, which a kill cannot show; that files are brought to the disk is tested where they are put.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, func, select

from portal.evidence import jobs, quota, upload_jobs
from portal.evidence.queries import FILE, PAGE, QUOTA
from portal.evidence.unfinished import PART
from portal.installation import Installation, open_installation
from portal.platform.clock import FixedClock, SystemClock
from portal.platform.gate import Viewer
from portal.prove import files as proof
from tests.databases import Databases
from tests.evidence.killed import ACTS
from tests.make.loans import import_tables, lin_yi
from tests.platform.toy import settings_of
from tests.served import ROOT

KILLS = 2
DRILL_KILLS = 15
"""On each database, each store and in each of five acts: 300 points."""

PLACES = [("sqlite", "folder"), ("postgresql", "folder"), ("sqlite", "bucket"), ("postgresql", "bucket")]
KEYS = "an-old-file-key-of-the-tests-0000000001,a-new-file-key-of-the-tests-00000000002"


@pytest.fixture
def environment(
    place: tuple[str, str], tmp_path: Path, databases_of: Callable[[str], Databases], request: pytest.FixtureRequest
) -> Iterator[dict[str, str]]:
    """The settings of the installation that is killed."""
    databases = databases_of(place[0])
    url = databases.create()
    store = request.getfixturevalue("bucket") if place[1] == "bucket" else {}
    chosen = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": url, "FILE_KEYS": KEYS, **store}
    yield {f"PORTAL_{name}": value for name, value in chosen.items()}
    databases.drop(url)


@pytest.fixture
def portal(tmp_path: Path, environment: Mapping[str, str]) -> Iterator[Installation]:
    """The same installation as a process that lives."""
    url = environment["PORTAL_DATABASE_URL"]
    more = {name.removeprefix("PORTAL_"): value for name, value in environment.items() if "FILE" in name}
    opened = open_installation(settings_of(tmp_path / "data", url, **more), FixedClock(SystemClock().now()))
    import_tables(opened.doors, tmp_path, lin_yi())
    yield opened
    opened.doors.close()


def run_and_kill(act: str, journal: Path, environment: Mapping[str, str], after: float) -> list[str]:
    """Let a process work for so long once it has begun, kill it, and give what it had said was done."""
    journal.touch()
    command = [sys.executable, "-m", "tests.evidence.killed", act, str(journal)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not journal.stat().st_size and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(after)
    assert process.poll() is None, "it ended by itself"
    process.kill()
    process.wait()
    lines = journal.read_text("ascii").splitlines(keepends=True)
    return [line.strip() for line in lines if line.endswith("\n")]


def check(portal: Installation, clock: FixedClock, acknowledged: list[str]) -> None:
    """No row dangles; what was acknowledged is there; one sweep a day later leaves what rows name and nothing else."""
    assert list(proof(portal)) == []
    assert named_by(portal, (PART,)) <= set(portal.files.keys())
    clock.advance(hours=25)
    jobs.sweep_orphans(portal.doors, portal.files)
    upload_jobs.sweep_uploads(portal.doors, portal.files)
    clock.advance(hours=-25)
    assert named_by(portal, (PART,)) == set()
    assert used_room(portal) == live_files(portal)
    assert everybodys_room(portal) == 0
    named = named_by(portal, (FILE, PAGE))
    stored = set(portal.files.keys())
    assert stored == {key for key in named if not key.startswith("deleted:")}
    assert portal.files.forget_unfinished(SystemClock().now() + timedelta(days=2)) == 0
    assert list(proof(portal)) == []
    states = dict(
        portal.doors.read_as(
            portal.doors.system(),
            lambda connection, _viewer: [tuple(row) for row in connection.execute(select(FILE.c.code, FILE.c.state))],
        )
    )
    for code in acknowledged:
        assert states[code.removeprefix("-")] in ({"deleted"} if code.startswith("-") else {"ready", "being_checked"})


def named_by(portal: Installation, tables: tuple[Table, ...]) -> set[str]:
    """The store keys in the rows of these tables."""

    def keys(connection: Connection, _viewer: Viewer) -> set[str]:
        return {key for table in tables for key in connection.scalars(select(table.c.store_key))}

    return portal.doors.read_as(portal.doors.system(), keys)


def used_room(portal: Installation) -> int:
    """How many files the quotas of all persons count."""
    total = select(func.coalesce(func.sum(QUOTA.c.files), 0))
    return portal.doors.read_as(portal.doors.system(), lambda connection, _viewer: int(connection.scalar(total) or 0))


def everybodys_room(portal: Installation) -> int:
    """By how many bytes the room for everybody is not the sum of all persons'."""

    def off(connection: Connection, _viewer: Viewer) -> int:
        persons = connection.scalar(select(func.coalesce(func.sum(QUOTA.c.bytes), 0)))
        return quota.kept(connection) - int(persons or 0)

    return portal.doors.read_as(portal.doors.system(), off)


def live_files(portal: Installation) -> int:
    """How many files there are."""
    total = select(func.count()).where(FILE.c.deleted_at.is_(None))
    return portal.doors.read_as(portal.doors.system(), lambda connection, _viewer: int(connection.scalar(total) or 0))


def drill(portal: Installation, environment: Mapping[str, str], folder: Path, act: str, kills: int) -> None:
    """Kill so many processes at random moments."""
    clock = portal.clock
    assert isinstance(clock, FixedClock)
    kept = run_and_kill("upload", folder / "before", environment, 0.3)
    chance = random.Random(13)
    for number in range(kills):
        done = run_and_kill(act, folder / f"{act}-{number}", environment, chance.uniform(0, 0.4))
        acknowledged = done if act in {"upload", "parts", "remove"} else []
        check(portal, clock, kept + acknowledged)
        kept += acknowledged if act in {"upload", "parts"} else []


@pytest.mark.parametrize(
    ("act", "place"),
    [pytest.param(act, PLACES[at % 2 * 3], id="-".join((act, *PLACES[at % 2 * 3]))) for at, act in enumerate(ACTS)],
)
def test_a_kill_leaves_nothing_dangling(
    portal: Installation, environment: Mapping[str, str], tmp_path: Path, act: str
) -> None:
    """Each act on the simplest or on the largest installation; the drill tries all of them."""
    drill(portal, environment, tmp_path, act, KILLS)


@pytest.mark.drill
@pytest.mark.parametrize("place", PLACES, ids="-".join)
@pytest.mark.parametrize("act", ACTS)
def test_many_kills_leave_nothing_dangling(
    portal: Installation, environment: Mapping[str, str], tmp_path: Path, act: str
) -> None:
    drill(portal, environment, tmp_path, act, DRILL_KILLS)
