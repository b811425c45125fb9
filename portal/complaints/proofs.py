"""What must hold of every complaint at any time, as `portal prove` looks for it after a restore or a drill."""

import json

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from portal.access.shutting_out import is_shut_out
from portal.audit.tables import LOG
from portal.complaints.events import ComplaintOpened
from portal.complaints.queries import ANSWER, COMPLAINT, NOBODY_LEFT, every_complaint
from portal.platform.gate import Viewer

__all__ = ["IN_NAMED_HANDS", "MISMATCHED", "NOBODY_LEFT", "changed", "numbers_where"]

_HAS_ANSWER = exists(select(ANSWER.c.id).where(ANSWER.c.complaint_id == COMPLAINT.c.id))
MISMATCHED = or_(
    and_(COMPLAINT.c.state == "answered", ~_HAS_ANSWER), and_(COMPLAINT.c.state != "answered", _HAS_ANSWER)
)
"""State and answer belong together."""

IN_NAMED_HANDS = or_(
    is_shut_out(COMPLAINT.c.number, COMPLAINT.c.held_by),
    exists(
        select(ANSWER.c.id).where(
            ANSWER.c.complaint_id == COMPLAINT.c.id, is_shut_out(COMPLAINT.c.number, ANSWER.c.answered_by)
        )
    ),
)
"""No complaint is held, and none was answered, by somebody whom it is about."""


def numbers_where(connection: Connection, wrong: ColumnElement[bool]) -> list[str]:
    """The numbers of the complaints of which this is true."""
    return list(connection.scalars(select(COMPLAINT.c.number).where(wrong).order_by(COMPLAINT.c.id)))


def changed(connection: Connection, viewer: Viewer) -> list[str]:
    """The numbers of complaints that do not say what was sent, by the fingerprint in the audit log."""
    logged = select(LOG.c.subject, LOG.c.payload).where(LOG.c.kind == ComplaintOpened.kind)
    sent = {row.subject: _fingerprint(row.payload) for row in connection.execute(logged)}
    return [
        each.number
        for each in every_complaint(connection)
        if not each.is_unchanged or sent.get(each.number) != each.fingerprint
    ]


def _fingerprint(payload: str) -> str | None:
    """What the log says; None where the log itself is damaged, which is told by its own proof."""
    try:
        return str(json.loads(payload)["fingerprint"])
    except (ValueError, KeyError, TypeError):
        return None
