"""How a plan stands: kept, missed, made good, two strikes, the evaluation, and payments that are booked late."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.assessment import assess
from portal.core.days import WorkingCalendar
from portal.core.facts import AmountWaiver, DaysWaiver, LoanFacts
from portal.core.plan_life import (
    Awaited,
    Life,
    LoanPart,
    PromiseStrike,
    Terms,
    days_to_move,
    extra_for,
    judge,
    next_period,
    saved,
)
from tests.core.loans import instalment, loan, on, paid

START = on(4, 17)
FROZEN = DaysWaiver("W1", None, on(4, 18), None, "plan")
WEEKDAYS = WorkingCalendar()
DAYS = (on(5, 12), on(6, 12), on(7, 13))


def late(*payments: object, frozen: bool = True) -> LoanFacts:
    """1,000.00 due on 5 March, its penalty stopped from the day after the start on."""
    facts = loan(instalment(), *payments)
    return replace(facts, days_waivers=(FROZEN,)) if frozen else facts


def part(facts: LoanFacts, amount: int = 34_000, days: tuple[date, ...] = DAYS) -> LoanPart:
    return LoanPart(facts, START, tuple(Awaited(day, day, amount) for day in days))


def life(facts: LoanFacts, data_date: date, today: date | None = None, **terms: object) -> Life:
    return judge([part(facts)], data_date, Terms(**terms), today or data_date)  # type: ignore[arg-type]


def verdicts(found: Life) -> list[str]:
    return [each.verdict for each in found.payments]


@pytest.mark.parametrize(
    ("arrives", "seen_on", "verdict"),
    [
        (on(5, 12), on(5, 11), "ahead"),
        (on(5, 12), on(5, 12), "kept"),
        (on(5, 1), on(5, 12), "kept"),
        (None, on(5, 12), "missed"),
        (None, on(5, 14), "missed"),
        (on(5, 15), on(5, 15), "made_good"),
        (on(5, 16), on(5, 16), "struck"),
        (None, on(5, 15), "struck"),
    ],
)
def test_a_payment_is_judged_on_the_data_date(arrives: date | None, seen_on: date, verdict: str) -> None:
    found = life(late(paid(arrives, 34_000)) if arrives and arrives <= seen_on else late(), seen_on)
    assert found.payments[0].verdict == verdict
    assert len(found.strikes) == (verdict in {"missed", "struck"})


def test_without_data_nothing_is_judged() -> None:
    found = judge([part(late())], None, Terms(), on(12, 1))
    assert set(verdicts(found)) == {"ahead"}
    assert not found.is_fulfilled


def test_from_the_first_strike_on_the_day_of_an_evaluation_is_known() -> None:
    found = life(late(), on(5, 12))
    assert (len(found.strikes), found.evaluation_on) == (1, None)
    assert found.evaluation_if_missed == on(6, 16)
    assert not found.is_ripe(on(12, 1))


def test_two_strikes_are_evaluated_on_the_day_after_the_cure_days_of_the_second() -> None:
    found = life(late(), on(6, 14))
    assert found.second is not None
    assert (found.second.due_on, found.second.cure_until, found.second.is_over) == (on(6, 12), on(6, 15), False)
    assert found.evaluation_on == on(6, 16)
    assert not found.is_ripe(on(6, 16)), "the data has not reached the last cure day"
    assert not life(late(), on(6, 15)).is_ripe(on(6, 15))
    assert life(late(), on(6, 15)).is_ripe(on(6, 16))


def test_the_second_made_good_is_no_strike_any_more() -> None:
    found = life(late(paid(on(6, 15), 68_000)), on(6, 15))
    assert verdicts(found)[:2] == ["struck", "made_good"]
    assert found.second is None


def test_next_is_what_can_be_made_good_and_then_what_comes_with_what_is_missing() -> None:
    first, then = life(late(), on(5, 13)).next, life(late(), on(5, 16)).next
    assert first is not None
    assert then is not None
    assert (first.due_on, first.to_pay) == (on(5, 12), 34_000)
    assert (then.due_on, then.to_pay) == (on(6, 12), 68_000)


def test_a_payment_booked_late_for_its_day_judges_anew() -> None:
    assert len(life(late(), on(6, 20)).strikes) == 2
    found = life(late(paid(on(5, 12), 34_000)), on(6, 20))
    assert verdicts(found)[:2] == ["kept", "struck"]
    assert found.evaluation_on is None


def test_said_beforehand_it_is_no_strike_and_is_awaited_with_the_next() -> None:
    found = life(late(), on(5, 20), excused=frozenset({on(5, 12)}))
    assert (verdicts(found)[0], found.strikes) == ("excused", ())
    assert found.payments[1].to_pay == 68_000


def test_a_moved_payment_is_judged_on_its_new_day() -> None:
    moved = (Awaited(DAYS[0], on(5, 19), 34_000), *(Awaited(day, day, 34_000) for day in DAYS[1:]))
    facts = late(paid(on(5, 19), 34_000))
    found = judge([LoanPart(facts, START, moved)], on(5, 20), Terms(), on(5, 20))
    assert found.payments[0].verdict == "kept"


def test_strikes_rest_under_a_hold() -> None:
    found = life(late(), on(6, 20), rests=((on(5, 14), None),))
    assert verdicts(found)[:2] == ["excused", "excused"]
    assert life(late(), on(6, 20), rests=((on(5, 16), on(6, 1)),)).payments[0].verdict == "struck"


def test_a_broken_promise_counts_and_its_cure_days_too() -> None:
    promise = PromiseStrike("PRM-222", on(5, 20), on(5, 23), True)
    found = life(late(), on(5, 30), promises=(promise,))
    assert [strike.key for strike in found.strikes] == ["2026-05-12", "PRM-222"]
    assert found.evaluation_on == on(5, 24)
    assert found.is_ripe(on(5, 24))


def test_strikes_that_staff_looked_at_count_no_more() -> None:
    found = life(late(), on(6, 20), forgiven=frozenset({"2026-05-12", "2026-06-12"}))
    assert found.strikes == ()
    assert found.payments[2].to_pay == 100_000 + 2_000


def test_later_instalments_are_awaited_beside_the_plan() -> None:
    facts = replace(late(), instalments=(instalment(), instalment(2, on(5, 5), 50_000)))
    enough = replace(facts, payments=(paid(on(5, 5), 50_000), paid(on(5, 12), 34_000, "P2")))
    short = replace(facts, payments=(paid(on(5, 12), 34_000),))
    assert life(enough, on(5, 12)).payments[0].verdict == "kept"
    assert life(short, on(5, 12)).payments[0].verdict == "missed"
    seen = life(facts, on(5, 1)).payments[0]
    assert (seen.missing, seen.beside, seen.to_pay) == (84_000, 50_000, 34_000)


def test_a_later_instalment_that_is_paid_makes_nothing_good() -> None:
    facts = replace(
        late(paid(on(5, 20), 50_000), frozen=True), instalments=(instalment(), instalment(2, on(5, 20), 50_000))
    )
    found = life(facts, on(5, 25))
    assert (found.payments[0].verdict, found.payments[0].to_pay, found.covered) == ("struck", 34_000, 0)
    assert found.payments[1].to_pay == 68_000


def test_it_is_evaluated_when_neither_of_the_two_can_be_made_good_any_more() -> None:
    short = PromiseStrike("P-1", on(5, 13), on(5, 13), is_over=True)
    found = life(late(), on(5, 14), promises=(short,))
    assert [strike.key for strike in found.strikes] == ["2026-05-12", "P-1"]
    assert found.evaluation_on == on(5, 16), "after the cure days of the payment, which end last"
    assert not found.is_ripe(on(5, 14))
    assert life(late(), on(5, 15), promises=(short,)).is_ripe(on(5, 16))


def test_what_arrived_before_the_plan_is_not_counted_again() -> None:
    today_too = (Awaited(START, START, 10_000), *(Awaited(day, day, 30_000) for day in DAYS))
    for day, planned, counted, received in (
        (START, DAYS, frozenset({"P1"}), 0),
        (START, DAYS, frozenset(), 5_000),
        (START - timedelta(days=1), DAYS, frozenset(), 0),
        (START + timedelta(days=1), DAYS, frozenset(), 5_000),
        (START, today_too, frozenset(), 5_000),
        (START, today_too, frozenset({"P1"}), 0),
    ):
        awaited = tuple(each if isinstance(each, Awaited) else Awaited(each, each, 34_000) for each in planned)
        found = LoanPart(late(paid(day, 5_000)), START, awaited, counted)
        assert found.received(DAYS[0]) == received, (day, received)


def test_who_pays_early_is_not_asked_for_penalty_that_never_accrued() -> None:
    early = late(paid(on(4, 20), 80_000), frozen=False)
    found = judge([part(early, 36_000)], on(6, 12), Terms(), on(6, 12)).payments[2]
    # As agreed 28,000 were left to come; of that no more than is due by then.
    assert found.missing == assess(early, on(7, 13)).due.total == 23_237


def test_it_has_ended_with_the_first_day_on_which_nothing_was_due_whoever_looked_when() -> None:
    whole = assess(late(), on(5, 1)).due.total
    facts = late(paid(on(5, 1), whole))
    facts = replace(facts, instalments=(instalment(), instalment(2, on(5, 5), 90_000)))
    assert [life(facts, on(5, day)).is_fulfilled for day in (1, 2, 20)] == [True, True, True]
    booked_late = replace(facts, payments=late(paid(on(4, 10), whole)).payments)
    assert [life(booked_late, on(4, day)).is_fulfilled for day in (17, 18)] == [False, True]


def test_upheld_the_plan_gets_shorter() -> None:
    waived = AmountWaiver("W2", 1, on(5, 1), 70_000, "dispute", "principal")
    facts = replace(late(paid(on(5, 12), 32_150)), amount_waivers=(waived,))
    assert assess(facts, on(5, 12)).due.total == 0
    found = life(facts, on(6, 12))
    assert verdicts(found)[:2] == ["kept", "kept"]
    assert found.is_fulfilled


def test_fulfilled_once_all_has_arrived_and_the_data_reached_it() -> None:
    payments = [paid(day, 34_000, f"P{day}") for day in DAYS]
    assert not life(late(*payments[:2]), on(6, 20)).is_fulfilled
    assert life(late(*payments), DAYS[-1]).is_fulfilled
    assert life(late(paid(on(5, 1), 200_000)), on(5, 2)).is_fulfilled, "paid at once"
    assert not life(late(paid(on(5, 1), 200_000)), on(4, 30)).is_fulfilled


def test_what_is_missing_after_the_last_day_is_awaited_once_more() -> None:
    facts = late(paid(DAYS[0], 68_000))
    found = life(facts, on(7, 20))
    assert verdicts(found) == ["kept", "kept", "struck", "ahead"]
    assert (found.payments[3].due_on, found.payments[3].to_pay, found.second) == (on(8, 13), 34_000, None)
    again = life(facts, on(8, 20))
    assert verdicts(again)[2:4] == ["struck", "struck"]
    assert again.evaluation_on == on(8, 17)
    cured = life(late(paid(DAYS[0], 68_000), paid(on(8, 1), 34_000, "P2")), on(8, 13))
    assert cured.is_fulfilled


def test_saved_is_what_the_engine_says_without_the_freeze() -> None:
    facts = late()
    nights = (on(6, 17) - START).days
    assert saved(facts, frozenset({"W1"}), on(6, 17)) == round(100_000 * nights / 2000)
    assert saved(facts, frozenset({"other"}), on(6, 17)) == 0
    assert saved(facts, frozenset({"W1"}), START) == 0


def test_moving_costs_the_nights_that_it_adds_unless_the_penalty_is_stopped() -> None:
    before = tuple(Awaited(day, day, 34_000) for day in DAYS)
    after = (Awaited(DAYS[0], on(5, 19), 34_000), *before[1:])
    assert extra_for(late(), before, after, START) == 0
    most = 34_000 * 7 / 2000  # of a payment a part meets penalty, which bears none itself
    assert 0.9 * most < extra_for(late(frozen=False), before, after, START) < most


def test_a_payment_moves_a_little_and_not_beyond_the_next() -> None:
    weekdays = tuple(on(5, day) for day in (13, 14, 15, 18, 19))
    assert days_to_move(on(5, 12), DAYS, 7, WEEKDAYS) == weekdays
    weekly = (on(5, 12), on(5, 19))
    assert days_to_move(on(5, 12), weekly, 7, WEEKDAYS) == weekdays[:-1]
    assert days_to_move(on(5, 12), weekly, 0, WEEKDAYS) == ()
    exchanged = WorkingCalendar(holidays=frozenset({on(5, 14)}), make_up_days=frozenset({on(5, 16)}))
    assert days_to_move(on(5, 12), DAYS, 4, exchanged) == (on(5, 13), on(5, 15), on(5, 16))


@pytest.mark.parametrize(
    ("days", "following"),
    [
        (DAYS, on(8, 13)),
        ((on(5, 12), on(5, 19)), on(5, 26)),
        ((on(5, 12), on(5, 26)), on(6, 9)),
        ((on(5, 23), on(5, 30)), on(6, 8)),
        ((on(5, 12),), on(6, 12)),
        ((on(4, 2), on(4, 21)), on(5, 5)),
        ((date(2026, 11, 30), date(2026, 12, 31)), date(2027, 2, 1)),
    ],
)
def test_the_day_after_the_last_follows_the_rhythm(days: tuple[date, ...], following: date) -> None:
    assert next_period(days, WEEKDAYS) == following


# --- An independent model, written from domain.md 8 -----------------------------------------------------------

_HORIZON = 120


@st.composite
def _cases(draw: st.DrawFn) -> tuple[LoanFacts, list[tuple[int, int]], int, int, set[int]]:
    """Facts of a frozen loan, the plan as (days after the start, amount), cure days, the data day, what was said."""
    gaps = draw(st.lists(st.sampled_from([7, 14, 28, 30, 31]), min_size=1, max_size=4))
    days = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    amounts = draw(st.lists(st.integers(1, 50_000), min_size=len(days), max_size=len(days)))
    arrivals = draw(st.lists(st.tuples(st.integers(-3, _HORIZON), st.integers(1, 60_000)), max_size=6))
    later = draw(st.lists(st.tuples(st.integers(1, _HORIZON), st.integers(1, 20_000)), max_size=2))
    instalments = [instalment(1, on(3, 5), sum(amounts))]
    instalments += [instalment(n, START + timedelta(days=day), sum_) for n, (day, sum_) in enumerate(later, 2)]
    payments = [paid(START + timedelta(days=day), sum_, f"P{n}") for n, (day, sum_) in enumerate(arrivals)]
    facts = replace(loan(*instalments, *payments), days_waivers=(replace(FROZEN, from_day=on(3, 6)),))
    said = set(draw(st.lists(st.sampled_from(range(len(days))), max_size=1)))
    return facts, list(zip(days, amounts, strict=True)), draw(st.integers(0, 4)), draw(st.integers(0, _HORIZON)), said


def _model(
    facts: LoanFacts, plan: list[tuple[int, int]], cure: int, data_day: int, said: set[int]
) -> tuple[list[str], bool]:
    """Every day by itself, without the engine: an account of the loan without penalty, oldest due first."""
    arrived = 0
    due = sum(each.principal for each in facts.instalments if each.due_on <= START)
    due -= sum(each.amount for each in facts.payments if each.received_on <= START)
    asked = 0
    words: dict[int, str] = {}
    open_needs: dict[int, int] = {}
    clear_on: list[int] = []
    for day in range(1, data_day + 1):
        today = START + timedelta(days=day)
        fallen = sum(each.principal for each in facts.instalments if each.due_on == today)
        came = sum(each.amount for each in facts.payments if each.received_on == today)
        due, arrived, asked = due + fallen - came, arrived + came, asked + fallen
        if due <= 0:
            clear_on.append(day)
        for index, (planned, amount) in enumerate(plan):
            if planned == day:
                asked += amount
                open_needs[index] = asked
            if words.get(index) in {"kept", "made_good", "struck"} or not planned <= day <= planned + cure:
                continue
            is_here = arrived >= open_needs[index] or due <= 0
            words[index] = _word(is_here, day - planned, cure)
    for index in said:
        if words.get(index) in {"missed", "struck"}:
            words[index] = "excused"
    return [words.get(index, "ahead") for index in range(len(plan))], bool(clear_on)


def _word(is_here: bool, days_late: int, cure: int) -> str:
    if is_here:
        return "made_good" if days_late else "kept"
    return "struck" if days_late == cure else "missed"


@settings(max_examples=120)
@given(_cases())
def test_it_judges_as_the_model_does(case: tuple[LoanFacts, list[tuple[int, int]], int, int, set[int]]) -> None:
    facts, plan, cure, data_day, said = case
    days = [START + timedelta(days=day) for day, _amount in plan]
    known = replace(
        facts, payments=tuple(each for each in facts.payments if each.received_on <= START + timedelta(days=data_day))
    )
    awaited = tuple(Awaited(day, day, amount) for day, (_day, amount) in zip(days, plan, strict=True))
    terms = Terms(cure_days=cure, excused=frozenset(days[index] for index in said))
    data_date = START + timedelta(days=data_day)
    counted = frozenset(each.reference for each in known.payments if each.received_on == START)
    found = judge([LoanPart(known, START, awaited, counted)], data_date, terms, data_date)
    words, is_clear = _model(known, plan, cure, data_day, said)
    assert verdicts(found)[: len(plan)] == words
    assert (found.cleared_on is not None) == is_clear
    own = [strike for strike in found.strikes if strike.agreed_on]
    assert len(own) == sum(word in {"missed", "struck"} for word in words)
    again = judge([LoanPart(known, START, awaited, counted)], data_date, terms, data_date)
    assert again == found


@settings(max_examples=40)
@given(_cases(), st.integers(0, _HORIZON))
def test_nothing_is_missed_of_a_day_before_the_plan_was_agreed(
    case: tuple[LoanFacts, list[tuple[int, int]], int, int, set[int]], agreed_after: int
) -> None:
    facts, plan, cure, data_day, _said = case
    agreed_on, data_date = START + timedelta(days=agreed_after), START + timedelta(days=data_day)
    awaited = tuple(Awaited(START + timedelta(days=day), START + timedelta(days=day), sum_) for day, sum_ in plan)
    found = judge([LoanPart(facts, START, awaited)], data_date, Terms(cure, agreed_on=agreed_on), data_date)
    assert all(strike.due_on >= agreed_on for strike in found.strikes)
    as_before = judge([LoanPart(facts, START, awaited)], data_date, Terms(cure), data_date)
    late = {"missed", "struck"}
    for now, then in zip(found.payments[: len(plan)], as_before.payments, strict=False):
        put_off = now.due_on < agreed_on and then.verdict in late
        assert now.verdict == ("put_off" if put_off else then.verdict)
