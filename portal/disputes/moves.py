"""What all acts on a dispute share: it is found, written on, and moved from state to state by one guarded update.

The update is guarded by `version`; of several at once one takes effect, and the others are told who won. What changes
money, or what the case consists of, holds its loan first: it is judged by what stands, and nothing comes into a case
that is being closed.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, insert, select, true, update
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.disputes.deciding_queries import proposal_of
from portal.disputes.queries import DISPUTE, MESSAGE, PARTICIPANT, DisputeRecord, decision, dispute
from portal.disputes.rounds import REVIEW, round_of
from portal.disputes.tables import UNDECIDED
from portal.loans import actions as loans
from portal.platform.gate import Viewer
from portal.platform.guarded import changed


def find(session: Session, viewer: Viewer, number: str) -> DisputeRecord:
    """A dispute that the viewer may see. Raises Refusal `unknown_dispute`."""
    found = dispute(session.connection(), viewer, number)
    if found is None:
        raise Refusal("unknown_dispute")
    return found


def held(session: Session, viewer: Viewer, number: str) -> DisputeRecord:
    """The same, with its loan held until this transaction ends: nobody decides, files or settles there meanwhile."""
    loans.hold_loans(session, find(session, viewer, number).loan_id)
    return find(session, viewer, number)


def write_message(
    session: Session,
    viewer: Viewer,
    found: DisputeRecord,
    kind: str,
    words: str,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write something into the thread of a dispute; `data` says why a file was not taken."""
    row = {
        "dispute_id": found.id,
        "kind": kind,
        "staff_id": viewer.staff_id if viewer.kind == "staff" else None,
        "words": words,
        "data": json.dumps(dict(data or {}), ensure_ascii=False, sort_keys=True),
        "at": viewer.now,
    }
    session.connection().execute(insert(MESSAGE).values(row))


def take_part(session: Session, viewer: Viewer, found: DisputeRecord) -> None:
    """Note that a member of staff had a part in this round: who reviews must have had none before."""
    name = round_of(found.state).name
    key = {"dispute_id": found.id, "staff_id": viewer.staff_id, "round": name}
    known = select(PARTICIPANT.c.id).where(*(PARTICIPANT.c[column] == value for column, value in key.items()))
    if viewer.staff_id is not None and session.connection().execute(known).first() is None:
        session.connection().execute(insert(PARTICIPANT).values(**key, since=viewer.now))


def decidable(session: Session, viewer: Viewer, found: DisputeRecord) -> tuple[str, ...]:
    """From where staff may move on: a proposal that lapsed without a second person binds nobody."""
    if found.state == REVIEW.waits:
        return (REVIEW.waits,)
    if found.state == "proposed" and proposal_of(session.connection(), viewer, found) is None:
        return UNDECIDED
    return ("open", "waiting")


def move(
    session: Session,
    viewer: Viewer,
    found: DisputeRecord,
    state: str,
    version: int | None = None,
    from_states: tuple[str, ...] = ("open", "waiting"),
    only_if: ColumnElement[bool] | None = None,
) -> None:
    """The one way from state to state, `only_if` this holds of it; the loser of a race is told who won."""
    guard = (
        (DISPUTE.c.id == found.id)
        & (DISPUTE.c.version == (found.version if version is None else version))
        & DISPUTE.c.state.in_(from_states)
        & (true() if only_if is None else only_if)
    )
    if not changed(session, update(DISPUTE).where(guard).values(state=state, version=DISPUTE.c.version + 1)):
        raise lost(session, viewer, found.number)


def lost(session: Session, viewer: Viewer, number: str) -> Refusal:
    """What has happened meanwhile: who decided or proposed what, and when."""
    now_is = find(session, viewer, number)
    decided = None
    if now_is.state != REVIEW.waits:
        decided = decision(session.connection(), now_is.id, round_of(now_is.state).name)
    if decided is not None:
        return Refusal("already_decided", by=decided.decided_name, at=decided.decided_at, outcome=decided.outcome)
    proposal = proposal_of(session.connection(), viewer, now_is)
    if proposal is not None:
        return Refusal("already_proposed", by=proposal.maker_name, at=proposal.asked_at)
    return Refusal("changed_meanwhile", state=now_is.state)
