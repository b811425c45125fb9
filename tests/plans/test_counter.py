"""Counter-offers: another plan is offered, taken in one tap on exactly those figures, left, or overtaken."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.tables import LOG
from portal.core.refusal import Refusal
from portal.loans.tables import Hold, Waiver, table_of
from portal.plans import counter_actions, lapsing_actions, proposing_actions, second_actions
from portal.plans.counter_row_queries import COUNTER
from portal.plans.queries import AGREEMENT, PLAN
from portal.plans.words import CONSENT_VERSION
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client
from tests.make import plans as make
from tests.make.access import texts
from tests.make.disputes import Cast
from tests.make.loans import import_tables, payment
from tests.make.plans import run_day
from tests.make.running import ZONE

Visit = Callable[..., Client]
MANY = 20


def rows(doors: Doors, statement: Any) -> list[Any]:
    """Rows of any table."""
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement).all()))


def events(doors: Doors) -> list[str]:
    """The audit log's kinds, in order."""
    return [row.kind for row in rows(doors, select(LOG.c.kind).order_by(LOG.c.id))]


@pytest.fixture
def number(doors: Doors, cast: Cast) -> str:
    """A proposal of Lin's: 364.00 a month."""
    return make.propose(doors, cast.borrower())


@pytest.fixture
def qiao(cast: Cast, doors: Doors) -> Viewer:
    """Who decides about plans."""
    return cast.staff("Qiao", "plan_approver")


def test_the_suggestion_is_that_of_the_pictures(doors: Doors, qiao: Viewer, number: str) -> None:
    page = make.decide_page(doors, qiao, number)
    assert page.suggestion is not None
    figures = page.suggestion.figures
    assert [each.amount for each in figures.payments] == [348_00] * 5 + [346_91]
    assert (figures.total, figures.last_on, page.suggestion.forecast) == (2_086_91, date(2026, 10, 12), 101_69)


def test_outside_the_limits_the_suggestion_is_the_smallest_change(doors: Doors, cast: Cast, qiao: Viewer) -> None:
    outside = make.propose(doors, cast.borrower(), monthly="270")
    page = make.decide_page(doors, qiao, outside)
    assert page.suggestion is not None
    assert page.suggestion.figures.monthly == 364_00


def test_offered_it_waits_for_the_borrower(doors: Doors, cast: Cast, qiao: Viewer, number: str) -> None:
    assert make.counter(doors, qiao, number) == "countered"
    found = make.standing(doors, number)
    assert (found.freeze, found.forecast, found.lapses_on) == (True, 101_69, date(2026, 5, 11))
    assert found.figures.total == 2_086_91
    (plan,) = rows(doors, select(PLAN))
    assert (plan.state, plan.lapses_on, plan.decided_by, plan.freeze_forecast) == (
        "countered",
        date(2026, 5, 11),
        qiao.staff_id,
        101_69,
    )
    rules = json.loads(plan.rules)
    assert rules["products"]["Home appliances"]["limits"]["payments_max"] == 6
    assert rules["products"]["Home appliances"]["effective_from"] == "2026-01-01"
    assert rules["roles"][0]["authority"]["plan_max"] == 5_000_00
    assert [text["kind"] for text in texts(doors)] == ["sms.answer"]
    assert "plans.countered" in events(doors)
    assert rows(doors, select(AGREEMENT)) == []


def test_accepted_it_runs_on_exactly_these_figures(doors: Doors, cast: Cast, qiao: Viewer, number: str) -> None:
    make.counter(doors, qiao, number)
    assert make.accept(doors, cast.borrower(), number) == "running"
    (paper,) = rows(doors, select(AGREEMENT))
    (loan,) = json.loads(paper.content)["loans"]
    assert [amount for _day, amount, _moved in loan["schedule"]["payments"]] == [348_00] * 5 + [346_91]
    (kept,) = rows(doors, select(COUNTER))
    assert (kept.outcome, kept.consent_version) == ("accepted", CONSENT_VERSION)
    assert "Example Finance" in kept.consent_text
    (plan,) = rows(doors, select(PLAN))
    assert (plan.is_frozen, plan.decided_by, plan.freeze_forecast) == (True, qiao.staff_id, 101_69)
    (waiver,) = rows(doors, select(table_of(Waiver)))
    assert (waiver.from_day, waiver.to_day, waiver.reason) == (date(2026, 4, 18), None, "plan")
    assert [text["kind"] for text in texts(doors)] == ["sms.answer"]  # who accepts needs no text about it
    assert events(doors)[-1] == "plans.counter_accepted"


