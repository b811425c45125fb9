"""What the borrower's pages show: the account, one loan, and a penalty receipt, as frozen page data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import Connection

from portal.account.facts import LoanFigures, figures
from portal.account.forms import Question, read_day, read_payment
from portal.core.accrual import CEILING_DAYS
from portal.core.allocation import Amounts
from portal.core.assessment import Assessment, InstalmentAssessment, NextDue, PaymentAssessment
from portal.core.days import add_months
from portal.core.disputed import Disputed
from portal.core.facts import AmountWaiver, DebitAttempt
from portal.core.interactions import Hold
from portal.core.lines import Line
from portal.core.money import round_half_up
from portal.core.receipt import (
    ENGINE_VERSION,
    all_in_cost,
    fingerprint,
    night_lines,
    rates_used,
    what_if,
    yearly_cost,
)
from portal.core.terms import RateRow
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord, ReversedPayment
from portal.platform.clock import day_in
from portal.platform.gate import Viewer

OPENED_NIGHTS = 366
"""Up to so many nights all of them stand on the page; of an older debt a stretch at a time, so that it stays light."""

GUARANTOR = "guarantor"

NIL_BARS = {"days_waived": "waived", "grace": "grace"}


@dataclass(frozen=True, slots=True)
class DueCard:
    """All of one currency that is due on the day, what is disputed set apart."""

    currency: str
    payable: Amounts
    disputed: int
    days_past_due: int
    oldest_due_on: date | None
    next_night: int
    next_due: NextDue | None
    credit: int
    refund_owed: int
    contract_types: tuple[str, ...]
    plan: Hold | None
    next_plan_payment: tuple[date, int] | None


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that is being worked on: its kind, number and page, and by when it is answered.

    What somebody else on the loan began has no page for this reader.
    """

    kind: str
    number: str
    page: str
    answer_by: date | None


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

    @property
    def late_loan(self) -> LoanFigures | None:
        """The loan whose oldest part is latest: where the way to the receipt leads."""
        late = [loan for loan in self.loans if _first_with_penalty(loan) is not None]
        return max(late, key=lambda loan: loan.assessment.days_past_due, default=None)

    @property
    def late_instalment(self) -> int | None:
        """The oldest instalment with a penalty of that loan."""
        return _first_with_penalty(self.late_loan) if self.late_loan else None


def account_page(connection: Connection, viewer: Viewer) -> AccountPage:
    """Everything the signed-in person may see, in one statement. A sold loan shows no figures (domain.md 5)."""
    record = loans.account(connection, viewer)
    seen = tuple(_as_seen_by(viewer, loan) for loan in record.loans)
    shown = [figures(loan, viewer.today) for loan in seen if loan.status != "sold"]
    own = tuple(loan for loan in shown if loan.record.role != GUARANTOR)
    return AccountPage(
        name=record.person_name,
        today=viewer.today,
        data_date=record.data_date,
        cards=tuple(_card(currency, own) for currency in _currencies(own)),
        pending=_pending(viewer, seen),
        loans=own,
        guaranteed=tuple(loan for loan in shown if loan.record.role == GUARANTOR),
        hidden=tuple(loan for loan in seen if loan.status == "sold"),
    )


def _as_seen_by(viewer: Viewer, record: LoanRecord) -> LoanRecord:
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


def _pending_of(viewer: Viewer, hold: Hold) -> Pending:
    answer_by = hold.data.get("answer_by")
    page = hold.page if hold.person_id == viewer.person_id else ""
    return Pending(hold.kind, hold.number, page, date.fromisoformat(answer_by) if answer_by else None)


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
        next_due=_next_due([loan.assessment.next_due for loan in own if loan.assessment.next_due is not None]),
        credit=sum(loan.assessment.credit - loan.assessment.refund_owed for loan in own),
        refund_owed=sum(loan.assessment.refund_owed for loan in own),
        contract_types=tuple(dict.fromkeys(loan.record.contract_type for loan in own)),
        plan=next((loan.running_plan for loan in own if loan.running_plan), None),
        next_plan_payment=min((loan.next_plan_payment for loan in own if loan.next_plan_payment), default=None),
    )


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
    name: str


def loan_page(connection: Connection, viewer: Viewer, code: str) -> LoanPage | None:
    """One loan the viewer may see, None if there is none of that code."""
    found = loans.loan_by_code(connection, viewer, code)
    if found is None:
        return None
    found = _as_seen_by(viewer, found)
    shown = None if found.status == "sold" else figures(found, viewer.today)
    came_back = loans.reversed_payments(connection, found.id) if shown else ()
    return LoanPage(found, shown, _pending(viewer, (found,)), came_back, viewer.today, found.data_date, viewer.name)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of nights as the receipt and its chart number it."""

    number: int
    line: Line
    nights: tuple[tuple[date, Fraction, Fraction], ...]
    disputed: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A run of nights in the chart: its number, how many nights, what one of them costs, how it is drawn."""

    number: str
    nights: int
    amount: Fraction
    kind: str


