"""The table of domain.md 9: what may happen beside what."""

from datetime import date
from typing import get_args

import pytest

from portal.core.facts import LoanStatus
from portal.core.interactions import (
    REFUSALS,
    Act,
    Hold,
    HoldKind,
    Part,
    PendingKind,
    Role,
    effects,
    may,
    may_offer,
    table_rows,
)

START = date(2026, 4, 17)
ACTS: tuple[Act, ...] = get_args(Act)


def hold(kind: PendingKind, *parts: Part, until: date | None = None) -> Hold:
    return Hold(kind, START, until, "D-1", "/disputes/D-1", parts)


def nights(instalment: int | None, first: int, last: int) -> Part:
    return Part(instalment, date(2026, 4, first), date(2026, 4, last), "nights")


def code(
    act: Act,
    holds: list[Hold],
    status: LoanStatus = "active",
    role: Role = "borrower",
    parts: tuple[Part, ...] = (),
) -> str | None:
    refusal = may(act, holds, status, role, parts)
    return refusal.code if refusal else None


@pytest.mark.parametrize("act", ACTS)
def test_without_holds_an_active_loan_allows_all(act: Act) -> None:
    assert code(act, []) is None


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("dispute", {"accept_settlement"}),
        ("plan", set()),
        ("promise", {"promise"}),
        ("settlement", {"propose_plan", "promise", "accept_settlement"}),
        ("fraud", {"propose_plan", "promise", "accept_settlement"}),
        ("incapacity", {"file_dispute", "propose_plan", "promise", "accept_settlement"}),
    ],
)
def test_each_hold_refuses_its_row(kind: HoldKind, refused: set[str]) -> None:
    assert {act for act in ACTS if code(act, [hold(kind)]) == f"{act}.{kind}"} == refused
    assert {act for act in ACTS if code(act, [hold(kind)]) is None} == set(ACTS) - refused


@pytest.mark.parametrize("act", ACTS)
def test_a_proposal_and_a_refund_owed_stand_in_the_way_of_nothing(act: Act) -> None:
    assert code(act, [hold("proposal"), hold("refund")]) is None
    assert effects(act, [hold("proposal"), hold("refund")]) == ()


@pytest.mark.parametrize(
    ("status", "allowed"),
    [("called", set(ACTS)), ("written_off", set(ACTS)), ("closed", {"file_dispute"}), ("sold", set())],
)
def test_each_status_refuses_its_row(status: LoanStatus, allowed: set[str]) -> None:
    assert {act for act in ACTS if code(act, [], status) is None} == allowed


def test_a_representative_may_act_for_a_person_who_cannot_but_not_promise() -> None:
    allowed = {act for act in ACTS if code(act, [hold("incapacity")], role="representative") is None}
    assert allowed == {"file_dispute", "propose_plan", "accept_settlement"}


@pytest.mark.parametrize(
    ("parts", "refused"),
    [
        ((nights(3, 10, 17),), True),
        ((nights(3, 18, 20),), False),
        ((nights(4, 10, 17),), False),
        ((nights(4, 10, 17), nights(3, 17, 17)), True),
        ((Part(3, date(2026, 4, 10), date(2026, 4, 17), "late_fee"),), False),
        ((Part(None, None, None, "nights"),), True),
        ((), False),
    ],
)
def test_a_second_dispute_is_about_other_parts(parts: tuple[Part, ...], refused: bool) -> None:
    held = hold("dispute", nights(3, 6, 17))
    assert code("file_dispute", [held], parts=parts) == ("file_dispute.dispute" if refused else None)


def test_a_dispute_about_the_whole_loan_leaves_no_other_parts() -> None:
    assert code("file_dispute", [hold("dispute")], parts=(nights(4, 1, 2),)) == "file_dispute.dispute"


@pytest.mark.parametrize(("due_on", "refused"), [(17, True), (5, True), (18, False)])
def test_beside_a_plan_only_later_instalments_are_promised(due_on: int, refused: bool) -> None:
    day = date(2026, 4, due_on)
    given = code("promise", [hold("plan")], parts=(Part(5, day, day, "instalment"),))
    assert given == ("promise.plan" if refused else None)


def test_a_refusal_leads_to_the_hold_in_the_way() -> None:
    refusal = may("promise", [hold("plan"), hold("settlement", until=date(2026, 5, 1))], "active", "borrower")
    assert refusal is not None
    assert dict(refusal.data) == {"number": "D-1", "page": "/disputes/D-1", "until": date(2026, 5, 1)}


def test_what_an_agreed_act_does_to_what_stands_beside_it() -> None:
    plan, promise, dispute = hold("plan"), hold("promise"), hold("dispute")
    assert effects("propose_plan", [plan, promise, dispute]) == (
        ("replaces_plan", plan),
        ("withdraws_promise", promise),
        ("covers_undisputed_only", dispute),
    )
    assert effects("file_dispute", [plan, promise, dispute]) == ()


@pytest.mark.parametrize("act", get_args(Act))
def test_a_page_offers_a_guarantor_only_to_object_and_no_plan_beside_a_proposal(act: Act) -> None:
    assert may_offer(act, [], [], "active", "guarantor") == (act == "file_dispute")
    assert may_offer(act, [], [hold("proposal")], "active", "borrower") == (act != "propose_plan")
    assert not may_offer(act, [], [], "sold", "borrower")


def test_a_hold_is_in_force_on_both_its_days() -> None:
    settlement = hold("settlement", until=date(2026, 5, 1))
    days = (date(2026, 4, 16), START, date(2026, 5, 1), date(2026, 5, 2))
    assert [settlement.is_in_force(day) for day in days] == [False, True, True, False]


def test_every_refusal_can_be_reached_and_is_listed() -> None:
    holds = [hold(kind) for kind in get_args(HoldKind)]
    part = Part(3, START, START, "nights")
    statuses: tuple[LoanStatus, ...] = ("active", "closed", "sold")
    reached = {code(act, [one], parts=(part,)) for act in ACTS for one in holds}
    reached |= {code(act, [], status) for act in ACTS for status in statuses}
    assert reached - {None} == REFUSALS


def test_the_table_for_the_documentation_has_a_row_for_each_presence() -> None:
    rows = table_rows()
    assert rows[0] == ("there is …", "file a dispute", "propose a plan", "promise", "accept a settlement")
    assert rows[5] == ("a fraud hold", "adds to it", "no", "no", "no")
    assert len(rows) == 10
