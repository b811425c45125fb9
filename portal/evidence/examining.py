"""Has one file scanned, and read in the sandbox, and keeps what came of it: between transactions, never inside one.

Of a file that could be opened its view copy and the bank statements in it are kept beside it. Pictures take minutes
to read, so they wait for a job of their own; not those behind a password, which is kept nowhere.
"""

from sqlmodel import Session

from portal.evidence import actions, column_actions, picture_sandbox, scanning
from portal.evidence.clamd import Clamd
from portal.evidence.sandbox import Reading, Want, read_upload
from portal.evidence.statement_facts import StatementsRead, as_stored
from portal.platform.db import Doors
from portal.platform.files import FileStore
from portal.platform.gate import Viewer

WANTED = Want(pages=True, statements=True)


def examine(
    doors: Doors, files: FileStore, waiting: actions.Waiting, scanner: Clamd | None, password: str = ""
) -> Reading | None:
    """Scan a file where there is a scanner, and read it if nothing was found; None where it was not read.

    Raises what leaves a file unexamined: NotScanned, StoreUnreachable, FileMissing, FileDamaged.
    """
    data = files.get(waiting.store_key, waiting.sha256)
    if scanner is not None:
        verdict = scanner.scan(data)
        if not doors.write_as(doors.system(), scanning.record_scan, waiting.id, verdict):
            return None
    return None if waiting.was_read else _read_and_record(doors, files, waiting, data, password)


def _read_and_record(doors: Doors, files: FileStore, waiting: actions.Waiting, data: bytes, password: str) -> Reading:
    """Run the sandbox on a file, keep the view copy, and write down what was found."""
    reading = read_upload(waiting.name, data, password, WANTED)
    reading = column_actions.with_columns_named(doors, waiting, reading, data, password)
    pages = tuple(
        actions.KeptPage(page.width, page.height, len(page.data), files.put(page.data)) for page in reading.pages
    )
    pictures_wait = not password and picture_sandbox.can_say_more(reading)
    told = None if reading.problem else as_stored(reading, pictures_wait=pictures_wait)
    doors.write_as(doors.system(), _record, waiting.id, reading.problem, pages, told)
    return reading


def _record(
    session: Session,
    viewer: Viewer,
    file_id: int,
    problem: str,
    pages: tuple[actions.KeptPage, ...],
    told: StatementsRead | None,
) -> bool:
    return actions.record_reading(session, viewer, file_id, problem=problem, pages=pages, told=told)
