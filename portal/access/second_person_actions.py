"""Four eyes: an act awaits a second member of staff, bound to what the first one saw, and is settled once."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.access import checking, events, staff_queries
from portal.access.queries import SECOND
from portal.access.second_person_queries import Pending, second_person, waiting
from portal.audit.actions import record
from portal.core.refusal import Refusal
from portal.platform.gate import Viewer
from portal.platform.numbers import new_code


def ask_second_person(
    session: Session,
    viewer: Viewer,
    act: str,
    object_number: str,
    hash_seen: str,
    payload: Mapping[str, Any],
    life: timedelta = checking.SECOND_PERSON_LIFE,
) -> int:
    """Let an act await a second member of staff, bound to the hash of what the first one saw; gives its id.

    Raises Refusal `already_waiting` (by, at) while the same act on the same object awaits one.
    """
    if viewer.staff_id is None:
        raise Refusal("staff_only")
    _lapse(session, viewer)
    earlier = next((each for each in waiting(session.connection(), viewer.now, object_number) if each.act == act), None)
    if earlier is not None:
        raise Refusal("already_waiting", by=earlier.maker_name, at=earlier.asked_at)
    second_person_id = session.execute(
        insert(SECOND)
        .values(
            code=new_code(),
            act=act,
            object_number=object_number,
            hash_seen=hash_seen,
            payload=json.dumps(payload, ensure_ascii=False, sort_keys=True),
            maker_id=viewer.staff_id,
            state="waiting",
            asked_at=viewer.now,
            expires_at=viewer.now + life,
        )
        .returning(SECOND.c.id)
    ).scalar_one()
    record(session, viewer, events.SecondPersonAsked(object_number, act, hash_seen))
    return int(second_person_id)


def confirm_second_person(
    session: Session, viewer: Viewer, second_person_id: int, hash_seen: str | None = None
) -> Pending:
    """The second person agrees; gives what is now to be done. The caller does it in this same transaction.

    `hash_seen` is what the second person saw; another one than the first person's voids the act. Raises Refusal
    `unknown_act`, `own_act` (the same account or the same natural person), `seen_differs`, or `already_settled`
    (by, at, state) for whoever comes second.
    """
    return _settle(session, viewer, second_person_id, "confirmed", hash_seen)


def decline_second_person(session: Session, viewer: Viewer, second_person_id: int) -> Pending:
    """The second person does not agree; nothing is done. Raises Refusal as confirming does."""
    return _settle(session, viewer, second_person_id, "declined", None)


def withdraw_second_person(session: Session, viewer: Viewer, second_person_id: int) -> Pending:
    """The maker takes back what awaited a second person; raises Refusal `not_maker` or `already_settled`."""
    pending = _waiting(session, viewer, second_person_id)
    if pending.maker_id != viewer.staff_id:
        raise Refusal("not_maker")
    _move(session, viewer, pending, "withdrawn", None)
    return pending


def void_second_person(session: Session, viewer: Viewer, second_person_id: int) -> None:
    """What the first person saw is no longer so: nobody can confirm it any more. One that is settled stays so."""
    pending = second_person(session.connection(), second_person_id)
    if pending is not None and pending.state == "waiting":
        with suppress(Refusal):  # it was settled at this moment
            _move(session, viewer, pending, "lapsed", None)


def _settle(session: Session, viewer: Viewer, second_person_id: int, state: str, hash_seen: str | None) -> Pending:
    pending = _waiting(session, viewer, second_person_id)
    maker = staff_queries.staff(session.connection(), pending.maker_id)
    checker = staff_queries.staff(session.connection(), viewer.staff_id or 0)
    if maker is None or checker is None:
        raise Refusal("staff_only")
    if checker.id == maker.id or checker.identity == maker.identity:
        raise Refusal("own_act")
    if hash_seen is not None and hash_seen != pending.hash_seen:
        raise Refusal("seen_differs")
    _move(session, viewer, pending, state, checker.id)
    return pending


def _waiting(session: Session, viewer: Viewer, second_person_id: int) -> Pending:
    pending = second_person(session.connection(), second_person_id)
    if pending is None:
        raise Refusal("unknown_act")
    if pending.state != "waiting" or pending.expires_at <= viewer.now:
        raise _settled(pending)
    return pending


def _move(session: Session, viewer: Viewer, pending: Pending, state: str, checker_id: int | None) -> None:
    moved = session.execute(
        update(SECOND)
        .where(SECOND.c.id == pending.id, SECOND.c.state == "waiting")
        .values(state=state, checker_id=checker_id, settled_at=viewer.now)
        .returning(SECOND.c.id)
    ).first()
    if moved is None:
        now_is = second_person(session.connection(), pending.id)
        raise _settled(now_is or pending)
    record(session, viewer, events.SecondPersonSettled(pending.object_number, pending.act, pending.hash_seen, state))


def _settled(pending: Pending) -> Refusal:
    state = "lapsed" if pending.state == "waiting" else pending.state
    return Refusal("already_settled", by=pending.checker_name, at=pending.settled_at, state=state)


def _lapse(session: Session, viewer: Viewer) -> None:
    session.execute(
        update(SECOND)
        .where(SECOND.c.state == "waiting", SECOND.c.expires_at <= viewer.now)
        .values(state="lapsed", settled_at=viewer.now)
    )
