"""The borrower's pages of plans, as a browser without JavaScript uses them: from the first question to the answer."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.core.refusal import Refusal
from portal.drafts.jobs import forget_old
from portal.drafts.queries import PLAN_DRAFT
from portal.plans import drafting_actions
from portal.plans.queries import PLAN
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client
from tests.databases import Databases, lent
from tests.make import plan_pages
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.installation import holding
from tests.make.loans import borrower, import_tables, instalment, loan, payment, product, rate
from tests.make.plans import run_day
from tests.plans.conftest import PROPOSED

Visit = Callable[..., Client]


@pytest.fixture
def database_url(sqlite_databases: Databases) -> Iterator[str]:
    """Pages do not depend on the kind of database; what they do is tested on both beside them."""
    yield from lent(sqlite_databases, holding(make.lin_with_limits, PROPOSED))


AMOUNTS = re.compile(r'name="amount" value="([^"]*)"')


def begun(lin: Client, household: dict[str, str] | None = None, currency: str = "CNY") -> str:
    """Answer the first three pages; the address of the draft."""
    page = lin.get("/plans/new", params={"currency": currency})
    place = f"/plans/drafts/{plan_pages.of(lin.submit(page, {'first': '0'}, '/plans/new'))}"
    said = {**household, "act": "next"} if household else {"act": "skip"}
    assert lin.submit(lin.get(f"{place}/household"), said, "/household").status_code == 303
    days = {"rhythm": "monthly", "pay_day": "12", "first_on": ""}
    assert lin.submit(lin.get(f"{place}/days"), days, "/days").headers["location"] == f"{place}/amount"
    return place


def tried(lin: Client, place: str, **given: str) -> str:
    """What an amount of one's own comes to."""
    part = lin.get(f"{place}/schedule", params={"way": "monthly", "monthly": "", "payments": ""} | given)
    assert part.status_code == 200
    assert "<html" not in part.text
    return part.text


def test_three_amounts_the_smallest_first_and_chosen(visit: Visit) -> None:
    lin = visit("B1")
    page = lin.get(f"{begun(lin, plan_pages.HOUSEHOLD)}/amount")
    assert AMOUNTS.findall(page.text) == ["364", "425", "550", "own"]
    assert re.search(r'value="364" checked', page.text)
    for figure in ("850.00", "425.00", "1,180.00", "363.84", "2,183.84", "2,086.91", "96.93"):
        assert figure in page.text
    assert page.text.count("More than half.") == 1
    assert "13 July" in page.text
    assert "is no working day" in page.text


def test_without_income_amounts_come_from_the_limits(visit: Visit) -> None:
    lin = visit("B1")
    page = lin.get(f"{begun(lin)}/amount")
    assert AMOUNTS.findall(page.text) == ["364", "550", "750", "own"]
    assert "More than half." not in page.text
    assert "left each month" not in page.text


def test_where_nothing_is_left_it_is_said_kindly(visit: Visit) -> None:
    lin = visit("B1")
    page = lin.get(f"{begun(lin, {'income': '1000', 'spending': '900'})}/amount")
    assert "By your figures nothing is left each month. Offer what you can" in page.text
    assert "would fit better" not in page.text


def test_half_of_what_is_left_may_be_outside_the_limits(visit: Visit) -> None:
    """Smaller payments are kept more often: the half is offered, and a person looks."""
    lin = visit("B1")
    place = begun(lin, {"income": "3000", "spending": "1220"})
    page = lin.get(f"{place}/amount")
    assert AMOUNTS.findall(page.text)[:2] == ["300", "364"]
    assert "A person looks at this one." in page.text
    assert lin.submit(page, {"amount": "300"}, "/amount").headers["location"] == place
    check = lin.get(place)
    assert "This plan is outside the limits. You can send it" in check.text
    assert lin.submit(check, {"consent": "yes"}, place).status_code == 303


