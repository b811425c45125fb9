"""Cases that other systems and courts have published, as far as they follow rules that the engine knows.

They read data that does not belong to the project: `SHARED_DATA`, or `../shared/data` beside the repository.
"""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from portal.core.assessment import assess
from portal.core.facts import Instalment, LoanFacts, Payment
from portal.core.money import parse_major
from portal.core.terms import RateRow
from tests.core.loans import instalment, loan, paid, seen, terms, waived

FOLDER = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "penalties"


def cases(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    if not path.exists():
        return []
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return found


def named(name: str, applies: Callable[[dict[str, Any]], bool] = lambda case: True) -> list[Any]:
    found = [pytest.param(case, id=case["id"]) for case in cases(name) if applies(case)]
    return found or [pytest.param(None, marks=pytest.mark.skip(reason=f"{name} is not here"))]


def published(number: str) -> dict[str, Any]:
    for case in cases("penalty_cases.json"):
        if case["id"] == number:
            return case
    pytest.skip("penalty_cases.json is not here")


class TestCourtsAndClaimReviews:
    """Interest from one day to another, both included: late since the evening before the first."""

    def of(self, case: dict[str, Any], segments: list[dict[str, Any]]) -> int:
        rows = []
        for segment in segments:
            rate = Fraction(segment["rate"])
            nightly = rate / int(case["day_basis"]) if segment["per"] == "year" else rate
            rows.append(RateRow(date.fromisoformat(segment["from"]), nightly, None))
        eve = date.fromisoformat(segments[0]["from"]) - timedelta(days=1)
        principal = parse_major(case["principal"], "CNY")
        last = date.fromisoformat(segments[-1]["to"])
        facts = (terms(rates=tuple(rows)), instalment(due_on=eve, principal=principal))
        return seen(last, *facts, disbursed_on=eve).due.penalty

    @pytest.mark.parametrize("case", named("cn_overdue_interest_cases.json"))
    def test_each_stretch_is_as_reviewed(self, case: dict[str, Any]) -> None:
        for segment in case["segments"]:
            assert self.of(case, [segment]) == parse_major(segment["interest"], "CNY")

    @pytest.mark.parametrize("case", named("cn_overdue_interest_cases.json"))
    def test_the_whole_is_as_reviewed_but_for_their_rounding_of_each_stretch(self, case: dict[str, Any]) -> None:
        off = abs(self.of(case, case["segments"]) - parse_major(case["total"], "CNY"))
        assert off <= Fraction(len(case["segments"]) + 1, 2)


class TestPeers:
    def test_a_late_fee_or_penalty_that_rounds_to_nothing_is_not_asked_for(self) -> None:
        published("FINI-04")
        tiny = terms(rates=(RateRow(date(2020, 1, 1), Fraction(1, 10**8), None),))
        assert seen(date(2026, 4, 1), tiny).due.penalty == 0

    def test_who_is_late_after_grace(self) -> None:
        case = published("MW-01")
        for (grace, after), late in zip(case["given"]["rows"], case["expected"]["late"], strict=True):
            day = date(2026, 3, 5) + timedelta(days=after)
            assert (seen(day, terms(grace_days=grace)).due.penalty > 0) == late

    def test_a_payment_smaller_than_the_penalty_meets_only_that(self) -> None:
        published("MW-03")
        payment = seen(date(2026, 3, 15), paid(date(2026, 3, 15), 250)).payments[0]
        assert payment.allocated == (0, 0, 0, 250)

    def test_paid_early_in_odd_amounts_no_penalty_appears(self) -> None:
        case = published("MW-11")
        each = parse_major(case["recomputed_by_us"], "CNY")
        schedule = [instalment(month, date(2026, month, 1), each) for month in range(1, 11)]
        arrived = [
            paid(date.fromisoformat(day), parse_major(amount, "CNY"), f"P{number}")
            for number, (day, amount) in enumerate(case["given"]["payments"])
        ]
        for looked_at in case["given"]["looked_at"]:
            assessment = seen(date.fromisoformat(looked_at), *schedule, *arrived)
            assert assessment.due.penalty == 0
            assert all(item.cleared_on for item in assessment.instalments[: assessment.as_of.month])

    def test_waiving_the_whole_penalty_touches_nothing_else(self) -> None:
        published("FRL-12")
        day = date(2026, 4, 10)
        late = seen(day, instalment(interest=2_000), waived(day, 10**9))
        assert late.due == (0, 2_000, 100_000, 0)

    def test_with_a_value_date_on_the_due_date_the_booked_penalty_vanishes(self) -> None:
        case = published("FRL-11")
        amount = parse_major(case["given"]["payment"]["amount"], "CNY")
        due = date.fromisoformat(case["given"]["due"])
        facts = (instalment(due_on=due, principal=amount), paid(due, amount))
        assert seen(due + timedelta(days=30), *facts).due.total == 0

    def test_a_tiered_penalty_is_two_rates(self) -> None:
        case = published("JRB-01")
        rate = terms(rates=(RateRow(date(2020, 1, 1), Fraction(1, 10_000), None),))
        day = date(2026, 3, 5) + timedelta(days=case["given"]["days"])
        late = instalment(principal=parse_major(case["given"]["instalment"], "CNY"))
        assert seen(day, rate, late).due.penalty == parse_major(case["expected"]["penalty"], "CNY")


KNOWN_STEPS = frozenset({"clock", "disburse", "payment", "undo_payment", "add_charge"})


def replayable(case: dict[str, Any]) -> bool:
    """The scenario needs nothing that the portal does not compute, and states what is outstanding."""
    ops = {step["op"] for step in case["steps"] if "op" in step}
    states = any(step.get("check") == "outstanding" for step in case["steps"])
    return case["applies"] == "yes" and ops <= KNOWN_STEPS and states and "submitted" in case["loan"]


class TestFineract:
    """Scenarios without interest of their own: charges of a given amount are instalments of their own."""

    @pytest.mark.parametrize("case", named("fineract_scenarios.json", replayable))
    def test_what_is_outstanding_is_as_stated(self, case: dict[str, Any]) -> None:
        facts, today = self.start(case["loan"]), date.min
        for step in case["steps"]:
            if "op" in step:
                facts, today = self.act(facts, today, step)
            elif step["check"] == "outstanding":
                assessment = assess(facts, today)
                assert assessment.due.total + assessment.not_yet_due - assessment.credit == _minor(step["value"])

    def start(self, terms_of_loan: dict[str, Any]) -> LoanFacts:
        begun = date.fromisoformat(terms_of_loan["submitted"])
        count, principal = int(terms_of_loan["instalments"]), _minor(terms_of_loan["principal"])
        each = principal // count
        schedule = tuple(
            Instalment(
                n + 1,
                begun + timedelta(days=30 * (n + 1)),
                each + (principal - each * count) * (n == 0),
                0,
                0,
            )
            for n in range(count)
        )
        free = terms(rates=(RateRow(date(2000, 1, 1), Fraction(0), None),))
        return loan(free, disbursed_on=begun, principal=principal, instalments=schedule)

    def act(self, facts: LoanFacts, today: date, step: dict[str, Any]) -> tuple[LoanFacts, date]:
        match step["op"]:
            case "clock":
                return facts, date.fromisoformat(step["date"])
            case "payment":
                reference = f"P{len(facts.payments)}"
                payment = Payment(reference, date.fromisoformat(step["date"]), _minor(step["amount"]))
                return replace(facts, payments=(*facts.payments, payment)), today
            case "undo_payment":
                at = len(facts.payments) - 1 if step["nth"] == "last" else int(step["nth"]) - 1
                return replace(facts, payments=facts.payments[:at] + facts.payments[at + 1 :]), today
            case "add_charge":
                number = 1_000 + len(facts.instalments)
                charge = Instalment(number, date.fromisoformat(step["due"]), 0, 0, _minor(step["amount"]))
                return replace(facts, instalments=(*facts.instalments, charge)), today
        return facts, today


def _minor(amount: float | str) -> int:
    return int(Decimal(str(amount)) * 100)
