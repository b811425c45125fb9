"""How the penalty of one instalment came about, night by night: the receipt as frozen page data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import Connection

from portal.account.facts import LoanFigures, figures
from portal.account.forms import Question, read_day
from portal.account.queries import GUARANTOR, as_seen_by, askable_days, holder
from portal.core.accrual import CEILING_DAYS
from portal.core.assessment import InstalmentAssessment, PaymentAssessment
from portal.core.disputed import Disputed
from portal.core.facts import AmountWaiver, DebitAttempt
from portal.core.lines import Line
from portal.core.money import round_half_up
from portal.core.receipt import ENGINE_VERSION, all_in_cost, fingerprint, rates_used, yearly_cost
from portal.core.terms import RateRow
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.platform.clock import day_in
from portal.platform.gate import Viewer

OPENED_NIGHTS = 366
"""Up to so many nights all of them stand on the page; of an older debt a stretch at a time, so that it stays light."""

NIL_BARS = {"days_waived": "waived", "grace": "grace"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of nights as the receipt and its chart number it."""

    number: int
    line: Line
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
                bars.append(Bar(str(stretch.number), line.nights or 0, line.night, kind))
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
    found = as_seen_by(viewer, found)
    question = read_day(query, viewer.today, askable_days(found, viewer.today))
    as_of = question.on if question.on and question.ok else viewer.today
    opened = query.get("open", "")
    return receipt_of(found, number, as_of, viewer, zone, int(opened) if opened.isdecimal() else None), question


def receipt_paper(
    connection: Connection, viewer: Viewer, code: str, number: int, query: Mapping[str, str], zone: str
) -> tuple[ReceiptPage | None, str]:
    """The same for a paper, which names the person it is made for."""
    page, _question = asked_receipt(connection, viewer, code, number, query, zone)
    return page, holder(connection, viewer)


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
        next_night=loan.assessment.next_night,
        yearly=yearly_cost(instalment),
        all_in=all_in_cost(record.facts, loan.assessment),
        rates=rates_used(record.facts, as_of),
        attempts=_attempts_on_due_date(record, instalment, zone),
        fingerprint=fingerprint(record.facts, as_of),
        opened=opened,
    )


def _stretches(lines: Iterable[Line], spans: list[tuple[date, date]]) -> dict[int, Stretch]:
    """The charged stretches by their place among the lines, numbered from 1."""
    charged = [(place, line) for place, line in enumerate(lines) if line.kind == "nights"]
    return {
        place: Stretch(
            number,
            line,
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
