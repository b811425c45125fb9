"""A plan written down on the phone: it counts only once confirmed from a link, and not by whoever wrote it down."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from portal.access.tables import StaffAccount
from portal.audit.tables import LOG
from portal.core.refusal import Refusal
from portal.loans.tables import Hold, table_of
from portal.plans import phone_actions, phone_queries
from portal.plans.phone_queries import PHONE
from portal.plans.queries import PLAN
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client
from tests.make import plans as make
from tests.make.access import texts
from tests.make.disputes import Cast
from tests.make.loans import import_tables, payment
from tests.make.plans import run_day

Visit = Callable[..., Client]
MANY = 20


def rows(doors: Doors, statement: Any) -> list[Any]:
    """Rows of any table."""
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement).all()))


def code_of(doors: Doors, viewer: Viewer) -> str:
    """The code of a person in staff's addresses."""

    def read(connection: Any, _viewer: Viewer) -> str:
        found = phone_queries.loans.person(connection, viewer.person_id or 0)
        assert found is not None
        return str(found.code)

    return doors.read_as(doors.system(), read)


def write_down(doors: Doors, cast: Cast, who: Viewer, **given: str) -> str:
    """A plan written down on the phone as the form would send it."""
    typed = make.answers(**given)
    seen = make.new_page(doors, cast.borrower(), typed).seen
    code = code_of(doors, cast.borrower())
    return doors.write_as(who, phone_actions.write_down, code, {**typed, "seen": seen})


def confirm(doors: Doors, viewer: Viewer, number: str) -> str:
    """The borrower's tap, on the figures of now."""
    page = doors.read_as(viewer, phone_queries.confirm_page, number)
    assert page is not None
    seen = page.new.seen if page.new else ""
    return doors.write_as(viewer, phone_actions.confirm, number, seen, make.LENDER)


@pytest.fixture
def writer(doors: Doors, cast: Cast) -> Viewer:
    """Who is on the phone; may decide about plans of others."""
    return cast.staff("Qiao", "plan_approver")


def test_written_down_it_counts_for_nothing_yet(doors: Doors, cast: Cast, writer: Viewer) -> None:
    number = write_down(doors, cast, writer)
    assert rows(doors, select(PLAN)) == []
    (text,) = texts(doors)
    assert (text["kind"], text["number"]) == ("sms.link", number)
    (hold,) = rows(doors, select(table_of(Hold)))
    assert (hold.kind, hold.number, hold.path) == ("proposal", number, f"/plans/phone/{number}")
    assert (hold.from_day, hold.until) == (date(2026, 4, 17), date(2026, 4, 24))
    assert [row.kind for row in rows(doors, select(LOG.c.kind))][-1] == "plans.phone_written"


def test_confirmed_it_is_a_proposal_of_that_day_that_others_decide(
    doors: Doors, cast: Cast, clock: FixedClock, writer: Viewer
) -> None:
    """ST-04: never one's own proposal, alone or as a second person, under any account."""
    number = write_down(doors, cast, writer)
    clock.advance(days=2)
    plan = confirm(doors, cast.borrower(), number)
    (row,) = rows(doors, select(PLAN))
    assert (row.number, row.state, row.start_on, row.drafted_by) == (
        plan,
        "proposed",
        date(2026, 4, 19),
        writer.staff_id,
    )
    assert "Example Finance" in row.consent_text
    (kept,) = rows(doors, select(PHONE))
    assert (kept.state, kept.plan_number) == ("confirmed", plan)
    qiao = cast.staff("Qiao", "plan_approver")
    for act in (make.approve, make.refuse, make.counter):
        with pytest.raises(Refusal, match="own_proposal"):
            act(doors, qiao, plan)
    twin = cast.staff("Qiao again", "supervisor")
    account = table_of(StaffAccount)
    me = rows(doors, select(account.c.identity).where(account.c.id == writer.staff_id))[0].identity
    with pytest.raises((Refusal, DBAPIError)):  # an identity is fixed; so nobody can become another person
        doors.write_as(
            twin,
            lambda session, _: (
                session.execute(update(account).where(account.c.id == twin.staff_id).values(identity=me)) and None
            ),
        )
    assert make.approve(doors, cast.staff("Shen", "supervisor"), plan) == "running"


