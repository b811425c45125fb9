"""What a quote, an acceptance, a payment and a lapse write, what stands beside them, and that of many one wins."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.account.queries import account_page
from portal.audit.tables import LOG
from portal.core.assessment import assess
from portal.core.refusal import Refusal
from portal.core.settlement import closed
from portal.disputes import deciding_queries as disputes
from portal.disputes import filing_actions
from portal.disputes.filing_queries import new_page
from portal.disputes.labels import settlement_beside
from portal.disputes.ticks import Ticks
from portal.loans import actions as loans
from portal.loans import queries as loan_queries
from portal.loans.tables import DecisionExport, Waiver, table_of
from portal.plans import deciding_actions
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from portal.settlements import asking_actions, judging_actions, offering_actions, phone_actions
from portal.settlements.queries import SETTLEMENT
from tests.make import plans as make_plans
from tests.make import settlements as make
from tests.make.access import texts
from tests.make.between import between
from tests.make.disputes import Cast, file_dispute, filing
from tests.make.loans import borrower, import_tables, instalment, loan
from tests.make.plans import run_day as run_plans
from tests.make.settlements import run_day

MANY = 12
TODAY = date(2026, 4, 17)
UNTIL = date(2026, 5, 1)
ASKED = 11_052_85
"""Lin's payoff of 17 April, 11,070.91, less 18.06 of penalty."""


def rows(doors: Doors, statement: Any) -> list[Any]:
    """Rows of any table."""
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement).all()))


def kinds(doors: Doors) -> list[str]:
    """The audit log's kinds, in order."""
    return [row.kind for row in rows(doors, select(LOG.c.kind).order_by(LOG.c.id))]


def holds(doors: Doors, viewer: Viewer) -> dict[str, str]:
    """What is pending on the viewer's loans: number to kind."""
    account = doors.read_as(viewer, loan_queries.account)
    return {hold.number: hold.kind for each in account.loans for hold in (*each.holds, *each.pending)}


def facts(doors: Doors, viewer: Viewer) -> Any:
    """The loan's facts as they are now."""
    return doors.read_as(viewer, loan_queries.account).loans[0].facts


