"""What the worker does for access: it answers numbers typed on the start page, and forgets what is over."""

from datetime import timedelta

from sqlalchemy import Connection, delete, select
from sqlmodel import Session

from portal.access import checking, link_actions
from portal.access.queries import CHALLENGE, KEPT, LINK_REQUEST, WRONG_CODE
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.platform.guarded import changed

AT_ONCE = 50


def answer_link_requests(doors: Doors) -> int:
    """Answer typed numbers, each in a transaction of its own; gives how many were answered."""
    viewer = doors.system()
    requests = doors.read_as(viewer, _unanswered)
    for request_id in requests:
        doors.write_as(doors.system(), link_actions.answer_link_request, request_id)
    return len(requests)


def forget_old(doors: Doors) -> int:
    """Delete kept entries nobody came back for, and codes whose last use was to be counted; gives how many."""
    return doors.write_as(doors.system(), _forget_old)


def _unanswered(connection: Connection, viewer: Viewer) -> list[int]:
    return list(connection.scalars(select(LINK_REQUEST.c.id).order_by(LINK_REQUEST.c.id).limit(AT_ONCE)))


def _forget_old(session: Session, viewer: Viewer) -> int:
    day_ago = viewer.now - checking.WRONG_CODES_WINDOW - timedelta(hours=1)
    statements = (
        delete(KEPT).where(KEPT.c.expires_at < viewer.now),
        delete(WRONG_CODE).where(WRONG_CODE.c.at < day_ago),
        # A code that was typed in rightly is also when its number was last confirmed.
        delete(CHALLENGE).where(CHALLENGE.c.expires_at < day_ago, CHALLENGE.c.used_at.is_(None)),
    )
    return sum(changed(session, statement) for statement in statements)
