"""A loan's record as figures: assessed on a day, with what is disputed set apart from what stays payable."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from portal.core.allocation import Amounts
from portal.core.assessment import Assessment, InstalmentAssessment, assess
from portal.core.disputed import NOTHING, Disputed, disputed
from portal.core.interactions import Hold, Part
from portal.core.plan_life import Awaited, LoanPart
from portal.core.receipt import late_fees_tonight
from portal.loans.queries import LoanRecord


@dataclass(frozen=True)
class LoanFigures:
    """One loan at the end of a day. Amounts are minor units of its currency."""

    record: LoanRecord
    assessment: Assessment

    @property
    def currency(self) -> str:
        return self.record.facts.currency

    @cached_property
    def disputes(self) -> tuple[Hold, ...]:
        """The open disputes of the loan."""
        day = self.assessment.as_of
        return tuple(hold for hold in self.record.holds if hold.kind == "dispute" and hold.is_in_force(day))

    @cached_property
    def running_plan(self) -> Hold | None:
        """The plan that is being kept, if there is one."""
        day = self.assessment.as_of
        return next((hold for hold in self.record.holds if hold.kind == "plan" and hold.is_in_force(day)), None)

    @property
    def settled_on(self) -> date | None:
        """The day on which a settlement closed the loan, while the lender's system has not booked that yet."""
        paid = (hold.data.get("paid_on") for hold in self.record.holds if hold.kind == "settlement")
        return next((date.fromisoformat(day) for day in paid if day), None)

    @cached_property
    def agreed_settlement(self) -> Hold | None:
        """The settlement that is accepted and not paid yet: no plan and no promise beside it (domain.md 9)."""
        day = self.assessment.as_of
        agreed = (hold for hold in self.record.holds if hold.kind == "settlement" and "paid_on" not in hold.data)
        return next((hold for hold in agreed if hold.is_in_force(day)), None)

    @cached_property
    def next_plan_payment(self) -> tuple[date, int] | None:
        """Day of the plan's next payment and what is to be paid on it, as the plan's own page says: what earlier ones
        lack is part of it, what arrived beforehand is not. None without a running plan."""
        plan, today = self.running_plan, self.assessment.as_of
        if plan is None:
            return None
        payments = [(date.fromisoformat(day), int(amount)) for day, amount in plan.data.get("payments", ())]
        part = LoanPart(
            facts=self.record.facts,
            start=plan.from_day,
            awaited=tuple(Awaited(day, day, amount) for day, amount in payments),
            counted=frozenset(plan.data.get("counted", ())),
            parts=tuple(part for hold in self.disputes for part in hold.parts),
        )
        coming = ((day, self._to_pay(part, day)) for day, _amount in sorted(payments) if day >= today)
        return next((payment for payment in coming if payment[1]), None)

    def _to_pay(self, part: LoanPart, day: date) -> int:
        """What the plan lacks up to one of its days, instalments that fall due until then left out."""
        known = max((payment.received_on for payment in self.record.facts.payments), default=day)
        missing = part.missing(day, max(known, self.record.data_date or day, day))
        return max(0, missing - part.due_between(self.assessment.as_of, day))

    @cached_property
    def disputed_by_instalment(self) -> dict[int, Disputed]:
        """What is disputed of each instalment that a dispute names."""
        parts: list[Part] = [part for hold in self.disputes for part in hold.parts]
        if not parts:
            return {}
        found = ((item.number, disputed(item, parts)) for item in self.assessment.instalments if item.is_due)
        return {number: sums for number, sums in found if sums.amount}

    def disputed_of(self, number: int) -> Disputed:
        """What is disputed of one instalment; nothing if no dispute names it."""
        return self.disputed_by_instalment.get(number, NOTHING)

    @cached_property
    def disputed_unpaid(self) -> int:
        """The part of what is due that need not be paid while a dispute is open."""
        return sum(sums.unpaid for sums in self.disputed_by_instalment.values())

    @cached_property
    def late_fees_tonight(self) -> dict[int, int]:
        """The late fees that fall today, by instalment: paying today what is due prevents them, so that none is asked
        for yet. None are set apart beside a dispute, since what is disputed is not asked for and they then fall."""
        return {} if self.disputes else late_fees_tonight(self.record.facts, self.assessment)

    @property
    def late_fee_tonight(self) -> int:
        """All of them together."""
        return sum(self.late_fees_tonight.values())

    @cached_property
    def due(self) -> Amounts:
        """What has to arrive today so that nothing is due any more, what is disputed included."""
        due = self.assessment.due
        return due._replace(penalty=due.penalty - self.late_fee_tonight)

    @cached_property
    def payable(self) -> Amounts:
        """What is due less what is disputed of it."""
        due = self.due
        return due._replace(penalty=due.penalty - self.disputed_unpaid)

    @property
    def is_payable(self) -> bool:
        """Whether something is to pay, now or later: not on a loan that was settled, closed or paid off."""
        seen = self.assessment
        return self.settled_on is None and bool(seen.due.total or (seen.next_due and seen.next_due.amount))

    @property
    def next_night(self) -> int:
        """How much more is due tomorrow if nothing is paid and nothing new falls due, today's late fee included."""
        return self.assessment.next_night + self.late_fee_tonight

    def due_of(self, instalment: InstalmentAssessment) -> int:
        """What is due of one instalment, what is disputed included, tonight's late fee left out."""
        return instalment.unpaid.total - self.late_fees_tonight.get(instalment.number, 0)

    def penalty_due_of(self, instalment: InstalmentAssessment) -> int:
        """The penalty in `due_of`."""
        return instalment.penalty_payable - self.late_fees_tonight.get(instalment.number, 0)

    def grace_until(self, instalment: InstalmentAssessment) -> date | None:
        """The last day of grace, while it runs: paid by its end, an instalment never bears penalty or late fee
        (domain.md 3.3). None without grace, or once it is over."""
        last = instalment.due_on + timedelta(days=self.record.facts.terms.grace_days)
        return last if instalment.due_on < last and self.assessment.as_of <= last else None

    def left_of(self, instalment: InstalmentAssessment) -> int:
        """What stays payable of one instalment: what is due of it less what is disputed."""
        return self.due_of(instalment) - self.disputed_of(instalment.number).unpaid


def figures(record: LoanRecord, day: date) -> LoanFigures:
    """The loan at the end of that day."""
    return LoanFigures(record, assess(record.facts, day))
