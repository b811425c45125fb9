"""Reads of personal data that leave a row in the audit log, in the same transaction (ST-12)."""

from datetime import date

from sqlmodel import Session

from portal.account.receipt_queries import ReceiptPage
from portal.audit import actions as audit
from portal.desk import queries
from portal.desk.events import CaseRead, PersonFound, ReceiptRead
from portal.desk.queries import CasePage
from portal.platform.gate import Viewer


def find_people(session: Session, viewer: Viewer, name: str, mobile: str, because: str) -> list[str]:
    """The codes of those who are found, at most a page of them; each is noted with the reason for looking."""
    codes = queries.people_named(session.connection(), name, mobile)
    for code in codes:
        audit.record(session, viewer, PersonFound(code, because))
    return codes


def open_case(session: Session, viewer: Viewer, code: str, part: str, because: str) -> CasePage | None:
    """One part of a person's case, None if there is no such person."""
    page = queries.case_page(session.connection(), viewer, code, part)
    if page is not None:
        audit.record(session, viewer, CaseRead(code, part, because))
    return page


def open_receipt(
    session: Session, viewer: Viewer, code: str, loan: str, number: int, as_of: date, zone: str
) -> tuple[CasePage, ReceiptPage] | None:
    """The receipt of one instalment exactly as the person sees it; None if the loan is not that person's."""
    found = queries.receipt(session.connection(), viewer, code, loan, number, as_of, zone)
    if found is not None:
        audit.record(session, viewer, ReceiptRead(code, found[1].record.id, number))
    return found