def test_another_of_the_amounts_is_looked_at_without_a_script(visit: Visit) -> None:
    lin = visit("B1")
    place = begun(lin)
    page = lin.submit(lin.get(f"{place}/amount"), {"amount": "550", "act": "update"}, "/amount")
    assert page.status_code == 200
    assert re.search(r'value="550" checked', page.text)
    assert "503.23" in page.text
    assert "503.23" in lin.get(f"{place}/schedule", params={"amount": "550"}).text


def test_an_amount_that_is_none_of_them_is_refused(visit: Visit) -> None:
    """MO-14: an amount of one's own has a page of its own, which judges it."""
    lin = visit("B1")
    place = begun(lin)
    for amount in ("1", "-364", "abc", ""):
        assert lin.submit(lin.get(f"{place}/amount"), {"amount": amount}, "/amount").status_code == 422


def test_a_number_of_payments_is_made_equal(visit: Visit) -> None:
    """MO-05."""
    lin = visit("B1")
    part = tried(lin, begun(lin), way="equal", payments="6")
    assert part.count("363.98") >= 4
    assert "363.97" in part
    assert "363.84" not in part


def test_a_missed_limit_is_named_with_the_smallest_change(visit: Visit) -> None:
    lin = visit("B1")
    place = begun(lin)
    part = tried(lin, place, monthly="270")
    for words in ("At most 6 payments", "This takes 9", "Finished by 14 October 2026", "12 January 2027"):
        assert words in part
    assert "Propose 364.00 a month" in part
    assert "815.00" in part
    assert "Send it anyway" in part
    changed = lin.submit(lin.get(f"{place}/own"), {"monthly": "270", "act": "change"}, "/own")
    assert changed.headers["location"] == place
    assert "2,183.84" in lin.get(place).text


def test_a_larger_first_payment_is_the_other_way(visit: Visit) -> None:
    lin = visit("B1")
    place = begun(lin)
    assert lin.submit(lin.get(f"{place}/own"), {"monthly": "270", "act": "larger"}, "/own").status_code == 303
    assert "815.00" in lin.get(place).text


def test_outside_the_limits_one_is_told_unless_one_insists(visit: Visit) -> None:
    lin = visit("B1")
    place = begun(lin)
    told = lin.submit(lin.get(f"{place}/own"), {"monthly": "270", "act": "next"}, "/own")
    assert told.status_code == 422
    assert "Error:" in told.text
    assert 'value="270"' in told.text
    assert lin.submit(told, {"monthly": "270", "act": "anyway"}, "/own").headers["location"] == place
    check = lin.get(place)
    assert "a person looks" in check.text
    assert lin.submit(check, {"consent": "yes"}, place).status_code == 303


def test_bad_entries_are_named_and_kept(visit: Visit) -> None:
    lin = visit("B1")
    page = lin.submit(lin.get("/plans/new"), {"first": "-5"}, "/plans/new")
    assert page.status_code == 422
    assert "Error:" in page.text
    assert 'value="-5"' in page.text
    place = begun(lin)
    days = lin.submit(lin.get(f"{place}/days"), {"rhythm": "monthly", "pay_day": "31"}, "/days")
    assert days.status_code == 422
    weeks = lin.submit(lin.get(f"{place}/days"), {"rhythm": "weekly", "first_on": ""}, "/days")
    assert weeks.status_code == 422
    assert "Choose the first day." in weeks.text
    own = lin.submit(lin.get(f"{place}/own"), {"monthly": "3x", "act": "next"}, "/own")
    assert own.status_code == 422
    assert 'value="3x"' in own.text
    said = lin.submit(lin.get(f"{place}/household"), {"spending": "10", "act": "next"}, "/household")
    assert said.status_code == 422
    assert 'value="10"' in said.text


