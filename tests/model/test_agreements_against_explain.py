"""The agreement's numbers against `portal explain`, fed with the plan's payments, each on its day."""

from datetime import date

import pytest

from tests.loans.explained import explained
from tests.make import plans as make
from tests.make.loans import Row
from tests.make.running import Days, paid


@pytest.mark.parametrize(
    ("freeze", "given"),
    [
        (False, {"monthly": "364"}),
        (True, {"monthly": "400", "first": "150", "pay_day": "28"}),
        (False, {"way": "equal", "monthly": "", "payments": "7", "rhythm": "weekly", "first_on": "2026-04-22"}),
        (True, {"way": "payments", "monthly": "", "payments": "3", "rhythm": "two_weekly", "first_on": "2026-04-30"}),
    ],
)
def test_the_last_payment_clears_all_and_none_before(days: Days, freeze: bool, given: dict[str, str]) -> None:
    number = days.agree(freeze=freeze, **given)
    told = make.record(days.doors, number).figures
    *before, last = told.payments
    regular = [paid(on.isoformat(), major(amount), f"R{no}") for no, on, amount in told.running]
    book(days, [*regular, *(paid(each.due_on.isoformat(), major(each.amount), f"P{each.due_on}") for each in before)])
    for each in before:
        assert explained(days.doors, each.due_on)["due"]["total"] > 0, each
    seen = explained(days.doors, last.due_on)
    assert (seen["due"]["total"], seen["credit"]) == (last.amount, 0)
    book(days, [paid(last.due_on.isoformat(), major(last.amount), "LAST")])
    seen = explained(days.doors, last.due_on)
    assert (seen["due"]["total"], seen["credit"]) == (0, 0)
    assert (told.last_on, told.total) == (last.due_on, sum(each.amount for each in told.payments))


def book(days: Days, rows: list[Row]) -> None:
    """All of it is booked by the end of the year."""
    days.stand_on(date(2026, 12, 31))
    days.book(*rows, booked_to=date(2026, 12, 31))


def major(amount: int) -> str:
    """Yuan and fen."""
    return f"{amount // 100}.{amount % 100:02}"
