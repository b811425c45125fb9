"""An assessment as the figures that explain it: one document per loan, single nights, costs a year, what-if.

`explain` gives a document of a fixed schema, keys in this order, amounts in minor units, days as ISO 8601,
rates as reduced fractions (`"1/2000"`), null where a line has no use for a field:

    {"loan", "currency", "as_of", "engine",
     "terms": {"product", "contract_type", "penalty_base", "grace_days", "late_fee", "late_fee_after_days",
               "allocation_strategy", "component_order", "accrues_while_disputed", "rates_apply",
               "rates": [{"effective_from", "daily_rate", "annual_ceiling"}]},
     "due": {"fee", "interest", "principal", "penalty", "total"},
     "not_yet_due", "credit", "days_past_due", "stage",
     "instalments": [{"number", "due_on", "fee", "interest", "principal",
                      "penalty_chargeable", "penalty_payable",
                      "lines": [{"kind", "from", "to", "nights", "base",
                                 "daily_rate", "annual_ceiling", "amount"}]}],
     "payments": [{"payment", "received_on", "amount",
                   "allocated": {"fee", "penalty", "interest", "principal"}, "credit", "refunded"}],
     "fingerprint"}

`fee`, `interest`, `principal` of an instalment are what is unpaid. `kind` is nights, late_fee, legal_ceiling,
amount_waiver, paid, days_waived or grace; `from` and `to` are the days on which nights end, both included. In
every instalment the amounts of the lines add up to `penalty_payable`. `rates` are the rows in force on a
night between the first due date and `as_of`.
"""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from operator import attrgetter
from typing import Any

from portal.core.accrual import CEILING_DAYS
from portal.core.assessment import Assessment, InstalmentAssessment, PaymentAssessment, assess
from portal.core.days import each_day
from portal.core.facts import AmountWaiver, DaysWaiver, DebitAttempt, Instalment, LoanFacts, Payment
from portal.core.lines import Line
from portal.core.terms import RateRow, Terms

ENGINE_VERSION = "1"
"""Changes whenever the same facts could yield another figure."""

LAST_OF_THE_DAY = "\U0010ffff"
"""A payment reference that sorts after every other."""


def explain(assessment: Assessment, facts: LoanFacts) -> dict[str, Any]:
    """The loan as a document of the schema above; `facts` are those that were assessed."""
    due = assessment.due
    return {
        "loan": assessment.loan,
        "currency": assessment.currency,
        "as_of": assessment.as_of.isoformat(),
        "engine": ENGINE_VERSION,
        "terms": _terms(facts, assessment.as_of),
        "due": {
            "fee": due.fee,
            "interest": due.interest,
            "principal": due.principal,
            "penalty": due.penalty,
            "total": due.total,
        },
        "not_yet_due": assessment.not_yet_due,
        "credit": assessment.credit,
        "days_past_due": assessment.days_past_due,
        "stage": assessment.stage,
        "instalments": [_instalment(instalment) for instalment in assessment.instalments],
        "payments": [_payment(payment) for payment in assessment.payments],
        "fingerprint": fingerprint(facts, assessment.as_of),
    }


def rates_used(facts: LoanFacts, day: date) -> tuple[RateRow, ...]:
    """The rate rows in force on a night between the first due date and that day."""
    rows = facts.terms.rates
    first_due = min((instalment.due_on for instalment in facts.instalments), default=day)
    if facts.terms.rates_apply == "by_contract_date":
        return tuple(row for row in rows if row.effective_from <= facts.disbursed_on)[-1:]
    if first_due >= day:
        return ()
    ends = [row.effective_from for row in rows[1:]] + [date.max]
    return tuple(
        row for row, end in zip(rows, ends, strict=False) if row.effective_from <= day and end > first_due + _NIGHT
    )


_NIGHT = timedelta(days=1)


def _terms(facts: LoanFacts, day: date) -> dict[str, Any]:
    terms = facts.terms
    return {
        "product": terms.product,
        "contract_type": terms.contract_type,
        "penalty_base": terms.penalty_base,
        "grace_days": terms.grace_days,
        "late_fee": terms.late_fee,
        "late_fee_after_days": terms.late_fee_after_days,
        "allocation_strategy": terms.allocation_strategy,
        "component_order": ">".join(terms.component_order),
        "accrues_while_disputed": terms.accrues_while_disputed,
        "rates_apply": terms.rates_apply,
        "rates": [
            {
                "effective_from": row.effective_from.isoformat(),
                "daily_rate": str(row.daily_rate),
                "annual_ceiling": _text(row.annual_ceiling),
            }
            for row in rates_used(facts, day)
        ],
    }


