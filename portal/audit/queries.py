"""Reading the audit log: its rows for the auditor and the history of a case, and the proof that it is whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from portal.audit.anchors import AnchorsDamaged, read_anchors
from portal.audit.chain import Anchor, Finding, Row, verify
from portal.audit.tables import CHECK, HEAD, LOG
from portal.platform.columns import microseconds
from portal.platform.gate import Viewer

BATCH = 1_000

UNNOTED_MAX = timedelta(hours=25)
"""How far the newest row may be ahead of the first one that no anchor covers."""

CHECKED_MAX = timedelta(hours=25)
"""How long ago the last look through the whole log may be."""


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
    """What is wrong with the log, held against the anchors in the data folder where one is given; None: it is whole.

    Everything noted is read before the rows, so that what is added meanwhile is never missed.
    """
    anchors: tuple[Anchor, ...] = ()
    damaged = None
    try:
        anchors = read_anchors(data_dir, keys) if data_dir else ()
    except AnchorsDamaged as found:
        damaged = Finding(0, str(found))
    ends = [Anchor(*row) for row in connection.execute(select(HEAD.c.last_id, HEAD.c.last_hash)) if row.last_id]
    fault = verify(all_rows(connection), keys, [*anchors, *ends]) or damaged
    return fault or (_unnoted(connection, max((each.row_id for each in anchors), default=0)) if data_dir else None)


def _unnoted(connection: Connection, last_noted: int) -> Finding | None:
    """The first row that should long have been noted outside the database."""
    newest = connection.scalar(select(func.max(LOG.c.at, type_=LOG.c.at.type)))
    first = connection.execute(select(LOG.c.id, LOG.c.at).where(LOG.c.id == last_noted + 1)).first()
    if first is None or newest is None or newest - first.at <= UNNOTED_MAX:
        return None
    return Finding(first.id, "and later ones were not noted outside the database: is the file of anchors whole?")


def is_in_doubt(connection: Connection, viewer: Viewer) -> bool:
    """Whether the last look through the log found a fault, or is too long ago; cheap, for monitoring (RE-14)."""
    last = connection.execute(select(CHECK.c.checked_at, CHECK.c.fault)).first()
    return last is not None and (bool(last.fault) or viewer.now - last.checked_at > CHECKED_MAX)