def test_left_or_lapsed_it_costs_nothing_and_can_be_offered_again(
    visit: Visit, doors: Doors, cast: Cast, clock: FixedClock, qiao: Viewer, number: str
) -> None:
    make.counter(doors, qiao, number)
    doors.write_as(cast.borrower(), proposing_actions.withdraw_plan, number)
    again = make.propose(doors, cast.borrower())
    make.counter(doors, qiao, again)
    clock.advance(days=25)  # 12 May: the day of the first payment
    with pytest.raises(Refusal, match="lapsed"):
        make.accept(doors, cast.borrower(), again)
    before = visit("B1").get(f"/plans/{again}").text
    assert run_day(doors) == 1
    for page in (before, visit("B1").get(f"/plans/{again}").text):
        offer = page.partition("What we would have agreed to")[2].partition("</section>")[0]
        assert "11 May 2026" in offer
        assert "348.00" in offer
    assert "What we would have agreed to" not in visit("B1").get(f"/plans/{number}").text
    assert [row.outcome for row in rows(doors, select(COUNTER).order_by(COUNTER.c.id))] == ["withdrawn", "lapsed"]
    assert (make.state(doors, number), make.state(doors, again)) == ("withdrawn", "lapsed")
    hold = table_of(Hold)
    assert rows(doors, select(hold).where(hold.c.ended_at.is_(None))) == []
    assert rows(doors, select(table_of(Waiver))) == []


def test_figures_that_changed_end_it_and_staff_look_again(
    doors: Doors, cast: Cast, qiao: Viewer, number: str, tmp_path: Path
) -> None:
    """ST-06: what staff agreed to is void on other figures."""
    make.counter(doors, qiao, number)
    import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-16", "500.00")]})
    assert make.accept(doors, cast.borrower(), number) == "proposed"
    (plan,) = rows(doors, select(PLAN))
    assert (plan.state, plan.decided_by, plan.freeze_forecast, plan.lapses_on) == (
        "proposed",
        None,
        0,
        date(2026, 5, 11),
    )
    assert [row.outcome for row in rows(doors, select(COUNTER))] == ["void"]
    assert "plans.counter_voided" in events(doors)
    make.counter(doors, qiao, number)  # on the new figures
    assert make.accept(doors, cast.borrower(), number) == "running"


def test_the_day_s_run_finds_changed_figures_by_itself(doors: Doors, qiao: Viewer, number: str, tmp_path: Path) -> None:
    make.counter(doors, qiao, number)
    assert run_day(doors) == 0
    import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-16", "500.00")]})
    assert run_day(doors) == 1
    assert make.state(doors, number) == "proposed"
    assert run_day(doors) == 0


def test_a_payment_after_the_start_day_changes_nothing(
    doors: Doors, cast: Cast, qiao: Viewer, number: str, tmp_path: Path
) -> None:
    make.counter(doors, qiao, number)
    import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-18", "348.00")]})
    assert make.accept(doors, cast.borrower(), number) == "running"


def test_only_what_was_shown_is_accepted(doors: Doors, cast: Cast, qiao: Viewer, number: str) -> None:
    make.counter(doors, qiao, number)
    with pytest.raises(Refusal, match="counter_changed"):
        make.accept(doors, cast.borrower(), number, mark="0" * 64)
    with pytest.raises(LookupError):
        make.accept(doors, cast.staff("Shen", "supervisor"), number)
    assert make.state(doors, number) == "countered"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"way": "monthly", "monthly": "364", "freeze": "0"}, "plan.no_difference"),
        ({"way": "monthly", "monthly": "1"}, "plan.never_ends"),
        ({"way": "monthly", "monthly": "1000000000000000000"}, "plan.no_answers"),
    ],
)
def test_what_is_no_counter_offer_is_refused(
    doors: Doors, qiao: Viewer, number: str, given: dict[str, str], code: str
) -> None:
    freeze = given.get("freeze") != "0"
    with pytest.raises(Refusal) as refused:
        make.counter(doors, qiao, number, {"freeze": freeze}, **given)
    assert refused.value.code == code
    assert make.state(doors, number) == "proposed"


