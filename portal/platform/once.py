"""What a form's key has done already, so that nothing is done twice (MO-08 to MO-10).

The row is inserted before the effect and in its transaction: of two equal requests at once the second waits, and
then gets the first one's result.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter
from sqlalchemy import Table, Text, UniqueConstraint, bindparam, delete, insert, select, update
from sqlmodel import Field, Session, SQLModel

from portal.platform.columns import Instant
from portal.platform.guarded import changed

T = TypeVar("T")

KEPT = timedelta(days=30)
"""A phone may sleep for days before it tries again."""


class Idempotency(SQLModel, table=True):
    """The result of a form that was sent, by its key. The actor is part of it: nobody gets another's result."""

    __table_args__ = (UniqueConstraint("actor", "action", "key"),)
    id: int | None = Field(default=None, primary_key=True)
    actor: str
    action: str
    key: str
    payload: str
    result: str | None = Field(default=None, sa_type=Text)
    recorded_at: datetime = Field(sa_type=Instant, index=True)


ROWS: Table = SQLModel.metadata.tables["idempotency"]
_NAMED = (
    ROWS.c.actor == bindparam("of_actor"),
    ROWS.c.action == bindparam("of_action"),
    ROWS.c.key == bindparam("of_key"),
)
_FIND = select(ROWS.c.payload, ROWS.c.result).where(*_NAMED)
_BEGIN = insert(ROWS)
_FINISH = update(ROWS).where(*_NAMED).values(result=bindparam("new_result"))


class KeyReused(Exception):
    """The same key came with another payload (422)."""


def once(
    session: Session,
    name: tuple[str, str, str],
    payload: str,
    now: datetime,
    returns: TypeAdapter[T],
    effect: Callable[[], T],
) -> T:
    """The result of `effect`, or the one it had when the same (actor, action, key) was sent before."""
    of = dict(zip(("of_actor", "of_action", "of_key"), name, strict=True))
    done = session.execute(_FIND, of).first()
    if done is not None:
        if done.payload != payload:
            raise KeyReused
        return returns.validate_json(done.result)
    actor, action, key = name
    session.execute(_BEGIN, {"actor": actor, "action": action, "key": key, "payload": payload, "recorded_at": now})
    result = effect()
    session.execute(_FINISH, {**of, "new_result": returns.dump_json(result).decode()})
    return result


def was_done(session: Session, name: tuple[str, str, str], payload: str) -> bool:
    """Whether the same (actor, action, key) with the same payload has had its effect."""
    done = session.execute(_FIND, dict(zip(("of_actor", "of_action", "of_key"), name, strict=True))).first()
    return done is not None and done.payload == payload


def result_type(fn: Callable[..., Any]) -> TypeAdapter[Any]:
    """How the results of a function are stored: by its return annotation."""
    return _adapter(getattr(fn, "func", fn))


@cache
def _adapter(fn: Callable[..., Any]) -> TypeAdapter[Any]:
    try:
        annotation = get_type_hints(fn).get("return", Any)
    except (NameError, TypeError):
        annotation = Any
    return TypeAdapter(annotation)


def payload_hash(pairs: list[tuple[str, str]]) -> str:
    """A hash of everything a form said, its files included."""
    digest = hashlib.sha256()
    for name, value in sorted(pairs):
        for part in (name, value):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def forget_old(session: Session, now: datetime) -> int:
    """Delete what is older than any retry; returns how many rows went."""
    return changed(session, delete(ROWS).where(ROWS.c.recorded_at < now - KEPT))
