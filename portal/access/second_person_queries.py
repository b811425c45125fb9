"""Acts that await, or awaited, a second person."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from portal.access.queries import ACCOUNT, SECOND


@dataclass(frozen=True)
class Pending:
    """An act that awaits, or awaited, a second person."""

    id: int
    code: str
    act: str
    object_number: str
    hash_seen: str
    payload: Any
    maker_id: int
    maker_name: str
    state: str
    asked_at: datetime
    expires_at: datetime
    checker_id: int | None
    checker_name: str | None
    settled_at: datetime | None


_MAKER, _CHECKER = ACCOUNT.alias("maker"), ACCOUNT.alias("checker")
_PENDING = select(
    SECOND.c.id,
    SECOND.c.code,
    SECOND.c.act,
    SECOND.c.object_number,
    SECOND.c.hash_seen,
    SECOND.c.payload,
    SECOND.c.maker_id,
    _MAKER.c.display_name.label("maker_name"),
    SECOND.c.state,
    SECOND.c.asked_at,
    SECOND.c.expires_at,
    SECOND.c.checker_id,
    _CHECKER.c.display_name.label("checker_name"),
    SECOND.c.settled_at,
).select_from(
    SECOND.join(_MAKER, _MAKER.c.id == SECOND.c.maker_id).outerjoin(_CHECKER, _CHECKER.c.id == SECOND.c.checker_id)
)


def _pending(row: Any) -> Pending:
    return Pending(**{**row._mapping, "payload": json.loads(row.payload)})


def second_person(connection: Connection, second_person_id: int) -> Pending | None:
    """One act that awaits or awaited a second person."""
    row = connection.execute(_PENDING.where(SECOND.c.id == second_person_id)).first()
    return _pending(row) if row else None


def waiting(connection: Connection, now: datetime, object_number: str | None = None) -> tuple[Pending, ...]:
    """What awaits a second person now, the oldest first; of one object if its number is given."""
    statement = _PENDING.where(SECOND.c.state == "waiting", SECOND.c.expires_at > now).order_by(SECOND.c.id)
    if object_number is not None:
        statement = statement.where(SECOND.c.object_number == object_number)
    return tuple(_pending(row) for row in connection.execute(statement))
