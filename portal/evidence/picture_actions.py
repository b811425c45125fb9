"""What happens to a file whose pictures wait for their reader: it is claimed, let go, and written down, or given up."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, case, select, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.evidence import events
from portal.evidence.queries import FILE, PICTURES_WAIT, STATEMENT
from portal.evidence.sandbox import Reading
from portal.evidence.statement_facts import READER_VERSION, StatementsRead, read_notes, read_statements
from portal.platform.gate import Viewer

LEASE = timedelta(minutes=6)
"""Longer than the reader may take."""

MAX_TRIES = 3
BATCH = 10


@dataclass(frozen=True, slots=True)
class WaitingPictures:
    """A file whose pictures this worker, and nobody else, is to read now; `first` is what the first reader found.

    `marks` is what was covered of its pages, `fingerprint` that of columns about which somebody was asked; empty where
    there is none.
    """

    id: int
    name: str
    store_key: str
    sha256: str
    first: Reading
    marks: str
    fingerprint: str


def waiting_ids(connection: Connection, viewer: Viewer) -> list[int]:
    """The files whose pictures wait and are in nobody's hands, those of disputes first: a program judges by them."""
    statement = (
        select(FILE.c.id)
        .join(STATEMENT, STATEMENT.c.file_id == FILE.c.id)
        .where(PICTURES_WAIT, STATEMENT.c.lease_until.is_(None) | (STATEMENT.c.lease_until < viewer.now))
        .order_by(case((FILE.c.case_kind == "dispute", 0), else_=1), FILE.c.id)
        .limit(BATCH)
    )
    return list(connection.scalars(statement))


def claim(session: Session, viewer: Viewer, file_id: int) -> WaitingPictures | None:
    """Take a file until the lease ends; None if it waits no more, another worker has it, or its tries are used up."""
    file = session.execute(select(FILE).where(FILE.c.id == file_id, PICTURES_WAIT).with_for_update()).first()
    claimed = session.execute(
        update(STATEMENT)
        .where(
            STATEMENT.c.file_id == file_id,
            STATEMENT.c.pictures_wait,
            STATEMENT.c.lease_until.is_(None) | (STATEMENT.c.lease_until < viewer.now),
        )
        .values(lease_until=viewer.now + LEASE, picture_tries=STATEMENT.c.picture_tries + 1)
        .returning(*(STATEMENT.c[name] for name in ("picture_tries", "statements", "notes", "marks", "fingerprint")))
    ).first()
    if file is None or claimed is None:
        return None
    if claimed.picture_tries > MAX_TRIES:
        record(session, viewer, file_id, None)
        return None
    statements, notes = read_statements(claimed.statements, file.name), read_notes(claimed.notes)
    first = Reading(file.kind, (), statements=statements, no_statement=notes[0].code if notes else "")
    return WaitingPictures(file_id, file.name, file.store_key, file.sha256, first, claimed.marks, claimed.fingerprint)


def let_go(session: Session, viewer: Viewer, file_id: int) -> None:
    """Have a file read later, for a reason that is not its own: that is no try of the few that it has."""
    tries = case((STATEMENT.c.picture_tries > 0, STATEMENT.c.picture_tries - 1), else_=0)
    session.execute(
        update(STATEMENT).where(STATEMENT.c.file_id == file_id).values(lease_until=None, picture_tries=tries)
    )


def record(session: Session, viewer: Viewer, file_id: int, told: StatementsRead | None) -> bool:
    """Put what the pictures say in the place of what was known; without `told` that stays, and is waited for no more.

    False, and nothing is written, if the file was deleted or closed meanwhile, or has been read already.
    """
    ready = select(FILE.c.code).where(FILE.c.id == file_id, FILE.c.state == "ready").with_for_update()
    code = session.scalar(ready)
    if code is None:
        return False
    new = {"reader": READER_VERSION, "read_at": viewer.now, **told._asdict()} if told else {}
    if told is not None and told.answer_id is not None and not told.header:
        del new["header"], new["fingerprint"]  # what was asked stays, so that it can be answered anew
    kept = session.scalar(
        update(STATEMENT)
        .where(STATEMENT.c.file_id == file_id, STATEMENT.c.pictures_wait)
        .values({**new, "pictures_wait": False, "lease_until": None})
        .returning(STATEMENT.c.statements)
    )
    if kept is None:
        return False
    audit.record(session, viewer, events.PicturesRead(code, len(read_statements(kept, ""))))
    return True