def test_absurd_amounts_get_an_answer(visit: Visit) -> None:
    lin = visit("B1")
    place = begun(lin)
    for monthly in ("0", "0.001", "99999999999999999999", "1e9", "0.01", "1", "5000000"):
        tried(lin, place, monthly=monthly)
    for payments in ("1", "24", "25", "0"):
        tried(lin, place, way="equal", payments=payments)
    for first, status in (("2086.91", 422), ("5000", 422), ("2086.90", 303)):
        for when in ("today", "pay_day"):
            kept = lin.submit(lin.get(f"{place}/now"), {"first": first, "when": when}, "/now")
            assert kept.status_code == status
            assert lin.get(f"{place}/amount").status_code == 200
            assert lin.get(f"{place}/own").status_code == 200
            assert lin.get(place).status_code == 200


def test_full_width_digits_pass(visit: Visit) -> None:
    lin = visit("B1")
    assert "2,183.84" in tried(lin, begun(lin), monthly="３６４")


@pytest.mark.parametrize(("rhythm", "every"), [("weekly", "every week"), ("two_weekly", "every two weeks")])
def test_weeks_are_counted_from_a_day(visit: Visit, doors: Doors, rhythm: str, every: str) -> None:
    lin = visit("B1")
    code = plan_pages.begin(lin, rhythm=rhythm, first_on="2026-04-24", monthly="400")
    check = plan_pages.look_over(lin, code)
    assert f"{every} on Fri" in check.text
    path = str(lin.submit(check, {"consent": "yes"}, code).headers["location"])
    found = make.record(doors, path.rsplit("/", 1)[1])
    days = [payment.due_on.isoformat() for payment in found.figures.payments]
    step = 1 if rhythm == "weekly" else 2
    # 1 May is a holiday until the 5th, and the 6th is worked.
    weekly = ["2026-04-24", "2026-05-06", "2026-05-08", "2026-05-15", "2026-05-22", "2026-05-29"]
    assert days == (weekly[: len(days)] if step == 1 else ["2026-04-24", "2026-05-08", *days[2:]])


def test_the_own_payday_may_be_the_last_of_the_month(visit: Visit, doors: Doors, tmp_path: Path) -> None:
    import_tables(doors, tmp_path / "second", {"borrowers": [borrower(payday="31")]})
    lin = visit("B1")
    path = plan_pages.send(lin, pay_day="31", monthly="400")
    found = make.record(doors, path.rsplit("/", 1)[1])
    assert [payment.due_on.isoformat() for payment in found.figures.payments][:3] == [
        "2026-04-30",
        "2026-06-01",
        "2026-06-30",
    ]


@pytest.mark.parametrize("typed", ["", "abc", "-5", "0", "1000.505"])
def test_an_amount_that_cannot_be_read_is_said_beside_a_kept_one_outside_the_limits(visit: Visit, typed: str) -> None:
    lin = visit("B1")
    place = f"/plans/drafts/{plan_pages.begin(lin, anyway=True, monthly='150')}"
    page = lin.get(f"{place}/own")
    assert "The smallest change that would pass" in page.text
    answer = lin.submit(page, {"way": "monthly", "monthly": typed, "act": "next"}, "/own")
    assert answer.status_code == 422
    assert "The smallest change that would pass" not in answer.text
    assert lin.get(f"{place}/schedule", params={"way": "equal", "payments": typed}).status_code == 200


def test_amounts_over_many_columns_do_not_run_together(visit: Visit) -> None:
    lin = visit("B1")
    place = f"/plans/drafts/{plan_pages.begin(lin)}"
    few, many = (
        lin.get(f"{place}/schedule", params={"way": "monthly", "monthly": each}).text for each in ("400", "200")
    )
    assert few.count(">400</text>") == 5
    assert many.count(">200</text>") == 1


@pytest.mark.parametrize("first", ["2086.91", "5000", "999999999999"])
def test_who_can_pay_all_now_needs_no_plan(visit: Visit, first: str) -> None:
    lin = visit("B1")
    begun = lin.submit(lin.get("/plans/new"), {"first": first}, "/plans/new")
    assert begun.status_code == 422
    assert "you need no plan" in begun.text
    place = f"/plans/drafts/{plan_pages.begin(lin)}/now"
    assert lin.submit(lin.get(place), {"first": first}, place).status_code == 422


