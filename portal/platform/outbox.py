"""Text messages on their way out: a row in the transaction of its cause, sent later, never twice unawares (MO-11).

    pending ── take ──▶ pending, leased ── ready ──▶ sending ── finish ──▶ sent | failed | uncertain | pending again

What is to be said is sealed while it waits, and wiped when it is sent or will not be. `ready` commits the final text
and our reference before the first try; a row found `sending` after its lease was in the hands of a process that died.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    CheckConstraint,
    Connection,
    Index,
    Row,
    Table,
    Text,
    and_,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlmodel import Field, Session, SQLModel

from portal.platform.columns import Instant
from portal.platform.gate import Viewer
from portal.platform.sealing import SealBroken, seal, unseal

KEYS = "secret_keys"
"""Where `Session.info` carries PORTAL_SECRET_KEYS, newest first."""

STATES = ("pending", "sending", "uncertain", "sent", "failed")
Ended = Literal["sent", "failed", "uncertain"]

LEASE = timedelta(minutes=2)
"""How long a process may hold a row before another takes over."""

PURPOSE = "outbox"


class Outbox(SQLModel, table=True):
    """One text message. `kind` names its words, `number` the request it is about, `is_contact` a contact about a debt.

    `sealed_text` holds the values for its words while it is pending, then the words themselves.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_outbox_open",
            "due_at",
            sqlite_where=text("state IN ('pending', 'sending')"),
            postgresql_where=text("state IN ('pending', 'sending')"),
        ),
        Index("ix_outbox_person_id_created_at", "person_id", "created_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    person_id: int = Field(foreign_key="person.id")
    contact_point_id: int = Field(foreign_key="contact_point.id")
    language: str
    sealed_text: str | None = Field(default=None, sa_type=Text)
    state: str = "pending"
    reference: str = Field(unique=True)
    number: str | None = None
    is_contact: bool
    created_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    attempts: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str = ""


ROWS: Table = SQLModel.metadata.tables["outbox"]


@dataclass(frozen=True, slots=True)
class Taken:
    """A row in our hands until the lease ends: `data` for its words, or `text` where they were made before.

    `interrupted`: a process died while it was sending this; only a gateway that drops repeats may be given it again.
    """

    id: int
    kind: str
    person_id: int
    contact_point_id: int
    language: str
    state: str
    reference: str
    number: str | None
    is_contact: bool
    created_at: datetime
    attempts: int
    interrupted: bool
    data: Mapping[str, Any]
    text: str | None


def enqueue(
    session: Session,
    *,
    kind: str,
    person_id: int,
    contact_point_id: int,
    language: str,
    data: Mapping[str, Any],
    now: datetime,
    asked_for: bool,
    number: str | None = None,
    due_at: datetime | None = None,
) -> int:
    """Let a text message go out once this transaction is done; `asked_for` ones are no contact about a debt."""
    row_id = session.execute(
        insert(ROWS)
        .values(
            kind=kind,
            person_id=person_id,
            contact_point_id=contact_point_id,
            language=language,
            sealed_text=seal(session.info[KEYS], PURPOSE, json.dumps(dict(data), ensure_ascii=False)),
            state="pending",
            reference=secrets.token_hex(16),
            number=number,
            is_contact=not asked_for,
            created_at=now,
            due_at=due_at or now,
            attempts=0,
            reason="",
        )
        .returning(ROWS.c.id)
    ).scalar_one()
    return int(row_id)


def take(session: Session, viewer: Viewer, limit: int = 20, lease: timedelta = LEASE) -> tuple[Taken, ...]:
    """Lease rows that are due and in nobody's hands, oldest first; of several workers each gets others."""
    free = or_(ROWS.c.lease_until.is_(None), ROWS.c.lease_until <= viewer.now)
    chosen = (
        select(ROWS.c.id, ROWS.c.lease_until)
        .where(ROWS.c.state.in_(("pending", "sending")), ROWS.c.due_at <= viewer.now, free)
        .order_by(ROWS.c.due_at, ROWS.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    # The ids first: with LIMIT inside an UPDATE more rows than asked for may be locked.
    leases: dict[int, datetime | None] = {row.id: row.lease_until for row in session.execute(chosen)}
    ids = list(leases)
    if not ids:
        return ()
    session.execute(update(ROWS).where(ROWS.c.id.in_(ids)).values(lease_until=viewer.now + lease))
    rows = session.execute(select(ROWS).where(ROWS.c.id.in_(ids)).order_by(ROWS.c.due_at, ROWS.c.id))
    return tuple(_taken(row, leases[row.id] is not None, session.info[KEYS]) for row in rows)


def ready(session: Session, viewer: Viewer, row_id: int, words: str, lease: timedelta = LEASE) -> bool:
    """Keep the final words before the first try to send them; False if the row is no longer ours to send."""
    sealed = seal(session.info[KEYS], PURPOSE, words)
    return _move(
        session,
        and_(ROWS.c.id == row_id, ROWS.c.state == "pending"),
        state="sending",
        sealed_text=sealed,
        attempts=ROWS.c.attempts + 1,
        lease_until=viewer.now + lease,
    )


def finish(
    session: Session, viewer: Viewer, row_id: int, state: Ended, reason: str = "", keep_text: bool = False
) -> bool:
    """Say how it ended; the words are wiped unless `keep_text` (the demo phone shows them)."""
    values: dict[str, Any] = {"state": state, "ended_at": viewer.now, "lease_until": None, "reason": reason}
    if not keep_text:
        values["sealed_text"] = None
    return _move(session, and_(ROWS.c.id == row_id, ROWS.c.state.in_(("pending", "sending"))), **values)


def again(session: Session, viewer: Viewer, row_id: int, due_at: datetime) -> bool:
    """Surely not sent: the same words and reference are tried again at `due_at`."""
    return _move(session, and_(ROWS.c.id == row_id, ROWS.c.state == "sending"), due_at=due_at, lease_until=None)


def postpone(session: Session, viewer: Viewer, row_id: int, due_at: datetime) -> bool:
    """Not yet allowed to go: it waits, unsaid, until `due_at`."""
    return _move(session, and_(ROWS.c.id == row_id, ROWS.c.state == "pending"), due_at=due_at, lease_until=None)


def contacts_since(connection: Connection, viewer: Viewer, person_id: int, since: datetime) -> int:
    """How many contacts about a debt were sent, or may have been, to a person since an instant."""
    statement = select(func.count()).where(
        ROWS.c.person_id == person_id,
        ROWS.c.is_contact,
        or_(ROWS.c.state == "sending", and_(ROWS.c.state.in_(("sent", "uncertain")), ROWS.c.ended_at >= since)),
    )
    return int(connection.scalar(statement) or 0)


def oldest_waiting(connection: Connection, viewer: Viewer) -> datetime | None:
    """Since when the oldest message that could have gone out waits, for monitoring."""
    statement = select(func.min(ROWS.c.due_at)).where(
        ROWS.c.state.in_(("pending", "sending")), ROWS.c.due_at <= viewer.now
    )
    found: datetime | None = connection.scalar(statement)
    return found


def kept_texts(
    connection: Connection, viewer: Viewer, keys: tuple[str, ...], limit: int = 50
) -> tuple[tuple[Row[Any], str], ...]:
    """Sent rows whose words were kept, newest first, with the words: for the demo phone."""
    rows = connection.execute(
        select(ROWS)
        .where(ROWS.c.state == "sent", ROWS.c.sealed_text.is_not(None))
        .order_by(ROWS.c.id.desc())
        .limit(limit)
    )
    return tuple((row, unseal(keys, PURPOSE, row.sealed_text)) for row in rows)


def _taken(row: Row[Any], was_leased: bool, keys: tuple[str, ...]) -> Taken:
    try:
        inside = unseal(keys, PURPOSE, row.sealed_text or "")
    except SealBroken:
        inside = ""  # a key was retired too early: the sender finds neither data nor words and gives up
    said = row.state == "sending"
    return Taken(
        id=row.id,
        kind=row.kind,
        person_id=row.person_id,
        contact_point_id=row.contact_point_id,
        language=row.language,
        state=row.state,
        reference=row.reference,
        number=row.number,
        is_contact=row.is_contact,
        created_at=row.created_at,
        attempts=row.attempts,
        interrupted=said and was_leased,
        data={} if said or not inside else json.loads(inside),
        text=inside if said else None,
    )


def _move(session: Session, where: Any, **values: Any) -> bool:
    return session.execute(update(ROWS).where(where).values(**values).returning(ROWS.c.id)).first() is not None
