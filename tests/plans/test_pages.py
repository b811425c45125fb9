"""The borrower's pages of plans, as a browser without JavaScript uses them."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from portal.platform.db import Doors
from tests.client import Client
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.loans import import_tables, instalment, payment

Visit = Callable[..., Client]


def query(**given: str) -> str:
    return urlencode(make.answers(**given))


def send(lin: Client, **given: str) -> str:
    """Walk through the form to the status page; its path."""
    check = lin.get(f"/plans/check?{query(**given)}")
    assert check.status_code == 200
    answer = lin.submit(check, {"consent": "yes"}, "/plans/new")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_the_form_begins_with_the_smallest_plan_that_passes(visit: Visit) -> None:
    page = visit("B1").get("/plans/new")
    assert page.status_code == 200
    assert 'value="364"' in page.text
    for figure in ("364.00", "363.84", "2,183.84", "2,086.91", "96.93"):
        assert figure in page.text
    assert "13 July" in page.text
    assert "is no working day" in page.text
    assert "12 October 2026" in page.text


def test_the_preview_is_the_same_part(visit: Visit) -> None:
    part = visit("B1").get(f"/plans/preview?{query()}")
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "2,183.84" in part.text


def test_a_number_of_payments_finds_the_smallest_amount(visit: Visit) -> None:
    page = visit("B1").get(f"/plans/new?{query(way='payments', payments='6', monthly='')}")
    assert "2,183.84" in page.text


def test_a_missed_limit_is_named_with_the_smallest_change(visit: Visit) -> None:
    page = visit("B1").get(f"/plans/new?{query(monthly='270')}")
    assert "At most 6 payments" in page.text
    assert "This takes 9" in page.text
    assert "Finished by 14 October 2026" in page.text
    assert "12 January 2027" in page.text
    assert "Propose <data" in page.text or "Propose 364.00" in page.text
    assert "815.00" in page.text
    assert "Send it anyway" in page.text


def test_outside_the_limits_one_is_led_back_unless_one_insists(visit: Visit) -> None:
    lin = visit("B1")
    assert lin.get(f"/plans/check?{query(monthly='270')}").status_code == 422
    insisting = lin.get(f"/plans/check?{query(monthly='270')}&anyway=1")
    assert insisting.status_code == 200
    assert "a person looks" in insisting.text
    answer = lin.submit(insisting, {"consent": "yes"}, "/plans/new")
    assert answer.status_code == 303


def test_bad_entries_are_named_and_kept(visit: Visit) -> None:
    page = visit("B1").get(f"/plans/new?{query(monthly='3x', pay_day='31', first='-5')}")
    assert page.status_code == 422
    assert "Error:" in page.text
    assert 'value="3x"' in page.text
    assert 'value="-5"' in page.text


def test_absurd_amounts_get_an_answer(visit: Visit) -> None:
    lin = visit("B1")
    for monthly in ("0", "0.001", "99999999999999999999", "1e9", "0.01", "1", "5000000"):
        assert lin.get(f"/plans/new?{query(monthly=monthly)}").status_code in {200, 422}
    for first in ("2086.91", "5000", "2086.90"):
        for when in ("today", "pay_day"):
            assert lin.get(f"/plans/new?{query(first=first, when=when)}").status_code in {200, 422}
    for payments in ("1", "24", "25", "0"):
        page = lin.get(f"/plans/new?{query(way='payments', payments=payments)}")
        assert page.status_code in {200, 422}


def test_full_width_digits_pass(visit: Visit) -> None:
    assert "2,183.84" in visit("B1").get(f"/plans/new?{query(monthly='３６４')}").text


def test_sent_followed_and_withdrawn(visit: Visit) -> None:
    lin = visit("B1")
    path = send(lin)
    page = lin.get(path)
    assert "We have your plan" in page.text
    assert "11 May 2026" in page.text
    assert path.removeprefix("/plans/") in lin.get("/plans").text
    assert path in lin.get("/account").text
    assert "waiting for an answer" in lin.get("/plans/new").text
    assert lin.submit(page, form="/withdraw").status_code == 303
    assert "You withdrew this plan" in lin.get(path).text
    assert lin.get("/plans/new").status_code == 200


def test_without_consent_nothing_is_sent_and_all_is_kept(visit: Visit) -> None:
    lin = visit("B1")
    check = lin.get(f"/plans/check?{query()}")
    answer = lin.submit(check, {}, "/plans/new")
    assert answer.status_code == 422
    assert "Please fill this in." in answer.text
    assert 'value="364"' in answer.text
    assert lin.submit(answer, {"consent": "yes"}, "/plans/new").status_code == 303


def test_sent_twice_is_sent_once(visit: Visit) -> None:
    lin = visit("B1")
    check = lin.get(f"/plans/check?{query()}")
    first = lin.submit(check, {"consent": "yes"}, "/plans/new")
    again = lin.submit(check, {"consent": "yes"}, "/plans/new")
    assert first.headers["location"] == again.headers["location"]


def test_a_second_proposal_waits_for_the_first(visit: Visit) -> None:
    lin = visit("B1")
    check = lin.get(f"/plans/check?{query()}")
    send(lin)
    answer = lin.submit(check, {"consent": "yes", "first": "1"}, "/plans/new")
    assert answer.status_code == 422
    assert "Withdraw it first" in answer.text


def test_an_import_under_the_form_is_told(visit: Visit, doors: Doors, tmp_path: Path) -> None:
    lin = visit("B1")
    check = lin.get(f"/plans/check?{query()}")
    changed = {"payments": [payment("A4", "2026-04-16", "500.00")]}
    import_tables(doors, tmp_path / "second", changed)
    answer = lin.submit(check, {"consent": "yes"}, "/plans/new")
    assert answer.status_code == 409
    assert "arrived while you were writing. Nothing was sent." in answer.text
    assert "2,086.91" in answer.text
    assert "1,586.69" in answer.text
    assert 'value="364"' in answer.text
    assert lin.submit(answer, {"consent": "yes"}, "/plans/new").status_code == 303


def test_a_stranger_sees_nothing(visit: Visit, doors: Doors) -> None:
    lin = visit("B1")
    path = send(lin)
    assert visit().get(path).status_code in {303, 401}
    staff = visit("Qiao", "plan_approver")
    assert staff.get(path).status_code in {303, 403}
    assert lin.get("/plans/XXX-XXX").status_code == 404


@pytest.mark.parametrize(
    "path", ["/plans", "/plans/new", "/plans/preview", "/plans/check", "{plan}", "{plan}/agreement"]
)
def test_only_borrowers_come_in(visit: Visit, path: str) -> None:
    lin = visit("B1")
    at = path.format(plan=send(lin))
    expected = 404 if at.endswith("/agreement") else 422 if at.endswith("/check") else 200
    assert lin.get(at).status_code == expected
    assert visit().get(at).status_code in {303, 401}
    for role in ("plan_approver", "dispute_handler", "supervisor", "auditor", "administrator"):
        assert visit(f"{role}-1", role).get(at).status_code in {303, 401, 403}, role


def test_two_currencies_are_chosen_from(visit: Visit, doors: Doors, tmp_path: Path) -> None:
    import_tables(doors, tmp_path / "second", _second_loan(currency="USD"))
    lin = visit("B1")
    page = lin.get("/plans/new")
    assert page.status_code == 200
    assert "Choose which one first" in page.text
    chosen = lin.get("/plans/new?currency=USD")
    assert "US$" in chosen.text
    assert send(lin)
    assert send(lin, currency="USD", monthly="400")


def test_two_loans_have_a_schedule_each(visit: Visit, doors: Doors, tmp_path: Path, cast: Cast) -> None:
    import_tables(doors, tmp_path / "second", _second_loan())
    lin = visit("B1")
    page = lin.get("/plans/new")
    assert page.status_code == 200
    assert "Second loan" in page.text
    assert "Home appliances" in page.text
    path = send(lin, monthly="900")
    staff = cast.staff("Qiao", "plan_approver")
    number = path.removeprefix("/plans/")
    found = make.decide_page(doors, staff, number)
    assert [loan.monthly for loan in found.plan.figures.loans] == [574_00, 326_00]
    assert make.approve(doors, staff, number) == "running"
    assert "Your plan is agreed" in lin.get(path).text
    assert lin.get(f"{path}/agreement").status_code == 200


def _second_loan(currency: str = "CNY") -> make.Tables:
    from tests.make.loans import loan, product, rate

    return {
        "products": [product(product_ref="P2", name="Second loan", currency=currency)],
        "penalty_rates": [rate(product_ref="P2")],
        "loans": [loan(loan_ref="L2", product_ref="P2", currency=currency)],
        "instalments": [instalment(1, "2026-04-05", loan_ref="L2"), instalment(2, "2026-05-05", loan_ref="L2")],
    }