def test_sent_followed_and_withdrawn(visit: Visit) -> None:
    lin = visit("B1")
    path = plan_pages.send(lin)
    page = lin.get(path)
    assert "We have your plan" in page.text
    assert "11 May 2026" in page.text
    assert path.removeprefix("/plans/") in lin.get("/plans").text
    assert path in lin.get("/account").text
    assert "waiting for an answer" in lin.get("/plans/new").text
    assert lin.submit(page, form="/withdraw").status_code == 303
    withdrawn = lin.get(path)
    assert "You withdrew this plan" in withdrawn.text
    again = lin.submit(withdrawn, form="/again")
    assert "2,183.84" in lin.follow(again).text


def test_without_consent_nothing_is_sent_and_all_is_kept(visit: Visit) -> None:
    lin = visit("B1")
    code = plan_pages.begin(lin)
    answer = lin.submit(plan_pages.look_over(lin, code), {}, code)
    assert answer.status_code == 422
    assert "Tick this if you agree" in answer.text
    assert "364.00" in answer.text
    assert lin.submit(answer, {"consent": "yes"}, code).status_code == 303


def test_the_consent_is_recorded_with_who_when_what_and_which_version(visit: Visit, doors: Doors, cast: Cast) -> None:
    plan_pages.send(visit("B1"))
    (row,) = rows(doors, select(PLAN))
    assert row.person_id == cast.borrower("B1").person_id
    assert row.consent_version == "2"
    assert row.consent_language == "en"
    assert "I propose this plan to" in row.consent_text
    assert row.proposed_at.isoformat() == "2026-04-17T06:06:00+00:00"
    assert len(row.told) == 64


def test_what_was_said_of_money_is_seen_by_staff_and_forgotten_in_time(
    visit: Visit, doors: Doors, clock: FixedClock
) -> None:
    lin = visit("B1")
    path = plan_pages.send(lin, plan_pages.HOUSEHOLD, monthly="550")
    staff = visit("Qiao", "plan_approver").get(f"/staff{path}")
    for words in ("What the borrower said of each month", "5,000.00", "850.00", "The plan takes 65% of it."):
        assert words in staff.text
    assert lin.submit(lin.get(path), form="/withdraw").status_code == 303
    clock.advance(days=29)
    run_day(doors)
    assert rows(doors, select(PLAN.c.said))[0].said
    clock.advance(days=2)
    assert run_day(doors) == 1
    assert run_day(doors) == 0
    assert rows(doors, select(PLAN.c.said))[0].said == ""


def test_sent_twice_is_sent_once(visit: Visit) -> None:
    lin = visit("B1")
    code = plan_pages.begin(lin)
    check = plan_pages.look_over(lin, code)
    first = lin.submit(check, {"consent": "yes"}, code)
    again = lin.submit(check, {"consent": "yes"}, code)
    assert first.headers["location"] == again.headers["location"]
    assert lin.get(f"/plans/drafts/{code}/amount").headers["location"] == first.headers["location"]


def test_a_second_proposal_waits_for_the_first(visit: Visit) -> None:
    lin = visit("B1")
    code = plan_pages.begin(lin)
    check = plan_pages.look_over(lin, code)
    plan_pages.send(lin, monthly="400")
    answer = lin.submit(check, {"consent": "yes"}, code)
    assert answer.status_code == 409
    assert "A plan of yours is waiting for an answer." in answer.text
    assert "This draft cannot be sent now" in lin.get(f"/plans/drafts/{code}/days").text