def test_a_first_payment_that_is_too_soon_is_refused(doors: Doors, cast: Cast, clock: FixedClock, number: str) -> None:
    clock.advance(days=20)  # 7 May
    staff = cast.staff("Qiao", "plan_approver")
    with pytest.raises(Refusal, match="too_late"):
        make.counter(doors, staff, number, pay_day="5")
    assert make.counter(doors, staff, number, pay_day="15") == "countered"
    assert make.standing(doors, number).lapses_on == date(2026, 5, 14)


def test_above_the_authority_a_second_person_confirms_exactly_this(
    empty_doors: Doors, cast: Cast, tmp_path: Path
) -> None:
    """ST-04, ST-06: another person, and exactly what was shown."""
    import_tables(empty_doors, tmp_path / "more", make.lin_with_limits(waiver_max="96.92"))
    number = make.propose(empty_doors, cast.borrower())
    qiao, shen = cast.staff("Qiao", "plan_approver"), cast.staff("Shen", "supervisor")
    assert make.counter(empty_doors, qiao, number) == "waiting"
    first = make.decide_page(empty_doors, shen, number)
    assert first.pending is not None
    assert first.pending_terms is not None
    assert first.pending_terms.figures.monthly == 348_00
    confirm = second_actions.confirm
    with pytest.raises(Refusal, match="own_act"):
        empty_doors.write_as(qiao, confirm, number, first.seen, first.pending.code, make.PAPER)
    with pytest.raises(Refusal, match="seen_differs"):
        empty_doors.write_as(shen, confirm, number, first.seen, "another", make.PAPER)
    with pytest.raises(Refusal, match="already_waiting"):
        make.approve(empty_doors, qiao, number, freeze=True)
    assert empty_doors.write_as(shen, confirm, number, first.seen, first.pending.code, make.PAPER) == "countered"
    found = make.standing(empty_doors, number)
    assert (found.made_by, found.confirmed_by) == (qiao.staff_id, shen.staff_id)
    assert make.accept(empty_doors, cast.borrower(), number) == "running"
    (plan,) = rows(empty_doors, select(PLAN))
    assert (plan.decided_by, plan.confirmed_by) == (qiao.staff_id, shen.staff_id)


