"""The page of a running plan and staff's page of how it goes, as a browser without JavaScript uses them."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.client import Client
from tests.make import plans as make
from tests.make.loans import loan
from tests.make.running import Days, instalment_paid, paid

Visit = Callable[..., Client]


def plain(page: Any) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page.text))


def test_the_next_payment_comes_first_with_what_falls_due_beside_it(visit: Visit, days: Days) -> None:
    number = days.agree()
    lin = visit("B1")
    page = lin.get(f"/plans/{number}")
    assert page.status_code == 200
    for words in ("Your plan is agreed", "364.00", "12 May", "1,180.00", "0 of 6", "Late so far: 0 of 2"):
        assert words in page.text, words
    assert f"/plans/{number}/payments/2026-05-12" in page.text
    days.on(5, 13, instalment_paid(5), paid("2026-05-12", "364.00"))
    page = visit("B1").get(f"/plans/{number}")
    for words in ("Your plan is running", "1 of 6", "Arrived", "12 June", "Saved so far"):
        assert words in page.text, words


def test_the_account_and_how_to_pay_name_the_amount_of_the_plans_own_page(visit: Visit, days: Days) -> None:
    """After a miss, what it lacks is part of the next one; what was paid ahead is not asked for again."""
    number = days.agree()
    for stands, amount in (((5, 16), "728.00"), ((5, 20), "628.00")):
        paid_ahead = [paid("2026-05-19", "100.00")] if stands == (5, 20) else [instalment_paid(5)]
        days.on(*stands, *paid_ahead)
        lin = visit("B1")
        assert amount in plain(lin.get(f"/plans/{number}"))
        assert f"Next: 12 June 2026, CN¥{amount}" in plain(lin.get("/account"))
        assert amount in lin.get("/pay").text


def test_the_account_offers_a_change_of_the_plan_that_runs_and_no_first_one(visit: Visit, days: Days) -> None:
    days.agree()
    said = plain(visit("B1").get("/account"))
    assert "Ask for a change of the plan" in said
    assert "Is it too much for one payment?" not in said


def test_a_payment_is_moved_on_its_own_page(visit: Visit, days: Days) -> None:
    number = days.agree(freeze=False)
    lin = visit("B1")
    path = f"/plans/{number}/payments/2026-05-12"
    page, other_tab = lin.get(path), lin.get(path)
    assert "added to the last payment" in page.text
    assert lin.submit(page, {"to_day": "2026-05-15"}, "/move").headers["location"] == f"/plans/{number}"
    shown = plain(lin.get(f"/plans/{number}"))
    assert "15 May" in shown
    assert "agreed for 12 May" in shown
    assert "15 May" in lin.get("/account").text
    again = lin.submit(other_tab, {"to_day": "2026-05-16"}, "/move")
    assert again.status_code == 409
    assert "moves once" in again.text
    assert lin.submit(lin.get(path), {}, "/cannot").status_code == 303
    assert lin.get(path).headers["location"] == f"/plans/{number}"


def test_what_paying_more_does_is_shown_before_it_is_done(visit: Visit, days: Days) -> None:
    number = days.agree()
    lin = visit("B1")
    page = lin.get(f"/plans/{number}/more?amount=1000")
    assert page.status_code == 200
    for words in ("After paying", "2,086.91", "1,086.91", "12 October"):
        assert words in page.text, words
    part = lin.get(f"/plans/{number}/more/answer?amount=1000")
    assert "<html" not in part.text
    assert "1,086.91" in part.text
    assert "The day of the last payment stays the same" in lin.get(f"/plans/{number}/more?amount=1").text
    assert lin.get(f"/plans/{number}/more?amount=many").status_code == 422
    assert "The plan is then kept" in lin.get(f"/plans/{number}/more?amount=2086.91").text


def test_from_the_first_strike_on_the_evaluation_is_told(visit: Visit, days: Days) -> None:
    number = days.agree()
    days.on(5, 12, instalment_paid(5))
    page = plain(visit("B1").get(f"/plans/{number}"))
    for words in (
        "has not reached us by 24:00",
        "15 May 2026",
        "first of two",
        "Late so far: 1 of 2",
        "16 June",
        "09:00",
    ):
        assert words in page, words
    days.on(5, 16)
    page = plain(visit("B1").get(f"/plans/{number}"))
    for words in ("did not reach us in time", "728.00", "Did not arrive in time"):
        assert words in page, words


def test_two_strikes_the_trace_the_borrowers_words_and_the_decision(visit: Visit, days: Days) -> None:
    number = days.agree()
    days.on(5, 20, instalment_paid(5))
    days.on(6, 12, instalment_paid(6))
    page = plain(visit("B1").get(f"/plans/{number}"))
    for words in ("You can still keep your plan", "15 June 2026", "16 June 2026"):
        assert words in page, words
    days.on(6, 16)
    lin = visit("B1")
    page = lin.get(f"/plans/{number}")
    for words in ("We look at your plan with you", "A person confirms or stops this by 24 June 2026", "1,544.00"):
        assert words in plain(page), words
    assert lin.submit(page, {"words": ""}, "/say").status_code == 422
    assert lin.submit(page, {"words": "I was ill in May."}, "/say").status_code == 303
    staff = visit("Qiao", "plan_approver")
    queue = staff.get("/staff/plans?state=evaluated").text
    assert number in queue
    assert f"/staff/plans/{number}/life" in staff.get(f"/staff/plans/{number}").text
    desk = staff.get(f"/staff/plans/{number}/life")
    for words in ("I was ill in May.", "1,180.00", "15 June 2026"):
        assert words in desk.text, words
    other_tab = staff.get(f"/staff/plans/{number}/life")
    assert staff.submit(desk, {}, "/life").status_code == 422
    done = staff.submit(desk, {"answer": "go_on", "words": "Thank you for telling us."}, "/life")
    assert done.status_code == 303
    assert make.state(days.doors, number) == "running"
    assert staff.submit(other_tab, {"answer": "end"}, "/life").status_code == 409
    assert "Late so far: 0 of 2" in visit("B1").get(f"/plans/{number}").text
    auditor = visit("Ada", "auditor")
    assert auditor.get(f"/staff/plans/{number}/life").status_code == 200


def test_ended_kept_and_sold_each_say_what_now(visit: Visit, days: Days) -> None:
    number = days.agree()
    days.on(6, 16, instalment_paid(5), instalment_paid(6))
    staff = visit("Qiao", "plan_approver")
    desk = staff.get(f"/staff/plans/{number}/life")
    staff.submit(desk, {"answer": "end", "words": "Ring us at any time."}, "/life")
    page = plain(visit("B1").get(f"/plans/{number}"))
    for words in (
        "The plan ended on 16 June 2026",
        "never for the time before",
        "Ring us at any time.",
        "Offer a new plan",
    ):
        assert words in page, words
    days.on(6, 17)
    second = days.agree()
    days.on(6, 18, paid("2026-06-18", "9000.00"))
    assert "You kept this plan" in visit("B1").get(f"/plans/{second}").text


def test_of_a_sold_loan_no_figures_are_shown(visit: Visit, days: Days) -> None:
    number = days.agree()
    days.stand(5, 2)
    sold = loan(status="sold", status_on="2026-05-01", new_owner="Another", new_owner_phone="400-111")
    days.book(booked_to=date(2026, 5, 2), loans=[sold])
    days.evaluate()
    page = visit("B1").get(f"/plans/{number}")
    assert "belongs to somebody else" in page.text
    assert "364.00" not in page.text


def test_what_is_not_there_is_not_found(visit: Visit, days: Days) -> None:
    number = days.agree()
    lin = visit("B1")
    assert lin.get(f"/plans/{number}/payments/tomorrow").status_code == 404
    assert lin.get("/plans/ZZZ-ZZZ/more").status_code == 404
    page = lin.get(f"/plans/{number}/payments/2026-05-12")
    answer = lin.submit(page, {"to_day": "soon"}, "/move")
    assert answer.status_code == 422


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_borrower_and_staff_read_the_same_day_of_an_evaluation_that_was_made_later(visit: Visit, days: Days) -> None:
    number = days.agree()
    days.on(6, 13, instalment_paid(5), instalment_paid(6))
    days.on(6, 19)
    for page in (
        visit("B1").get(f"/plans/{number}"),
        visit("Qiao", "plan_approver").get(f"/staff/plans/{number}/life"),
    ):
        assert "19 June 2026, 09:00" in plain(page)
        assert "The earliest day for it was 16 June 2026." in plain(page)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_next_payment_says_what_it_is_made_of_on_both_pages(visit: Visit, days: Days) -> None:
    number = days.agree()
    days.on(5, 20, instalment_paid(5))
    lin = visit("B1")
    for path in (f"/plans/{number}", f"/plans/{number}/payments/2026-06-12"):
        page = plain(lin.get(path))
        for words in ("728.00", "This payment", "364.00", "Still missing of earlier payments"):
            assert words in page, (path, words)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_the_borrower_wrote_stays_on_a_plan_that_ended(visit: Visit, days: Days) -> None:
    number = days.agree()
    days.on(6, 16, instalment_paid(5), instalment_paid(6))
    lin, staff = visit("B1"), visit("Qiao", "plan_approver")
    lin.submit(lin.get(f"/plans/{number}"), {"words": "I was ill in May."}, "/say")
    staff.submit(staff.get(f"/staff/plans/{number}/life"), {"answer": "end", "words": ""}, "/life")
    page = lin.get(f"/plans/{number}").text
    assert "This plan ended" in page
    assert "I was ill in May." in page
