"""Has one file read in the sandbox and keeps what came of it: between two transactions, never inside one."""

from sqlmodel import Session

from portal.evidence import actions
from portal.evidence.sandbox import Reading, read_upload
from portal.platform.db import Doors
from portal.platform.files import FileStore
from portal.platform.gate import Viewer


def read_and_record(doors: Doors, files: FileStore, waiting: actions.Waiting, password: str = "") -> Reading:
    """Run the sandbox on a file, keep the view copy, and write down what was found."""
    reading = read_upload(waiting.name, files.get(waiting.store_key), password)
    pages = tuple(
        actions.KeptPage(page.width, page.height, len(page.data), files.put(page.data)) for page in reading.pages
    )
    doors.write_as(doors.system(), _record, waiting.id, reading.problem, pages)
    return reading


def _record(session: Session, viewer: Viewer, file_id: int, problem: str, pages: tuple[actions.KeptPage, ...]) -> bool:
    return actions.record_reading(session, viewer, file_id, problem=problem, pages=pages)
