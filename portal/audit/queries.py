"""Reading the audit log: its rows for the auditor and the history of a case, and the proof that it is whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from portal.audit.anchors import read_anchors
from portal.audit.chain import Finding, Row, verify
from portal.audit.tables import LOG
from portal.platform.columns import microseconds
from portal.platform.gate import Viewer

BATCH = 1_000


@dataclass(frozen=True)
class Entry:
    """An event of the log, as people read it; `payload` is JSON."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: int | None
    kind: str
    subject: str
    payload: str


_ENTRIES = select(
    LOG.c.id, LOG.c.at, LOG.c.actor_kind, LOG.c.actor_id, LOG.c.kind, LOG.c.subject, LOG.c.payload
).order_by(LOG.c.id)


def entries_about(connection: Connection, viewer: Viewer, *subjects: str) -> tuple[Entry, ...]:
    """Everything recorded about these codes and numbers, oldest first."""
    found = connection.execute(_ENTRIES.where(LOG.c.subject.in_(subjects)))
    return tuple(Entry(*row) for row in found)


def entries_before(
    connection: Connection, viewer: Viewer, before: int | None = None, limit: int = 100
) -> tuple[Entry, ...]:
    """The newest entries, or those before a given one, newest first."""
    statement = _ENTRIES.order_by(None).order_by(LOG.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(LOG.c.id < before)
    return tuple(Entry(*row) for row in connection.execute(statement))


def all_rows(connection: Connection, after: int = 0) -> Iterator[Row]:
    """All rows as they are hashed, in order and in batches, so that memory does not grow with the log."""
    while True:
        batch = connection.execute(select(LOG).where(LOG.c.id > after).order_by(LOG.c.id).limit(BATCH)).all()
        for row in batch:
            yield Row(**{**row._mapping, "at": microseconds(row.at)})
        if len(batch) < BATCH:
            return
        after = batch[-1].id


def newest_row(connection: Connection, viewer: Viewer) -> tuple[int, str] | None:
    """The id and the hash of the last row."""
    row = connection.execute(select(LOG.c.id, LOG.c.hash).order_by(LOG.c.id.desc()).limit(1)).first()
    return (row.id, row.hash) if row else None


def first_fault(
    connection: Connection, viewer: Viewer, keys: Sequence[str], data_dir: Path | None = None
) -> Finding | None:
    """What is wrong with the log, held against the anchors in the data folder where one is given; None: it is whole."""
    anchors = read_anchors(data_dir, keys) if data_dir else ()
    return verify(all_rows(connection), keys, anchors)
