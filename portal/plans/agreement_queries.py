"""The agreement of a plan as it is read: the paper, its PDF, and the days of its payments."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from portal.loans import queries as loans
from portal.loans.tables import table_of
from portal.plans.queries import PaperPage, paper_page
from portal.plans.tables import PlanPaper
from portal.platform.gate import Viewer
from portal.platform.kept_papers import Shelf

PAPERS = Shelf(table_of(PlanPaper), about="plan_id")


def paper_with_pdf(
    connection: Connection, viewer: Viewer, number: str, language: str
) -> tuple[PaperPage, bytes | None] | None:
    """The paper of a plan that the viewer may see, and its PDF if there is one."""
    page = paper_page(connection, viewer, number)
    return None if page is None else (page, PAPERS.find(connection, page.plan.id, language))


@dataclass(frozen=True, slots=True)
class Dates:
    """The days of an agreed plan's payments, as they stand now."""

    number: str
    agreed_at: datetime
    days: tuple[date, ...]


def dates(connection: Connection, viewer: Viewer, number: str) -> Dates | None:
    """The days of a plan of the viewer; of a running one those that its holds name, since payments can be moved."""
    page = paper_page(connection, viewer, number)
    if page is None:
        return None
    noted = tuple(
        date.fromisoformat(day)
        for loan in loans.loans_of(connection, page.plan.person_id, viewer.today)
        for hold in loan.holds
        if hold.kind == "plan" and hold.number == number
        for day, _amount in hold.data.get("payments", ())
    )
    days = noted or tuple(payment.due_on for payment in page.plan.figures.payments)
    return Dates(number, page.agreed_at, tuple(sorted(set(days))))