def test_many_offers_of_a_day_are_no_way_around_its_limit(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    """ST-05: what a day may come to counts whatever is only offered."""
    tables = make.lin_with_limits()
    tables["authority"] = [make.authority("plan_approver", waiver_day_max="150.00")]
    import_tables(empty_doors, tmp_path / "more", tables)
    qiao = cast.staff("Qiao", "plan_approver")
    first = make.propose(empty_doors, cast.borrower())
    assert make.counter(empty_doors, qiao, first) == "countered"
    empty_doors.write_as(cast.borrower(), proposing_actions.withdraw_plan, first)
    second = make.propose(empty_doors, cast.borrower())
    assert make.counter(empty_doors, qiao, second) == "waiting"


def take_back(doors: Doors, viewer: Viewer, number: str, mark: str) -> str:
    """Staff take the counter-offer back; the state of the plan."""
    return doors.write_as(viewer, counter_actions.take_back, number, mark, "We saw a slip of ours.")


def test_taken_back_it_waits_for_an_answer_again_and_cannot_be_accepted(
    visit: Visit, doors: Doors, cast: Cast, clock: FixedClock, qiao: Viewer, number: str
) -> None:
    lapses = make.record(doors, number).lapses_on
    make.counter(doors, qiao, number)
    mark = make.standing(doors, number).mark
    with pytest.raises(Refusal, match=r"plan\.counter_changed"):
        take_back(doors, qiao, number, "other")
    staff = visit("Qiao", "plan_approver")
    page = staff.get(f"/staff/plans/{number}")
    assert staff.submit(page, {"words": "We saw a slip of ours."}, "/take-back").status_code == 303
    plan = make.record(doors, number)
    assert (plan.state, plan.lapses_on, plan.is_frozen) == ("proposed", lapses, False)
    shown = visit("B1").get(f"/plans/{number}").text
    assert "taken our changed offer back" in shown
    assert "We saw a slip of ours." in shown
    with pytest.raises(Refusal, match=r"plan\.counter_taken_back"):
        make.accept(doors, cast.borrower(), number, mark)
    assert [text["kind"] for text in texts(doors)] == ["sms.answer"] * 2
    assert events(doors)[-1] == "plans.counter_taken_back"
    clock.advance(minutes=1)
    again = replace(qiao, now=clock.now())
    assert make.counter(doors, again, number) == "countered", "and it can be answered anew"
    clock.set(datetime.combine(lapses + timedelta(days=1), time(9), ZONE))
    late = cast.staff("Qiao", "plan_approver")
    assert take_back(doors, late, number, make.standing(doors, number).mark) == "lapsed", "too late for its first day"


def test_of_taking_it_back_and_accepting_it_at_once_one_takes_effect(
    doors: Doors, cast: Cast, qiao: Viewer, number: str
) -> None:
    """ST-07."""
    make.counter(doors, qiao, number)
    mark, lin = make.standing(doors, number).mark, cast.borrower()

    def attempt(place: int) -> str:
        try:
            return take_back(doors, qiao, number, mark) if place % 2 else make.accept(doors, lin, number, mark)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(attempt, range(MANY)))
    state, (outcome,) = make.state(doors, number), [row.outcome for row in rows(doors, select(COUNTER))]
    assert [each for each in said if not each.startswith("plan.")] == [state]
    assert (state, outcome) in {("running", "accepted"), ("proposed", "taken_back")}
    assert len(rows(doors, select(AGREEMENT))) == (state == "running")


def test_of_accept_leave_and_lapse_at_once_one_takes_effect(
    doors: Doors, cast: Cast, clock: FixedClock, qiao: Viewer, number: str
) -> None:
    """ST-07, ST-08: one transition, and the others are told."""
    make.counter(doors, qiao, number)
    mark = make.standing(doors, number).mark
    lin, late = cast.borrower(), doors.system()
    acts: list[Callable[[], object]] = [
        lambda: make.accept(doors, lin, number, mark),
        lambda: doors.write_as(lin, proposing_actions.withdraw_plan, number),
        lambda: doors.write_as(late, lapsing_actions.lapse, number),
        lambda: doors.write_as(late, counter_actions.void_if_changed, number),
    ]

    def attempt(place: int) -> str:
        try:
            return str(acts[place % len(acts)]())
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(attempt, range(MANY)))
    effective = [each for each in said if each in {"running", number}]
    assert len(effective) == 1, said
    assert make.state(doors, number) in {"running", "withdrawn"}
    assert [row.outcome for row in rows(doors, select(COUNTER))] in (["accepted"], ["withdrawn"])
    assert len(rows(doors, select(AGREEMENT))) == (make.state(doors, number) == "running")


def test_twenty_counter_offers_at_once_leave_one(doors: Doors, cast: Cast, number: str) -> None:
    """ST-07."""
    staff = [cast.staff(f"Approver {place}", "plan_approver") for place in range(MANY)]
    entries = make.typed(doors, staff[0], number)
    decided = make.decision(doors, staff[0], number, freeze=True)

    def attempt(viewer: Viewer) -> str:
        try:
            return doors.write_as(viewer, counter_actions.counter, number, entries, decided)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(attempt, staff))
    assert sorted(said) == ["countered"] + ["plan.decided"] * (MANY - 1)
    assert len(rows(doors, select(COUNTER))) == 1