def _instalment(instalment: InstalmentAssessment) -> dict[str, Any]:
    return {
        "number": instalment.number,
        "due_on": instalment.due_on.isoformat(),
        "fee": instalment.unpaid.fee,
        "interest": instalment.unpaid.interest,
        "principal": instalment.unpaid.principal,
        "penalty_chargeable": instalment.penalty_chargeable,
        "penalty_payable": instalment.penalty_payable,
        "lines": [_line(line) for line in instalment.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "from": line.from_day.isoformat(),
        "to": line.to_day.isoformat(),
        "nights": line.nights,
        "base": line.base,
        "daily_rate": _text(line.daily_rate),
        "annual_ceiling": _text(line.annual_ceiling),
        "amount": line.amount,
    }


def _payment(payment: PaymentAssessment) -> dict[str, Any]:
    allocated = payment.allocated
    return {
        "payment": payment.reference,
        "received_on": payment.received_on.isoformat(),
        "amount": payment.amount,
        "allocated": {
            "fee": allocated.fee,
            "penalty": allocated.penalty,
            "interest": allocated.interest,
            "principal": allocated.principal,
        },
        "credit": payment.credit,
        "refunded": payment.refunded,
    }


def _text(fraction: Fraction | None) -> str | None:
    return None if fraction is None else str(fraction)


def fingerprint(facts: LoanFacts, day: date) -> str:
    """SHA-256 (64 hexadecimal digits) over all facts and terms, the date and the engine version.

    It does not depend on the order in which the facts are given.
    """
    content = [
        ENGINE_VERSION,
        day,
        _LOAN(facts),
        _TERMS(facts.terms),
        [_RATE(row) for row in facts.terms.rates],
    ]
    content += [
        [row(fact) for fact in sorted(getattr(facts, name), key=attrgetter(*order))] for name, row, order in _FACTS
    ]
    return sha256(_CANONICAL.encode(content).encode("ascii")).hexdigest()


def _canonical(value: object) -> str:
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no fact")


_CANONICAL = json.JSONEncoder(default=_canonical, ensure_ascii=True, separators=(",", ":"))


def _row(kind: type, *left_out: str) -> Callable[[Any], Any]:
    """Reads all fields of a fact as a tuple, so that none is ever forgotten."""
    names = getattr(kind, "_fields", None) or tuple(field.name for field in fields(kind))
    return attrgetter(*(name for name in names if name not in left_out))


_FACTS = (
    ("instalments", _row(Instalment), ("number", "due_on")),
    ("payments", _row(Payment), ("reference", "received_on")),
    ("debit_attempts", _row(DebitAttempt), ("reference", "attempted_at")),
    ("days_waivers", _row(DaysWaiver), ("reference", "from_day")),
    ("amount_waivers", _row(AmountWaiver), ("reference", "on_day")),
)
_LOAN = _row(LoanFacts, "terms", *(name for name, _, _ in _FACTS))
_TERMS = _row(Terms, "rates")
_RATE = _row(RateRow)


def night_lines(line: Line) -> list[tuple[date, Fraction, Fraction]]:
    """Open a `nights` line: each night's day, its exact amount, and the instalment's exact nights so far.

    Empty for lines of other kinds. Late fee and ceiling are lines of their own and not in the running sum.
    """
    if line.charged_before is None:
        return []
    amount = line.night
    running = Fraction(*line.charged_before)
    nights = []
    for day in each_day(line.from_day, line.to_day):
        running += amount
        nights.append((day, amount, running))
    return nights


def yearly_cost(instalment: InstalmentAssessment) -> Fraction | None:
    """What the instalment's penalty (late fee included) costs a year: exact charge ÷ Σ (base × nights) × 365.

    None while no night has accrued (domain.md 3.5).
    """
    if not instalment.base_nights:
        return None
    return instalment.exact_chargeable * CEILING_DAYS / instalment.base_nights


def all_in_cost(facts: LoanFacts, assessment: Assessment) -> Fraction | None:
    """All charges of the loan so far ÷ the sum over days of the principal outstanding × 365, a simple rate.

    Charges are interest and fees of what has fallen due, penalty and late fees. None on the day of
    disbursement (domain.md 3.5).
    """
    day = assessment.as_of
    due = [instalment for instalment in assessment.instalments if instalment.is_due]
    charges = sum(item.contract.interest + item.contract.fee + item.penalty_chargeable for item in due)
    repaid = [(part.component, part.amount, part.on_day) for payment in assessment.payments for part in payment.parts]
    repaid += [(waiver.component, waiver.amount, waiver.on_day) for item in due for waiver in item.waivers]
    principal_days = facts.principal * (day - facts.disbursed_on).days - sum(
        amount * (day - on_day).days for component, amount, on_day in repaid if component == "principal"
    )
    return Fraction(charges * CEILING_DAYS, principal_days) if principal_days > 0 else None


def what_if(facts: LoanFacts, on: date, amount: int) -> tuple[Assessment, Assessment]:
    """The loan on that day without and with one more payment, the last of the day. Nothing is stored.

    ValueError for an amount that is not positive.
    """
    if amount <= 0:
        raise ValueError("a payment is more than nothing")
    extra = Payment(LAST_OF_THE_DAY, on, amount)
    return assess(facts, on), assess(replace(facts, payments=(*facts.payments, extra)), on)


def late_fees_tonight(facts: LoanFacts, seen: Assessment) -> dict[int, int]:
    """The late fees that fall on the assessed day itself, by instalment in minor units as far as the ceiling lets them.

    A late fee comes after the day's payments and is charged only on what they leave unpaid (domain.md 3.4, 4): if all
    that is due arrives that day, none of these is charged.
    """
    falling = facts.terms.late_fee and any(
        line.kind == "late_fee" and line.from_day == seen.as_of for item in seen.instalments for line in item.lines
    )
    if not falling:
        return {}
    paid = what_if(facts, seen.as_of, seen.due.total)[1]
    charged = ((item.number, item.penalty_chargeable) for item in seen.instalments)
    spared = {number: amount - paid.instalment(number).penalty_chargeable for number, amount in charged}
    return {number: amount for number, amount in spared.items() if amount}


def late_fee_tonight(facts: LoanFacts, day: date) -> int:
    """All late fees together that fall on a day and that paying on it what is due prevents."""
    return sum(late_fees_tonight(facts, assess(facts, day)).values())


def one_more_night(facts: LoanFacts, day: date) -> int:
    """How much penalty (late fee included) the night after that day adds, if nothing is paid meanwhile."""
    return assess(facts, day).next_night
