"""Staff's pages of plans: the queue, the decision with its effects, saying no, the second person; who may do what."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portal.platform.db import Doors
from tests.client import Client, fields_of, form_of
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.loans import import_tables, payment

Visit = Callable[..., Client]


@pytest.fixture
def number(doors: Doors, cast: Cast) -> str:
    """A proposal of Lin's: 364.00 a month."""
    return make.propose(doors, cast.borrower())


def test_the_queue_shows_what_waits(visit: Visit, number: str) -> None:
    staff = visit("Qiao", "plan_approver")
    page = staff.get("/staff/plans")
    assert page.status_code == 200
    assert number in page.text
    assert "2,086.91" in page.text
    assert number not in staff.get("/staff/plans?limits=outside").text
    assert number not in staff.get("/staff/plans?state=refused").text
    assert number in staff.get("/staff/plans?state=all&limits=within").text


def test_the_decision_lays_the_offer_beside_the_limits_and_its_effects(visit: Visit, number: str) -> None:
    page = visit("Qiao", "plan_approver").get(f"/staff/plans/{number}")
    assert page.status_code == 200
    for figure in ("364.00", "363.84", "2,183.84", "2,086.91", "266.91", "96.93", "178 days", "5,000.00"):
        assert figure in page.text, figure


def test_approved_it_runs(visit: Visit, number: str) -> None:
    staff, lin = visit("Qiao", "plan_approver"), visit("B1")
    page = staff.get(f"/staff/plans/{number}")
    answer = staff.submit(page, {"reason": "within_limits", "words": "Thank you."}, "/approve")
    assert answer.status_code == 303
    seen = lin.get(f"/plans/{number}")
    assert "Your plan is agreed" in seen.text
    assert "Thank you." in seen.text
    assert "12 May 2026" in seen.text
    paper = lin.get(f"/plans/{number}/agreement")
    assert paper.status_code == 200
    assert "2,183.84" in paper.text
    assert "364.00" in paper.text
    assert staff.get(f"/staff/plans/{number}/agreement").status_code == 200
    assert "Plan running" in lin.get("/account").text


def test_with_the_penalty_stopped_the_last_payment_is_smaller(visit: Visit, number: str) -> None:
    staff, lin = visit("Qiao", "plan_approver"), visit("B1")
    page = staff.get(f"/staff/plans/{number}")
    assert staff.submit(page, {"reason": "hardship", "freeze": "1"}, "/approve").status_code == 303
    seen = lin.get(f"/plans/{number}").text
    assert "266.91" in seen
    assert "2,086.91" in seen
    assert "What has not counted stays so" in seen


def test_refused_with_the_conditions_and_the_smallest_change(visit: Visit, doors: Doors, cast: Cast) -> None:
    number = make.propose(doors, cast.borrower(), monthly="270")
    staff, lin = visit("Qiao", "plan_approver"), visit("B1")
    page = staff.get(f"/staff/plans/{number}/refuse")
    assert "364.00" in page.text
    wrong = staff.submit(page, {"words": "We looked at it."}, "/refuse")
    assert wrong.status_code == 422
    assert "We looked at it." in wrong.text
    answer = staff.submit(wrong, {"reason": "outside_limits", "words": "We looked at it."}, "/refuse")
    assert answer.status_code == 303
    seen = lin.get(f"/plans/{number}")
    for words in (
        "We cannot agree to this plan",
        "2 conditions are not met yet.",
        "At most 6 payments",
        "This takes 9",
        "Finished by 14 October 2026",
        "364.00",
        "815.00",
        "We looked at it.",
    ):
        assert words in seen.text, words


def test_a_reason_is_needed_and_what_was_typed_stays(visit: Visit, number: str) -> None:
    staff = visit("Qiao", "plan_approver")
    answer = staff.submit(staff.get(f"/staff/plans/{number}"), {"words": "Kept words"}, "/approve")
    assert answer.status_code == 422
    assert "Kept words" in answer.text


def test_who_comes_second_is_told_who_decided(visit: Visit, number: str) -> None:
    first, other = visit("Qiao", "plan_approver"), visit("Shen", "plan_approver")
    page = other.get(f"/staff/plans/{number}")
    first.submit(first.get(f"/staff/plans/{number}"), {"reason": "within_limits"}, "/approve")
    answer = other.submit(page, {"reason": "within_limits", "words": "Mine"}, "/approve")
    assert answer.status_code == 409
    assert "Qiao has decided this already" in answer.text


def test_figures_that_changed_void_the_page(visit: Visit, doors: Doors, number: str, tmp_path: Path) -> None:
    staff = visit("Qiao", "plan_approver")
    page = staff.get(f"/staff/plans/{number}")
    import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-16", "500.00")]})
    answer = staff.submit(page, {"reason": "within_limits", "words": "Kept words"}, "/approve")
    assert answer.status_code == 409
    assert "1,586.69" in answer.text
    assert "2,086.91" in answer.text
    assert "Kept words" in answer.text
    assert staff.submit(answer, {"reason": "within_limits"}, "/approve").status_code == 303


