"""What `test_kills.py` runs and kills: `python -m tests.evidence.killed upload|parts|remove|sweep|rewrap JOURNAL`.

Each line of the journal is on the disk before the next step, and is written after the step it tells of.
"""

import hashlib
import itertools
import os
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from portal.evidence import actions, jobs, upload_actions, upload_queries
from portal.evidence.queries import FILE
from portal.installation import Installation, open_installation
from portal.platform.clock import FixedClock, SystemClock
from portal.platform.gate import Viewer
from portal.platform.settings import Settings
from portal.rewrap import rewrap
from tests.make.evidence import picture

LATER = timedelta(hours=25)


def main() -> None:
    """Do one thing over and over until killed."""
    act, journal = sys.argv[1], Path(sys.argv[2])
    settings = Settings.from_environment()
    now = SystemClock().now()
    portal = open_installation(settings, FixedClock(now + LATER if act == "sweep" else now))
    with journal.open("a", encoding="ascii") as told:
        for number in itertools.count():
            line = ACTS[act](portal, number)
            told.write(f"{line}\n")
            told.flush()
            os.fsync(told.fileno())


def upload(portal: Installation, number: int) -> str:
    """Take a file into a case of its own and give it a page of a view copy; its code."""
    system = portal.doors.system()
    lin = Viewer(kind="borrower", person_id=1, now=system.now, today=system.today)
    kept = actions.keep(portal.files, "slip.png", picture(8 + number % 50, 8 + number // 50))
    case = f"{os.getpid()}-{number}"
    code = portal.doors.write_as(lin, actions.take_upload, kept, case_kind="dispute", case_number=case)
    file_id = portal.doors.read_as(lin, lambda connection, viewer: _id_of(connection, code))
    page = actions.KeptPage(10, 10, 4, portal.files.put(b"page"))
    portal.doors.write_as(
        system,
        lambda session, viewer: actions.record_reading(session, viewer, file_id, problem="", pages=(page,)),
    )
    return code


def parts(portal: Installation, number: int) -> str:
    """Send a file into a draft of its own in three parts, and finish it; its code."""
    system = portal.doors.system()
    lin = Viewer(kind="borrower", person_id=1, now=system.now, today=system.today)
    data = picture(60 + number % 50, 60 + number // 50)
    draft = f"{os.getpid()}-{number}"
    announced = upload_actions.Announced(draft, "/here", "slip.png", len(data), hashlib.sha256(data).hexdigest())
    begun = portal.doors.write_as(lin, upload_actions.announce, announced)
    third = -(-len(data) // 3)
    for start in range(0, len(data), third):
        part = data[start : start + third]
        key = portal.files.put(part)
        assert portal.doors.write_as(lin, upload_actions.add_part, begun.code, start, len(part), key)
    whole = portal.doors.read_as(lin, upload_queries.whole, begun.code)
    assert whole is not None
    joined = actions.keep(portal.files, whole.name, upload_actions.join(portal.files, whole.part_keys))
    done = portal.doors.write_as(lin, upload_actions.finish, begun.code, joined)
    portal.files.discard(done.keys)
    return done.file_code


def remove(portal: Installation, number: int) -> str:
    """Take a file in and out again."""
    code = upload(portal, number)
    system = portal.doors.system()
    lin = Viewer(kind="borrower", person_id=1, now=system.now, today=system.today)
    portal.files.discard(portal.doors.write_as(lin, actions.remove_own, code))
    return f"-{code}"


def sweep(portal: Installation, number: int) -> str:
    """Leave files that no row knows, and sweep."""
    for _ in range(5):
        portal.files.put(b"nobody's")
    return str(jobs.sweep_orphans(portal.doors, portal.files))


def turn_keys(portal: Installation, number: int) -> str:
    """Wrap everything with the other key, as if each run had brought a new one."""
    keys = portal.settings.file_keys[:: -1 if number % 2 else 1]
    turned = portal.settings.model_copy(update={"file_keys": keys})
    again = open_installation(turned, portal.clock)
    done = rewrap(again, lambda _name, _count: None)
    again.doors.close()
    assert not done.unreadable
    return str(done.changed)


def _id_of(connection: Connection, code: str) -> int:
    return int(connection.execute(select(FILE.c.id).where(FILE.c.code == code)).scalar_one())


ACTS = {"upload": upload, "parts": parts, "remove": remove, "sweep": sweep, "rewrap": turn_keys}

if __name__ == "__main__":
    main()
