"""Adding to the audit log, in the transaction of what is recorded.

Rows are chained when the transaction ends, so that the one lock of the chain is held for a moment only and never
waits behind another lock: two writers cannot block each other in a circle.
"""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar, Protocol

from sqlalchemy import Connection, bindparam, event, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from portal.audit.chain import Row, row_hash
from portal.audit.tables import CHECK, GENESIS, HEAD, LOG
from portal.platform.columns import instant, microseconds
from portal.platform.gate import Viewer

KEYS = "audit_keys"
"""Where `Session.info` carries PORTAL_AUDIT_KEYS, newest first."""

_WAITING = "audit_rows"
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Event(Protocol):
    """A frozen dataclass of a feature's events.py; its docstring says what it records.

    `subject` is the code or number of what it is about, so that a log can be searched for it.
    """

    kind: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


def record(session: Session, viewer: Viewer, what: Event) -> None:
    """Add an event to the log. It is there exactly if the transaction it belongs to is."""
    waiting = session.info.get(_WAITING)
    if waiting is None:
        waiting = session.info[_WAITING] = []
        event.listen(session, "before_commit", _chain)
    waiting.append((viewer, what))


def note_check(session: Session, viewer: Viewer, fault: str) -> None:
    """Note what the last look through the whole log found; empty: nothing."""
    connection = session.connection()
    found = {"checked_at": viewer.now, "fault": fault}
    new = _INSERTS[connection.dialect.name](CHECK).values(id=1, **found)
    connection.execute(new.on_conflict_do_update(index_elements=[CHECK.c.id], set_=found))


def payload_of(what: Event) -> str:
    """An event's fields as JSON with sorted keys."""
    values = {field.name: getattr(what, field.name) for field in fields(what)}
    return json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)


def _chain(session: Session) -> None:
    waiting: list[tuple[Viewer, Event]] = session.info[_WAITING]
    if not waiting:
        return
    session.flush()
    connection = session.connection()
    last_id, last_hash = _locked_end(connection)
    rows = []
    for viewer, what in waiting:
        last_id += 1
        row = _row(viewer, what, last_id, last_hash, session.info[KEYS])
        last_hash = row.hash
        rows.append({**row._asdict(), "at": instant(row.at)})
    connection.execute(insert(LOG), rows)
    connection.execute(update(HEAD).values(last_id=last_id, last_hash=last_hash))
    waiting.clear()


def _row(viewer: Viewer, what: Event, row_id: int, previous_hash: str, keys: Sequence[str]) -> Row:
    row = Row(
        id=row_id,
        at=microseconds(viewer.now),
        actor_kind=viewer.kind,
        actor_id=viewer.staff_id if viewer.kind == "staff" else viewer.person_id,
        kind=what.kind,
        subject=str(getattr(what, "subject", "")),
        payload=payload_of(what),
        previous_hash=previous_hash,
        hash="",
    )
    return row._replace(hash=row_hash(keys[0], row))


_END = select(HEAD.c.last_id, HEAD.c.last_hash).with_for_update()
_LAST_ROW = select(LOG.c.id, LOG.c.hash).order_by(LOG.c.id.desc()).limit(1)
_BEGIN = insert(HEAD).values(id=1, last_id=bindparam("last_id"), last_hash=bindparam("last_hash"))


def _locked_end(connection: Connection) -> tuple[int, str]:
    """The end of the chain, held until the transaction is over; SQLite's writers already take turns."""
    found = connection.execute(_END).first()
    if found is None:
        last = connection.execute(_LAST_ROW).first()
        # Two first writers at once: one of them clashes and is tried again.
        connection.execute(_BEGIN, {"last_id": last.id if last else 0, "last_hash": last.hash if last else GENESIS})
        found = connection.execute(_END).one()
    return found.last_id, found.last_hash
