"""A running plan: what was missed is told, made good, evaluated, and decided; nothing is said twice."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.tables import LOG
from portal.core.refusal import Refusal
from portal.loans.tables import Hold, Waiver, table_of
from portal.plans import cancelling_actions, running_actions, running_queries, telling
from portal.plans.queries import PLAN
from portal.plans.running_queries import TOLD
from tests.make import plans as make
from tests.make import settlements as settling
from tests.make.access import texts
from tests.make.loans import instalment
from tests.make.running import Days, instalment_paid, paid

MAY, JUNE = date(2026, 5, 12), date(2026, 6, 12)


def rows(days: Days, statement: Any) -> list[Any]:
    return days.doors.read_as(days.doors.system(), lambda connection, _: list(connection.execute(statement)))


def told(days: Days) -> list[tuple[str, str]]:
    return [(row.what, row.about) for row in rows(days, select(TOLD).order_by(TOLD.c.id))]


def kinds(days: Days) -> list[str]:
    return [row.kind for row in rows(days, select(LOG.c.kind).order_by(LOG.c.id))]


def two_strikes(days: Days) -> str:
    """Two payments missed and not made good; the plan is evaluated."""
    number = days.agree()
    days.on(5, 20, instalment_paid(5))
    days.on(6, 15, instalment_paid(6), hour=8)
    assert days.on(6, 16) == ["evaluated"]
    return number


def seen(days: Days, number: str) -> str:
    evaluated = days.life(number).content_of("evaluated")
    assert evaluated is not None
    return telling.hash_of(evaluated.content)


def test_a_kept_payment_needs_no_word(days: Days) -> None:
    number = days.agree()
    assert days.on(5, 11, instalment_paid(5)) == ["reminder"]
    assert days.on(5, 12, paid("2026-05-12", "364.00")) == []
    assert make.state(days.doors, number) == "running"
    life = days.life(number).life
    assert life is not None
    assert (life.payments[0].verdict, life.covered) == ("kept", 1)


def test_a_missed_payment_is_told_once_and_made_good(days: Days) -> None:
    number = days.agree()
    before = len(texts(days.doors))
    assert days.on(5, 12, instalment_paid(5)) == ["missed"]
    assert days.evaluate() == []
    assert days.on(5, 15, paid("2026-05-15", "364.00")) == ["made_good"]
    assert told(days) == [("missed", "2026-05-12"), ("made_good", "2026-05-12")]
    assert len(texts(days.doors)) == before + 2
    life = days.life(number).life
    assert life is not None
    assert life.strikes == ()


def test_two_strikes_wait_for_the_hour_and_the_data(days: Days) -> None:
    number = days.agree()
    days.on(5, 20, instalment_paid(5))
    days.on(6, 15, instalment_paid(6))
    days.stand(6, 16, hour=8)
    assert days.evaluate() == []
    days.stand(6, 16, hour=9)
    assert days.evaluate() == ["evaluated"]
    assert make.state(days.doors, number) == "evaluated"
    (row,) = rows(days, select(TOLD).where(TOLD.c.what == "evaluated"))
    trace = json.loads(row.content)
    assert [strike["due_on"] for strike in trace["strikes"]] == ["2026-05-12", "2026-06-12"]
    assert (trace["evaluation_on"], trace["data_date"], trace["cure_days"]) == ("2026-06-16", "2026-06-15", 3)
    first = trace["strikes"][0]
    assert (first["number"], first["needed"], first["received"]) == (1, 364_00 + 1_180_00, 1_180_00)


def test_data_that_lags_postpones_the_evaluation(days: Days) -> None:
    days.agree()
    days.on(5, 20, instalment_paid(5))
    assert days.on(6, 20, instalment_paid(6), booked_to=date(2026, 6, 14)) == ["missed"]
    assert days.on(6, 22, booked_to=date(2026, 6, 15)) == ["evaluated"]


def test_missed_days_are_caught_up_at_once(days: Days) -> None:
    days.agree()
    assert days.on(6, 30, instalment_paid(5), instalment_paid(6)) == ["missed", "missed", "evaluated"]
    assert len(texts(days.doors)) == 2, "one text for all of it"
    assert days.evaluate() == []


def test_a_look_back_says_nothing_again(days: Days) -> None:
    days.agree()
    days.on(6, 30, instalment_paid(5), instalment_paid(6))
    assert days.evaluate(date(2026, 5, 13)) == []


def test_as_of_an_earlier_day_judges_by_what_was_booked_then(days: Days) -> None:
    days.agree()
    days.stand(6, 30)
    days.book(instalment_paid(5), instalment_paid(6), booked_to=date(2026, 6, 30))
    assert days.evaluate(date(2026, 5, 13)) == ["missed"]
    assert days.evaluate() == ["missed", "evaluated"]


def test_a_payment_booked_late_is_told_and_the_evaluation_falls(days: Days) -> None:
    number = two_strikes(days)
    assert days.on(6, 18, paid("2026-06-12", "728.00")) == ["rejudged", "going_on"]
    assert make.state(days.doors, number) == "running"
    assert days.evaluate() == []
    assert "plans.went_on" in kinds(days)


def test_an_evaluation_falls_with_its_strike_though_another_can_still_be_made_good(days: Days) -> None:
    number = two_strikes(days)
    staff = days.cast.staff("Qiao", "plan_approver")
    hash_seen = seen(days, number)
    days.stand(7, 14)
    days.book(paid("2026-06-12", "728.00"), booked_to=date(2026, 7, 14))
    with pytest.raises(Refusal, match=r"plan\.trace_changed"):
        days.doors.write_as(staff, cancelling_actions.confirm_end, number, hash_seen, "")
    assert days.evaluate() == ["rejudged", "missed", "going_on"]
    assert make.state(days.doors, number) == "running"
    assert days.on(7, 17) == ["evaluated"], "by itself, after its own cure days"
    assert seen(days, number) != hash_seen


def test_staff_confirm_and_the_contract_counts_from_that_day(days: Days) -> None:
    number = two_strikes(days)
    staff = days.cast.staff("Qiao", "plan_approver")
    assert days.doors.write_as(staff, cancelling_actions.confirm_end, number, seen(days, number), "") == "cancelled"
    (waiver,) = rows(days, select(table_of(Waiver)).where(table_of(Waiver).c.superseded_at.is_(None)))
    assert (waiver.from_day, waiver.to_day) == (date(2026, 4, 18), date(2026, 6, 16))
    assert rows(days, select(table_of(Hold)).where(table_of(Hold).c.ended_at.is_(None))) == []
    with pytest.raises(Refusal, match=r"plan\.not_evaluated"):
        days.doors.write_as(staff, cancelling_actions.let_go_on, number, "", "")
    assert days.on(7, 20) == []
    assert days.on(7, 21, paid("2026-06-12", "728.00")) == ["rejudged"], "told, and final all the same"
    assert make.state(days.doors, number) == "cancelled"
    assert days.evaluate() == []


def test_staff_let_it_go_on_and_these_strikes_count_no_more(days: Days) -> None:
    number = two_strikes(days)
    staff = days.cast.staff("Qiao", "plan_approver")
    assert days.doors.write_as(staff, cancelling_actions.let_go_on, number, seen(days, number), "Ring us.") == "running"
    assert days.on(6, 30) == []
    life = days.life(number).life
    assert life is not None
    assert life.strikes == ()
    assert days.on(7, 14, instalment_paid(7)) == ["missed"]
    assert make.state(days.doors, number) == "running"


def test_a_decision_is_bound_to_the_trace_that_was_seen(days: Days) -> None:
    number = two_strikes(days)
    staff = days.cast.staff("Qiao", "plan_approver")
    with pytest.raises(Refusal, match=r"plan\.trace_changed"):
        days.doors.write_as(staff, cancelling_actions.confirm_end, number, "0" * 64, "")
    hash_seen = seen(days, number)
    days.stand(6, 18)
    days.book(paid("2026-06-12", "728.00"), booked_to=date(2026, 6, 18))
    with pytest.raises(Refusal, match=r"plan\.trace_changed"):
        days.doors.write_as(staff, cancelling_actions.confirm_end, number, hash_seen, "")


def test_all_paid_it_is_kept_and_penalty_counts_again_on_what_falls_due_later(days: Days) -> None:
    number = days.agree()
    assert days.on(4, 20, paid("2026-04-20", "2086.91")) == ["kept"]
    assert make.state(days.doors, number) == "kept"
    (waiver,) = rows(days, select(table_of(Waiver)).where(table_of(Waiver).c.superseded_at.is_(None)))
    assert waiver.to_day == date(2026, 4, 20)
    assert told(days) == [("kept", "")]
    assert "plans.kept" in kinds(days)


def test_nothing_is_agreed_once_all_has_been_paid(days: Days) -> None:
    number = make.propose(days.doors, days.cast.borrower())
    days.on(4, 20, paid("2026-04-20", "2100.00"))
    with pytest.raises(Refusal, match=r"plan\.nothing_due"):
        make.approve(days.doors, days.cast.staff("Qiao", "plan_approver"), number)
    assert make.state(days.doors, number) == "proposed"


def test_no_plan_is_agreed_that_would_not_end(days: Days) -> None:
    """What was small when it was offered is not any more, since the payment before it came back."""
    before = paid("2026-04-16", "2080.00", "OFF")
    days.book(before, booked_to=date(2026, 4, 17))
    number = make.propose(days.doors, days.cast.borrower(), monthly="1")
    days.book(before | {"reversed": "1"}, booked_to=date(2026, 4, 17))
    with pytest.raises(Refusal, match=r"plan\.never_ends"):
        make.approve(days.doors, days.cast.staff("Qiao", "plan_approver"), number)


def test_a_settlement_ends_it_though_it_was_evaluated_and_nothing_else_is_left_of_the_loan(days: Days) -> None:
    nothing_later = [instalment(number, f"2026-{number:02}-05", void="1") for number in range(5, 13)]
    days.book(booked_to=date(2026, 4, 17), instalments=nothing_later)
    number = days.agree()
    assert days.on(6, 16)[-1] == "evaluated"
    lin = days.cast.borrower()
    settlement = settling.quote(days.doors, lin)
    quote = settling.detail(days.doors, lin, settlement).quote
    assert quote is not None
    to_pay = f"{quote.today.to_pay // 100}.{quote.today.to_pay % 100:02}"
    # The bookings do not reach that day yet: a settlement counts at once, and so does its end of the plan.
    done = days.on(6, 17, paid("2026-06-17", to_pay), booked_to=date(2026, 6, 16))
    assert done == ["judged", "kept, by a settlement", "looked after"]
    assert make.state(days.doors, number) == "kept"
    assert rows(days, select(table_of(Hold)).where(table_of(Hold).c.ended_at.is_(None))) == []
    assert days.evaluate() == []


def test_a_moved_payment_is_awaited_on_its_new_day_and_the_hold_says_so(days: Days) -> None:
    number = days.agree()
    lin = days.cast.borrower()
    days.doors.write_as(lin, running_actions.move_payment, number, MAY, date(2026, 5, 19))
    with pytest.raises(Refusal, match=r"plan\.cannot_move"):
        days.doors.write_as(lin, running_actions.move_payment, number, MAY, date(2026, 5, 20))
    (hold,) = rows(
        days, select(table_of(Hold)).where(table_of(Hold).c.ended_at.is_(None), table_of(Hold).c.kind == "plan")
    )
    assert json.loads(hold.data)["next"] == ["2026-05-19", 364_00]
    assert days.on(5, 18, instalment_paid(5)) == ["reminder"]
    assert days.on(5, 19, paid("2026-05-19", "364.00")) == []
    life = days.life(number).life
    assert life is not None
    assert life.payments[0].verdict == "kept"


@pytest.mark.parametrize("to_day", [date(2026, 5, 12), date(2026, 5, 11), date(2026, 5, 20)])
def test_a_payment_moves_only_a_little_and_later(days: Days, to_day: date) -> None:
    number = days.agree()
    with pytest.raises(Refusal, match=r"plan\.cannot_move"):
        days.doors.write_as(days.cast.borrower(), running_actions.move_payment, number, MAY, to_day)


def test_on_its_day_it_is_too_late_to_move_it(days: Days) -> None:
    number = days.agree()
    days.stand(5, 12)
    with pytest.raises(Refusal, match=r"plan\.changed"):
        days.doors.write_as(days.cast.borrower(), running_actions.move_payment, number, MAY, date(2026, 5, 13))


def test_moving_costs_what_the_engine_says_and_the_last_payment_has_it(days: Days) -> None:
    number = days.agree(freeze=False)
    before = days.life(number).parts[0].awaited[-1].amount
    days.doors.write_as(days.cast.borrower(), running_actions.move_payment, number, MAY, date(2026, 5, 19))
    going = days.life(number)
    extra = sum(going.changes[0].extra.values())
    assert extra > 0
    assert going.parts[0].awaited[-1].amount == before + extra


def test_said_beforehand_it_is_no_strike(days: Days) -> None:
    number = days.agree()
    days.doors.write_as(days.cast.borrower(), running_actions.say_cannot, number, MAY)
    assert days.on(5, 20, instalment_paid(5)) == []
    life = days.life(number).life
    assert life is not None
    assert (life.payments[0].verdict, life.payments[1].to_pay) == ("excused", 728_00)


def test_a_product_without_skips_lets_nothing_be_left_out(days: Days) -> None:
    number = days.agree()
    with pytest.raises(Refusal, match=r"plan\.cannot_skip"):
        days.doors.write_as(days.cast.borrower(), running_actions.skip_payment, number, MAY)


def test_where_the_product_allows_it_one_payment_is_left_out(days: Days) -> None:
    rule = {"product_ref": "P1", "effective_from": "2024-01-01", "rule": "skips", "value": "1"}
    days.book(booked_to=date(2026, 4, 17), product_rules=[make.freeze_rule(), rule])
    number = days.agree()
    lin = days.cast.borrower()
    days.doors.write_as(lin, running_actions.skip_payment, number, MAY)
    with pytest.raises(Refusal, match=r"plan\.cannot_skip"):
        days.doors.write_as(lin, running_actions.skip_payment, number, JUNE)
    going = days.life(number)
    assert going.life is not None
    assert [each.due_on for each in going.life.payments][-1] == date(2026, 11, 12)
    assert going.life.payments[0].agreed_on == JUNE
    assert days.on(5, 20, instalment_paid(5)) == []


def test_a_sold_loan_ends_the_plan_and_a_proposal_with_a_notice(days: Days) -> None:
    from tests.make.loans import loan

    number = days.agree()
    sold = loan(status="sold", status_on="2026-05-01", new_owner="Another", new_owner_phone="400-111")
    days.stand(5, 2)
    days.book(booked_to=date(2026, 5, 2), loans=[sold])
    assert days.evaluate() == ["left"]
    assert make.state(days.doors, number) == "cancelled"
    assert [text["kind"] for text in texts(days.doors)][-1] == "sms.answer"
    assert days.evaluate() == []


def test_a_closed_loan_ends_a_proposal(days: Days) -> None:
    from tests.make.loans import loan

    number = make.propose(days.doors, days.cast.borrower())
    days.book(booked_to=date(2026, 4, 18), loans=[loan(status="closed", status_on="2026-04-18")])
    assert days.evaluate() == ["lapsed"]
    assert make.state(days.doors, number) == "lapsed"


def test_strikes_rest_while_a_hold_for_incapacity_stands(days: Days) -> None:
    from portal.loans import actions as loans

    number = days.agree()
    lin = days.cast.borrower()
    days.stand(5, 1)
    days.doors.write_as(
        days.doors.system(),
        loans.open_hold,
        kind="incapacity",
        loan_id=None,
        person_id=lin.person_id or 0,
        from_day=date(2026, 5, 1),
        until=None,
        number="HLD-222",
        path="",
    )
    assert days.on(5, 20) == []
    days.doors.write_as(days.doors.system(), loans.end_hold, "HLD-222", date(2026, 5, 25))
    days.on(5, 26)
    assert told(days) == []
    life = days.life(number).life
    assert life is not None
    assert life.payments[0].verdict == "excused"


def test_words_of_the_borrower_reach_staff(days: Days) -> None:
    number = two_strikes(days)
    days.doors.write_as(days.cast.borrower(), running_actions.say_words, number, "I was ill.")
    assert [words for words, _at in days.life(number).said] == ["I was ill."]


def test_only_ones_own_plan_can_be_changed(days: Days, cast: Any) -> None:
    from tests.make.loans import borrower

    number = days.agree()
    days.book(booked_to=date(2026, 4, 17), borrowers=[borrower(borrower_ref="B2", mobile="13900139000", name="Other")])
    stranger = cast.borrower("B2")
    for act, more in (
        (running_actions.move_payment, (MAY, date(2026, 5, 13))),
        (running_actions.say_cannot, (MAY,)),
        (running_actions.skip_payment, (MAY,)),
        (running_actions.say_words, ("?",)),
    ):
        with pytest.raises(LookupError):
            days.doors.write_as(stranger, act, number, *more)


def test_the_worker_looks_once_a_day_and_after_an_import(days: Days) -> None:
    from portal.jobs import evaluate
    from portal.plans import judging_queries

    days.agree()
    days.on(5, 12, instalment_paid(5))

    def waiting() -> list[str]:
        since = rows(days, select(PLAN.c.judged_at))[0][0]
        return days.doors.read_as(days.doors.system(), judging_queries.to_judge, since)

    assert waiting() == []
    assert list(evaluate(days.portal, all_of_them=False)) == []
    days.stand(5, 12, hour=13)
    days.book(paid("2026-05-12", "364.00"), booked_to=date(2026, 5, 12))
    assert [line.partition(": ")[2] for line in evaluate(days.portal, all_of_them=False)] == ["rejudged"]


def test_saved_so_far_is_what_the_engine_says(days: Days) -> None:
    number = days.agree()
    days.stand(5, 1)
    page = days.doors.read_as(days.cast.borrower(), running_queries.running_page, number)
    assert page is not None
    (loan,) = page.going.records
    from dataclasses import replace

    from portal.core.assessment import assess

    day = date(2026, 5, 1)
    without = assess(replace(loan.facts, days_waivers=()), day)
    frozen = assess(loan.facts, day)
    assert page.saved == without.due.penalty - frozen.due.penalty > 0
