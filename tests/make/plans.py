"""Plans for tests: Lin's case with limits and authorities, a proposal as the form would send it, and decisions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from portal.plans import (
    counter_actions,
    counter_queries,
    counter_row_queries,
    deciding_actions,
    deciding_queries,
    jobs,
    proposing_actions,
    proposing_queries,
    queries,
)
from portal.plans.counter_facts import Counter
from portal.plans.deciding_actions import Decision
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.make.loans import Row, Tables, borrower, lin_yi, product

LENDER = "Example Finance"
PAPER = {
    language: {"public_name": LENDER, "legal_name": f"{LENDER} Ltd", "licence": "L-1", "phone": "400-000-0000"}
    for language in ("zh", "en")
}


def plan_limit(**given: str) -> Row:
    """The limits of the pictures: 200.00 at least, 6 payments, 180 days."""
    return {
        "product_ref": "P1",
        "effective_from": "2026-01-01",
        "first_payment_min": "200.00",
        "payment_min": "200.00",
        "payments_max": "6",
        "days_max": "180",
    } | given


def authority(role: str, plan_max: str = "5000.00", waiver_max: str = "500.00", **given: str) -> Row:
    """How far a role may agree alone."""
    return {
        "role": role,
        "currency": "CNY",
        "effective_from": "2024-01-01",
        "waiver_max": waiver_max,
        "waiver_day_max": "2000.00",
        "plan_max": plan_max,
    } | given


def freeze_rule(value: str = "1", **given: str) -> Row:
    """The product lets a plan stop the penalty."""
    return {"product_ref": "P1", "effective_from": "2024-01-01", "rule": "freeze", "value": value} | given


def lin_with_limits(plan_max: str = "5000.00", waiver_max: str = "500.00", **given: list[Row]) -> Tables:
    """The case of ui.md 8, a sales credit, with the limits of the pictures; Lin is paid on the 12th."""
    tables = {
        "products": [product(name="Home appliances", contract_type="sales_credit")],
        "product_rules": [freeze_rule()],
        "borrowers": [borrower(payday="12")],
        "plan_limits": [plan_limit()],
        "authority": [authority(role, plan_max, waiver_max) for role in ("plan_approver", "supervisor")],
    }
    return lin_yi(**(tables | given))


def answers(**given: str) -> dict[str, str]:
    """364.00 a month on the 12th, nothing first."""
    return {
        "currency": "CNY",
        "first": "0",
        "when": "today",
        "way": "monthly",
        "monthly": "364",
        "payments": "",
        "pay_day": "12",
    } | given


def new_page(doors: Doors, viewer: Viewer, given: Mapping[str, str]) -> proposing_queries.NewPage:
    """The page of a proposal in the making."""
    return doors.read_as(viewer, proposing_queries.new_page, given)


def sent(doors: Doors, viewer: Viewer, **given: str) -> dict[str, str]:
    """What the check page would send."""
    typed = answers(**given)
    page = new_page(doors, viewer, typed)
    return typed | {"seen": page.seen, "anyway": "" if page.passed else "1", "consent": "yes"}


def propose(doors: Doors, viewer: Viewer, **given: str) -> str:
    """A proposal, sent now; its number."""
    return doors.write_as(viewer, proposing_actions.propose_plan, sent(doors, viewer, **given), LENDER)


def decide_page(doors: Doors, viewer: Viewer, number: str) -> deciding_queries.DecidePage:
    """The page on which a plan is decided."""
    page = doors.read_as(viewer, deciding_queries.decide_page, number)
    assert page is not None
    return page


def decision(doors: Doors, viewer: Viewer, number: str, **given: Any) -> Decision:
    """What the decision page would send: as offered."""
    seen = decide_page(doors, viewer, number).seen
    usual: dict[str, Any] = {"seen": seen, "freeze": False, "reason": "within_limits", "words": ""}
    return Decision(**(usual | given))


def approve(doors: Doors, viewer: Viewer, number: str, **given: Any) -> str:
    """Agree to a plan on the figures of now."""
    return doors.write_as(viewer, deciding_actions.approve, number, decision(doors, viewer, number, **given), PAPER)


def refuse(doors: Doors, viewer: Viewer, number: str, reason: str = "outside_limits", words: str = "") -> str:
    """Say no on the figures of now."""
    seen = decide_page(doors, viewer, number).seen
    return doors.write_as(viewer, deciding_actions.refuse, number, seen, reason, words)


def record(doors: Doors, number: str) -> queries.PlanRecord:
    """A plan as its rows say."""
    found = doors.read_as(doors.system(), lambda connection, _: queries.plan(connection, number))
    assert found is not None
    return found


def state(doors: Doors, number: str) -> str:
    """The state of a plan."""
    return record(doors, number).state


def typed(doors: Doors, viewer: Viewer, number: str, **given: str) -> dict[str, str]:
    """A counter-offer as its form would send it: the suggestion, changed by what is given."""
    found = doors.read_as(viewer, counter_queries.counter_page, number, {})
    assert found is not None
    return {**found.question.raw, **given}


def counter(doors: Doors, viewer: Viewer, number: str, decided: Mapping[str, Any] | None = None, **given: str) -> str:
    """Answer with another plan: the one of the pictures unless told otherwise, with the penalty stopped."""
    answer = decision(doors, viewer, number, **({"freeze": True} | dict(decided or {})))
    entries = typed(doors, viewer, number, **given)
    return doors.write_as(viewer, counter_actions.counter, number, entries, answer)


def standing(doors: Doors, number: str) -> Counter:
    """The counter-offer that stands for a plan."""

    def read(connection: Any, _viewer: Viewer) -> Counter | None:
        found = queries.plan(connection, number)
        return counter_row_queries.standing(connection, found) if found else None

    found = doors.read_as(doors.system(), read)
    assert found is not None
    return found


def accept(doors: Doors, viewer: Viewer, number: str, mark: str | None = None) -> str:
    """The borrower's tap on the counter-offer that stands."""
    shown = mark if mark is not None else standing(doors, number).mark
    return doors.write_as(viewer, counter_actions.accept, number, shown, LENDER, PAPER)


def run_day(doors: Doors) -> int:
    """Look at every plan as the worker does in the morning, before the hour of evaluation; how much was done."""
    system = doors.system()
    return sum(1 for _line in jobs.evaluate(doors, system, system.today - timedelta(days=1)))