def test_the_borrower_sees_the_difference_and_accepts_in_one_tap(visit: Visit, number: str) -> None:
    staff, lin = visit("Qiao", "plan_approver"), visit("B1")
    page = staff.get(f"/staff/plans/{number}")
    assert "Offer 348.00 instead" in page.text
    form = staff.get(f"/staff/plans/{number}/counter")
    for figure in ("348.00", "346.91", "364.00", "363.84"):
        assert figure in form.text, figure
    wrong = staff.submit(form, {"words": "Kept words"}, "/counter/offer")
    assert wrong.status_code == 422
    assert "Kept words" in wrong.text
    assert (
        staff.submit(wrong, {"reason": "hardship", "words": "This may be easier."}, "/counter/offer").status_code == 303
    )
    assert "Another plan is offered" in staff.get(f"/staff/plans/{number}").text
    seen = lin.get(f"/plans/{number}")
    for words in (
        "We would agree to this instead",
        "364.00",
        "348.00",
        "346.91",
        "2,183.84",
        "2,086.91",
        "12 October",
        "11 May 2026",
        "This may be easier.",
        "If you leave it, nothing happens and nothing is lost.",
    ):
        assert words in seen.text, words
    assert lin.submit(seen, {}, "/accept").status_code == 303
    assert "Your plan is agreed" in lin.get(f"/plans/{number}").text
    assert "2,086.91" in lin.get(f"/plans/{number}/agreement").text


def test_the_borrower_is_told_that_the_figures_changed(visit: Visit, doors: Doors, number: str, tmp_path: Path) -> None:
    staff, lin = visit("Qiao", "plan_approver"), visit("B1")
    form = staff.get(f"/staff/plans/{number}/counter")
    staff.submit(form, {"reason": "hardship"}, "/counter/offer")
    shown = lin.get(f"/plans/{number}")
    import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-16", "500.00")]})
    assert "it no longer adds up" in lin.get(f"/plans/{number}").text
    answer = lin.submit(shown, {}, "/accept")
    assert answer.status_code == 409
    assert "Nothing is lost" in answer.text
    assert make.state(doors, number) == "proposed"


def test_the_preview_follows_what_is_typed(visit: Visit, number: str) -> None:
    staff = visit("Qiao", "plan_approver")
    typed = "currency=CNY&first=0&when=today&way=payments&payments=3&pay_day=12&freeze=1"
    part = staff.get(f"/staff/plans/{number}/counter/preview?{typed}")
    assert part.status_code == 200
    assert "696.00" in part.text
    assert staff.get("/staff/plans/XXX-XXX/counter/preview").status_code == 404
    assert staff.get("/staff/plans/XXX-XXX/counter").status_code == 404
    mistake = staff.get(f"/staff/plans/{number}/counter?currency=CNY&way=monthly&monthly=x&pay_day=12")
    assert mistake.status_code == 422
    assert "Type an amount in digits" in mistake.text


@pytest.mark.parametrize("role", ["dispute_handler", "auditor", "administrator"])
def test_who_may_not_decide_offers_nothing(visit: Visit, number: str, role: str) -> None:
    staff = visit(f"{role}-1", role)
    for path in ("counter", "counter/preview"):
        assert staff.get(f"/staff/plans/{number}/{path}").status_code == 403
    assert visit("B1").get(f"/staff/plans/{number}/counter").status_code in {303, 401, 403}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_once_accepted_staff_still_see_what_the_borrower_proposed(
    doors: Doors, cast: Cast, qiao: Viewer, number: str, visit: Visit
) -> None:
    make.counter(doors, qiao, number, first="500", when="pay_day")
    agreed = make.standing(doors, number).figures
    assert make.accept(doors, cast.borrower(), number) == "running"
    page = make.decide_page(doors, qiao, number)
    assert page.plan.figures.payments == agreed.payments
    assert [each.amount for each in page.plan.proposed.payments] == [364_00] * 5 + [363_84]
    offered = {found.code: found.offered for found in page.checks[0].criteria}
    assert offered["first_payment_min"] == 364_00, "the limits are those of the proposal too"
    shown = " ".join(visit("Qiao", "plan_approver").get(f"/staff/plans/{number}").text.split())
    row = shown.split("Number of payments</th>")[1].split("</tr>")[0]
    assert [f">{figures.count}<" in row for figures in (page.plan.proposed, agreed)] == [True, True]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_account_says_that_an_offer_waits_and_until_when(
    doors: Doors, qiao: Viewer, number: str, visit: Visit
) -> None:
    assert "our offer waits" not in visit("B1").get("/account").text
    make.counter(doors, qiao, number)
    assert "our offer waits for your answer, until the end of" in visit("B1").get("/account").text