def test_a_quote_changes_nothing_but_is_kept(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    number = make.quote(doors, lin)
    found = make.record(doors, number)
    assert (found.state, found.offer.until, found.offer.reductions) == ("quoted", UNTIL, (("penalty", 17_13),))
    assert found.told[TODAY] == ASKED
    assert holds(doors, lin) == {}
    assert rows(doors, select(table_of(Waiver))) == []
    assert kinds(doors)[-1] == "settlements.quoted"


def test_accepted_it_is_a_hold_with_its_last_amount(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    number = make.quote(doors, lin)
    make.accept(doors, lin, number)
    (hold,) = doors.read_as(lin, loan_queries.account).loans[0].holds
    assert (hold.kind, hold.from_day, hold.until, hold.page) == ("settlement", TODAY, UNTIL, f"/settlements/{number}")
    assert hold.data["payments"] == [["2026-05-01", make.record(doors, number).told[UNTIL]]]
    assert {"settlements.accepted", "loans.hold_opened"} <= set(kinds(doors))
    assert rows(doors, select(table_of(Waiver))) == []


def test_paid_it_writes_the_waivers_the_letter_and_the_export(
    doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    lin = cast.borrower()
    number = make.quote(doors, lin)
    make.accept(doors, lin, number)
    clock.advance(days=3)
    lin = cast.borrower()
    asked = make.detail(doors, lin, number).quote
    assert asked is not None
    make.arrives(doors, tmp_path, date(2026, 4, 20), asked.today.to_pay)
    assert run_day(doors) == 1
    found = make.record(doors, number)
    assert (found.state, found.paid_on) == ("paid", date(2026, 4, 20))
    assert found.taken_off == asked.today.reduction == 20_86
    waivers = {row.kind: row for row in rows(doors, select(table_of(Waiver)))}
    amount, nights = waivers["amount"], waivers["days"]
    assert (amount.on_day, amount.amount, amount.component) == (date(2026, 4, 16), 17_13, "penalty")
    assert (nights.from_day, nights.to_day) == (TODAY, date(2026, 4, 20))
    assert {row.reason for row in waivers.values()} == {"settlement"}
    now = facts(doors, lin)
    assert assess(now, date(2026, 4, 20)).due.total == 0
    for day in (date(2026, 4, 20), date(2027, 4, 20)):
        assert assess(closed(now, date(2026, 4, 20)), day).due.total == 0
        assert assess(closed(now, date(2026, 4, 20)), day).credit == 0
    assert found.letter["loan_ref"] == "L1"
    assert found.letter["payments"] == [["S1", "2026-04-20", asked.today.to_pay]]
    exported = [row for row in rows(doors, select(table_of(DecisionExport))) if row.kind == "hold"]
    assert [json.loads(row.payload)["outcome"] for row in exported] == ["", "paid", "paid"]
    assert [text["kind"] for text in texts(doors)] == ["sms.answer"]
    assert kinds(doors)[-1] == "settlements.paid"
    assert run_day(doors) == 0


def test_paid_nothing_more_is_planned_promised_or_settled(
    doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    number = make.quote(doors, cast.borrower())
    make.accept(doors, cast.borrower(), number)
    make.arrives(doors, tmp_path, TODAY, ASKED)
    run_day(doors)
    assert make.state(doors, number) == "paid"
    clock.advance(days=60)
    lin = cast.borrower()
    page = make.new_page(doors, lin)
    assert page.refusal is not None
    assert page.refusal.code == "accept_settlement.settlement"
    file_dispute(doors, lin)
    assert make.state(doors, number) == "paid"
    assert "settlement" in holds(doors, lin).values()


def test_the_hold_goes_once_the_lender_has_closed_the_loan(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    number = make.quote(doors, cast.borrower())
    make.accept(doors, cast.borrower(), number)
    make.arrives(doors, tmp_path, TODAY, ASKED)
    assert run_day(doors) == 1
    assert run_day(doors) == 0
    import_tables(doors, tmp_path / "closed", {"loans": [loan(status="closed", status_on="2026-04-17")]})
    assert run_day(doors) == 1
    assert holds(doors, cast.borrower()) == {}
    assert make.state(doors, number) == "paid"


def test_who_pays_without_accepting_has_accepted(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    number = make.quote(doors, cast.borrower())
    make.arrives(doors, tmp_path, TODAY, ASKED)
    assert run_day(doors) == 1
    assert make.state(doors, number) == "paid"
    accepted = [row for row in rows(doors, select(LOG)) if row.kind == "settlements.accepted"]
    assert json.loads(accepted[0].payload)["by_payment"]


def test_unpaid_it_lapses_once_the_bookings_of_its_last_day_are_known(
    doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    number = make.quote(doors, cast.borrower())
    make.accept(doors, cast.borrower(), number)
    clock.advance(days=15)
    assert run_day(doors) == 0
    make.books_reach(doors, tmp_path, date(2026, 4, 30))
    assert run_day(doors) == 0
    make.books_reach(doors, tmp_path, UNTIL)
    assert run_day(doors) == 1
    assert (make.state(doors, number), make.record(doors, number).ending) == ("lapsed", "date")
    assert holds(doors, cast.borrower()) == {}
    assert rows(doors, select(table_of(Waiver))) == []
    assert run_day(doors) == 0
    assert len(texts(doors)) == 1


def test_a_payment_of_the_last_day_that_is_booked_later_still_counts(
    doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    number = make.quote(doors, cast.borrower())
    make.accept(doors, cast.borrower(), number)
    last = make.record(doors, number).told[UNTIL]
    clock.advance(days=17)
    make.arrives(doors, tmp_path, UNTIL, last, data_date=date(2026, 5, 3))
    run_day(doors)
    assert (make.state(doors, number), make.record(doors, number).paid_on) == ("paid", UNTIL)


def test_one_cent_less_is_not_enough(doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path) -> None:
    number = make.quote(doors, cast.borrower())
    make.accept(doors, cast.borrower(), number)
    make.arrives(doors, tmp_path, TODAY, ASKED - 1)
    run_day(doors)
    assert make.state(doors, number) == "accepted"
    assert make.detail(doors, cast.borrower(), number).quote.today.to_pay == 1  # type: ignore[union-attr]


def test_a_dispute_ends_an_accepted_settlement_and_leaves_a_quote(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    number = make.quote(doors, lin)
    make.accept(doors, lin, number)
    file_dispute(doors, lin)
    assert (make.state(doors, number), make.record(doors, number).ending) == ("lapsed", "dispute")
    assert set(holds(doors, lin).values()) == {"dispute"}
    with pytest.raises(Refusal, match=r"accept_settlement\.dispute"):
        make.quote(doors, lin)


def test_a_dispute_of_somebody_else_on_the_contract_is_told_to_whoever_had_accepted(
    doors: Doors, cast: Cast, tmp_path: Path
) -> None:
    """Who files reads it before sending; whose settlement it was gets a text, and the other no figure of it."""
    parties = [{"loan_ref": "L1", "borrower_ref": "B2", "role": "co_borrower"}]
    import_tables(
        doors, tmp_path / "more", {"borrowers": [borrower(borrower_ref="B2", name="周二")], "parties": parties}
    )
    number = make.quote(doors, cast.borrower())
    make.accept(doors, cast.borrower(), number)
    zhou = cast.borrower("B2")
    page = doors.read_as(zhou, new_page, make.code_of(doors, zhou), 3, Ticks())
    assert page is not None
    assert page.settlement is not None
    assert (page.settlement.ends, page.settlement.own) == (True, False)
    assert number not in " ".join(settlement_beside(page.settlement, "CNY"))
    file_dispute(doors, zhou)
    assert make.state(doors, number) == "lapsed"
    assert [(text["kind"], text["person_id"]) for text in texts(doors)] == [("sms.news", cast.borrower().person_id)]


def test_a_quote_cannot_be_accepted_while_a_dispute_is_open(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    number = make.quote(doors, lin)
    file_dispute(doors, lin)
    with pytest.raises(Refusal, match=r"accept_settlement\.dispute"):
        make.accept(doors, lin, number)
    assert make.state(doors, number) == "quoted"


@pytest.mark.parametrize("kind", ["fraud", "settlement", "incapacity"])
def test_what_stands_in_the_way(doors: Doors, cast: Cast, kind: str) -> None:
    lin = cast.borrower()
    number = make.quote(doors, lin)
    record = doors.read_as(lin, loan_queries.account).loans[0]
    given = {"loan_id": record.id, "person_id": lin.person_id or 0, "from_day": TODAY, "until": None}
    doors.write_as(doors.system(), loans.open_hold, kind=kind, number="X", path="/x", **given)
    with pytest.raises(Refusal, match=rf"accept_settlement\.{kind}"):
        make.accept(doors, lin, number)


def test_paid_it_ends_a_running_plan_as_kept(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    lin = cast.borrower()
    plan = make_plans.propose(doors, lin)
    make_plans.approve(doors, cast.staff("Qiao", "plan_approver"), plan, freeze=True)
    number = make.quote(doors, lin)
    make.accept(doors, lin, number)
    asked = make.detail(doors, lin, number).quote
    assert asked is not None
    assert run_plans(doors) == 0
    make.arrives(doors, tmp_path, TODAY, asked.today.to_pay)
    run_day(doors)
    assert run_plans(doors) == 1
    assert make_plans.state(doors, plan) == "kept"
    assert run_plans(doors) == 0
    assert set(holds(doors, lin)) == {number}


def test_a_loan_that_is_sold_ends_settlement_and_request(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    lin = cast.borrower()
    number = make.quote(doors, lin)
    import_tables(
        doors,
        tmp_path / "sold",
        {"loans": [loan(status="sold", status_on="2026-04-17", new_owner="N", new_owner_phone="1")]},
    )
    assert run_day(doors) == 1
    assert make.record(doors, number).ending == "loan"
    assert len(texts(doors)) == 1


def test_a_payment_that_comes_back_undoes_it(doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path) -> None:
    number = make.quote(doors, cast.borrower())
    make.accept(doors, cast.borrower(), number)
    make.arrives(doors, tmp_path, TODAY, ASKED)
    run_day(doors)
    clock.advance(days=2)
    make.arrives(doors, tmp_path, TODAY, ASKED, reversed="1", data_date=date(2026, 4, 19))
    assert run_day(doors) == 1
    assert make.record(doors, number).undone_at is not None
    now = facts(doors, cast.borrower())
    assert (now.amount_waivers, now.days_waivers) == ((), ())
    assert assess(now, date(2026, 4, 19)).due.total == 208_691 + 2 * 93
    assert holds(doors, cast.borrower()) == {}
    assert "settlements.undone" in kinds(doors)
    assert run_day(doors) == 0


def test_it_comes_undone_though_nothing_else_was_left_of_the_loan(
    doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    nothing_later = [instalment(number, f"2026-{number:02}-05", void="1") for number in range(5, 13)]
    import_tables(doors, tmp_path / "short", {"instalments": nothing_later})
    number = make.quote(doors, cast.borrower())
    whole = make.detail(doors, cast.borrower(), number).quote
    assert whole is not None
    make.arrives(doors, tmp_path, TODAY, whole.today.to_pay)
    assert run_day(doors) == 2, "paid, and looked after"
    assert (run_day(doors), holds(doors, cast.borrower())) == (0, {})
    clock.advance(days=30)
    make.arrives(doors, tmp_path, TODAY, whole.today.to_pay, reversed="1", data_date=date(2026, 5, 17))
    assert run_day(doors) == 1
    assert make.record(doors, number).undone_at is not None
    assert facts(doors, cast.borrower()).amount_waivers == ()
    assert run_day(doors) == 0


def test_figures_that_changed_void_the_button(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    lin = cast.borrower()
    page = make.new_page(doors, lin)
    number = make.quote(doors, lin)
    seen = make.detail(doors, lin, number).seen
    make.arrives(doors, tmp_path, date(2026, 4, 16), 100_00, data_date=TODAY)
    with pytest.raises(Refusal, match=r"settlement\.figures_changed"):
        doors.write_as(lin, asking_actions.accept, number, seen)
    assert make.detail(doors, lin, number).changed[0] == (TODAY, ASKED, 10_964_14)
    with pytest.raises(Refusal, match=r"settlement\.already"):
        doors.write_as(lin, asking_actions.get_quote, page.record.code, page.seen, make.LENDER)


def test_a_stranger_finds_nothing(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    number = make.quote(doors, lin)
    stranger = Viewer(**{**{name: getattr(lin, name) for name in lin.__slots__}, "person_id": 10_000})
    with pytest.raises(LookupError):
        doors.write_as(stranger, asking_actions.accept, number, "")


# Asking staff


def test_by_the_rules_nothing_is_taken_off_so_one_asks(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    import_tables(empty_doors, tmp_path, make.lin_settling("0"))
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    page = make.new_page(empty_doors, lin)
    assert page.quote is not None
    assert (page.quote.today.reduction, page.can_ask, page.least) == (0, True, ASKED)
    number = make.ask(empty_doors, lin, 11_060_00)
    found = make.offer_page(empty_doors, staff, number)
    assert (found.typed.amount, found.typed.stops) == (10_91, False)
    assert make.offer(empty_doors, staff, number, 10_91) == "offered"
    assert make.request_state(empty_doors, number) == "offered"
    request = make.offer_page(empty_doors, staff, number).request
    assert request.settlement_number is not None
    made = make.record(empty_doors, request.settlement_number)
    assert (made.state, made.offered_by, made.offer.reductions) == ("quoted", "Qiao", (("penalty", 10_91),))
    assert [text["kind"] for text in texts(empty_doors)] == ["sms.answer"]
    (waits,) = empty_doors.read_as(lin, account_page).pending
    assert waits.offered_until == made.offer.until
    make.accept(empty_doors, lin, made.number)
    assert make.state(empty_doors, made.number) == "accepted"


def test_an_offer_takes_the_place_of_a_quote(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    import_tables(empty_doors, tmp_path, make.lin_settling("50"))
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    quoted, number = make.quote(empty_doors, lin), make.ask(empty_doors, lin, ASKED + 1)
    make.offer(empty_doors, staff, number, 17_13, stops=True)
    assert make.record(empty_doors, quoted).ending == "replaced"


def test_above_the_authority_a_second_person_confirms(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    """ST-05: what counts is the whole effect up to the last day, nights included."""
    import_tables(empty_doors, tmp_path, make.lin_settling("0", waiver_max="20.00"))
    lin, maker = cast.borrower(), cast.staff("Qiao", "plan_approver")
    number = make.ask(empty_doors, lin, ASKED)
    assert make.offer(empty_doors, maker, number, 17_13, stops=True) == "waiting"
    with pytest.raises(Refusal, match="own_act"):
        make.confirm(empty_doors, maker, number)
    assert make.confirm(empty_doors, cast.staff("Shen", "supervisor"), number) == "offered"
    settled = make.offer_page(empty_doors, maker, number).request.settlement_number
    assert settled is not None
    assert make.record(empty_doors, settled).confirmed_by == "Shen"


def write_down(doors: Doors, writer: Viewer, lin: Viewer, could_pay: int = ASKED) -> str:
    """Staff write Lin's question down on the phone; its number."""
    loan, person = (
        make.code_of(doors, lin),
        doors.read_as(lin, lambda connection, _: loan_queries.person_by_ref(connection, "B1")),
    )
    assert person is not None
    return doors.write_as(writer, phone_actions.write_down, person.code, loan, could_pay, "My bonus came.")


def test_written_down_on_the_phone_it_counts_once_confirmed_and_its_writer_answers_nothing(
    empty_doors: Doors, cast: Cast, tmp_path: Path
) -> None:
    """ST-04: never one's own proposal, and nobody asks for somebody else."""
    import_tables(empty_doors, tmp_path, make.lin_settling("0"))
    lin, wen, qiao = cast.borrower(), cast.staff("Wen", "plan_approver"), cast.staff("Qiao", "plan_approver")
    number = write_down(empty_doors, wen, lin)
    with pytest.raises(Refusal, match=r"settlement\.answered"):
        make.offer(empty_doors, qiao, number, 17_13)
    with pytest.raises(Refusal, match=r"settlement\.asked_already"):
        write_down(empty_doors, qiao, lin)
    empty_doors.write_as(lin, phone_actions.confirm, number)
    assert make.request_state(empty_doors, number) == "asked"
    for answer in (
        lambda: make.offer(empty_doors, wen, number, 17_13),
        lambda: empty_doors.write_as(wen, offering_actions.refuse, number, "too_far_off", ""),
    ):
        with pytest.raises(Refusal, match=r"settlement\.own_question"):
            answer()
    assert make.offer(empty_doors, qiao, number, 17_13) == "offered"
    assert [text["kind"] for text in texts(empty_doors)] == ["sms.link", "sms.answer"]
    assert kinds(empty_doors).index("settlements.written") < kinds(empty_doors).index("settlements.asked")


def test_of_confirming_and_taking_it_back_at_once_one_takes_effect(
    empty_doors: Doors, cast: Cast, tmp_path: Path
) -> None:
    """ST-07."""
    import_tables(empty_doors, tmp_path, make.lin_settling("0"))
    lin, wen = cast.borrower(), cast.staff("Wen", "plan_approver")
    number = write_down(empty_doors, wen, lin)

    def attempt(place: int) -> str:
        viewer, act = (wen, phone_actions.take_back) if place % 2 else (lin, phone_actions.confirm)
        try:
            empty_doors.write_as(viewer, act, number)
            return "withdrawn" if place % 2 else "asked"
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(attempt, range(MANY)))
    assert [each for each in said if "." not in each] == [make.request_state(empty_doors, number)]


def test_not_confirmed_in_time_it_ends_and_nobody_is_told(
    empty_doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    import_tables(empty_doors, tmp_path, make.lin_settling("0"))
    number = write_down(empty_doors, cast.staff("Wen", "plan_approver"), cast.borrower())
    clock.advance(days=7)
    assert run_day(empty_doors) == 0
    clock.advance(days=1)
    with pytest.raises(Refusal, match=r"settlement\.answered"):
        empty_doors.write_as(cast.borrower(), phone_actions.confirm, number)
    assert (run_day(empty_doors), make.request_state(empty_doors, number)) == (1, "ended")
    assert [text["kind"] for text in texts(empty_doors)] == ["sms.link"]


def test_a_days_limit_counts_what_was_given_away_in_any_way(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    """ST-05: what a settlement took off leaves less for the penalty of a plan, and for a dispute, of that day."""
    limits = [make_plans.authority(role, waiver_day_max="100.00") for role in ("plan_approver", "dispute_handler")]
    import_tables(empty_doors, tmp_path, make.lin_settling("0", authority=limits))
    lin, qiao = cast.borrower(), cast.staff("Qiao", "plan_approver", "dispute_handler")
    assert make.offer(empty_doors, qiao, make.ask(empty_doors, lin, ASKED), 10_00) == "offered"
    used = empty_doors.read_as(qiao, disputes.authority, "CNY")
    assert (used.used, used.covers(90_01), used.covers(0)) == (10_00, False, True)
    plan = make_plans.propose(empty_doors, lin)
    assert make_plans.decide_page(empty_doors, qiao, plan).forecast == 96_93
    assert make_plans.approve(empty_doors, qiao, plan, freeze=True) == "waiting"
    empty_doors.write_as(qiao, deciding_actions.take_back, plan)
    assert make_plans.approve(empty_doors, qiao, plan) == "running", "what takes nothing off needs nothing of the day"


def test_an_import_that_changes_the_figures_voids_what_awaits(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    import_tables(empty_doors, tmp_path, make.lin_settling("0", waiver_max="1.00"))
    maker, checker = cast.staff("Qiao", "plan_approver"), cast.staff("Shen", "supervisor")
    number = make.ask(empty_doors, cast.borrower(), 11_060_00)
    assert make.offer(empty_doors, maker, number, 10_00) == "waiting"
    make.arrives(empty_doors, tmp_path, date(2026, 4, 16), 5_00, data_date=TODAY)
    with pytest.raises(Refusal, match="seen_differs"):
        make.confirm(empty_doors, checker, number)
    assert make.offer(empty_doors, maker, number, 10_00) == "waiting"
    assert make.confirm(empty_doors, checker, number) == "offered"


def test_no_more_than_the_limits_set_beforehand(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    import_tables(empty_doors, tmp_path, make.lin_settling("0"))
    lin, staff = cast.borrower(), cast.staff("Shen", "supervisor")
    with pytest.raises(Refusal, match=r"settlement\.below_least"):
        make.ask(empty_doors, lin, ASKED - 1)
    number = make.ask(empty_doors, lin, ASKED)
    with pytest.raises(Refusal, match=r"settlement\.too_much"):
        make.offer(empty_doors, staff, number, 17_14)
    with pytest.raises(Refusal, match=r"settlement\.nothing_off"):
        make.offer(empty_doors, staff, number, 0)


def test_where_nothing_is_reducible_nobody_asks(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    rules = [make.rule("reducible", "none"), make.rule("settlement_percent", "100")]
    import_tables(empty_doors, tmp_path, make.lin_settling(product_rules=rules))
    lin = cast.borrower()
    page = make.new_page(empty_doors, lin)
    assert page.quote is not None
    assert (page.quote.today.reduction, page.can_ask) == (0, False)
    with pytest.raises(Refusal, match=r"settlement\.not_reducible"):
        make.ask(empty_doors, lin, 1_00)


def test_refused_or_taken_back_once(empty_doors: Doors, cast: Cast, tmp_path: Path) -> None:
    import_tables(empty_doors, tmp_path, make.lin_settling("0"))
    lin, staff = cast.borrower(), cast.staff("Qiao", "plan_approver")
    number = make.ask(empty_doors, lin, ASKED)
    with pytest.raises(Refusal, match=r"settlement\.asked_already"):
        make.ask(empty_doors, lin, ASKED)
    empty_doors.write_as(staff, offering_actions.refuse, number, "plan_fits_better", "A plan would fit.")
    assert make.request_state(empty_doors, number) == "refused"
    with pytest.raises(Refusal, match=r"settlement\.answered"):
        make.offer(empty_doors, staff, number, 1_00)
    with pytest.raises(Refusal, match=r"settlement\.answered"):
        empty_doors.write_as(lin, asking_actions.take_back, number)
    again = make.ask(empty_doors, lin, ASKED)
    empty_doors.write_as(lin, asking_actions.take_back, again)
    assert make.request_state(empty_doors, again) == "withdrawn"


# Races


def outcomes(acts: list[Any]) -> list[str]:
    """What came of acts that begin at once: `done`, or the code of the refusal."""

    def attempt(act: Any) -> str:
        try:
            act()
        except Refusal as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(attempt, acts))


def test_of_many_acceptances_one_takes_effect(doors: Doors, cast: Cast) -> None:
    """ST-07."""
    lin = cast.borrower()
    number = make.quote(doors, lin)
    seen = make.detail(doors, lin, number).seen
    found = outcomes([lambda: doors.write_as(lin, asking_actions.accept, number, seen) for _ in range(MANY)])
    assert sorted(found) == ["done"] + ["settlement.state"] * (MANY - 1)
    assert list(holds(doors, lin).values()) == ["settlement"]
    assert kinds(doors).count("settlements.accepted") == 1


def test_acceptance_against_dispute(doors: Doors, cast: Cast) -> None:
    """Whoever is first, no accepted settlement stands beside an open dispute."""
    lin = cast.borrower()
    number = make.quote(doors, lin)
    seen = make.detail(doors, lin, number).seen
    outcomes([lambda: doors.write_as(lin, asking_actions.accept, number, seen), lambda: file_dispute(doors, lin)])
    assert set(holds(doors, lin).values()) == {"dispute"}
    assert make.state(doors, number) in {"quoted", "lapsed"}


def test_an_acceptance_waits_for_a_dispute_that_is_being_filed(doors: Doors, cast: Cast) -> None:
    """The loan is held: without that the acceptance would not see what is not committed yet."""
    lin = cast.borrower()
    number = make.quote(doors, lin)
    seen = make.detail(doors, lin, number).seen
    code = make.code_of(doors, lin)
    sent = filing(doors, lin, code)
    _dispute, accepted = between(
        doors,
        "INSERT INTO dispute_part",
        lambda: doors.write_as(lin, filing_actions.open_dispute, code, 3, sent),
        lambda: doors.write_as(lin, asking_actions.accept, number, seen),
    )
    assert accepted == "accept_settlement.dispute"


def test_payment_judged_many_times_at_once_is_paid_once(doors: Doors, cast: Cast, tmp_path: Path) -> None:
    number = make.quote(doors, cast.borrower())
    make.accept(doors, cast.borrower(), number)
    make.arrives(doors, tmp_path, TODAY, ASKED)
    system = doors.system()
    with ThreadPoolExecutor(MANY) as pool:
        acts = [pool.submit(doors.write_as, system, judging_actions.judge, number) for _ in range(MANY)]
        assert sum(bool(act.result()) for act in acts) == 1
    assert len(rows(doors, select(table_of(Waiver)))) == 2
    assert kinds(doors).count("settlements.paid") == 1


def test_lapse_against_acceptance_of_a_quote_that_is_over(
    doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path
) -> None:
    number = make.quote(doors, cast.borrower())
    clock.advance(days=15)
    make.books_reach(doors, tmp_path, UNTIL)
    lin, system = cast.borrower(), doors.system()
    found = outcomes(
        [
            lambda: doors.write_as(lin, asking_actions.accept, number, ""),
            lambda: doors.write_as(system, judging_actions.judge, number),
        ]
    )
    assert found[0] in {"settlement.over", "settlement.state"}
    assert make.state(doors, number) == "lapsed"


def test_of_many_quotes_one_is_kept(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    page = make.new_page(doors, lin)
    sent = (page.record.code, page.seen, make.LENDER)
    found = outcomes([lambda: doors.write_as(lin, asking_actions.get_quote, *sent) for _ in range(MANY)])
    assert sorted(found) == ["done"] + ["settlement.already"] * (MANY - 1)
    assert len(rows(doors, select(SETTLEMENT))) == 1
