"""The one review of a decision: asked for in time, taken by a supervisor who had no earlier part, with its own date."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from portal.core.refusal import Refusal
from portal.disputes import deciding_actions, handling_actions, jobs, review_actions, thread_actions
from portal.disputes.deciding_actions import seen_hash
from portal.disputes.deciding_queries import decide_page
from portal.disputes.filing_actions import Filing
from portal.disputes.own_queries import detail_page
from portal.disputes.progress_labels import steps
from portal.disputes.queries import DECISION_ROW, decision, dispute
from portal.disputes.queue_queries import QueueFilter, queue_page
from portal.disputes.ticks import Ticks
from portal.evidence.queries import FILE
from portal.loans import actions as loan_actions
from portal.loans import queries as loans
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.client import Client, fields_of, form_of
from tests.disputes.conftest import DECIDED
from tests.disputes.test_actions import texts
from tests.disputes.walk import said_of
from tests.make import evidence
from tests.make.disputes import Cast, add_files, choice, file_dispute, statement

ASKED = datetime(2026, 4, 23, 2, tzinfo=UTC)


@pytest.fixture
def number(doors: Doors, cast: Cast, clock: FixedClock) -> str:
    """Filed on 17 April, not upheld on the 22nd by Qiao Mu."""
    filed = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, filed, choice(doors, handler, filed, upheld=False))
    clock.set(ASKED)
    return filed


def ask(doors: Doors, viewer: Viewer, number: str, words: str = "You did not see the row of 17:32.") -> None:
    """Ask for the review, as the form would."""
    doors.write_as(viewer, review_actions.ask_for_review, number, Filing(Ticks(), "", words, ""))


def state(doors: Doors, number: str) -> str:
    found = doors.read_as(doors.system(), dispute, number)
    assert found is not None
    return found.state


def test_it_is_asked_for_once_and_held_with_its_own_date(doors: Doors, cast: Cast, number: str) -> None:
    ask(doors, cast.borrower(), number)
    page = doors.read_as(cast.borrower(), detail_page, number)
    assert page is not None
    assert page.review is not None
    assert (page.dispute.state, str(page.review.answer_by)) == ("in_review", "2026-04-30")
    assert page.sums is not None
    assert page.sums.unpaid > 0
    assert page.funds is not None
    (loan,) = doors.read_as(cast.borrower(), loans.account).loans
    assert [hold.number for hold in loan.holds] == [number]
    with pytest.raises(Refusal, match="no_review"):
        ask(doors, cast.borrower(), number)


def test_the_penalty_is_not_stopped_a_second_time(doors: Doors, cast: Cast, number: str) -> None:
    """Once per instalment (domain.md 7): what was waived while undecided stays, nothing is added."""
    (before,) = doors.read_as(cast.borrower(), loans.account).loans
    ask(doors, cast.borrower(), number)
    (after,) = doors.read_as(cast.borrower(), loans.account).loans
    assert after.facts.days_waivers == before.facts.days_waivers


def test_only_within_the_working_days_of_the_product(doors: Doors, cast: Cast, clock: FixedClock, number: str) -> None:
    """Ten working days after 22 April, Labour Day between them."""
    page = doors.read_as(cast.borrower(), detail_page, number)
    assert page is not None
    assert page.review_until is not None
    assert (page.review_until - page.today).days >= 14
    last = datetime.combine(page.review_until, DECIDED.time(), UTC)
    for moment, may in ((last, True), (last + timedelta(days=1), False)):
        clock.set(moment)
        page = doors.read_as(cast.borrower(), detail_page, number)
        assert page is not None
        assert page.may_review is may


def test_what_was_upheld_and_what_is_undecided_has_no_review(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    filed = file_dispute(doors, cast.borrower())
    with pytest.raises(Refusal, match="no_review"):
        ask(doors, cast.borrower(), filed)
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, filed, choice(doors, handler, filed))
    with pytest.raises(Refusal, match="no_review"):
        ask(doors, cast.borrower(), filed)


def test_a_supervisor_asks_and_gets_the_answer(doors: Doors, cast: Cast, client: Client, number: str) -> None:
    """The review waits, in the thread, the queue and by a text; its promised date stays, and so does who may decide."""
    ask(doors, cast.borrower(), number)
    supervisor = cast.staff("Tao An", "supervisor")
    version = doors.read_as(supervisor, dispute, number).version
    doors.write_as(supervisor, thread_actions.ask, number, version, "Which account was it?", ())
    page = doors.read_as(cast.borrower(), detail_page, number)
    assert page is not None
    assert (page.dispute.state, page.waits_for_person, str(page.answer_by)) == ("in_review", True, "2026-04-30")
    assert [(each.kind, each.words) for each in page.messages][-1] == ("question", "Which account was it?")
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    shown = client.get(f"/disputes/{number}").text
    assert shown.index("Which account was it?") < shown.index("What the program found"), "what is asked comes first"
    assert texts(doors)[-1] == ("sms.question", number)
    [row] = doors.read_as(supervisor, queue_page, QueueFilter(queue="reviews")).rows
    assert row.state == "waiting"
    with pytest.raises(Refusal, match="changed_meanwhile"):
        doors.write_as(supervisor, thread_actions.ask, number, version, "Again?", ())
    doors.write_as(cast.borrower(), thread_actions.add, number, Filing(Ticks(), "", "That ending 6021.", ""))
    page = doors.read_as(cast.borrower(), detail_page, number)
    assert page is not None
    assert not page.waits_for_person
    assert page.question is None
    assert [step.title for step in steps(page)] == [
        "Sent to us",
        "Decided: Not upheld",
        "You asked for a review",
        "We asked for more",
        "You wrote to us",
        "Answer by 30 April 2026 at the latest",
    ]
    [row] = doors.read_as(supervisor, queue_page, QueueFilter(queue="reviews")).rows
    assert row.state == "in_review"
    assert doors.write_as(supervisor, deciding_actions.decide, number, choice(doors, supervisor, number)) == "decided"


def test_only_who_may_decide_a_review_asks_in_it(doors: Doors, cast: Cast, number: str) -> None:
    ask(doors, cast.borrower(), number)
    version = doors.read_as(doors.system(), dispute, number).version
    for staff, code in ((cast.staff("Qiao Mu"), "not_yours"), (cast.staff("Qiao Mu", "supervisor"), "took_part")):
        with pytest.raises(Refusal, match=code):
            doors.write_as(staff, thread_actions.ask, number, version, "Which account was it?", ())
    page = doors.read_as(cast.borrower(), detail_page, number)
    assert page is not None
    assert not page.waits_for_person


def test_a_claim_of_misuse_stops_everything_again_in_its_review(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    """Another stop for misuse whose days are over stands in the way of none; one that is in force does."""
    filed = file_dispute(doors, cast.borrower(), reason="not_mine")
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, filed, choice(doors, handler, filed, upheld=False))
    (loan,) = doors.read_as(cast.borrower(), loans.account).loans
    yesterday = DECIDED.date()
    over = {"kind": "fraud", "loan_id": loan.id, "person_id": cast.borrower().person_id, "number": "7F7-7F7"}
    doors.write_as(
        handler,
        lambda session, viewer: loan_actions.open_hold(
            session, viewer, **over, from_day=yesterday, until=yesterday, path="/disputes"
        ),
    )
    clock.set(ASKED)
    ask(doors, cast.borrower(), filed)
    (loan,) = doors.read_as(cast.borrower(), loans.account).loans
    today = cast.borrower().today
    assert [hold.kind for hold in loan.holds if hold.kind == "fraud" and hold.is_in_force(today)] == ["fraud"]


def test_a_supervisor_without_earlier_part_decides_and_it_waives(doors: Doors, cast: Cast, number: str) -> None:
    ask(doors, cast.borrower(), number)
    supervisor = cast.staff("Tao An", "supervisor")
    made = choice(doors, supervisor, number)
    assert doors.write_as(supervisor, deciding_actions.decide, number, made) == "decided"
    assert state(doors, number) == "closed"
    page = doors.read_as(cast.borrower(), detail_page, number)
    assert page is not None
    assert page.last_decision is not None
    assert (page.last_decision.round, page.last_decision.outcome) == ("review", "upheld")
    assert page.last_decision.amount > 0
    (loan,) = doors.read_as(cast.borrower(), loans.account).loans
    assert loan.holds == ()
    with pytest.raises(Refusal, match="already_decided"):
        doors.write_as(supervisor, deciding_actions.decide, number, made)


def test_both_answers_are_told_in_their_order(lin: Client, doors: Doors, cast: Cast, number: str) -> None:
    ask(doors, cast.borrower(), number)
    told = ["First answer, 22 April 2026", "the account held enough", "You did not see the row of 17:32."]
    said = said_of(lin.get(f"/disputes/{number}"))
    assert positions(said, told) == sorted(positions(said, told)), "the first one while it is looked at again"
    supervisor = cast.staff("Tao An", "supervisor")
    made = choice(doors, supervisor, number, words="It was there at 17:32.")
    doors.write_as(supervisor, deciding_actions.decide, number, made)
    told += ["Second answer, 23 April 2026", "It was there at 17:32."]
    said = said_of(lin.get(f"/disputes/{number}"))
    assert "After the review: upheld" in said
    assert positions(said, told) == sorted(positions(said, told))


def positions(said: str, told: list[str]) -> list[int]:
    """Where each of these stands in what a page says, once and only once."""
    assert [said.count(words) for words in told] == [1] * len(told)
    return [said.index(words) for words in told]


EARLIER_PARTS = {
    "held": lambda doors, viewer, number: doors.write_as(viewer, handling_actions.hold, number, True),
    "noted": lambda doors, viewer, number: doors.write_as(viewer, handling_actions.write_note, number, "Look."),
    "asked": lambda doors, viewer, number: doors.write_as(viewer, thread_actions.ask, number, 1, "Which day?"),
}


@pytest.mark.parametrize("part", EARLIER_PARTS)
def test_whoever_had_a_part_cannot(doors: Doors, cast: Cast, clock: FixedClock, part: str) -> None:
    filed = file_dispute(doors, cast.borrower())
    supervisor = cast.staff("Tao An", "supervisor")
    EARLIER_PARTS[part](doors, supervisor, filed)
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, filed, choice(doors, handler, filed, upheld=False))
    ask(doors, cast.borrower(), filed)
    page = doors.read_as(supervisor, decide_page, filed)
    assert page is not None
    assert page.had_a_part
    with pytest.raises(Refusal, match="took_part"):
        doors.write_as(supervisor, deciding_actions.decide, filed, choice(doors, supervisor, filed))
    assert state(doors, filed) == "in_review"


def test_the_first_maker_and_confirmer_cannot_either(
    doors: Doors, cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    maker, confirmer = cast.staff("Shen Ruo", "supervisor"), cast.staff("Tao An", "supervisor")
    with monkeypatch.context() as small:
        small.setattr(loans, "authority", lambda *_: loans.AuthorityRecord(1, 1, 0))
        some = choice(doors, maker, filed)
        some = choice(doors, maker, filed, ticked=some.ticked[:1])
        assert doors.write_as(maker, deciding_actions.decide, filed, some) == "proposed"
    page = doors.read_as(confirmer, decide_page, filed)
    assert page is not None
    assert page.proposal is not None
    assert page.effect is not None
    seen = seen_hash(page.proposal.fingerprint, page.effect)
    assert doors.write_as(confirmer, deciding_actions.confirm, filed, seen) == "decided"
    ask(doors, cast.borrower(), filed)
    for viewer in (maker, confirmer):
        with pytest.raises(Refusal, match="took_part"):
            doors.write_as(viewer, deciding_actions.decide, filed, choice(doors, viewer, filed))


def test_the_database_refuses_a_reviewer_with_an_earlier_part(doors: Doors, cast: Cast, number: str) -> None:
    ask(doors, cast.borrower(), number)
    handler = cast.staff("Qiao Mu", "supervisor")

    def smuggle(session: Any, viewer: Viewer) -> None:
        first = session.execute(select(DECISION_ROW)).mappings().one()
        row = {name: value for name, value in first.items() if name != "id"} | {"round": "review"}
        session.execute(insert(DECISION_ROW).values(row | {"decided_by": handler.staff_id}))

    with pytest.raises(DBAPIError, match="earlier part"):
        doors.write_as(handler, smuggle)


def test_a_handler_cannot_review(doors: Doors, cast: Cast, number: str) -> None:
    ask(doors, cast.borrower(), number)
    other = cast.staff("Gu Yan")
    assert not doors.write_as(other, handling_actions.hold, number, True)
    assert not doors.write_as(cast.staff("Qiao Mu", "supervisor"), handling_actions.hold, number, True)
    with pytest.raises(Refusal, match="not_yours"):
        doors.write_as(other, deciding_actions.decide, number, choice(doors, other, number))


def test_above_authority_a_second_supervisor_confirms(
    client: Client, doors: Doors, cast: Cast, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(doors, cast.borrower(), number)
    one, two = cast.staff("Tao An", "supervisor"), cast.staff("Shen Ruo", "supervisor")
    monkeypatch.setattr(loans, "authority", lambda *_: loans.AuthorityRecord(1, 1, 0))
    assert doors.write_as(one, deciding_actions.decide, number, choice(doors, one, number)) == "proposed"
    assert state(doors, number) == "in_review"
    client.http.cookies.update(cast.sign_in(two))
    assert "Review of a dispute" in client.get("/staff/second").text
    assert "Confirm the decision on" in client.get(f"/staff/disputes/{number}/confirm").text
    with pytest.raises(Refusal, match="already_proposed"):
        doors.write_as(two, deciding_actions.decide, number, choice(doors, two, number))
    page = doors.read_as(two, decide_page, number)
    assert page is not None
    assert page.proposal is not None
    assert page.effect is not None
    seen = seen_hash(page.proposal.fingerprint, page.effect)
    with pytest.raises(Refusal, match="own_act"):
        doors.write_as(one, deciding_actions.confirm, number, seen)
    assert doors.write_as(two, deciding_actions.confirm, number, seen) == "decided"
    with doors.engines.read.connect() as connection:
        found = doors.read_as(doors.system(), dispute, number)
        assert found is not None
        told = decision(connection, found.id, "review")
    assert told is not None
    assert (told.decided_name, told.confirmed_name) == ("Tao An", "Shen Ruo")


def test_declined_it_waits_in_review_again(
    doors: Doors, cast: Cast, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(doors, cast.borrower(), number)
    one, two = cast.staff("Tao An", "supervisor"), cast.staff("Shen Ruo", "supervisor")
    monkeypatch.setattr(loans, "authority", lambda *_: loans.AuthorityRecord(1, 1, 0))
    doors.write_as(one, deciding_actions.decide, number, choice(doors, one, number))
    doors.write_as(two, deciding_actions.decline, number)
    assert state(doors, number) == "in_review"


def test_files_are_kept_while_it_is_reviewed(app: Any, doors: Doors, cast: Cast, clock: FixedClock) -> None:
    clock.set(datetime(2026, 4, 17, 6, 6, tzinfo=UTC))
    filed = file_dispute(doors, cast.borrower())
    add_files(doors, app.state.portal.files, cast.borrower(), filed, ("march.csv", statement()))
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, filed, choice(doors, handler, filed, upheld=False))
    with doors.engines.read.connect() as connection:
        assert connection.scalar(select(FILE.c.delete_after)) is not None
    ask(doors, cast.borrower(), filed)
    with doors.engines.read.connect() as connection:
        assert connection.scalar(select(FILE.c.delete_after)) is None


def test_past_its_date_the_person_is_told_once(doors: Doors, cast: Cast, clock: FixedClock, number: str) -> None:
    ask(doors, cast.borrower(), number)
    clock.set(datetime(2026, 5, 6, 2, tzinfo=UTC))
    assert jobs.tell_late(doors) == 1
    assert jobs.tell_late(doors) == 0


# Pages


@pytest.fixture
def lin(client: Client, cast: Cast, number: str) -> Client:
    client.http.cookies.update(cast.sign_in(cast.borrower()))
    return client


def test_the_person_asks_from_the_outcome_page(lin: Client, doors: Doors, number: str) -> None:
    page = lin.get(f"/disputes/{number}")
    assert f'href="/disputes/{number}/review"' in page.text
    form = lin.get(f"/disputes/{number}/review")
    fields = fields_of(form, form_of(form, "/review"))
    wrong = lin.post(f"/disputes/{number}/review", fields | {"words": " "})
    assert wrong.status_code == 422
    assert "Write what we should look at again" in wrong.text
    slip = [("files", ("slip.png", evidence.picture(), "image/png"))]
    fields = fields_of(wrong, form_of(wrong, "/review")) | {"words": "See the row of 17:32."}
    unread = lin.post(f"/disputes/{number}/review", fields, files=slip)
    assert "Tick this so that we may read your files" in unread.text
    assert "Uploaded, not sent yet" in unread.text, "nobody has to choose it again"
    answer = lin.post(f"/disputes/{number}/review", fields_of(unread, form_of(unread, "/review")) | {"consent": "yes"})
    shown = lin.follow(answer)
    assert "30 April 2026" in shown.text
    assert "A supervisor who had no part in it" in shown.text
    assert "See the row of 17:32." in shown.text
    assert "slip.png" in shown.text
    assert "Meanwhile penalty goes on counting" in shown.text, "the nights of a review are not stopped again"
    assert lin.get(f"/disputes/{number}/review").status_code == 303


def test_the_queue_of_reviews_is_the_supervisors_without_earlier_part(
    client: Client, cast: Cast, doors: Doors, number: str
) -> None:
    ask(doors, cast.borrower(), number)
    supervisor = client.another()
    supervisor.http.cookies.update(cast.sign_in(cast.staff("Tao An", "supervisor")))
    assert number in supervisor.get("/staff/reviews").text
    page = supervisor.get(f"/staff/disputes/{number}")
    assert "The borrower asked for a review" in page.text
    assert page.text.count('href="/staff/reviews"') == 2, "in the bar, and as the way back"
    chosen = form_of(page, "/decide")
    values = {"reason": "funds_met", "words": "We looked at all of it again.", "act": "uphold"}
    done = supervisor.post(str(chosen.attributes["action"]), fields_of(page, chosen) | values)
    decided = supervisor.follow(done).text
    assert "The review" in decided
    assert "Not upheld" not in decided.partition("The first decision")[0], "what counts now stands at the top"
    assert number not in supervisor.get("/staff/reviews").text
    lin = client.another()
    lin.http.cookies.update(cast.sign_in(cast.borrower()))
    told = lin.get(f"/disputes/{number}").text
    assert "After the review: partly upheld" in told
    assert "Partly upheld" in lin.get("/disputes").text
    assert f"/disputes/{number}/review" not in told


def test_an_earlier_supervisor_sees_no_form(client: Client, cast: Cast, doors: Doors, clock: FixedClock) -> None:
    filed = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    supervisor = cast.staff("Tao An", "supervisor")
    doors.write_as(supervisor, deciding_actions.decide, filed, choice(doors, supervisor, filed, upheld=False))
    ask(doors, cast.borrower(), filed)
    client.http.cookies.update(cast.sign_in(supervisor))
    page = client.get(f"/staff/disputes/{filed}")
    assert "You had a part in the first decision" in page.text
    assert "/decide" not in page.text
    assert filed not in client.get("/staff/reviews").text


@pytest.mark.parametrize(
    ("role", "status"), [("supervisor", 200), ("dispute_handler", 403), ("plan_approver", 403), ("auditor", 403)]
)
def test_who_sees_the_queue_of_reviews(client: Client, cast: Cast, role: str, status: int) -> None:
    client.http.cookies.update(cast.sign_in(cast.staff(f"The {role}", role)))
    assert client.get("/staff/reviews").status_code == status


def test_nobody_asks_for_somebody_elses_review(client: Client, number: str) -> None:
    assert client.get(f"/disputes/{number}/review").status_code in {303, 401}
