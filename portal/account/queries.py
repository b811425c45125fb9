"""What the borrower's account shows, and one loan of it, as frozen page data."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, or_

from portal.account import notice_queries as notices
from portal.account.facts import LoanFigures, figures
from portal.complaints import queries as complaints
from portal.core.allocation import Amounts
from portal.core.assessment import NextDue
from portal.core.days import add_months
from portal.core.interactions import Act, Hold
from portal.core.settlement import figure
from portal.drafts.queries import ANY_OWN, DraftRecord, own_drafts
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord, ReversedPayment
from portal.platform.gate import Viewer
from portal.settlements import queries as settlements

GUARANTOR = "guarantor"

OVER = frozenset({"lapsed", "refused", "found", "not_found"})
"""States of what needs nothing any more, but was answered in the last days."""

_ACCOUNT = loans.account_statement(or_(ANY_OWN, settlements.EVER, complaints.ANY_OPEN, notices.EVER))
"""With whether there may be anything to go on with that no hold tells of: for most there is not."""


@dataclass(frozen=True, slots=True)
class DueCard:
    """All of one currency that is due on the day, what is disputed set apart."""

    currency: str
    payable: Amounts
    disputed: int
    days_past_due: int
    oldest_due_on: date | None
    next_night: int
    late_fee_tonight: int
    next_due: NextDue | None
    credit: int
    refund_owed: int
    contract_types: tuple[str, ...]
    plan: Hold | None
    next_plan_payment: tuple[date, int] | None


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that is being worked on: its kind, number and page, and by when it is answered.

    What somebody else on the loan began has no page for this reader. `state` is that of a settlement that binds nobody,
    or of a report of a payment.
    """

    kind: str
    number: str
    page: str
    answer_by: date | None
    state: str = ""
    offered_until: date | None = None
    """Of an offer of ours that waits for this person's answer, its last day."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended and stands here only so that its answer is found."""
        return self.state in OVER


