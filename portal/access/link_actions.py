"""Links: asked for on the start page, made, revoked, and opened."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session

from portal.access import checking, steps
from portal.access.queries import CONTACT, LINK, LINK_REQUEST
from portal.loans import queries as loans
from portal.platform import outbox, throttle
from portal.platform.gate import Viewer
from portal.platform.sealing import seal, unseal

NUMBER_PURPOSE = "access.link_request"

SKEW = timedelta(seconds=60)
"""How far two clocks may be apart where an instant of another machine is judged (SL-10)."""

REQUESTS_MAX, REQUESTS_WINDOW = 25, timedelta(minutes=5)
"""Numbers that one network may type on the start page (SL-23)."""

TEXTS_MAX, TEXTS_WINDOW = 5, timedelta(hours=1)
"""Links that go to one number, however often it is typed."""

ALL_TEXTS_MAX, ALL_TEXTS_WINDOW = 2000, timedelta(hours=1)
"""Links that go out in all: whoever pumps messages finds an end, and so does the bill."""


def ask_for_link(session: Session, viewer: Viewer, number: str) -> datetime | None:
    """Note a typed number, known or not, for the worker to answer; or when this network may type again."""
    bucket = f"start:{viewer.network}"
    try_again = throttle.wait_until(session, bucket, REQUESTS_MAX, REQUESTS_WINDOW, viewer.now)
    if try_again is not None:
        return try_again
    sealed = seal(session.info[outbox.KEYS], NUMBER_PURPOSE, number)
    session.execute(insert(LINK_REQUEST).values(sealed_number=sealed, asked_at=viewer.now))
    return None


def answer_link_request(session: Session, viewer: Viewer, request_id: int) -> int:
    """Queue a text with a link for each person of the typed number, and forget the number; gives how many.

    Two persons on one number get one text each. "Not me" does not stop what is asked for.
    """
    sealed = session.execute(
        delete(LINK_REQUEST).where(LINK_REQUEST.c.id == request_id).returning(LINK_REQUEST.c.sealed_number)
    ).scalar_one_or_none()
    if sealed is None:
        return 0
    number = unseal(session.info[outbox.KEYS], NUMBER_PURPOSE, sealed)
    people = loans.persons_by_mobile(session.connection(), number)
    bucket = f"link:{checking.token_hash(number)}"
    if not people or not throttle.count_try(session, bucket, TEXTS_MAX, TEXTS_WINDOW, viewer.now):
        return 0
    return sum(_queue_link(session, viewer, person) for person in people)


def _queue_link(session: Session, viewer: Viewer, person: loans.PersonRecord) -> int:
    within = throttle.count_try(session, "link:all", ALL_TEXTS_MAX, ALL_TEXTS_WINDOW, viewer.now)
    if not within or person.contact_point_id is None:
        return 0
    outbox.enqueue(
        session,
        kind="sms.link",
        person_id=person.id,
        contact_point_id=person.contact_point_id,
        language=person.language,
        data={},
        now=viewer.now,
        asked_for=True,
    )
    return 1


def make_link(session: Session, viewer: Viewer, person_id: int, contact_point_id: int) -> str:
    """A fresh link to the check for a person, to be sent to this number; its reference is told only here."""
    ref = checking.new_link_ref()
    session.execute(
        insert(LINK).values(
            ref_hash=checking.token_hash(ref),
            person_id=person_id,
            contact_point_id=contact_point_id,
            created_at=viewer.now,
            expires_at=viewer.now + checking.LINK_LIFE,
            wrong_checks=0,
        )
    )
    return ref


def revoke_links(session: Session, viewer: Viewer, person_id: int) -> None:
    """No link that was sent to this person so far can be used any more."""
    session.execute(
        update(LINK).where(LINK.c.person_id == person_id, LINK.c.revoked_at.is_(None)).values(revoked_at=viewer.now)
    )


def open_link(session: Session, viewer: Viewer, ref: str, new_session: str) -> str:
    """Somebody pressed Continue: `check` with a session of its own, `account`, or `unusable` for any dead link."""
    link = session.execute(_USABLE_LINK, {"ref_hash": checking.token_hash(ref)}).first()
    if link is None or link.expires_at + SKEW < viewer.now:
        return "unusable"
    if viewer.kind == "borrower" and viewer.person_id == link.person_id:
        return "account"
    steps.end_session(session, viewer, viewer.session_id if viewer.kind != "staff" else None, "replaced")
    steps.begin(session, viewer, link.person_id, link.contact_point_id, "link", new_session, link_id=link.id)
    return "check"


_USABLE_LINK = (
    select(LINK)
    .join(CONTACT, (CONTACT.c.id == LINK.c.contact_point_id) & CONTACT.c.superseded_at.is_(None))
    .where(LINK.c.ref_hash == bindparam("ref_hash"), LINK.c.revoked_at.is_(None), LINK.c.closed_at.is_(None))
)
