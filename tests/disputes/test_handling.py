"""What staff do beside deciding: queues with the program's reading, handing over, notes, asking by list, at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from portal.audit.tables import LOG
from portal.core.refusal import Refusal
from portal.disputes import deciding_actions, handling_actions, jobs, review_actions, thread_actions
from portal.disputes.deciding_queries import decide_page
from portal.disputes.filing_actions import Filing
from portal.disputes.own_queries import detail_page
from portal.disputes.queries import DECISION_ROW, dispute
from portal.disputes.ticks import Ticks
from portal.loans import actions as loans
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client, fields_of, form_of
from tests.disputes.conftest import DECIDED
from tests.make import evidence as make
from tests.make.disputes import Cast, add_files, choice, file_dispute, statement
from tests.mistakes import said_at_the_top


@pytest.fixture
def number(doors: Doors, cast: Cast, clock: FixedClock) -> str:
    filed = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    return filed


@pytest.fixture
def handler(client: Client, cast: Cast, number: str) -> Client:
    client.http.cookies.update(cast.sign_in(cast.staff("Qiao Mu")))
    return client


def visitor(client: Client, cast: Cast, viewer: Viewer) -> Client:
    other = client.another()
    other.http.cookies.update(cast.sign_in(viewer))
    return other


def decide(client: Client, number: str, act: str, **values: Any) -> Any:
    page = client.get(f"/staff/disputes/{number}")
    chosen = form_of(page, "/decide")
    return client.post(str(chosen.attributes["action"]), fields_of(page, chosen) | values | {"act": act})


# The queues


def test_the_queue_shows_and_filters_by_what_the_program_read(
    app: Starlette, handler: Client, doors: Doors, cast: Cast, number: str
) -> None:
    add_files(doors, app.state.portal.files, cast.borrower(), number, ("march.csv", statement()))
    assert "Being read" in handler.get("/staff/disputes").text
    jobs.note_readings(doors)
    page = handler.get("/staff/disputes").text
    assert "Met" in page
    assert number in handler.get("/staff/disputes", params={"result": "met"}).text
    for result in ("not_met", "cannot_tell", "none"):
        assert number not in handler.get("/staff/disputes", params={"result": result}).text


def test_overdue_ones_stand_on_top(handler: Client, doors: Doors, cast: Cast, clock: FixedClock, number: str) -> None:
    later = file_dispute(doors, cast.borrower(), 4)
    clock.advance(days=3)
    page = visitor(handler, cast, cast.staff("Qiao Mu")).get("/staff/disputes").text
    assert page.index(number) < page.index(later)
    assert "1 day over" in page


def test_fraud_has_a_queue_of_its_own(handler: Client, doors: Doors, cast: Cast, number: str) -> None:
    fraud = file_dispute(doors, cast.borrower(), 4, reason="not_mine")
    assert fraud not in handler.get("/staff/disputes").text
    page = handler.get("/staff/fraud").text
    assert fraud in page
    assert number not in page


# Evidence, rule and effect on one page


def test_the_page_shows_the_clean_copy_the_rows_and_the_rule(
    app: Starlette, handler: Client, doors: Doors, cast: Cast, number: str
) -> None:
    photo = ("photo.jpg", make.with_position())
    add_files(doors, app.state.portal.files, cast.borrower(), number, ("march.csv", statement()), photo)
    page = handler.get(f"/staff/disputes/{number}")
    for words in (
        "Rows as read",
        "▸",
        "Rule met",
        "the product counts this",
        "3,062.55",
        "6789 = 6789",
        "Account ends",
    ):
        assert words in page.text, words
    found = doors.read_as(cast.staff("Qiao Mu"), decide_page, number)
    assert found is not None
    picture = next(file for file in found.files if file.kind == "jpeg")
    page = handler.get(f"/staff/disputes/{number}", params={"file": picture.code})
    assert f'src="/staff/files/{picture.code}/pages/1"' in page.text
    assert handler.get(f"/staff/disputes/{number}", params={"file": "nothing", "page": "99"}).status_code == 200


def test_the_same_file_in_another_case_is_worth_a_look(
    app: Starlette, handler: Client, doors: Doors, cast: Cast, number: str
) -> None:
    other = file_dispute(doors, cast.borrower(), 4, reason="paid")
    for each in (number, other):
        add_files(doors, app.state.portal.files, cast.borrower(), each, ("march.csv", statement()))
    page = handler.get(f"/staff/disputes/{number}").text
    assert "Worth a look" in page
    assert f"march.csv was sent in case {other} too." in page
    lin = visitor(handler, cast, cast.borrower())
    assert other not in lin.get(f"/disputes/{number}").text


def test_a_running_plan_is_shown_before_and_after(
    handler: Client, doors: Doors, cast: Cast, clock: FixedClock, number: str
) -> None:
    found = doors.read_as(doors.system(), dispute, number)
    assert found is not None
    payments = [[f"2026-{month:02}-12", 36_400] for month in range(5, 12)]

    def agree(session: Any, viewer: Viewer) -> None:
        assert found is not None
        given = {"loan_id": found.loan_id, "person_id": found.person_id, "number": "PPP-234", "path": "/plans/PPP-234"}
        loans.open_hold(
            session, viewer, kind="plan", from_day=viewer.today, until=None, data={"payments": payments}, **given
        )

    doors.write_as(doors.system(), agree)
    page = handler.get(f"/staff/disputes/{number}").text
    assert "Running plan PPP-234" in page
    plan = doors.read_as(doors.system(), decide_page, number)
    assert plan is not None
    assert plan.plan is not None
    assert plan.plan.before.payments == plan.plan.after.payments == 6
    assert plan.plan.after.total < plan.plan.before.total
    assert str(plan.plan.before.last_on) == "2026-10-12"


def test_an_amount_instead_of_nights(handler: Client, doors: Doors, number: str) -> None:
    part = handler.get(f"/staff/disputes/{number}/effect", params={"less": "5.00", "currency": "CNY"}).text
    assert "895.54" in part
    answer = decide(handler, number, "uphold", row=[], less="5.00", reason="goodwill", words="Five less.")
    page = handler.follow(answer)
    assert "Partly upheld" in page.text
    with doors.engines.read.connect() as connection:
        assert connection.scalar(select(DECISION_ROW.c.amount)) == 500


@pytest.mark.parametrize(("less", "said"), [("5000", "more than the penalty"), ("five", "Type an amount in digits")])
def test_an_amount_that_cannot_be(handler: Client, doors: Doors, number: str, less: str, said: str) -> None:
    answer = decide(handler, number, "uphold", row=[], less=less, reason="goodwill", words="Less.")
    assert answer.status_code in {409, 422}
    assert said in answer.text
    found = doors.read_as(doors.system(), dispute, number)
    assert found is not None
    assert found.state == "open"


def test_every_look_is_written_down(handler: Client, doors: Doors, number: str) -> None:
    handler.get(f"/staff/disputes/{number}")
    handler.get(f"/staff/disputes/{number}/confirm")
    with doors.engines.read.connect() as connection:
        seen = select(func.count()).select_from(LOG).where(LOG.c.kind == "dispute.seen", LOG.c.subject == number)
        assert connection.scalar(seen) == 2


# Asking, notes, handing over


def test_what_is_missing_is_asked_for_by_a_ready_list(
    app: Starlette, handler: Client, doors: Doors, cast: Cast, number: str
) -> None:
    short = ("march.csv", statement(without="2026-03-06"))
    add_files(doors, app.state.portal.files, cast.borrower(), number, short)
    page = handler.get(f"/staff/disputes/{number}")
    assert 'name="need" value="not_covered"' in page.text
    handler.follow(decide(handler, number, "ask", need=["not_covered"], words=""))
    lin = visitor(handler, cast, cast.borrower())
    told = lin.get(f"/disputes/{number}").text
    assert "What is missing:" in told
    assert "the days before and after 5 March 2026" in told
    nothing = decide(handler, number, "ask", need=[], words="")
    assert nothing.status_code == 422


def test_a_note_is_for_colleagues_alone(handler: Client, doors: Doors, cast: Cast, number: str) -> None:
    page = handler.get(f"/staff/disputes/{number}")
    fields = fields_of(page, form_of(page, "/note"))
    handler.follow(handler.post(f"/staff/disputes/{number}/note", fields | {"words": "Ring the bank first."}))
    assert "Ring the bank first." in handler.get(f"/staff/disputes/{number}").text
    lin = visitor(handler, cast, cast.borrower())
    assert "Ring the bank" not in lin.get(f"/disputes/{number}").text
    own = doors.read_as(cast.borrower(), detail_page, number)
    assert own is not None
    assert own.messages == ()


def test_handed_over_it_is_the_other_ones(handler: Client, doors: Doors, cast: Cast, number: str) -> None:
    other = cast.staff("Shen Ruo")
    page = handler.get(f"/staff/disputes/{number}/hand-over")
    as_it_stands = fields_of(page, form_of(page, "/hand-over")) | {"words": "I am away."}
    nobody = handler.post(f"/staff/disputes/{number}/hand-over", as_it_stands)
    assert said_at_the_top(nobody) == {"to": "To whom: Choose to whom it goes."}
    fields = fields_of(nobody, form_of(nobody, "/hand-over")) | {"to": str(other.staff_id)}
    shown = handler.follow(handler.post(f"/staff/disputes/{number}/hand-over", fields))
    assert "held by Shen Ruo" in shown.text
    assert "I am away." in shown.text
    lin = visitor(handler, cast, cast.borrower())
    assert "I am away." not in lin.get(f"/disputes/{number}").text


def test_only_to_somebody_who_may_and_only_what_is_not_anothers(doors: Doors, cast: Cast, number: str) -> None:
    mine, other, approver = cast.staff("Qiao Mu"), cast.staff("Shen Ruo"), cast.staff("Li Na", "plan_approver")
    for wrong in (approver.staff_id, mine.staff_id, 999):
        with pytest.raises(Refusal, match="no_such_colleague"):
            doors.write_as(mine, handling_actions.hand_over, number, wrong or 0, "Yours.")
    doors.write_as(other, handling_actions.hold, number, True)
    third = cast.staff("Gu Yan")
    assert not doors.write_as(mine, handling_actions.hand_over, number, third.staff_id or 0, "Yours.")


@pytest.mark.parametrize(
    ("role", "may"),
    [("dispute_handler", True), ("supervisor", True), ("plan_approver", False), ("auditor", False)],
)
def test_who_may(client: Client, cast: Cast, number: str, role: str, may: bool) -> None:
    client.http.cookies.update(cast.sign_in(cast.staff(f"The {role}", role)))
    assert client.get("/staff/fraud").status_code == 200
    assert client.get(f"/staff/disputes/{number}/hand-over").status_code == (200 if may else 403)
    for path in ("note", "hand-over", "reference"):
        assert client.post(f"/staff/disputes/{number}/{path}", {}).status_code in ({400} if may else {400, 403})


def test_borrowers_may_not(client: Client, cast: Cast, number: str) -> None:
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    for path in ("/staff/fraud", "/staff/reviews", f"/staff/disputes/{number}/hand-over"):
        assert client.get(path).status_code in {303, 401}


# Twenty at once


def test_of_twenty_handlers_one_decides(doors: Doors, cast: Cast, number: str) -> None:
    """One decision, one waiver of its own; nineteen are told who won."""
    staff = [cast.staff(f"Handler {place}") for place in range(20)]
    made = choice(doors, staff[0], number)

    def one(viewer: Viewer) -> str:
        try:
            return doors.write_as(viewer, deciding_actions.decide, number, made)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(20) as pool:
        came = list(pool.map(one, staff))
    assert sorted(set(came)) == ["already_decided", "decided"]
    assert came.count("decided") == 1
    with doors.engines.read.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(DECISION_ROW)) == 1


def test_of_twenty_who_hold_one_has_it(doors: Doors, cast: Cast, number: str) -> None:
    staff = [cast.staff(f"Handler {place}") for place in range(20)]
    with ThreadPoolExecutor(20) as pool:
        held = list(pool.map(lambda viewer: doors.write_as(viewer, handling_actions.hold, number, True), staff))
    assert held.count(True) == 1


def test_a_question_in_a_review_is_for_the_version_that_was_seen(doors: Doors, cast: Cast, number: str) -> None:
    """And the person may add to it, asked or not."""
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number, upheld=False))
    doors.write_as(cast.borrower(), review_actions.ask_for_review, number, Filing(Ticks(), "", "Again.", ""))
    with pytest.raises(Refusal, match="changed_meanwhile"):
        doors.write_as(cast.staff("Tao An", "supervisor"), thread_actions.ask, number, 1, "Which day?")
    doors.write_as(cast.borrower(), thread_actions.add, number, Filing(Ticks(), "", "One more thing.", ""))