def test_an_import_under_the_form_is_told(visit: Visit, doors: Doors, tmp_path: Path) -> None:
    lin = visit("B1")
    code = plan_pages.begin(lin)
    check = plan_pages.look_over(lin, code)
    changed = {"payments": [payment("A4", "2026-04-16", "500.00")]}
    import_tables(doors, tmp_path / "second", changed)
    answer = lin.submit(check, {"consent": "yes"}, code)
    assert answer.status_code == 409
    assert "arrived while you were writing. Nothing was sent." in answer.text
    assert "2,086.91" in answer.text
    assert "1,586.69" in answer.text
    assert "364.00" in answer.text
    assert lin.submit(answer, {"consent": "yes"}, code).status_code == 303


def test_a_draft_waits_in_the_list_and_can_be_deleted(visit: Visit, doors: Doors) -> None:
    lin = visit("B1")
    page = lin.get("/plans/new")
    later = lin.submit(page, {"first": "100", "act": "later"}, "/plans/new")
    assert later.headers["location"] == "/plans"
    assert "Not sent yet" in lin.get("/plans").text
    assert "You have begun a plan and not sent it." in lin.get("/plans/new").text
    (code,) = [row.code for row in rows(doors, select(PLAN_DRAFT))]
    unfinished = lin.get(f"/plans/drafts/{code}")
    assert "Something is still missing" in unfinished.text
    assert f'href="/plans/drafts/{code}/days"' in unfinished.text
    assert lin.submit(unfinished, form="/discard").headers["location"] == "/plans"
    assert lin.get(f"/plans/drafts/{code}").status_code == 404
    assert rows(doors, select(PLAN_DRAFT)) == []


def test_a_page_saved_for_later_keeps_even_what_is_wrong(visit: Visit) -> None:
    lin = visit("B1")
    place = begun(lin)
    answer = lin.submit(lin.get(f"{place}/own"), {"monthly": "3x", "act": "later"}, "/own")
    assert answer.headers["location"] == "/plans"
    assert 'value="3x"' in lin.get(f"{place}/own").text


@pytest.mark.parametrize(("step", "typed"), [("now", {"first": "x"}), ("household", {"income": "x", "spending": "1"})])
def test_what_was_saved_wrong_is_asked_for_before_it_is_sent(visit: Visit, step: str, typed: dict[str, str]) -> None:
    lin = visit("B1")
    code = plan_pages.begin(lin)
    place = f"/plans/drafts/{code}"
    assert lin.submit(lin.get(f"{place}/{step}"), {**typed, "act": "later"}, f"/{step}").status_code == 303
    check = lin.get(place)
    assert "Something is still missing" in check.text
    assert re.search(rf'button--main" href="{place}/{step}"', check.text)


def test_a_change_leads_back_to_where_all_is_looked_over(visit: Visit) -> None:
    lin = visit("B1")
    code = plan_pages.begin(lin)
    place = f"/plans/drafts/{code}"
    assert lin.submit(lin.get(f"{place}/days"), {"pay_day": "20"}, "/days").headers["location"] == place
    assert "day 20 of the month" in lin.get(place).text


def test_two_devices_keep_a_draft_each_and_it_is_said(visit: Visit, doors: Doors) -> None:
    first, second = visit("B1"), visit("B1")
    code = plan_pages.begin(first)
    place = f"/plans/drafts/{code}"
    old = second.get(f"{place}/own")
    assert first.submit(first.get(f"{place}/own"), {"monthly": "400", "act": "next"}, "/own").status_code == 303
    answer = second.submit(old, {"monthly": "500", "act": "next"}, "/own")
    apart = str(answer.headers["location"])
    assert apart != place
    told = second.get(apart)
    assert "This was changed on another device" in told.text
    assert f'href="{place}"' in told.text
    assert "500.00" in told.text
    assert "400.00" in first.get(place).text


def test_the_same_first_form_twice_begins_one_draft(visit: Visit, doors: Doors) -> None:
    lin = visit("B1")
    page = lin.get("/plans/new")
    for _time in range(2):
        assert lin.submit(page, {"first": "10"}, "/plans/new").status_code == 303
    assert len(rows(doors, select(PLAN_DRAFT))) == 1