def test_a_later_payment_changes_nothing(visit: Visit, doors: Doors, number: str, tmp_path: Path) -> None:
    staff = visit("Qiao", "plan_approver")
    page = staff.get(f"/staff/plans/{number}")
    import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-18", "364.00")]})
    assert staff.submit(page, {"reason": "within_limits"}, "/approve").status_code == 303


def test_above_the_authority_a_second_person_confirms(
    visit: Visit, empty_doors: Doors, cast: Cast, tmp_path: Path
) -> None:
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(plan_max="2000.00"))
    number = make.propose(empty_doors, cast.borrower())
    maker, checker = visit("Qiao", "plan_approver"), visit("Shen", "supervisor")
    page = maker.get(f"/staff/plans/{number}")
    assert "Send to a second person" in page.text
    assert maker.submit(page, {"reason": "within_limits", "freeze": "1"}, "/approve").status_code == 303
    assert make.state(empty_doors, number) == "proposed"
    own = maker.get(f"/staff/plans/{number}")
    assert "Take it back" in own.text
    assert "Confirm and agree" not in own.text
    refused = maker.submit(own, {"answer": "confirm"}, "/second")
    assert refused.status_code == 409
    assert "Another person has to confirm this" in refused.text
    answer = checker.submit(checker.get(f"/staff/plans/{number}"), {"answer": "confirm"}, "/second")
    assert answer.status_code == 303
    assert make.state(empty_doors, number) == "running"
    assert "confirmed by Shen" in checker.get(f"/staff/plans/{number}").text


def test_declined_or_taken_back_it_waits_as_before(
    visit: Visit, empty_doors: Doors, cast: Cast, tmp_path: Path
) -> None:
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(plan_max="2000.00"))
    number = make.propose(empty_doors, cast.borrower())
    maker, checker = visit("Qiao", "plan_approver"), visit("Shen", "supervisor")
    for visitor, said in ((checker, "decline"), (maker, "take_back")):
        maker.submit(maker.get(f"/staff/plans/{number}"), {"reason": "within_limits"}, "/approve")
        page = visitor.get(f"/staff/plans/{number}")
        assert visitor.submit(page, {"answer": said}, "/second").status_code == 303
        assert "Send to a second person" in maker.get(f"/staff/plans/{number}").text


def test_a_freeze_counts_by_its_forecast(visit: Visit, empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(waiver_max="96.92"))
    number = make.propose(empty_doors, cast.borrower())
    assert make.approve(empty_doors, cast.staff("Qiao", "plan_approver"), number, freeze=True) == "waiting"
    assert make.approve(empty_doors, cast.staff("Shen", "supervisor"), number) == "running"


ROLES = ("plan_approver", "dispute_handler", "supervisor", "auditor", "administrator")
READING = {"plan_approver", "dispute_handler", "supervisor", "auditor"}
APPROVING = {"plan_approver", "supervisor"}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_gets_what_the_gate_gives_it(visit: Visit, number: str, role: str) -> None:
    staff = visit(f"{role}-1", role)
    for path, roles in (
        ("/staff/plans", READING),
        (f"/staff/plans/{number}", READING),
        (f"/staff/plans/{number}/refuse", APPROVING),
    ):
        assert staff.get(path).status_code == (200 if role in roles else 403), path
    assert staff.get("/staff/plans/XXX-XXX").status_code == (404 if role in READING else 403)
    assert staff.get(f"/staff/plans/{number}/agreement").status_code == (404 if role in READING else 403)
    if role in READING:
        decides = "/approve" in staff.get(f"/staff/plans/{number}").text
        assert decides == (role in APPROVING)


@pytest.mark.parametrize("role", sorted(set(ROLES) - APPROVING))
def test_who_may_not_decide_changes_nothing(visit: Visit, doors: Doors, number: str, role: str) -> None:
    staff, approver = visit(f"{role}-1", role), visit("Qiao", "plan_approver")
    page = approver.get(f"/staff/plans/{number}")
    for act in ("approve", "refuse"):
        sent = fields_of(page, form_of(page, "/approve")) | {"reason": "within_limits"}
        assert staff.post(f"/staff/plans/{number}/{act}", sent).status_code in {303, 400, 403}
    assert make.state(doors, number) == "proposed"


def test_borrowers_and_strangers_see_no_staff_page(visit: Visit, number: str) -> None:
    for path in ("/staff/plans", f"/staff/plans/{number}", f"/staff/plans/{number}/refuse"):
        assert visit().get(path).status_code in {303, 401, 403}
        assert visit("B1").get(path).status_code in {303, 401, 403}