@dataclass(frozen=True, slots=True)
class AgreedSettlement:
    """What closes a loan today by a settlement that was accepted, in minor units, and up to which day.

    Its page is that of the person who accepted it, `person_id`.
    """

    loan: LoanFigures
    page: str
    person_id: int | None
    amount: int
    until: date


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The account of a person: what is due by currency, what is pending, every loan.

    What is demanded under a guarantee stands apart in `guaranteed` and is added to nothing.
    """

    name: str
    today: date
    data_date: date | None
    cards: tuple[DueCard, ...]
    pending: tuple[Pending, ...]
    loans: tuple[LoanFigures, ...]
    guaranteed: tuple[LoanFigures, ...]
    hidden: tuple[LoanRecord, ...]
    drafts: tuple[DraftRecord, ...]
    agreed: tuple[AgreedSettlement, ...] = ()

    @property
    def late_loan(self) -> LoanFigures | None:
        """The loan whose oldest part is latest: where the way to the receipt leads."""
        return max(self._late, key=lambda loan: loan.assessment.days_past_due, default=None)

    def loan_to(self, act: Act) -> LoanFigures | None:
        """The latest of the late loans on which what stands beside it lets an act be: what cannot be is not offered.

        A plan or a promise needs something due; a penalty that was paid can be disputed too.
        """
        wanted = (loan for loan in self._late if act == "file_dispute" or loan.assessment.due.total)
        free = (loan for loan in wanted if loan.record.allows(act, self.today))
        return max(free, key=lambda loan: loan.assessment.days_past_due, default=None)

    @property
    def _late(self) -> list[LoanFigures]:
        return [loan for loan in self.loans if loan.settled_on is None and _first_with_penalty(loan) is not None]

    @property
    def late_instalment(self) -> int | None:
        """The oldest instalment with a penalty of that loan."""
        return _first_with_penalty(self.late_loan) if self.late_loan else None


def account_page(connection: Connection, viewer: Viewer) -> AccountPage:
    """Everything the signed-in person may see. A sold loan shows no figures (domain.md 5)."""
    record = loans.account(connection, viewer, _ACCOUNT)
    drafts = own_drafts(connection, viewer) if record.also else ()
    unheld = _unheld(connection, viewer) if record.also else ()
    seen = tuple(as_seen_by(viewer, loan) for loan in record.loans)
    shown = [figures(loan, viewer.today) for loan in seen if loan.status != "sold"]
    own = tuple(loan for loan in shown if loan.record.role != GUARANTOR)
    agreed = [settlement_of_today(connection, loan) for loan in own]
    return AccountPage(
        name=record.person_name,
        today=viewer.today,
        data_date=record.data_date,
        cards=tuple(_card(currency, own) for currency in _currencies(own)),
        pending=(*_pending(viewer, seen), *unheld),
        loans=own,
        guaranteed=tuple(loan for loan in shown if loan.record.role == GUARANTOR),
        hidden=tuple(loan for loan in seen if loan.status == "sold"),
        drafts=tuple(draft for draft in drafts if draft.loan_id in {loan.id for loan in seen}),
        agreed=tuple(each for each in agreed if each and each.person_id == viewer.person_id),
    )


def settlement_of_today(connection: Connection, loan: LoanFigures) -> AgreedSettlement | None:
    """What the accepted settlement of a loan comes to today; asks nothing where no hold tells of one."""
    hold, today = loan.agreed_settlement, loan.assessment.as_of
    found = settlements.open_of_loan(connection, loan.record.id) if hold else None
    if hold is None or found is None or found.state != "accepted" or today > found.offer.until:
        return None
    owed = figure(loan.record.facts, found.offer, today, found.rule).to_pay
    return AgreedSettlement(loan, hold.page, hold.person_id, owed, found.offer.until)


def as_seen_by(viewer: Viewer, record: LoanRecord) -> LoanRecord:
    """A guarantor learns nothing of the borrower's disputes, plans and requests (words.md 1, rule 10)."""
    if record.role != GUARANTOR:
        return record
    return replace(record, holds=_own(viewer, record.holds), pending=_own(viewer, record.pending))


def _own(viewer: Viewer, holds: Iterable[Hold]) -> tuple[Hold, ...]:
    return tuple(hold for hold in holds if hold.person_id == viewer.person_id)


def _pending(viewer: Viewer, records: Iterable[LoanRecord]) -> tuple[Pending, ...]:
    """Each page once: a dispute about fraud leads to the same one as the hold that it puts on the loan."""
    by_page: dict[str, Hold] = {}
    for record in records:
        for hold in (*record.holds, *record.pending):
            if hold.page and hold.is_in_force(viewer.today):
                by_page.setdefault(hold.page, hold)
    return tuple(_pending_of(viewer, hold) for hold in by_page.values())


def _unheld(connection: Connection, viewer: Viewer) -> Iterable[Pending]:
    """Questions and quotes bind nobody, complaints and reports of a payment stop nothing: no hold tells of them."""
    for each in settlements.under_way(connection, viewer):
        offered = settlements.own_settlement(connection, viewer, each.number) if each.state == "quoted" else None
        until = offered.offer.until if offered and offered.from_staff else None
        yield Pending(each.kind, each.number, each.page, None, each.state, until)
    for complaint in complaints.under_way(connection, viewer):
        yield Pending("complaint", complaint.number, complaint.page, complaint.answer_by)
    for said in notices.under_way(connection, viewer):
        yield Pending("payment", said.number, f"/payment-notices/{said.number}", None, said.state)


def _pending_of(viewer: Viewer, hold: Hold) -> Pending:
    answer_by = hold.data.get("answer_by")
    page = hold.page if hold.person_id == viewer.person_id else ""
    until = hold.until if page and hold.data.get("offered") else None
    return Pending(hold.kind, hold.number, page, date.fromisoformat(answer_by) if answer_by else None, "", until)