def test_old_drafts_are_forgotten(visit: Visit, doors: Doors, clock: FixedClock, tmp_path: Path) -> None:
    plan_pages.begin(visit("B1"))
    files: Any = None  # a plan has none, so none is asked for
    assert forget_old(doors, files) == 0
    clock.advance(days=60)
    assert forget_old(doors, files) == 1
    assert rows(doors, select(PLAN_DRAFT)) == []


def test_a_lapsed_proposal_is_offered_again_in_one_tap(visit: Visit, doors: Doors, clock: FixedClock) -> None:
    lin = visit("B1")
    path = plan_pages.send(lin, monthly="900")
    clock.advance(days=25)  # the first payment was to be today
    lin = visit("B1")
    lapsed = lin.get(path)
    assert "The offer has lapsed" in lapsed.text
    check = lin.follow(lin.submit(lapsed, form="/again"))
    assert "Look it over" in check.text
    assert "900.00" in check.text
    code = str(check.url).rsplit("/", 1)[1]
    sent = lin.submit(check, {"consent": "yes"}, code)
    assert sent.status_code == 303, "though the worker has not noted the lapse yet"
    assert make.state(doors, path.rsplit("/", 1)[1]) == "lapsed"
    again = make.record(doors, str(sent.headers["location"]).rsplit("/", 1)[1])
    assert (again.start_on.isoformat(), again.figures.payments[0].due_on.isoformat()) == ("2026-05-12", "2026-06-12")


def test_offered_again_outside_the_limits_by_now_it_says_so(visit: Visit, clock: FixedClock) -> None:
    """Another instalment has fallen due meanwhile."""
    path = plan_pages.send(visit("B1"))
    clock.advance(days=25)
    lin = visit("B1")
    check = lin.follow(lin.submit(lin.get(path), form="/again"))
    assert "This plan is outside the limits. Choose the change" in check.text
    assert "/own" in check.text
    assert "At most 6 payments" in lin.get(f"{check.url.path}/own").text


def test_a_plan_that_waits_is_not_offered_again(visit: Visit, doors: Doors, cast: Cast) -> None:
    path = plan_pages.send(visit("B1"))
    assert "/again" not in visit("B1").get(path).text
    with pytest.raises(Refusal, match=r"plan\.decided"):
        doors.write_as(cast.borrower("B1"), drafting_actions.offer_again, path.rsplit("/", 1)[1], "same", "k")
    with pytest.raises(LookupError):
        doors.write_as(cast.borrower("B1"), drafting_actions.offer_again, "XXX-XXX", "same", "k")


def test_a_refusal_shows_each_condition_and_its_change_is_one_tap(visit: Visit, doors: Doors, cast: Cast) -> None:
    lin = visit("B1")
    path = plan_pages.send(lin, anyway=True, monthly="270")
    make.refuse(doors, cast.staff("Shen", "supervisor"), path.rsplit("/", 1)[1])
    page = lin.get(path)
    assert page.text.index("First payment at least") < page.text.index("At most 6 payments")
    assert "2 conditions are not met yet." in page.text
    assert "Propose 364.00 a month" in page.text
    assert page.text.index("815.00") < page.text.index("as you wished")
    assert "364.00" in lin.follow(lin.submit(page, {"which": "change"}, "/again")).text
    larger = lin.follow(lin.submit(page, {"which": "larger"}, "/again"))
    assert "815.00" in larger.text
    code = str(larger.url).rsplit("/", 1)[1]
    assert lin.submit(larger, {"consent": "yes"}, code).status_code == 303


def test_a_stranger_sees_nothing(visit: Visit, doors: Doors) -> None:
    lin = visit("B1")
    place = f"/plans/drafts/{plan_pages.begin(lin)}"
    path = plan_pages.send(lin)
    assert visit().get(path).status_code in {303, 401}
    staff = visit("Qiao", "plan_approver")
    for closed in (path, place):
        assert staff.get(closed).status_code in {303, 403}
    assert lin.get("/plans/XXX-XXX").status_code == 404
    assert lin.get("/plans/drafts/none/amount").status_code == 404


