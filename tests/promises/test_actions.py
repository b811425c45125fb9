"""Promises: made, moved, taken back, said to be paid, judged by what arrives; beside plans, disputes and holds."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from portal.account import notice_actions, notice_queries
from portal.account.jobs import look_for_payments
from portal.account.notice_actions import Answer, Said
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.loans.tables import Hold, table_of
from portal.platform.gate import Viewer
from portal.promises import actions, jobs, queries
from portal.promises.actions import Given
from portal.promises.queries import PROMISE, TOLD
from tests.make import plans as make
from tests.make.access import texts
from tests.make.disputes import file_dispute
from tests.make.loans import borrower, loan
from tests.make.running import Days, instalment_paid, paid

BY = date(2026, 4, 24)
MANY = 10


def rows(days: Days, statement: Any) -> list[Any]:
    return days.doors.read_as(days.doors.system(), lambda connection, _: list(connection.execute(statement)))


def promise(days: Days, amount: int = 300_00, by: date = BY, about: str = "", viewer: Viewer | None = None) -> str:
    """Lin promises 300.00 of what is due by 24 April; the number."""
    lin = viewer or days.cast.borrower()
    if not about:
        about = days.doors.read_as(lin, queries.new_page).choices[0].code
    return days.doors.write_as(lin, actions.make_promise, Given(about, amount, by, "transfer"))


def state(days: Days, number: str) -> str:
    found = days.doors.read_as(days.doors.system(), lambda connection, _: queries.promise(connection, number))
    assert found is not None
    return found.state


def told(days: Days) -> list[str]:
    return [row.what for row in rows(days, select(TOLD).order_by(TOLD.c.id))]


def open_holds(days: Days) -> list[tuple[str, str]]:
    hold = table_of(Hold)
    return [(row.kind, row.number) for row in rows(days, select(hold).where(hold.c.ended_at.is_(None)))]


def test_made_it_is_pending_and_reminders_of_what_is_late_rest(days: Days) -> None:
    number = promise(days)
    assert open_holds(days) == [("promise", number)]
    with pytest.raises(Refusal, match=r"promise\.(promise|nothing_due)"):
        promise(days, about="x")
    assert jobs.remind_due(days.doors) == 0
    days.stand(4, 23)
    assert (jobs.remind_due(days.doors), jobs.remind_due(days.doors)) == (1, 0)
    assert told(days) == ["reminder"]


@pytest.mark.parametrize(
    ("arrives", "looked_at", "word", "then"),
    [
        ("2026-04-24", (4, 24), "kept", "kept"),
        ("2026-04-27", (4, 27), "kept", "kept"),
        ("", (4, 24), "missed", "open"),
        ("", (4, 27), "broken", "broken"),
    ],
)
def test_it_is_judged_by_what_arrived(
    days: Days, arrives: str, looked_at: tuple[int, int], word: str, then: str
) -> None:
    number = promise(days)
    assert days.on(*looked_at, *([paid(arrives, "300.00")] if arrives else [])) == [word]
    assert state(days, number) == then
    assert days.evaluate() == []
    assert bool(open_holds(days)) == (then == "open")


def test_a_part_of_it_is_kept_in_part(days: Days) -> None:
    number = promise(days)
    assert days.on(4, 27, paid("2026-04-24", "100.00")) == ["partly_kept"]
    assert state(days, number) == "partly_kept"


def test_missed_and_then_made_good_it_is_told_both_times(days: Days) -> None:
    number = promise(days)
    days.on(4, 25)
    days.on(4, 26, paid("2026-04-26", "300.00"))
    assert (state(days, number), told(days)) == ("kept", ["missed", "made_good"])
    assert [text["kind"] for text in texts(days.doors)] == ["sms.news", "sms.answer"]


def test_a_payment_booked_late_is_told_and_the_state_stays(days: Days) -> None:
    number = promise(days)
    assert days.on(4, 27) == ["broken"]
    assert days.on(4, 28, paid("2026-04-24", "300.00")) == ["rejudged"]
    assert (state(days, number), told(days)) == ("broken", ["broken", "rejudged"])
    assert days.evaluate() == []


def test_it_moves_once_before_its_day_and_by_a_few_days(days: Days) -> None:
    number = promise(days)
    lin = days.cast.borrower()
    # 25 and 26 April are a weekend, 1 May is a holiday.
    for day in (BY, date(2026, 4, 23), date(2026, 4, 26), date(2026, 5, 1), date(2026, 5, 2)):
        with pytest.raises(Refusal, match=r"promise\.cannot_move"):
            days.doors.write_as(lin, actions.move_promise, number, day)
    days.doors.write_as(lin, actions.move_promise, number, date(2026, 4, 30))
    with pytest.raises(Refusal, match=r"promise\.state"):
        days.doors.write_as(lin, actions.move_promise, number, date(2026, 5, 6))
    assert days.on(4, 29) == []
    assert days.on(4, 30, paid("2026-04-30", "300.00")) == ["kept"]


def test_on_its_day_it_moves_no_more_and_is_not_taken_back(days: Days) -> None:
    number = promise(days)
    days.stand(4, 24)
    lin = days.cast.borrower()
    with pytest.raises(Refusal, match=r"promise\.cannot_move"):
        days.doors.write_as(lin, actions.move_promise, number, date(2026, 4, 25))
    with pytest.raises(Refusal, match=r"promise\.too_late"):
        days.doors.write_as(lin, actions.take_back, number)


def test_taken_back_before_its_day_it_is_no_strike_and_another_can_be_made(days: Days) -> None:
    number = promise(days)
    days.doors.write_as(days.cast.borrower(), actions.take_back, number)
    assert days.on(4, 30) == []
    assert (state(days, number), told(days), open_holds(days)) == ("withdrawn", [], [])
    assert promise(days, by=date(2026, 5, 4)) != number


def test_said_to_be_paid_it_waits_for_the_payment(days: Days) -> None:
    number = promise(days)
    lin = days.cast.borrower()
    with pytest.raises(Refusal, match=r"promise\.paid_on"):
        days.doors.write_as(lin, actions.say_paid, number, date(2026, 4, 18))
    days.doors.write_as(lin, actions.say_paid, number, date(2026, 4, 17))
    assert state(days, number) == "being_verified"
    assert days.on(4, 24, paid("2026-04-17", "300.00")) == ["kept"]


def say_paid(days: Days, amount: int, on: date) -> str:
    """Lin says that money was paid on the loan, as the form under "How to pay" does; the number."""
    lin = days.cast.borrower()
    code = days.doors.read_as(lin, loans_of.account).loans[0].code
    return days.doors.write_as(lin, notice_actions.say_paid, code, Said(amount, on, "transfer"))


def answer(days: Days, number: str, payment_ref: str = "") -> None:
    """Staff answer what Lin said."""
    given = Answer(1, payment_ref, "We looked.")
    days.doors.write_as(days.cast.staff("Hua", "dispute_handler"), notice_actions.answer, number, given)


def test_being_verified_it_is_no_strike_until_staff_say_no(days: Days) -> None:
    plan = days.agree()
    about = days.doors.read_as(days.cast.borrower(), queries.new_page).choices[0].code
    made = promise(days, 1_180_00, date(2026, 5, 7), about)
    days.stand(5, 7)
    word = say_paid(days, 1_180_00, date(2026, 5, 7))
    assert state(days, made) == "being_verified"
    assert days.on(5, 11) == ["reminder"], "of the plan's own payment, the next day"
    life = days.life(plan).life
    assert life is not None
    assert (life.strikes, state(days, made)) == ((), "being_verified")
    answer(days, word)
    assert state(days, made) == "open"
    assert days.evaluate() == ["broken"]
    life = days.life(plan).life
    assert life is not None
    assert [strike.key for strike in life.strikes] == [made]


def test_found_or_taken_back_a_word_lets_the_promise_go_on_as_it_stood(days: Days) -> None:
    """Moved stays moved, a second word keeps it being verified, and what was paid before it was made is not for it."""
    made = promise(days)
    lin = days.cast.borrower()
    days.doors.write_as(lin, actions.move_promise, made, date(2026, 4, 28))
    say_paid(days, 299_00, date(2026, 4, 16))
    assert state(days, made) == "moved"
    first, second = (say_paid(days, amount, date(2026, 4, 17)) for amount in (100_00, 200_00))
    days.doors.write_as(lin, notice_actions.take_back, second)
    assert state(days, made) == "being_verified"
    days.on(4, 20, paid("2026-04-19", "100.00", "P1"))
    assert look_for_payments(days.doors) == 1
    assert (state(days, made), notice(days, first)) == ("moved", ("found", made))
    assert days.on(5, 1, paid("2026-04-28", "200.00")) == ["kept"]


def notice(days: Days, number: str) -> tuple[str, str | None]:
    """What became of a word, and the promise that it was for."""
    found = days.doors.read_as(days.doors.system(), lambda connection, _: notice_queries.notice(connection, number))
    assert found is not None
    return found.state, found.promise_number


@pytest.mark.parametrize("amount", [0, -1, 2_086_92])
def test_only_what_is_due_can_be_promised(days: Days, amount: int) -> None:
    with pytest.raises(Refusal, match=r"promise\.amount"):
        promise(days, amount)
    assert rows(days, select(PROMISE)) == []


def test_what_is_disputed_cannot_be_promised(days: Days) -> None:
    file_dispute(days.doors, days.cast.borrower())
    choice = days.doors.read_as(days.cast.borrower(), queries.new_page).choices[0]
    assert choice.most == 2_075_22
    with pytest.raises(Refusal, match=r"promise\.amount"):
        promise(days, 2_075_23)


def test_beside_a_plan_only_later_instalments_and_a_broken_one_is_a_strike(days: Days) -> None:
    number = days.agree()
    choices = days.doors.read_as(days.cast.borrower(), queries.new_page).choices
    assert [choice.instalment.number for choice in choices if choice.instalment] == [5]
    assert all(choice.instalment for choice in choices)
    made = promise(days, 1_180_00, date(2026, 5, 7), choices[0].code)
    assert days.on(5, 10) == ["broken"]
    life = days.life(number).life
    assert life is not None
    assert [strike.key for strike in life.strikes] == [made]
    assert days.on(5, 15) == ["missed"], "the plan's payment, and its cure days are over with the data"
    assert days.on(5, 16) == ["evaluated"]


def test_agreed_a_plan_withdraws_it(days: Days) -> None:
    made = promise(days)
    number = days.agree()
    assert (state(days, made), open_holds(days)) == ("withdrawn", [("plan", number)])


@pytest.mark.parametrize("status", ["sold", "closed"])
def test_a_loan_that_is_gone_ends_it_with_a_notice(days: Days, status: str) -> None:
    number = promise(days)
    gone = loan(status=status, status_on="2026-04-20", new_owner="Another", new_owner_phone="400-111")
    days.stand(4, 20)
    days.book(booked_to=date(2026, 4, 20), loans=[gone])
    assert days.evaluate() == ["withdrawn"]
    assert (state(days, number), open_holds(days)) == ("withdrawn", [])
    assert [text["kind"] for text in texts(days.doors)] == ["sms.news"]


@pytest.mark.parametrize("kind", ["fraud", "incapacity", "settlement"])
def test_what_stands_beside_it_forbids_it(days: Days, kind: str) -> None:
    lin = days.cast.borrower()
    about = days.doors.read_as(lin, queries.new_page).choices[0]
    hold = {"kind": kind, "loan_id": about.record.id, "person_id": lin.person_id or 0, "number": "HLD-222"}
    days.doors.write_as(lin, loans.open_hold, from_day=date(2026, 4, 17), until=None, path="", **hold)
    with pytest.raises(Refusal, match=rf"promise\.{kind}"):
        promise(days, about=about.code)


def test_under_a_hold_for_incapacity_nothing_is_judged_or_reminded(days: Days) -> None:
    promise(days)
    lin = days.cast.borrower()
    hold = {"kind": "incapacity", "loan_id": None, "person_id": lin.person_id or 0, "number": "HLD-222"}
    days.doors.write_as(lin, loans.open_hold, from_day=date(2026, 4, 18), until=None, path="", **hold)
    days.stand(4, 23)
    assert jobs.remind_due(days.doors) == 0
    assert days.on(4, 30) == []


def test_somebody_elses_promise_is_not_there(days: Days) -> None:
    number = promise(days)
    days.book(booked_to=date(2026, 4, 17), borrowers=[borrower(borrower_ref="B2", mobile="13900139000", name="Other")])
    stranger = days.cast.borrower("B2")
    for act, more in (
        (actions.move_promise, (date(2026, 4, 25),)),
        (actions.say_paid, (date(2026, 4, 17),)),
        (actions.take_back, ()),
    ):
        with pytest.raises(LookupError):
            days.doors.write_as(stranger, act, number, *more)
    assert state(days, number) == "open"


def test_of_many_at_once_one_is_made_and_one_judgement_is_told(days: Days) -> None:
    lin = days.cast.borrower()
    about = days.doors.read_as(lin, queries.new_page).choices[0].code

    def make_one(_place: int) -> str:
        try:
            return promise(days, about=about, viewer=lin)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        made = list(pool.map(make_one, range(MANY)))
    assert len(rows(days, select(PROMISE))) == 1
    assert sum(each.startswith("promise.") for each in made) == MANY - 1
    days.stand(4, 27)
    days.book(booked_to=date(2026, 4, 27))
    with ThreadPoolExecutor(4) as pool:
        done = [line for lines in pool.map(lambda _place: days.evaluate(), range(4)) for line in lines]
    assert done == ["broken"]
    assert told(days) == ["broken"]


def test_of_judging_moving_and_taking_back_at_once_one_wins(days: Days) -> None:
    number = promise(days)
    lin = days.cast.borrower()

    def act(place: int) -> str:
        try:
            if place % 3 == 0:
                days.doors.write_as(lin, actions.move_promise, number, date(2026, 4, 25))
            elif place % 3 == 1:
                days.doors.write_as(lin, actions.take_back, number)
            else:
                days.doors.write_as(lin, actions.say_paid, number, date(2026, 4, 17))
        except Refusal as refusal:
            return refusal.code
        return ("moved", "withdrawn", "being_verified")[place % 3]

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(act, range(6)))
    assert {"promise.state", "promise.changed", "promise.cannot_move"} >= {each for each in done if "." in each}
    assert state(days, number) in {"withdrawn", "being_verified", "moved"}
    assert done.count("withdrawn") <= 1


def test_instalments_of_the_contract_come_before_it(days: Days) -> None:
    number = promise(days, by=date(2026, 5, 8))
    assert days.on(5, 8, instalment_paid(5)) == ["missed"]
    assert days.on(5, 11, paid("2026-05-09", "300.00")) == ["kept"]
    assert state(days, number) == "kept"


def test_an_agreed_plan_keeps_the_account_and_the_promise_apart(days: Days) -> None:
    promise(days)
    number = make.propose(days.doors, days.cast.borrower())
    assert {kind for kind, _number in open_holds(days)} == {"promise", "proposal"}
    make.refuse(days.doors, days.cast.staff("Shen", "supervisor"), number)
    assert {kind for kind, _number in open_holds(days)} == {"promise"}