def test_the_database_itself_refuses_its_writer(doors: Doors, cast: Cast, writer: Viewer) -> None:
    """ST-04."""
    plan = confirm(doors, cast.borrower(), write_down(doors, cast, writer))
    for column in ("decided_by", "confirmed_by"):
        own = update(PLAN).where(PLAN.c.number == plan).values({column: writer.staff_id})
        with pytest.raises(DBAPIError, match="wrote a proposal down"):
            doors.write_as(writer, lambda session, _, own=own: session.execute(own) and None)


def test_declined_taken_back_or_lapsed_it_leaves_nothing(
    doors: Doors, cast: Cast, clock: FixedClock, writer: Viewer
) -> None:
    declined = write_down(doors, cast, writer)
    doors.write_as(cast.borrower(), phone_actions.decline, declined)
    back = write_down(doors, cast, writer)
    doors.write_as(writer, phone_actions.take_back, back)
    late = write_down(doors, cast, writer)
    clock.advance(days=8)
    with pytest.raises(Refusal, match=r"phone\.over"):
        confirm(doors, cast.borrower(), late)
    assert run_day(doors) == 1
    assert [row.state for row in rows(doors, select(PHONE).order_by(PHONE.c.id))] == ["declined", "withdrawn", "lapsed"]
    hold = table_of(Hold)
    assert rows(doors, select(hold).where(hold.c.ended_at.is_(None))) == []
    assert rows(doors, select(PLAN)) == []
    for number in (declined, back, late):
        with pytest.raises(Refusal, match=r"phone\.over"):
            confirm(doors, cast.borrower(), number)
        with pytest.raises(Refusal, match=r"phone\.over"):
            doors.write_as(writer, phone_actions.take_back, number)


def test_only_the_borrower_confirms_and_only_what_was_seen(
    doors: Doors, cast: Cast, writer: Viewer, tmp_path: Path
) -> None:
    number = write_down(doors, cast, writer)
    with pytest.raises(LookupError):
        doors.write_as(writer, phone_actions.confirm, number, "", make.LENDER)
    page = doors.read_as(cast.borrower(), phone_queries.confirm_page, number)
    assert page is not None
    assert page.new is not None
    import_tables(doors, tmp_path / "second", {"payments": [payment("A4", "2026-04-16", "500.00")]})
    with pytest.raises(Refusal, match="figures_changed"):
        doors.write_as(cast.borrower(), phone_actions.confirm, number, page.new.seen, make.LENDER)
    assert rows(doors, select(PHONE))[0].state == "waiting"
    confirm(doors, cast.borrower(), number)


def test_one_at_a_time_and_not_beside_a_proposal(doors: Doors, cast: Cast, writer: Viewer) -> None:
    write_down(doors, cast, writer)
    with pytest.raises(Refusal, match="already_proposed"):
        write_down(doors, cast, writer)
    with pytest.raises(Refusal, match="already_proposed"):
        make.propose(doors, cast.borrower())


def test_twenty_taps_at_once_make_one_proposal(doors: Doors, cast: Cast, writer: Viewer) -> None:
    """ST-07."""
    number = write_down(doors, cast, writer)
    lin = cast.borrower()
    acts: list[Callable[[], object]] = [
        lambda: confirm(doors, lin, number),
        lambda: doors.write_as(lin, phone_actions.decline, number),
        lambda: doors.write_as(writer, phone_actions.take_back, number),
    ]

    def attempt(place: int) -> str:
        try:
            return str(acts[place % 3]())
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(MANY) as pool:
        said = list(pool.map(attempt, range(MANY)))
    won = [each for each in said if each not in {"phone.over", "plan.already_proposed", "plan.figures_changed"}]
    assert len(won) == 1, said
    plans = rows(doors, select(PLAN))
    assert len(plans) == (rows(doors, select(PHONE))[0].state == "confirmed")


