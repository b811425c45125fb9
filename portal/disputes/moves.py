"""What all acts on a dispute share: it is found, written on, and moved from state to state by one guarded update.

The update is guarded by `version`; of several at once one takes effect, and the others are told who won.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.disputes.deciding_queries import proposal_of
from portal.disputes.queries import DISPUTE, MESSAGE, DisputeRecord, decision, dispute
from portal.disputes.tables import UNDECIDED
from portal.platform.gate import Viewer


def find(session: Session, viewer: Viewer, number: str) -> DisputeRecord:
    """A dispute that the viewer may see. Raises Refusal `unknown_dispute`."""
    found = dispute(session.connection(), viewer, number)
    if found is None:
        raise Refusal("unknown_dispute")
    return found


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


def decidable(session: Session, viewer: Viewer, found: DisputeRecord) -> tuple[str, ...]:
    """From where staff may move on: a proposal that lapsed without a second person binds nobody."""
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
) -> None:
    """The one way from state to state; the loser of a race is told who won."""
    guard = (
        (DISPUTE.c.id == found.id)
        & (DISPUTE.c.version == (found.version if version is None else version))
        & DISPUTE.c.state.in_(from_states)
    )
    moved = session.connection().execute(
        update(DISPUTE).where(guard).values(state=state, version=DISPUTE.c.version + 1)
    )
    if moved.rowcount != 1:
        raise lost(session, viewer, found.number)


def lost(session: Session, viewer: Viewer, number: str) -> Refusal:
    """What has happened meanwhile: who decided or proposed what, and when."""
    now_is = find(session, viewer, number)
    decided = decision(session.connection(), now_is.id)
    if decided is not None:
        return Refusal("already_decided", by=decided.decided_name, at=decided.decided_at, outcome=decided.outcome)
    proposal = proposal_of(session.connection(), viewer, now_is)
    if proposal is not None:
        return Refusal("already_proposed", by=proposal.maker_name, at=proposal.asked_at)
    return Refusal("changed_meanwhile", state=now_is.state)
