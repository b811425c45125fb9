"""SIGTERM while a photo is read: the worker ends within seconds, its reader with it, and the photo still waits."""

import io
import signal
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import select

from portal.evidence import actions, jobs
from portal.evidence.queries import STATEMENT
from portal.installation import Installation, open_installation
from portal.platform.clock import SystemClock
from portal.platform.gate import Viewer
from portal.platform.settings import Settings
from portal.platform.worker import ROWS
from tests.make.loans import import_tables, lin_yi
from tests.served import ENTRY, install

READER = b"portal.evidence.picture_reading"


def long_to_read() -> bytes:
    """A page with more lines than are read in the seconds of this test."""
    page = Image.new("RGB", (2_000, 2_800), "white")
    pencil = ImageDraw.Draw(page)
    for line in range(80):
        words = f"2026-03-{line % 28 + 1:02}  09:15  transfer {line * 7919}  -{line}.40  {line * 31}.55 " * 2
        pencil.text((20, 20 + line * 34), words, "black", ImageFont.load_default(24))
    out = io.BytesIO()
    page.save(out, "JPEG")
    return out.getvalue()


def with_a_photo(portal: Installation, tmp_path: Path) -> None:
    """A photo that was checked, and whose text is still to be read."""
    import_tables(portal.doors, tmp_path, lin_yi())
    system = portal.doors.system()
    lin = Viewer(kind="borrower", person_id=1, now=system.now, today=system.today)
    kept = actions.keep(portal.files, "IMG_1.jpg", long_to_read())
    portal.doors.write_as(
        lin,
        lambda session, viewer: actions.take_upload(session, viewer, kept, case_kind="dispute", case_number="4K7-2GH"),
    )
    assert jobs.read_waiting(portal.doors, portal.files) == 1


def readers(worker: int) -> list[Path]:
    """The readers of pictures that a process has started, as folders of /proc."""
    children = [
        child for told in Path(f"/proc/{worker}/task").glob("*/children") for child in read(told).decode().split()
    ]
    return [Path("/proc", child) for child in children if READER in read(Path("/proc", child, "cmdline"))]


def read(told: Path) -> bytes:
    """What the system tells of a thread or a process; nothing of one that has ended since it was listed."""
    try:
        return told.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_a_worker_that_is_stopped_leaves_the_photo_for_later(tmp_path: Path, sqlite_url: str) -> None:
    here = install(tmp_path, sqlite_url)
    portal = open_installation(Settings.load(dict(here.environment)), SystemClock())
    with_a_photo(portal, tmp_path)
    worker = subprocess.Popen(
        [sys.executable, "-c", ENTRY, "worker"], cwd=tmp_path, env=dict(here.environment), stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not (found := readers(worker.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    (reader,) = found
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    deadline = time.monotonic() + 30
    while reader.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not reader.exists()
    with portal.doors.engines.read.connect() as connection:
        assert connection.execute(select(STATEMENT.c.pictures_wait)).scalar_one()
        lease = select(ROWS.c.lease_until).where(ROWS.c.name == "evidence.read_pictures")
        assert connection.execute(lease).scalar_one() is None
    portal.doors.close()
