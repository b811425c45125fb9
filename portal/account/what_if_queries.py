"""What one more payment would do; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from portal.account.forms import Question, read_payment
from portal.account.queries import GUARANTOR, askable_days
from portal.core.assessment import Assessment, PaymentAssessment, assess
from portal.core.payoff import payoff
from portal.core.receipt import what_if
from portal.core.settlement import closed, figure, with_offer
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer
from portal.settlements import own_queries
from portal.settlements import queries as settlements
from portal.settlements.queries import SettlementRecord


@dataclass(frozen=True, slots=True)
class PlanMet:
    """A payment of the running plan, and how much of it the amount would cover."""

    due_on: date
    amount: int
    covered: int


@dataclass(frozen=True, slots=True)
class Closing:
    """Whether the amount would close the contract: what it takes on that day, by a settlement or as a payoff.

    `until` is the last day of the settlement that stands, None where it is the payoff. `other` is what the other of the
    two ways takes on that day: the whole without that settlement, or less by one that the rules offer; None where the
    two take the same.

    Paid without a settlement the payoff closes nothing by itself: what is not due yet waits as credit for its days, and
    is then asked for with all its interest (domain.md 4, 5). `left_over` is how much of that would still be to pay.
    """

    to_pay: int
    until: date | None
    missing: int
    other: int | None = None
    left_over: int = 0

    @property
    def wants_quote(self) -> bool:
        """Whether the amount closes the contract only once a settlement stands."""
        return self.until is None and self.left_over > 0


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The loan on a day without and with one more payment; nothing is stored.

    `later` is where what stays as credit goes by itself: (number, due date, amount) of instalments not yet due.
    `late_fee_spared` are late fees that fall on that day without the payment only: it comes before them.
    """

    on: date
    amount: int
    before: Assessment
    after: Assessment
    night_before: int
    night_after: int
    later: tuple[tuple[int, date, int], ...]
    plan: tuple[PlanMet, ...]
    closing: Closing | None
    late_fee_spared: int = 0

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
        standing = settlements.open_of_loan(connection, found.id)
        if standing is not None and standing.person_id != viewer.person_id:
            standing = None
        answer = _try_payment(found, question.on, question.amount, standing)
        if answer.closing and answer.closing.until is None:
            answer = replace(answer, closing=_beside_quote(connection, viewer, code, question.on, answer.closing))
    return WhatIfPage(found, viewer.today, found.data_date, answer), question


def _try_payment(record: LoanRecord, on: date, amount: int, standing: SettlementRecord | None) -> WhatIf:
    before, after = what_if(record.facts, on, amount)
    spared = _charged(before) - _charged(after)
    if standing is not None and _closes(record, on, amount, standing):
        # It then goes where the settlement lets it go: all falls due, less what is taken off.
        agreed = closed(with_offer(record.facts, standing.offer, on), on, standing.rule)
        after = what_if(agreed, on, amount)[1]
    nights = (before.next_night, after.next_night)
    closing = _closing(record, on, amount, standing)
    return WhatIf(on, amount, before, after, *nights, _met_later(after), _plan_met(record, on, amount), closing, spared)


def _charged(seen: Assessment) -> int:
    return sum(item.penalty_chargeable for item in seen.instalments)


def _met_later(after: Assessment) -> tuple[tuple[int, date, int], ...]:
    """The instalments that held credit will pay on their days, the soonest first, as far as it goes."""
    credit, met = after.credit, []
    for item in after.instalments:
        if item.is_due or not credit:
            continue
        part = min(credit, item.unpaid.total)
        credit -= part
        if part:
            met.append((item.number, item.due_on, part))
    return tuple(met)


def _plan_met(record: LoanRecord, on: date, amount: int) -> tuple[PlanMet, ...]:
    """The payments of the running plan that are still to come, in their order, as far as the amount covers them."""
    plan = next((hold for hold in record.holds if hold.kind == "plan" and hold.is_in_force(on)), None)
    payments = plan.data.get("payments", ()) if plan else ()
    coming = sorted((date.fromisoformat(day), int(each)) for day, each in payments)
    met = []
    for due_on, each in coming:
        if due_on < on or not amount:
            continue
        covered = min(amount, each)
        amount -= covered
        met.append(PlanMet(due_on, each, covered))
    return tuple(met)


def _beside_quote(connection: Connection, viewer: Viewer, code: str, on: date, closing: Closing) -> Closing:
    """The payoff beside what a settlement takes that the rules offer today, if it stands that day and takes less."""
    page = own_queries.new_page(connection, viewer, code)
    days = page.quote.days if page is not None and page.quote is not None and page.open is None else ()
    offered = next((each.to_pay for each in days if each.day == on), closing.to_pay)
    return replace(closing, other=offered) if offered < closing.to_pay else closing


def _closes(record: LoanRecord, on: date, amount: int, standing: SettlementRecord) -> bool:
    closing = _closing(record, on, amount, standing)
    return closing is not None and closing.until is not None and closing.missing == 0


def _closing(record: LoanRecord, on: date, amount: int, standing: SettlementRecord | None) -> Closing | None:
    rule = record.rules.payoff_interest
    if standing is not None and standing.offer.quoted_on <= on <= standing.offer.until:
        found = figure(record.facts, standing.offer, on, standing.rule)
        other = found.whole if found.reduction else None
        return Closing(found.to_pay, standing.offer.until, max(0, found.to_pay - amount), other)
    owed = payoff(record.facts, assess(record.facts, on), rule).to_pay
    if not owed:
        return None
    paid = what_if(record.facts, on, owed)[1]
    left_over = max(0, paid.due.total + paid.not_yet_due - paid.credit)
    return Closing(owed, None, max(0, owed - amount), left_over=left_over)