@dataclass(frozen=True, slots=True)
class RateChange:
    """The nightly rate before and after a change."""

    before: Fraction
    after: Fraction


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """How the penalty of one instalment came about, as seen from a day."""

    loan: LoanFigures
    instalment: InstalmentAssessment
    as_of: date
    today: date
    data_date: date | None
    disputed: Disputed
    lines: tuple[Line, ...]
    stretches: Mapping[int, Stretch]
    payments: Mapping[str, PaymentAssessment]
    next_night: int
    yearly: Fraction | None
    all_in: Fraction | None
    rates: tuple[RateRow, ...]
    attempts: tuple[DebitAttempt, ...]
    fingerprint: str
    name: str
    opened: int | None
    engine: str = ENGINE_VERSION

    @property
    def record(self) -> LoanRecord:
        return self.loan.record

    @property
    def currency(self) -> str:
        return self.loan.currency

    @property
    def is_guarantee(self) -> bool:
        """Whether a guarantor reads it."""
        return self.record.role == GUARANTOR

    @property
    def nights(self) -> int:
        """How many nights were charged."""
        return sum(line.nights or 0 for line in self.lines if line.kind == "nights")

    def total_of(self, *kinds: str) -> int:
        """The sum of all lines of these kinds."""
        return sum(line.amount for line in self.lines if line.kind in kinds)

    @property
    def ceiling(self) -> Fraction | None:
        """The yearly ceiling in force in the last night, None where the law or contract names none."""
        return next((row.annual_ceiling for row in reversed(self.rates)), None)

    @property
    def chart(self) -> list[Bar]:
        """The nights as the chart draws them, in order."""
        bars = []
        for place, line in enumerate(self.lines):
            stretch = self.stretches.get(place)
            if stretch is not None:
                kind = "disputed" if stretch.disputed else "charged"
                bars.append(Bar(str(stretch.number), len(stretch.nights), stretch.nights[0][1], kind))
            elif line.kind in ("days_waived", "grace"):
                bars.append(Bar("–", line.nights or 0, Fraction(0), NIL_BARS[line.kind]))
        return bars

    @property
    def first_night(self) -> date:
        return self.lines[0].from_day

    @property
    def last_night(self) -> date:
        return max(line.to_day for line in self.lines if line.nights) if self.nights else self.lines[-1].to_day

    def opens(self, stretch: Stretch) -> bool:
        """Whether the single nights of a stretch stand on the page: all of a young debt, else only those asked for."""
        return self.nights <= OPENED_NIGHTS or stretch.number == self.opened

    def rate_changes_on(self, day: date) -> list[RateChange]:
        """The change of rate that makes a stretch begin on that day."""
        pairs = zip(self.rates, self.rates[1:], strict=False)
        return [RateChange(old.daily_rate, new.daily_rate) for old, new in pairs if new.effective_from == day]

    def met_by(self, payment: PaymentAssessment) -> list[tuple[str, int]]:
        """Which components of this instalment a payment met."""
        return [(part.component, part.amount) for part in payment.parts if part.instalment == self.instalment.number]

    def waived_because(self, line: Line) -> list[str]:
        """The causes of the waivers that cover these nights; they are the borrower's affair, not a guarantor's."""
        if self.is_guarantee:
            return []
        causes = (
            waiver.cause
            for waiver in self.record.facts.days_waivers
            if waiver.instalment in (None, self.instalment.number)
            and waiver.from_day <= line.to_day
            and (waiver.to_day is None or line.from_day <= waiver.to_day)
        )
        return list(dict.fromkeys(causes))

    def waiver(self, reference: str) -> AmountWaiver:
        """The waiver of an amount of that reference."""
        return next(waiver for waiver in self.record.facts.amount_waivers if waiver.reference == reference)

    @property
    def has_waiver(self) -> bool:
        return any(line.kind in ("days_waived", "amount_waiver") for line in self.lines)

    @property
    def grace_end(self) -> date:
        """The last day on which paying still costs nothing."""
        return self.instalment.due_on + timedelta(days=self.record.facts.terms.grace_days)

    @property
    def is_past_grace(self) -> bool:
        """Whether grace days passed with something unpaid."""
        return self.record.facts.terms.grace_days > 0 and self.nights > 0

    @property
    def ceiling_amount(self) -> int:
        """How much the legal ceiling would allow so far, in minor units."""
        allowed = self.instalment.exact_ceiling or Fraction(0)
        return round_half_up(allowed.numerator, allowed.denominator)

    @property
    def yearly_contract_rates(self) -> list[Fraction]:
        """The nightly rates of the nights charged, each times 365."""
        charged = (line.daily_rate for line in self.lines if line.kind == "nights" and line.daily_rate is not None)
        return list(dict.fromkeys(rate * CEILING_DAYS for rate in charged))


