"""What a decision on a plan writes, what stands beside it, and that of many decisions one takes effect."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.tables import LOG
from portal.core.refusal import Refusal
from portal.disputes import filing_actions as disputes
from portal.loans import actions as loans
from portal.loans import queries as loan_queries
from portal.loans.tables import DecisionExport, Waiver, table_of
from portal.plans import agreement_actions, agreement_queries, deciding_actions, own_queries, proposing_actions
from portal.plans.queries import AGREEMENT, PLAN
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.make import plans as make
from tests.make.access import texts
from tests.make.disputes import Cast, file_dispute
from tests.make.loans import import_tables

MANY = 20


def rows(doors: Doors, statement: Any) -> list[Any]:
    """Rows of any table."""
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement).all()))


def kinds(doors: Doors) -> list[str]:
    """The audit log's kinds, in order."""
    return [row.kind for row in rows(doors, select(LOG.c.kind).order_by(LOG.c.id))]


def holds_of(doors: Doors, viewer: Viewer) -> dict[str, str]:
    """What is pending on the viewer's loans: number to kind."""
    account = doors.read_as(viewer, loan_queries.account)
    return {hold.number: hold.kind for loan in account.loans for hold in (*loan.holds, *loan.pending)}


def test_a_proposal_is_pending_with_its_consent(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    number = make.propose(doors, lin)
    assert holds_of(doors, lin) == {number: "proposal"}
    (plan,) = rows(doors, select(PLAN))
    assert "Example Finance" in plan.consent_text
    assert (plan.consent_version, plan.due, plan.within_limits) == ("2", 2_086_91, True)
    assert (plan.start_on, plan.lapses_on) == (date(2026, 4, 17), date(2026, 5, 11))
    assert kinds(doors)[-1] == "plans.proposed"
    assert rows(doors, select(table_of(DecisionExport))) == []


def test_agreed_it_is_a_hold_a_paper_an_export_and_a_text(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    number = make.propose(doors, lin)
    make.approve(doors, cast.staff("Qiao", "plan_approver"), number, freeze=True)
    assert holds_of(doors, lin) == {number: "plan"}
    (paper,) = rows(doors, select(AGREEMENT))
    content = json.loads(paper.content)
    assert content["is_frozen"]
    assert content["engine"]
    (loan,) = content["loans"]
    assert [amount for _day, amount, _moved in loan["schedule"]["payments"]] == [364_00] * 5 + [266_91]
    assert len(loan["fingerprint"]) == 64
    (waiver,) = rows(doors, select(table_of(Waiver)))
    assert (waiver.from_day, waiver.to_day, waiver.reason, waiver.case_number) == (
        date(2026, 4, 18),
        None,
        "plan",
        number,
    )
    exported = {row.kind: json.loads(row.payload) for row in rows(doors, select(table_of(DecisionExport)))}
    assert exported["plan"]["payments"][-1] == ["2026-10-12", 266_91]
    assert [text["kind"] for text in texts(doors)] == ["sms.answer"]
    assert texts(doors)[0]["number"] == number
    assert {"plans.agreed", "loans.hold_opened", "loans.nights_waived"} <= set(kinds(doors))


def test_the_hold_says_the_next_payment(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    number = make.propose(doors, lin)
    make.approve(doors, cast.staff("Qiao", "plan_approver"), number)
    account = doors.read_as(lin, loan_queries.account)
    (hold,) = account.loans[0].holds
    assert hold.data["next"] == ["2026-05-12", 364_00]
    assert hold.from_day == date(2026, 4, 17)


def test_a_new_plan_takes_the_place_of_the_running_one(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    first = make.propose(doors, lin)
    make.approve(doors, staff, first, freeze=True)
    clock.advance(days=3)
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    page = make.new_page(doors, lin, make.answers())
    assert page.running == (first,)
    assert page.figures is not None
    second = make.propose(doors, lin)
    make.approve(doors, staff, second)
    assert (make.state(doors, first), make.state(doors, second)) == ("replaced", "running")
    assert holds_of(doors, lin) == {second: "plan"}
    in_force = rows(doors, select(table_of(Waiver)).where(table_of(Waiver).c.superseded_at.is_(None)))
    assert [waiver.to_day for waiver in in_force] == [date(2026, 4, 20)]
    assert "plans.replaced" in kinds(doors)


def test_an_open_promise_is_withdrawn_when_a_plan_is_agreed(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    account = doors.read_as(lin, loan_queries.account)
    doors.write_as(
        doors.system(),
        loans.open_hold,
        kind="promise",
        loan_id=account.loans[0].id,
        person_id=lin.person_id or 0,
        from_day=date(2026, 4, 17),
        until=None,
        number="PRM-222",
        path="/promises/PRM-222",
    )
    number = make.propose(doors, lin)
    make.approve(doors, cast.staff("Qiao", "plan_approver"), number)
    assert holds_of(doors, lin) == {number: "plan"}


def test_what_is_disputed_stays_out_of_the_plan(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    file_dispute(doors, lin)
    page = make.new_page(doors, lin, make.answers())
    assert page.due == 2_075_22
    assert page.is_disputed


def test_a_dispute_after_the_proposal_changes_the_figures(doors: Doors, cast: Cast) -> None:
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    number = make.propose(doors, lin)
    seen = make.decision(doors, staff, number)
    file_dispute(doors, lin)
    with pytest.raises(Refusal, match=r"plan\.figures_changed"):
        doors.write_as(staff, deciding_actions.approve, number, seen, make.PAPER)
    assert make.decide_page(doors, staff, number).changed


@pytest.mark.parametrize("kind", ["fraud", "settlement"])
def test_what_stands_beside_forbids_it(doors: Doors, cast: Cast, kind: str) -> None:
    lin = cast.borrower()
    sent = make.sent(doors, lin)
    number = make.propose(doors, lin)
    account = doors.read_as(lin, loan_queries.account)
    doors.write_as(
        doors.system(),
        loans.open_hold,
        kind=kind,
        loan_id=account.loans[0].id,
        person_id=lin.person_id or 0,
        from_day=date(2026, 4, 17),
        until=None,
        number="HHH-222",
        path="/account",
    )
    with pytest.raises(Refusal, match=rf"propose_plan\.{kind}"):
        make.approve(doors, cast.staff("Qiao", "plan_approver"), number)
    doors.write_as(lin, proposing_actions.withdraw_plan, number)
    with pytest.raises(Refusal, match=rf"propose_plan\.{kind}"):
        doors.write_as(lin, proposing_actions.propose_plan, sent, make.LENDER)


def test_a_final_plan_stays_as_it_is(doors: Doors, cast: Cast) -> None:
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    number = make.propose(doors, lin)
    seen = make.decision(doors, staff, number)
    make.refuse(doors, staff, number)
    for act in (
        lambda: doors.write_as(lin, proposing_actions.withdraw_plan, number),
        lambda: doors.write_as(staff, deciding_actions.approve, number, seen, make.PAPER),
        lambda: doors.write_as(staff, deciding_actions.refuse, number, seen.seen, "other_against", ""),
    ):
        with pytest.raises(Refusal, match=r"plan\.decided"):
            act()
    assert make.state(doors, number) == "refused"


def test_somebody_elses_plan_cannot_be_withdrawn(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    from tests.make.loans import borrower

    import_tables(
        doors, tmp_path / "more", {"borrowers": [borrower(borrower_ref="B2", mobile="13900139000", name="Other")]}
    )
    number = make.propose(doors, cast.borrower())
    with pytest.raises(LookupError):
        doors.write_as(cast.borrower("B2"), proposing_actions.withdraw_plan, number)


def test_tampered_figures_are_refused(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    sent = make.sent(doors, lin)
    for changed in ({"seen": "0" * 64}, {"monthly": "-1"}, {"monthly": "270"}):
        with pytest.raises(Refusal):
            doors.write_as(lin, proposing_actions.propose_plan, sent | changed, make.LENDER)
    assert rows(doors, select(PLAN)) == []


def test_the_product_decides_whether_the_penalty_may_stop(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(product_rules=[make.freeze_rule("0")]))
    number = make.propose(empty_doors, cast.borrower())
    with pytest.raises(Refusal, match=r"plan\.no_freeze"):
        make.approve(empty_doors, cast.staff("Qiao", "plan_approver"), number, freeze=True)


def test_of_twenty_approvals_one_takes_effect(doors: Doors, cast: Cast) -> None:
    number = make.propose(doors, cast.borrower())
    staff = [cast.staff(f"S{place}", "plan_approver") for place in range(MANY)]
    seen = make.decision(doors, staff[0], number, freeze=True)

    def decide(viewer: Viewer) -> str:
        try:
            return doors.write_as(viewer, deciding_actions.approve, number, seen, make.PAPER)
        except Refusal as refusal:
            return f"{refusal.code} {refusal.data['by']}"

    with ThreadPoolExecutor(MANY) as pool:
        told = list(pool.map(decide, staff))
    assert told.count("running") == 1
    winner = staff[told.index("running")].name
    assert set(told) == {"running", f"plan.decided {winner}"}
    assert len(rows(doors, select(AGREEMENT))) == 1
    assert len(rows(doors, select(table_of(Waiver)))) == 1
    assert kinds(doors).count("plans.agreed") == 1
    assert len(texts(doors)) == 1


def test_of_twenty_proposals_one_is_sent(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    sent = make.sent(doors, lin)

    def propose(_place: int) -> str:
        try:
            return doors.write_as(lin, proposing_actions.propose_plan, sent, make.LENDER)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        told = list(pool.map(propose, range(MANY)))
    assert told.count("plan.already_proposed") == MANY - 1
    assert len(rows(doors, select(PLAN))) == 1


def test_paid_today_first_is_no_change_of_the_figures(
    doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    from tests.make.loans import payment

    lin = cast.borrower()
    number = make.propose(doors, lin, first="820", monthly="270")
    import_tables(doors, tmp_path / "more", {"payments": [payment("A4", "2026-04-17", "820.00")]})
    staff = cast.staff("Qiao", "plan_approver")
    assert not make.decide_page(doors, staff, number).changed
    make.approve(doors, staff, number)
    page = doors.read_as(lin, own_queries.detail_page, number)
    assert page is not None
    assert [step.covered for step in page.steps] == [True, *[False] * (len(page.steps) - 1)]


def test_covered_payments_are_told(doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path) -> None:
    from tests.make.loans import payment

    number = make.propose(doors, cast.borrower())
    make.approve(doors, cast.staff("Qiao", "plan_approver"), number)
    clock.set(datetime(2026, 5, 13, 4, tzinfo=UTC))
    paid = [payment("A4", "2026-05-05", "1180.00"), payment("A5", "2026-05-12", "364.00")]
    import_tables(doors, tmp_path / "more", {"payments": paid}, date(2026, 5, 12))
    page = doors.read_as(cast.borrower(), own_queries.detail_page, number)
    assert page is not None
    assert page.next is not None
    assert (page.next.due_on, page.next.amount) == (date(2026, 6, 12), 364_00)
    assert disputes  # the module is a sibling that a plan never calls


def test_a_pdf_stays_as_it_was_first_kept_whoever_comes_at_once(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    number = make.propose(doors, lin)
    make.approve(doors, cast.staff("Qiao", "plan_approver"), number)
    plan_id = make.record(doors, number).id

    def keep(made: bytes) -> bytes:
        return doors.write_as(lin, agreement_actions.keep_pdf, plan_id, number, "zh", made)

    with ThreadPoolExecutor(5) as threads:
        kept = set(threads.map(keep, [b"%PDF-" + bytes([each]) for each in range(5)]))
    assert len(kept) == 1
    found = doors.read_as(lin, lambda connection, _viewer: agreement_queries.PAPERS.find(connection, plan_id, "zh"))
    assert found in kept
    assert kinds(doors).count("plans.agreement_printed") == 1
