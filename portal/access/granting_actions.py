"""Staff give something away alone: it is noted against the limit of their day, and one at a time."""

from sqlalchemy import insert, select
from sqlmodel import Session

from portal.access.granting_queries import GRANTED
from portal.access.queries import ACCOUNT
from portal.platform.gate import Viewer


def hold_granting(session: Session, viewer: Viewer) -> None:
    """Let the viewer grant nothing elsewhere until this transaction ends, so that two at once pass no limit."""
    mine = select(ACCOUNT.c.id).where(ACCOUNT.c.id == viewer.staff_id)
    session.connection().execute(mine.with_for_update(key_share=True))


def note_granted(session: Session, viewer: Viewer, number: str, amount: int, currency: str) -> None:
    """Note what the viewer grants without a second person, in minor units; nothing for nothing."""
    if viewer.staff_id is None or amount <= 0:
        return
    row = {"staff_id": viewer.staff_id, "granted_on": viewer.today, "granted_at": viewer.now, "currency": currency}
    session.connection().execute(insert(GRANTED).values(row | {"amount": amount, "object_number": number}))
