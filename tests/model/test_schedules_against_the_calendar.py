"""Every pay day over four years, and the schedules on them, against days walked one by one (MO-05, MO-07)."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import pytest

from portal.core.pay_dates import PayRhythm, pay_dates
from portal.core.plans import Offer, schedule
from portal.loans.rulepacks import rule_pack
from tests.model.agreements import Book, schedule_fault, transfer
from tests.model.oracle import ONE_DAY, Fraction
from tests.model.test_against_engine import loan_facts

FIRST, LAST = date(2026, 1, 1), date(2029, 12, 31)
CHINA = rule_pack("cn").calendar(date(2027, 6, 1))

FREE_IN_2026 = (
    *(("01-01", "01-03"), ("02-15", "02-23"), ("04-04", "04-06"), ("05-01", "05-05"), ("06-19", "06-21")),
    *(("09-25", "09-27"), ("10-01", "10-07")),
)
WORKED_IN_2026 = ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")
"""The State Council's notice for 2026, first and last free day; and the days of a weekend that are worked for them."""

RHYTHMS = (
    *(PayRhythm("monthly", day) for day in range(1, 32)),
    *(PayRhythm("weekly", anchor=date(2026, 1, 5) + timedelta(days=days)) for days in range(7)),
    *(PayRhythm("two_weekly", anchor=date(2025, 12, 29) + timedelta(days=days)) for days in range(14)),
)


def test_the_calendar_of_2026_is_that_of_the_notice() -> None:
    free = {day for first, last in FREE_IN_2026 for day in days_between(of_2026(first), of_2026(last))}
    worked = {of_2026(day) for day in WORKED_IN_2026}
    for day in days_between(FIRST, date(2026, 12, 31)):
        expected = day in worked or (day.weekday() < 5 and day not in free)
        assert CHINA.is_working_day(day) == expected, day


def test_every_pay_day_of_four_years_is_found_by_walking() -> None:
    for rhythm in RHYTHMS:
        expected = [day for day in walked(rhythm) if day <= LAST]
        assert [paid.on for paid in pay_dates(rhythm, FIRST - ONE_DAY, LAST, CHINA)] == expected, rhythm
        assert all(CHINA.is_working_day(day) for day in expected)


def test_from_whichever_day_a_plan_starts_the_next_pay_day_follows() -> None:
    for rhythm in (RHYTHMS[0], RHYTHMS[14], RHYTHMS[27], RHYTHMS[30], RHYTHMS[33], RHYTHMS[40]):
        wished = sorted(nominal(rhythm))
        for start in days_between(FIRST, date(2029, 11, 1)):
            following = next(day for day in wished if day > start)
            assert pay_dates(rhythm, start, start + timedelta(days=60), CHINA)[0].on == rolled(following), start


@pytest.mark.parametrize("freeze", [False, True])
def test_a_schedule_on_these_days_clears_the_loan_with_its_last_payment(freeze: bool) -> None:
    for place, rhythm in enumerate(RHYTHMS[::4]):
        assert fault(rhythm, FIRST + timedelta(days=97 * place), place, freeze=freeze) == "", rhythm


@pytest.mark.drill
def test_every_schedule_of_four_years() -> None:
    for rhythm in RHYTHMS:
        for place, start in enumerate(days_between(FIRST, date(2028, 12, 31))):
            if place % 13 == rhythm.day % 13:
                assert fault(rhythm, start, place, freeze=bool(place % 2)) == "", (rhythm, start)


def fault(rhythm: PayRhythm, start: date, place: int, *, freeze: bool) -> str:
    """What is wrong with the schedule of a loan that is late on its start day, "" for nothing."""
    book = late_book(start, place)
    offer = Offer(rhythm.day, 61_000, None, rhythm=rhythm.rhythm, first_on=rhythm.anchor)
    if place % 3 == 0:
        offer = Offer(rhythm.day, None, 3 + place % 4, rhythm=rhythm.rhythm, first_on=rhythm.anchor, equal=True)
    facts = loan_facts((book.product, book.rates, book.loan, book.instalments, book.payments, []))
    plan = schedule(facts, offer, start, CHINA, freeze=freeze)
    given = [each.due_on for each in plan.payments]
    expected = after_start(rhythm, start)[: len(given)]
    if given != expected:
        return f"days {given}, walked {expected}"
    amounts = [each.amount for each in plan.payments]
    if offer.equal and freeze and max(amounts) - min(amounts) > 1:
        return f"not equal: {amounts}"
    known = {row["payment_ref"] for row in book.payments}
    return schedule_fault(book, start, [(each.due_on, each.amount) for each in plan.payments], freeze, known, "")


def late_book(start: date, place: int) -> Book:
    """A loan with two instalments behind, one of them in part, and three to come."""
    product = {
        "product_ref": "P1",
        "penalty_base": ("overdue_principal", "overdue_instalment")[place % 2],
        "grace_days": 0,
        "late_fee": 500 * (place % 2),
        "late_fee_after_days": 3,
        "allocation_strategy": ("by_instalment", "by_component")[place // 2 % 2],
        "component_order": ["fee", "penalty", "interest", "principal"],
        "rates_apply": "by_night",
    }
    rates = [{"effective_from": date(2020, 1, 1), "daily_rate": Fraction(1, 2000), "annual_ceiling": Fraction(24, 100)}]
    loan = {"loan_ref": "L1", "currency": "CNY", "disbursed_on": start - timedelta(days=70)}
    instalments = [
        {
            "number": number,
            "due_on": start + timedelta(days=30 * number - 70 + place % 5),
            "principal": 80_000 + 7 * place,
            "interest": 1_234,
            "fee": 100 * (number % 2),
            "void": False,
        }
        for number in range(1, 6)
    ]
    return Book(product, rates, loan, instalments, [transfer("A1", start - timedelta(days=20), 30_000 + place)])


def after_start(rhythm: PayRhythm, start: date) -> list[date]:
    """The days of payment of a plan: those whose pay day comes after its start."""
    return sorted({rolled(day) for day in nominal(rhythm) if day > start})


def walked(rhythm: PayRhythm) -> list[date]:
    """The days of payment of all the years, each once."""
    return sorted({rolled(day) for day in nominal(rhythm)})


@cache
def nominal(rhythm: PayRhythm) -> tuple[date, ...]:
    """The pay days themselves: of a month that has none such its last day; or every seventh or fourteenth day."""
    days = days_between(FIRST, LAST + timedelta(days=800))
    if rhythm.rhythm == "monthly":
        return tuple(
            day for day in days if day.day == rhythm.day or (day.day < rhythm.day and (day + ONE_DAY).day == 1)
        )
    step = {"weekly": 7, "two_weekly": 14}[rhythm.rhythm]
    anchor = rhythm.anchor or FIRST
    return tuple(day for day in days if day >= anchor and (day - anchor).days % step == 0)


@cache
def rolled(day: date) -> date:
    """The day, or the next one that is worked."""
    while not CHINA.is_working_day(day):
        day += ONE_DAY
    return day


def of_2026(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day, both included."""
    while first <= last:
        yield first
        first += ONE_DAY
