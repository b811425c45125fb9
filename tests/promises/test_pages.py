"""The pages of promises, as a browser without JavaScript uses them."""

import re
from collections.abc import Callable

import pytest

from tests.client import Client
from tests.make.running import Days, paid

Visit = Callable[..., Client]

ENTRIES = {"amount": "300", "channel": "transfer", "due_on_day": "24", "due_on_month": "4", "due_on_year": "2026"}


def make(lin: Client, **entries: str) -> str:
    """A promise through its page; its path."""
    answer = lin.submit(lin.get("/promises/new"), ENTRIES | entries, "/promises/new")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_promise_from_the_account_to_its_page(visit: Visit) -> None:
    lin = visit("B1")
    assert "/promises/new" in lin.get("/account").text
    page = lin.get("/promises/new")
    assert "2,086.91" in page.text
    path = make(lin)
    shown = lin.get(path).text
    assert "300.00" in shown
    assert "24 April 2026" in shown
    assert path in lin.get("/account").text
    assert path in lin.get("/promises").text
    assert "runs on this contract already" in lin.get("/promises/new").text


MISTAKES = (
    ({"amount": "9999"}, "no more than"),
    ({"amount": "0"}, "above zero"),
    ({"amount": "-5"}, "in digits"),
    ({"amount": "many"}, "in digits"),
    ({"amount": "1" + "0" * 20}, "too large"),
    ({"due_on_year": "2025"}, "Choose a day from"),
    ({"due_on_month": "13"}, "not a day of the calendar"),
    ({"channel": ""}, "fill this in"),
)


def test_a_mistake_is_said_beside_its_field_and_nothing_typed_is_lost(visit: Visit) -> None:
    lin = visit("B1")
    page = lin.get("/promises/new")
    for entries, says in MISTAKES:
        answer = lin.submit(page, ENTRIES | entries, "/promises/new")
        assert answer.status_code == 422, entries
        assert says in answer.text, entries
        assert f'value="{(ENTRIES | entries)["amount"]}"' in answer.text
    assert "You have made no promises" in lin.get("/promises").text


def test_move_it_say_it_is_paid_and_take_it_back(visit: Visit, days: Days) -> None:
    lin = visit("B1")
    path = make(lin)
    moved = lin.submit(lin.get(path), {"to_day": "2026-04-28"}, "/move")
    assert moved.status_code == 303
    page = lin.get(path)
    assert "28 April 2026" in page.text
    assert "/move" not in page.text
    (form,) = re.findall(r'href="(/pay/\w+/paid\?[^"]+)"', page.text)
    word = lin.submit(lin.get(form), {"channel": "transfer"}, "/paid")
    assert word.status_code == 303, "amount and day stand in the form already"
    assert "does not count as missed" in lin.follow(word).text
    assert "looking for your payment" in lin.get(path).text
    assert lin.submit(page, {}, "/cannot").status_code == 303, "it may still be taken back before its day"
    assert "does not count against you" in lin.get(path).text


def test_what_became_of_it_is_said_plainly(visit: Visit, days: Days) -> None:
    path = make(visit("B1"))
    days.on(4, 25)
    lin = visit("B1")
    late = lin.get(path).text
    assert "not here yet" in late
    assert "27 April 2026" in late
    days.on(4, 26, paid("2026-04-26", "300.00"))
    assert "Your payment arrived" in visit("B1").get(path).text


def test_a_stranger_finds_nothing(visit: Visit, days: Days) -> None:
    from datetime import date

    from tests.make.loans import borrower

    path = make(visit("B1"))
    days.book(booked_to=date(2026, 4, 17), borrowers=[borrower(borrower_ref="B2", mobile="13900139000", name="Other")])
    stranger = visit("B2")
    assert stranger.get(path).status_code == 404
    assert "nothing to promise" in stranger.get("/promises/new").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_until_when_money_counts_is_said_from_the_first_day_on(visit: Visit) -> None:
    lin = visit("B1")
    words = "Its day is 24 April 2026. What arrives by 24:00 on 27 April 2026 still counts as kept."
    assert words in re.sub("<[^>]+>", "", lin.get(make(lin)).text)