def test_from_the_case_to_the_borrower_s_yes(visit: Visit, doors: Doors, cast: Cast) -> None:
    staff, lin = visit("Qiao", "plan_approver"), visit("B1")
    code = code_of(doors, cast.borrower())
    assert f"/staff/plans/phone/new?person={code}" in staff.get(f"/staff/cases/{code}").text
    typed = "way=monthly&monthly=364&payments=&first=0&when=today&pay_day=12&currency=CNY"
    part = staff.get(f"/staff/plans/phone/preview?person={code}&{typed}")
    assert "2,183.84" in part.text
    form = staff.get(f"/staff/plans/phone/new?person={code}&{typed}")
    assert "363.84" in form.text
    sent = staff.submit(form, {}, "/phone/send")
    assert sent.status_code == 303
    place = sent.headers["location"]
    number = place.rpartition("/")[2]
    assert "Waits to be confirmed" in staff.get(place).text
    assert "2,183.84" in staff.get(place).text
    assert number in lin.get("/account").text
    assert lin.get(f"/plans/{number}").status_code == 303
    page = lin.get(f"/plans/phone/{number}")
    for words in (
        "Is this what you said on the phone?",
        "Qiao wrote it down",
        "363.84",
        "2,183.84",
        "By agreeing you confirm",
    ):
        assert words in page.text, words
    unsaid = lin.submit(page, {}, "/confirm")
    assert unsaid.status_code == 422
    answer = lin.submit(unsaid, {"consent": "yes"}, "/confirm")
    assert answer.status_code == 303
    assert "We have your plan" in lin.get(answer.headers["location"]).text
    assert "You confirmed this plan" in lin.get(f"/plans/phone/{number}").text
    plan = answer.headers["location"].rpartition("/")[2]
    own = staff.get(f"/staff/plans/{plan}")
    assert "written down on the phone by Qiao" in own.text
    assert "Somebody else decides about it" in own.text
    assert "/approve" not in own.text
    other = visit("Shen", "supervisor").get(f"/staff/plans/{plan}")
    assert "/approve" in other.text
    assert "by phone" in staff.get("/staff/plans").text


def test_the_borrower_says_no(visit: Visit, doors: Doors, cast: Cast, writer: Viewer) -> None:
    number = write_down(doors, cast, writer)
    lin = visit("B1")
    page = lin.get(f"/plans/phone/{number}")
    assert lin.submit(page, {}, "/decline").status_code == 303
    assert "You did not want this plan" in lin.get(f"/plans/phone/{number}").text
    late = lin.submit(page, {"consent": "yes"}, "/confirm")
    assert late.status_code == 409
    assert "This is settled already" in late.text
    staff = visit("Qiao", "plan_approver")
    assert "Declined" in staff.get(f"/staff/plans/phone/{number}").text


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_may_not_write_one_down(visit: Visit, doors: Doors, cast: Cast, role: str) -> None:
    staff, code = visit(f"{role}-1", role), code_of(doors, cast.borrower())
    assert staff.get(f"/staff/plans/phone/new?person={code}").status_code == 403
    assert staff.get(f"/staff/plans/phone/preview?person={code}").status_code == 403
    assert visit("B1").get(f"/staff/plans/phone/new?person={code}").status_code in {303, 401, 403}


def test_a_stranger_s_does_not_exist(visit: Visit, doors: Doors, cast: Cast, writer: Viewer) -> None:
    number = write_down(doors, cast, writer)
    assert visit().get(f"/plans/phone/{number}").status_code in {303, 401, 403}
    assert visit("B1").get("/plans/phone/XXX-XXX").status_code == 404
    staff = visit("Qiao", "plan_approver")
    for path in ("/staff/plans/phone/XXX-XXX", "/staff/plans/phone/new", "/staff/plans/phone/preview?person=nobody"):
        assert staff.get(path).status_code == 404, path