PATHS = ["/plans", "/plans/new", *("{draft}" + end for end in ("", "/now", "/household", "/days", "/amount", "/own"))]


@pytest.mark.parametrize("path", [*PATHS, "{draft}/schedule", "{plan}", "{plan}/agreement", "{plan}/dates.ics"])
def test_only_borrowers_come_in(visit: Visit, path: str) -> None:
    lin = visit("B1")
    code = plan_pages.begin(lin)
    at = path.format(plan=plan_pages.send(lin) if "{plan}" in path else "", draft=f"/plans/drafts/{code}")
    assert lin.get(at).status_code == (404 if at.endswith(("/agreement", ".ics")) else 200)
    assert visit().get(at).status_code in {303, 401}
    for role in ("plan_approver", "dispute_handler", "supervisor", "auditor", "administrator"):
        assert visit(f"{role}-1", role).get(at).status_code in {303, 401, 403}, role


def test_two_currencies_are_chosen_from(visit: Visit, doors: Doors, tmp_path: Path) -> None:
    import_tables(doors, tmp_path / "second", _second_loan(currency="USD"))
    lin = visit("B1")
    page = lin.get("/plans/new")
    assert page.status_code == 200
    assert "Choose which one first" in page.text
    chosen = lin.get("/plans/new?currency=USD")
    assert "US$" in chosen.text
    assert plan_pages.send(lin)
    assert plan_pages.send(lin, currency="USD", monthly="400")


def test_two_loans_have_a_schedule_each(visit: Visit, doors: Doors, tmp_path: Path, cast: Cast) -> None:
    import_tables(doors, tmp_path / "second", _second_loan())
    lin = visit("B1")
    page = lin.get("/plans/new")
    assert page.status_code == 200
    assert "Second loan" in page.text
    assert "Home appliances" in page.text
    path = plan_pages.send(lin, monthly="900")
    staff = cast.staff("Qiao", "plan_approver")
    number = path.removeprefix("/plans/")
    found = make.decide_page(doors, staff, number)
    assert [loan.monthly for loan in found.plan.figures.loans] == [574_00, 326_00]
    assert make.approve(doors, staff, number) == "running"
    assert "Your plan is agreed" in lin.get(path).text
    assert lin.get(f"{path}/agreement").status_code == 200


def _second_loan(currency: str = "CNY") -> make.Tables:
    return {
        "products": [product(product_ref="P2", name="Second loan", currency=currency)],
        "penalty_rates": [rate(product_ref="P2")],
        "loans": [loan(loan_ref="L2", product_ref="P2", currency=currency)],
        "instalments": [instalment(1, "2026-04-05", loan_ref="L2"), instalment(2, "2026-05-05", loan_ref="L2")],
    }


def rows(doors: Doors, statement: object) -> list[object]:
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement)))


@pytest.mark.parametrize("payments", ["3", "5", "7"])
def test_two_loans_in_equal_payments_are_decided_as_they_were_shown(
    visit: Visit, doors: Doors, tmp_path: Path, cast: Cast, payments: str
) -> None:
    import_tables(doors, tmp_path / "second", _second_loan())
    path = plan_pages.send(visit("B1"), way="equal", payments=payments, monthly="", anyway=payments == "7")
    number = path.removeprefix("/plans/")
    staff = cast.staff("Qiao", "plan_approver")
    found = make.decide_page(doors, staff, number)
    assert found.now is not None
    assert [each.amount for each in found.now.payments] == [each.amount for each in found.plan.figures.payments]
    for loan_of in found.now.loans:
        amounts = [each.amount for each in loan_of.payments]
        assert max(amounts) - min(amounts) <= 2
