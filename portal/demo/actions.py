"""The first text message to each person of the demo, and the complaint of one of them."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Table, select
from sqlmodel import Session, SQLModel

from portal.access.checking import LINK_LIFE
from portal.complaints import actions as complaints
from portal.complaints import queries as told
from portal.complaints.actions import Sending
from portal.complaints.facts import Told
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


def send_first_complaint(session: Session, viewer: Viewer) -> bool:
    """Let one person complain, who names a dispute handler; False where they did before."""
    person = loans.person_by_ref(session.connection(), people.COMPLAINS.ref)
    if person is None or told.of_person(session.connection(), viewer, person.id):
        return False
    as_person = replace(viewer, kind="borrower", person_id=person.id, roles=frozenset({"borrower"}))
    happened = Told(
        happening="pressure",
        happened_on=viewer.today - timedelta(days=2),
        about_time="21:40",
        channel="call",
        sender="021-5555 0137",
        who="自称姓乔",
        words="晚上打来两次电话，说话很冲，还说要让邻居知道。请不要再这样打电话。",
        wishes=("stop", "apology"),
    )
    complaints.open_complaint(session, as_person, happened, Sending())
    return True
