"""A person makes a link for someone who pays for them, or takes it back.

A link holds nothing (SL-06): a random reference of 132 bits, stored as its hash, and sealed so that its person sees it
again. It shows the payment reference and the amount that the person chose, for seven days.
"""

from sqlalchemy import func, insert, select, update
from sqlmodel import Session

from portal.access.checking import new_link_ref, token_hash
from portal.account import events, sharing_queries
from portal.account.sharing_queries import LIFE, LINK, own_link
from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.loans.actions import hold_person
from portal.loans.queries import LoanRecord
from portal.platform import outbox
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.numbers import new_code
from portal.platform.sealing import seal

LINKS_MOST = 20
"""So many links of one person work at once."""

PURPOSE = "account.pay_link"


def make_link(session: Session, viewer: Viewer, code: str, amount: int) -> str:
    """A link that shows the reference of a loan and this amount; its code in the person's own addresses.

    Refusals `link.too_many` (most), `link.sold`, `link.not_yours` for who only stands for the loan, `link.too_much`
    (most, currency, until) above what pays off everything. LookupError for no loan of theirs.
    """
    record = loans.loan_by_code(session.connection(), viewer, code)
    if record is None:
        raise LookupError(code)
    hold_person(session, viewer.person_id or 0)  # of two links at once the second is counted too
    _refuse_link(session, viewer, record, amount)
    ref, own_code = new_link_ref(), new_code()
    row = {
        "code": own_code,
        "ref_hash": token_hash(ref),
        "sealed_ref": seal(session.info[outbox.KEYS], PURPOSE, ref),
        "loan_id": record.id,
        "person_id": viewer.person_id,
        "currency": record.currency,
        "amount": amount,
        "made_at": viewer.now,
        "expires_at": viewer.now + LIFE,
    }
    session.connection().execute(insert(LINK).values(row))
    audit.record(session, viewer, events.PayLinkMade(own_code, record.id, amount, viewer.today + LIFE))
    return own_code


def _refuse_link(session: Session, viewer: Viewer, record: LoanRecord, amount: int) -> None:
    if record.status == "sold":
        raise Refusal("link.sold")
    if record.role == "guarantor":
        raise Refusal("link.not_yours")
    most = sharing_queries.closes_all(session.connection(), viewer, record.currency)
    if amount > most:
        raise Refusal("link.too_much", most=most, currency=record.currency, until=viewer.today + LIFE)
    mine = (LINK.c.person_id == viewer.person_id, LINK.c.revoked_at.is_(None), LINK.c.expires_at > viewer.now)
    if int(session.scalar(select(func.count()).select_from(LINK).where(*mine)) or 0) >= LINKS_MOST:
        raise Refusal("link.too_many", most=LINKS_MOST)


def take_back(session: Session, viewer: Viewer, code: str) -> bool:
    """Whoever opens the link sees nothing any more, from this moment on; False if there was nothing to take back."""
    if own_link(session.connection(), viewer, code) is None:
        raise LookupError(code)
    mine = (LINK.c.code == code, LINK.c.person_id == viewer.person_id, LINK.c.revoked_at.is_(None))
    if not changed(session, update(LINK).where(*mine).values(revoked_at=viewer.now, sealed_ref="")):
        return False
    audit.record(session, viewer, events.PayLinkRevoked(code))
    return True


def forget_old(session: Session, viewer: Viewer) -> int:
    """Wipe the references of links that have run out; returns how many."""
    over = (LINK.c.expires_at <= viewer.now, LINK.c.sealed_ref != "")
    return changed(session, update(LINK).where(*over).values(sealed_ref=""))
