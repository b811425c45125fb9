"""The form of a new dispute: which penalties can be disputed, what can be ticked of one, and what that comes to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from portal.core.assessment import Assessment, InstalmentAssessment, assess
from portal.core.days import add_working_days, each_day
from portal.core.facts import DaysWaiver, DebitAttempt, LoanFacts
from portal.core.interactions import Part
from portal.core.receipt import fingerprint
from portal.core.refusal import Refusal
from portal.disputes.effect import Span, Stretch, amount_of, disputed_parts, stretches
from portal.disputes.facts import Changes, Sums, Told, changes, nights_stopped, parts_of, read_told, sums, told
from portal.disputes.queries import attempts_of, instalment_of
from portal.disputes.settlement_queries import Beside, beside
from portal.disputes.ticks import Ticks
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.loans.rulepacks import rule_pack
from portal.platform.gate import Viewer

SINGLE_NIGHTS = 200
"""Up to so many nights each of them can be ticked; of an older debt its stretches."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An instalment with a penalty that can be disputed."""

    loan: LoanRecord
    instalment: InstalmentAssessment


def choose_page(connection: Connection, viewer: Viewer) -> tuple[Choice, ...]:
    """Every instalment with a penalty, of all loans of the person that are not sold."""
    records = loans.account(connection, viewer).loans
    return tuple(
        Choice(record, item)
        for record in records
        if record.status != "sold"
        for item in assess(record.facts, viewer.today).instalments
        if item.penalty_chargeable
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What will be so once it is sent: the sums, and what is taken off at once, in minor units.

    Where a product does not accrue while disputed, the night that ends on the day of filing is waived already.
    """

    sums: Sums
    taken_off: int


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form of a new dispute: what can be ticked, what is, and what that comes to."""

    loan: LoanRecord
    instalment: InstalmentAssessment
    offered: tuple[Stretch, ...]
    fee: int
    fee_taken: bool
    ticks: Ticks
    sums: Sums
    sent: Sent
    fingerprint: str
    answer_by: date
    refusal: Refusal | None
    today: date
    settlement: Beside | None = None

    @property
    def currency(self) -> str:
        return self.loan.currency

    @property
    def attempts(self) -> tuple[DebitAttempt, ...]:
        return attempts_of(self.loan, self.instalment)

    @property
    def is_guarantee(self) -> bool:
        """Whether a guarantor objects, who learns nothing of the borrower's disputes and account."""
        return self.loan.role == "guarantor"

    @property
    def told(self) -> Told:
        """The figures as the form carries them."""
        return told(self.loan.facts, self.instalment)

    def changes_since(self, carried: str) -> Changes | None:
        """What differs from the figures that a form carried."""
        before = read_told(carried)
        return changes(before, self.told) if before else None

    @property
    def stops_meanwhile(self) -> bool:
        """Whether no penalty counts on the instalment until the answer, once this is sent."""
        facts = self.loan.facts
        return not facts.terms.accrues_while_disputed or nights_stopped(facts, self.instalment.number, self.today)

    @property
    def all_taken(self) -> bool:
        """Whether everything charged is disputed already, so that nothing can be chosen."""
        return all(stretch.inside for stretch in self.offered) and (not self.fee or self.fee_taken)

    @property
    def ceiling_off(self) -> int:
        """What the legal ceiling takes off all lines together: only what is left of them is charged."""
        return -sum(line.amount for line in self.instalment.lines if line.kind == "legal_ceiling")

    def nights_of(self, stretch: Stretch) -> list[tuple[Span, int]]:
        """Each night of a stretch with what it costs; together they are the stretch."""
        nights = (Span(day, day) for day in each_day(*stretch.span))
        return [(night, amount_of(self.instalment, night)) for night in nights]

    @property
    def single_nights(self) -> bool:
        """Whether each night can be ticked on its own."""
        return sum(stretch.span.nights for stretch in self.offered) <= SINGLE_NIGHTS

    def is_ticked(self, stretch: Stretch) -> bool:
        chosen = self.ticks.stretches
        return not stretch.inside and (chosen is None or stretch.span.name in chosen)

    @property
    def has_ticks(self) -> bool:
        """Whether anything is ticked."""
        with_fee = bool(self.fee) and not self.fee_taken and self.fee_ticked
        return with_fee or bool(self.ticks.nights) or any(map(self.is_ticked, self.offered))

    @property
    def fee_ticked(self) -> bool:
        return self.ticks.late_fee or (self.ticks.stretches is None and not self.fee_taken)


def new_page(connection: Connection, viewer: Viewer, code: str, number: int, ticks: Ticks) -> NewPage | None:
    """The form for one instalment of the viewer's loan; None if there is none with a penalty.

    Ticks that are not on the receipt any more move to what shares their nights.
    """
    found = loans.loan_by_code(connection, viewer, code)
    if found is None or found.status == "sold":
        return None
    return told_of_settlement(connection, viewer, new_page_of(found, number, viewer.today, ticks))


def told_of_settlement(connection: Connection, viewer: Viewer, page: NewPage | None) -> NewPage | None:
    """The form with what sending it does to a settlement, which only pages need to know."""
    return replace(page, settlement=beside(connection, viewer, page.loan)) if page else None


def new_page_of(record: LoanRecord, number: int, today: date, ticks: Ticks) -> NewPage | None:
    """The same of a loan already read."""
    assessment = assess(record.facts, today)
    item = instalment_of(assessment, number)
    if item is None or not item.lines or not item.penalty_chargeable:
        return None
    taken = parts_of(record.in_force(today), today)
    offered = tuple(stretches(item, taken))
    try:
        spans = ticks.spans(offered)
    except ValueError:
        ticks = ticks.moved_to(offered)
        spans = ticks.spans(offered)
    fee = sum(line.amount for line in item.lines if line.kind == "late_fee")
    fee_taken = any(part.kind == "late_fee" and part.instalment in (None, number) for part in taken)
    with_fee = bool(fee) and not fee_taken and (ticks.late_fee or ticks.stretches is None)
    chosen = disputed_parts(item, spans, with_fee)
    return NewPage(
        loan=record,
        instalment=item,
        offered=offered,
        fee=fee,
        fee_taken=fee_taken,
        ticks=ticks,
        sums=sums(assessment, number, chosen, taken),
        sent=_once_sent(record.facts, assessment, number, chosen, taken, today),
        fingerprint=fingerprint(record.facts, today),
        answer_by=promised(record, today),
        refusal=record.refusal_of("file_dispute", today),
        today=today,
    )


def _once_sent(
    facts: LoanFacts, now: Assessment, number: int, chosen: Sequence[Part], taken: Sequence[Part], today: date
) -> Sent:
    """The sums as filing will tell them: it suspends the penalty from today on, unless the product lets it accrue."""
    if facts.terms.accrues_while_disputed:
        return Sent(sums(now, number, chosen, taken), 0)
    suspended = DaysWaiver("dispute", number, today, None, "dispute")
    then = assess(replace(facts, days_waivers=(*facts.days_waivers, suspended)), today)
    taken_off = now.instalment(number).penalty_chargeable - then.instalment(number).penalty_chargeable
    return Sent(sums(then, number, chosen, taken), taken_off)


def promised(record: LoanRecord, today: date) -> date:
    """The day by which a dispute filed today is answered."""
    calendar = rule_pack(record.rule_pack).calendar(today)
    return add_working_days(today, record.rules.answer_days, calendar)