def _currencies(shown: Iterable[LoanFigures]) -> list[str]:
    return list(dict.fromkeys(loan.currency for loan in shown))


def _card(currency: str, shown: Iterable[LoanFigures]) -> DueCard:
    own = [loan for loan in shown if loan.currency == currency]
    oldest = [loan.assessment.oldest_due_on for loan in own if loan.assessment.oldest_due_on is not None]
    return DueCard(
        currency=currency,
        payable=Amounts(*map(sum, zip(*(loan.payable for loan in own), strict=True))),
        disputed=sum(loan.disputed_unpaid for loan in own),
        days_past_due=max(loan.assessment.days_past_due for loan in own),
        oldest_due_on=min(oldest, default=None),
        next_night=sum(loan.next_night for loan in own),
        late_fee_tonight=sum(loan.late_fee_tonight for loan in own),
        next_due=_next_due(
            [loan.assessment.next_due for loan in own if loan.assessment.next_due and not loan.settled_on]
        ),
        credit=sum(loan.assessment.credit - loan.assessment.refund_owed for loan in own if not loan.settled_on),
        refund_owed=sum(loan.assessment.refund_owed for loan in own),
        contract_types=tuple(dict.fromkeys(loan.record.contract_type for loan in own)),
        plan=next((loan.running_plan for loan in own if loan.running_plan), None),
        next_plan_payment=_next_planned([loan.next_plan_payment for loan in own if loan.next_plan_payment]),
    )


def _next_planned(coming: list[tuple[date, int]]) -> tuple[date, int] | None:
    """The next day of a plan, and what is to be paid on it for all loans together."""
    soonest = min((day for day, _amount in coming), default=None)
    return (soonest, sum(amount for day, amount in coming if day == soonest)) if soonest else None


def _next_due(coming: list[NextDue]) -> NextDue | None:
    """The next day on which money has to come, and how much for all loans together."""
    soonest = min(coming, key=lambda due: (due.amount == 0, due.due_on), default=None)
    if soonest is None:
        return None
    return soonest._replace(amount=sum(due.amount for due in coming if due.due_on == soonest.due_on))


def _first_with_penalty(loan: LoanFigures) -> int | None:
    return next((item.number for item in loan.assessment.instalments if item.lines), None)


@dataclass(frozen=True, slots=True)
class LoanPage:
    """All of one loan on a day; figures are absent of a sold one. A guarantor's page has only what is demanded."""

    record: LoanRecord
    figures: LoanFigures | None
    pending: tuple[Pending, ...]
    came_back: tuple[ReversedPayment, ...]
    today: date
    data_date: date | None
    letter: str | None = None


def loan_page(connection: Connection, viewer: Viewer, code: str) -> LoanPage | None:
    """One loan the viewer may see, None if there is none of that code."""
    found = loans.loan_by_code(connection, viewer, code)
    if found is None:
        return None
    found = as_seen_by(viewer, found)
    shown = None if found.status == "sold" else figures(found, viewer.today)
    came_back = loans.reversed_payments(connection, found.id) if shown else ()
    letter = settlements.paid_on_loan(connection, found.id, viewer.person_id) if viewer.person_id else None
    return LoanPage(found, shown, _pending(viewer, (found,)), came_back, viewer.today, found.data_date, letter)


def loan_paper(connection: Connection, viewer: Viewer, code: str) -> tuple[LoanPage | None, str]:
    """The same for a paper, which names the person it is made for."""
    return loan_page(connection, viewer, code), holder(connection, viewer)


def holder(connection: Connection, viewer: Viewer) -> str:
    """The name of the signed-in person, as papers say it."""
    found = loans.person(connection, viewer.person_id) if viewer.person_id else None
    return found.name if found else ""


def askable_days(record: LoanRecord, today: date) -> tuple[date, date]:
    """The days that can be asked for: from disbursement to two years ahead (domain.md 1)."""
    return record.facts.disbursed_on, add_months(today, 24)
