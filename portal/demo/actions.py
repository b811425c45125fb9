"""The first text message to each person of the demo."""

from sqlalchemy import Table, select
from sqlmodel import Session, SQLModel

from portal.access.checking import LINK_LIFE
from portal.demo import people
from portal.loans import queries as loans
from portal.messages import actions as messages
from portal.platform.gate import Viewer

OUTBOX: Table = SQLModel.metadata.tables["outbox"]


def send_first_texts(session: Session, viewer: Viewer) -> int:
    """Send a link to everybody who has got no text while the last one could still be opened; how many that were."""
    recent = select(OUTBOX.c.person_id).where(OUTBOX.c.created_at > viewer.now - LINK_LIFE)
    reached = set(session.execute(recent).scalars())
    found = (loans.person_by_ref(session.connection(), person.ref) for person in people.PEOPLE)
    waiting = [person for person in found if person is not None and person.id not in reached]
    for person in waiting:
        messages.notify(session, viewer, person_id=person.id, template="sms.link")
    return len(waiting)