def asked_receipt(
    connection: Connection, viewer: Viewer, code: str, number: int, query: Mapping[str, str], zone: str
) -> tuple[ReceiptPage | None, Question]:
    """The receipt of one instalment on the day asked for (today if it is no day), None if there is no such one."""
    found = loans.loan_by_code(connection, viewer, code)
    if found is None or found.status == "sold":
        return None, Question({})
    found = _as_seen_by(viewer, found)
    question = read_day(query, viewer.today, askable_days(found, viewer.today))
    as_of = question.on if question.on and question.ok else viewer.today
    opened = query.get("open", "")
    return receipt_of(found, number, as_of, viewer, zone, int(opened) if opened.isdecimal() else None), question


def receipt_of(
    record: LoanRecord, number: int, as_of: date, viewer: Viewer, zone: str, opened: int | None = None
) -> ReceiptPage | None:
    """The receipt of a loan already read: staff see the very same."""
    loan = figures(record, as_of)
    instalment = next((item for item in loan.assessment.instalments if item.number == number), None)
    if instalment is None:
        return None
    spans = [
        (part.from_day or date.min, part.to_day or date.max)
        for hold in loan.disputes
        for part in hold.parts
        if part.kind == "nights" and part.instalment in (None, number)
    ]
    return ReceiptPage(
        loan=loan,
        instalment=instalment,
        as_of=as_of,
        today=viewer.today,
        data_date=record.data_date,
        disputed=loan.disputed_of(number),
        lines=instalment.lines,
        stretches=_stretches(instalment.lines, spans),
        payments={payment.reference: payment for payment in loan.assessment.payments},
        next_night=loan.next_night,
        yearly=yearly_cost(instalment),
        all_in=all_in_cost(record.facts, loan.assessment),
        rates=rates_used(record.facts, as_of),
        attempts=_attempts_on_due_date(record, instalment, zone),
        fingerprint=fingerprint(record.facts, as_of),
        name=viewer.name,
        opened=opened,
    )


def _stretches(lines: Iterable[Line], spans: list[tuple[date, date]]) -> dict[int, Stretch]:
    """The charged stretches by their place among the lines, numbered from 1."""
    charged = [(place, line) for place, line in enumerate(lines) if line.kind == "nights"]
    return {
        place: Stretch(
            number,
            line,
            tuple(night_lines(line)),
            any(begin <= line.to_day and line.from_day <= end for begin, end in spans),
        )
        for number, (place, line) in enumerate(charged, start=1)
    }


def _attempts_on_due_date(record: LoanRecord, instalment: InstalmentAssessment, zone: str) -> tuple[DebitAttempt, ...]:
    return tuple(
        attempt
        for attempt in record.attempts
        if attempt.instalment == instalment.number and day_in(zone, attempt.attempted_at) == instalment.due_on
    )


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The loan on a day without and with one more payment; nothing is stored."""

    on: date
    amount: int
    before: Assessment
    after: Assessment
    night_before: int
    night_after: int

    @property
    def payment(self) -> PaymentAssessment:
        """The payment that was tried."""
        return self.after.payments[-1]

    @property
    def by_instalment(self) -> dict[int, list[tuple[str, int]]]:
        """Where it would go: of each instalment the components it meets."""
        met: dict[int, list[tuple[str, int]]] = {}
        for part in self.payment.parts:
            met.setdefault(part.instalment, []).append((part.component, part.amount))
        return met

    def is_paid_off(self, number: int) -> bool:
        """Whether nothing of that instalment would be left."""
        return self.after.instalment(number).unpaid.total == 0


@dataclass(frozen=True, slots=True)
class WhatIfPage:
    """The what-if of one loan; no answer while day or amount are not understood."""

    record: LoanRecord
    today: date
    data_date: date | None
    answer: WhatIf | None


def asked_what_if(
    connection: Connection, viewer: Viewer, code: str, query: Mapping[str, str]
) -> tuple[WhatIfPage | None, Question]:
    """What paying that amount on that day would do, None if there is no such loan."""
    found = loans.loan_by_code(connection, viewer, code)
    if found is None or found.status == "sold" or found.role == GUARANTOR:
        return None, Question({})
    question = read_payment(query, viewer.today, found.facts.currency, askable_days(found, viewer.today))
    answer = None
    if question.ok and question.on and question.amount:
        answer = _try_payment(found, question.on, question.amount)
    return WhatIfPage(found, viewer.today, found.data_date, answer), question


def _try_payment(record: LoanRecord, on: date, amount: int) -> WhatIf:
    before, after = what_if(record.facts, on, amount)
    return WhatIf(on, amount, before, after, before.next_night, after.next_night)


def askable_days(record: LoanRecord, today: date) -> tuple[date, date]:
    """The days that can be asked for: from disbursement to two years ahead (domain.md 1)."""
    return record.facts.disbursed_on, add_months(today, 24)
