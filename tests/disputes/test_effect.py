"""What can be disputed, and what a decision does: the figures of the invented case, and rows that add up."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from portal.core.assessment import assess
from portal.core.facts import DaysWaiver
from portal.core.interactions import Part
from portal.disputes.effect import Effect, Span, disputed_parts, effect, joined, settled, stretches
from portal.disputes.facts import receipt_rows, receipt_text, sums
from tests.core.loans import instalment, lin_yi, loan, nights_waived, on, paid, terms

PARTS = (Part(3, on(3, 6), None, "nights"),)
APRIL_22 = on(4, 22)
FILED = DaysWaiver("S1", 3, on(4, 17), None, "dispute")


def decided(ticked: frozenset[str] | None = None, day: date = APRIL_22) -> Effect:
    facts = settled(lin_yi(days_waivers=(FILED,)), {"S1"}, day)
    return effect(facts, 3, PARTS, day, ticked)


def test_all_nights_ticked_follow_later_ones() -> None:
    third = assess(lin_yi(), on(4, 17)).instalment(3)
    spans = [stretch.span for stretch in stretches(third, ())]
    assert [span.name for span in spans] == ["2026-03-06_2026-03-20", "2026-03-21_2026-03-31", "2026-04-01_2026-04-17"]
    assert [stretch.amount for stretch in stretches(third, ())] == [885, 489, 680]
    assert disputed_parts(third, spans, False) == PARTS


def test_nights_but_the_last_end_where_they_end() -> None:
    third = assess(lin_yi(), on(4, 17)).instalment(3)
    assert disputed_parts(third, [Span(on(3, 6), on(3, 20))], True) == (
        Part(3, on(3, 6), on(3, 20), "nights"),
        Part(3, None, None, "late_fee"),
    )


def test_before_filing_20_54_is_disputed_and_2_075_22_stays_payable() -> None:
    assert sums(assess(lin_yi(), on(4, 17)), 3, PARTS) == (2_054, 1_169, 207_522)


def test_filed_on_17_april_20_14_is_disputed_and_11_29_of_it_unpaid() -> None:
    assert sums(assess(lin_yi(days_waivers=(FILED,)), on(4, 17)), 3, PARTS) == (2_014, 1_129, 207_522)


def test_upheld_on_22_april_880_00_is_left() -> None:
    found = decided()
    assert [(row.kind, row.nights, row.before, row.after, row.disputed) for row in found.rows] == [
        ("nights", 15, 885, 0, True),
        ("nights", 11, 489, 0, True),
        ("nights", 16, 640, 0, True),
        ("days_waived", 5, 0, 0, False),
        ("nights", 1, 40, 0, True),
        ("paid", 0, -885, 0, False),
        ("principal", 0, 88_885, 88_000, False),
        ("instalment", 0, 90_054, 88_000, False),
        ("due", 0, 208_957, 206_903, False),
    ]
    assert (found.amount, found.outcome) == (2_054, "upheld")
    assert found.nights == (Span(on(3, 6), on(4, 22)),)


def test_nothing_ticked_is_not_upheld() -> None:
    found = decided(frozenset())
    assert found.outcome == "not_upheld"
    assert found.amount == 0
    assert (found.after.instalment(3).unpaid.total, found.after.due.total) == (90_054, 208_957)


def test_some_ticked_is_partly_and_their_nights_alone_are_waived() -> None:
    found = decided(frozenset({"2026-03-21_2026-03-31", "2026-04-22_2026-04-22", "2020-01-01_2020-02-01"}))
    assert found.outcome == "partly"
    assert found.nights == (Span(on(3, 21), on(3, 31)), Span(on(4, 22), on(4, 22)))
    assert found.amount == 529


def test_decided_on_the_day_of_filing_nothing_was_suspended() -> None:
    found = decided(day=on(4, 17))
    assert found.before.instalment(3).unpaid.total == 90_054
    assert found.amount == 2_054


def test_an_unpaid_late_fee_is_waived_as_an_amount() -> None:
    facts = loan(terms(late_fee=5_000, late_fee_after_days=3))
    found = effect(facts, 1, (Part(1, None, None, "late_fee"),), on(3, 20))
    assert (found.fee, found.nights, found.amount) == (5_000, (), 5_000)
    assert found.outcome == "upheld"


def test_a_late_fee_that_was_paid_comes_back() -> None:
    facts = loan(terms(late_fee=5_000, late_fee_after_days=3), instalment(), paid(on(3, 10), 105_250))
    found = effect(facts, 1, (Part(1, None, None, "late_fee"),), on(3, 20))
    assert (found.fee, found.nights) == (0, (Span(on(3, 8), on(3, 8)),))
    assert found.amount == 5_050


def test_under_the_ceiling_a_late_fee_is_worth_what_it_added() -> None:
    rates = replace(terms().rates[0], annual_ceiling=terms().rates[0].daily_rate * 365)
    facts = loan(terms(late_fee=5_000, late_fee_after_days=3, rates=(rates,)))
    found = effect(facts, 1, (Part(1, None, None, "late_fee"),), on(3, 20))
    assert found.amount == found.fee == 0


def test_a_decision_is_told_again_as_it_was_told() -> None:
    rows = decided().rows
    assert receipt_rows(receipt_text(rows)) == rows


def test_spans_that_touch_are_joined_also_over_days_that_cost_nothing() -> None:
    assert joined([Span(on(3, 4), on(3, 5)), Span(on(3, 1), on(3, 3))]) == [Span(on(3, 1), on(3, 5))]
    assert joined([Span(on(3, 1), on(3, 1)), Span(on(3, 3), on(3, 3))], {on(3, 2)}) == [Span(on(3, 1), on(3, 3))]
    assert len(joined([Span(on(3, 1), on(3, 1)), Span(on(3, 3), on(3, 3))])) == 2


DAYS = st.integers(0, 60).map(lambda days: date.fromordinal(on(3, 5).toordinal() + days))


@given(DAYS, DAYS, DAYS, st.integers(1, 130_000), st.booleans(), st.sets(st.integers(0, 9)))
def test_rows_add_up_and_nobody_is_worse_off(
    first: date, last: date, pay_day: date, amount: int, fee: bool, ticks: set[int]
) -> None:
    day = on(5, 4)
    product = terms(late_fee=700 if fee else 0, late_fee_after_days=5, grace_days=2)
    facts = loan(
        product, instalment(), instalment(2, on(4, 5)), paid(pay_day, amount), nights_waived(on(3, 10), on(3, 12))
    )
    parts = (Part(1, min(first, last), max(first, last), "nights"), Part(1, None, None, "late_fee"))
    names = sorted(effect(facts, 1, parts, day).tickable)
    ticked = {name for place, name in enumerate(names) if place in ticks}
    found = effect(facts, 1, parts, day, ticked)
    lines = [row for row in found.rows if row.kind not in ("instalment", "due", "credit")]
    total = next(row for row in found.rows if row.kind == "instalment")
    assert sum(row.before for row in lines) == total.before
    assert sum(row.after for row in lines) == total.after
    assert found.amount >= 0
    assert all(row.after == 0 for row in found.rows if row.kind == "nights" and row.name in found.ticked)
