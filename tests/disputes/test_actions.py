"""A dispute from filing to decision: the figures of ui.md 8, races, four eyes, what stops and what starts again."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from portal.audit.tables import LOG
from portal.core.assessment import assess
from portal.core.refusal import Refusal
from portal.disputes import deciding_actions, ending_actions, filing_actions, jobs, thread_actions
from portal.disputes.deciding_actions import seen_hash
from portal.disputes.deciding_queries import decide_page
from portal.disputes.own_queries import detail_page, list_page
from portal.disputes.queries import DECISION_ROW, DISPUTE, decision, dispute
from portal.disputes.queue_queries import QueueFilter, queue_page
from portal.disputes.ticks import Ticks
from portal.loans import queries as loans
from portal.loans.tables import DecisionExport, table_of
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.outbox import Outbox
from tests.disputes.conftest import DECIDED
from tests.make.disputes import Cast, choice, file_dispute, filing, loan_code


def due(doors: Doors, cast: Cast) -> int:
    record = doors.read_as(cast.borrower(), loans.account).loans[0]
    return assess(record.facts, doors.system().today).due.total


def state(doors: Doors, number: str) -> str:
    found = doors.read_as(doors.system(), dispute, number)
    assert found is not None
    return found.state


def kinds(doors: Doors) -> list[str]:
    with doors.engines.read.connect() as connection:
        return list(connection.scalars(select(LOG.c.kind).order_by(LOG.c.id)))


def texts(doors: Doors) -> list[tuple[str, str | None]]:
    rows = table_of(Outbox)
    with doors.engines.read.connect() as connection:
        return [tuple(row) for row in connection.execute(select(rows.c.kind, rows.c.number).order_by(rows.c.id))]


def test_filed_on_17_april_20_14_is_disputed_and_2_075_22_stays_payable(doors: Doors, cast: Cast) -> None:
    number = file_dispute(doors, cast.borrower())
    page = doors.read_as(cast.borrower(), detail_page, number)
    assert page is not None
    assert page.sums == (2_014, 1_129, 207_522)
    told = page.dispute
    assert (told.disputed, told.unpaid, told.stays_payable) == (2_014, 1_129, 207_522)
    assert (told.state, told.answer_by) == ("open", date(2026, 4, 24))
    hold = page.loan.holds[0]
    assert (hold.kind, hold.number, hold.page) == ("dispute", number, f"/disputes/{number}")
    assert hold.data == {"answer_by": "2026-04-24"}
    assert hold.parts[0].to_day is None
    assert {"dispute.opened", "loans.nights_waived", "loans.hold_opened"} <= set(kinds(doors))


def test_upheld_on_22_april_2_069_03_is_due(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    assert doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number)) == "decided"
    assert due(doors, cast) == 206_903
    page = doors.read_as(cast.borrower(), detail_page, number)
    assert page is not None
    assert page.decision is not None
    assert (page.decision.outcome, page.decision.amount) == ("upheld", 2_054)
    assert [(row.before, row.after) for row in page.decision.rows[-2:]] == [(90_054, 88_000), (208_957, 206_903)]
    assert page.loan.holds == ()
    assert texts(doors)[-1] == ("sms.answer", number)
    assert "dispute.decided" in kinds(doors)


def test_not_upheld_on_22_april_2_089_57_is_due(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number, upheld=False))
    assert due(doors, cast) == 208_957
    clock.advance(days=1)
    assert due(doors, cast) == 208_957 + 93


def test_what_was_decided_is_exported_under_the_disputes_number(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number))
    rows = table_of(DecisionExport)
    with doors.engines.read.connect() as connection:
        found = connection.execute(select(rows.c.kind, rows.c.payload).order_by(rows.c.id)).all()
    waivers = [json.loads(row.payload) for row in found if row.kind == "waiver"]
    assert [(row["from_day"], row["to_day"], row["reason"]) for row in waivers] == [
        ("2026-04-17", None, "dispute"),
        ("2026-04-17", "2026-04-21", "dispute"),
        ("2026-03-06", "2026-04-22", "dispute_upheld"),
    ]


def test_withdrawn_ends_like_a_decision(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    doors.write_as(cast.borrower(), ending_actions.withdraw, number)
    assert state(doors, number) == "withdrawn"
    assert due(doors, cast) == 208_957
    with pytest.raises(Refusal, match="not_open"):
        doors.write_as(cast.borrower(), ending_actions.withdraw, number)
    handler = cast.staff("Qiao Mu")
    with pytest.raises(Refusal, match="changed_meanwhile"):
        doors.write_as(handler, thread_actions.ask, number, 2, "More?")
    assert file_dispute(doors, cast.borrower()) != number


def test_withdrawn_on_the_day_of_filing_nothing_was_suspended(doors: Doors, cast: Cast) -> None:
    number = file_dispute(doors, cast.borrower())
    doors.write_as(cast.borrower(), ending_actions.withdraw, number)
    assert due(doors, cast) == 208_691


def test_the_same_nights_cannot_be_disputed_twice_others_can(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    code = loan_code(doors, lin)
    first = filing(doors, lin, code, ticks=Ticks(("2026-03-06_2026-03-20",)))
    doors.write_as(lin, filing_actions.open_dispute, code, 3, first)
    again = replace(filing(doors, lin, code), ticks=Ticks((), ("2026-03-20_2026-03-20",)))
    with pytest.raises(Refusal, match="figures_changed"):
        doors.write_as(lin, filing_actions.open_dispute, code, 3, again)
    doors.write_as(lin, filing_actions.open_dispute, code, 3, filing(doors, lin, code))
    assert len(doors.read_as(lin, list_page).disputes) == 2


def test_a_claim_of_misuse_stops_reminders_at_once(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    number = file_dispute(doors, cast.borrower(), reason="not_mine")
    loan = doors.read_as(cast.borrower(), loans.account).loans[0]
    assert sorted(hold.kind for hold in loan.holds) == ["dispute", "fraud"]
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number, upheld=False))
    assert doors.read_as(cast.borrower(), loans.account).loans[0].holds == ()


def test_a_question_waits_for_the_person_whose_answer_opens_it_again(doors: Doors, cast: Cast) -> None:
    number = file_dispute(doors, cast.borrower())
    handler = cast.staff("Qiao Mu")
    doors.write_as(handler, thread_actions.ask, number, 1, "Please add the page of 4 March.")
    assert state(doors, number) == "waiting"
    assert texts(doors)[-1] == ("sms.question", number)
    answer = filing_actions.Filing(Ticks(), "", "Here it is.", "")
    doors.write_as(cast.borrower(), thread_actions.add, number, answer)
    assert state(doors, number) == "open"
    page = doors.read_as(cast.borrower(), detail_page, number)
    assert page is not None
    assert [(message.kind, message.staff_name) for message in page.messages] == [
        ("question", "Qiao Mu"),
        ("message", None),
    ]


def test_of_twenty_decisions_at_once_one_takes_effect(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    """ST-07."""
    number = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    deciders = [cast.staff(f"Handler {place}") for place in range(20)]
    choices = [choice(doors, each, number, upheld=place % 2 == 0) for place, each in enumerate(deciders)]

    def decide(place: int) -> str:
        try:
            return doors.write_as(deciders[place], deciding_actions.decide, number, choices[place])
        except Refusal as refusal:
            return f"{refusal.code} {refusal.data['by']}"

    with ThreadPoolExecutor(20) as threads:
        came = list(threads.map(decide, range(20)))
    assert came.count("decided") == 1
    winner = deciders[came.index("decided")].name
    assert [each for each in came if each != "decided"] == [f"already_decided {winner}"] * 19
    with doors.engines.read.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(DECISION_ROW)) == 1
    assert kinds(doors).count("dispute.decided") == 1
    assert [text for text in texts(doors) if text[0] == "sms.answer"] == [("sms.answer", number)]


def test_figures_that_changed_decide_nothing(doors: Doors, cast: Cast, clock: FixedClock) -> None:
    """ST-06."""
    number = file_dispute(doors, cast.borrower())
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    made = choice(doors, handler, number)
    clock.advance(days=1)
    with pytest.raises(Refusal, match="figures_changed"):
        doors.write_as(cast.staff("Qiao Mu"), deciding_actions.decide, number, made)
    assert state(doors, number) == "open"


class TestAboveAuthority:
    """A role may waive 10.00 alone."""

    @pytest.fixture
    def number(self, doors: Doors, cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> str:
        narrow = loans.AuthorityRecord(1_000, 1_000, 0)
        monkeypatch.setattr(loans, "authority", lambda *_: narrow)
        number = file_dispute(doors, cast.borrower())
        clock.set(DECIDED)
        handler = cast.staff("Qiao Mu")
        assert doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number)) == "proposed"
        return number

    def seen(self, doors: Doors, number: str) -> str:
        page = doors.read_as(doors.system(), decide_page, number)
        assert page is not None
        assert page.effect is not None
        assert page.proposal is not None
        return seen_hash(page.proposal.fingerprint, page.effect)

    def test_it_waits_and_nothing_has_changed(self, doors: Doors, cast: Cast, number: str) -> None:
        assert state(doors, number) == "proposed"
        assert due(doors, cast) == 206_903 + 2_054 - 40
        with pytest.raises(Refusal, match="already_proposed"):
            doors.write_as(cast.staff("Shen Ruo"), thread_actions.ask, number, 2, "More?")

    def test_the_second_person_carries_it_out(self, doors: Doors, cast: Cast, number: str) -> None:
        supervisor = cast.staff("Tao An", "supervisor")
        assert doors.write_as(supervisor, deciding_actions.confirm, number, self.seen(doors, number)) == "decided"
        found = doors.read_as(supervisor, dispute, number)
        assert found is not None
        made = doors.read_as(supervisor, lambda connection, _: decision(connection, found.id))
        assert made is not None
        assert (made.decided_name, made.confirmed_name, made.amount) == ("Qiao Mu", "Tao An", 2_054)
        assert due(doors, cast) == 206_903

    def test_never_the_same_person(self, doors: Doors, cast: Cast, number: str) -> None:
        with pytest.raises(Refusal, match="own_act"):
            doors.write_as(cast.staff("Qiao Mu"), deciding_actions.confirm, number, self.seen(doors, number))

    def test_changed_figures_void_it(self, doors: Doors, cast: Cast, clock: FixedClock, number: str) -> None:
        seen = self.seen(doors, number)
        clock.advance(days=1)
        supervisor = cast.staff("Tao An", "supervisor")
        assert doors.write_as(supervisor, deciding_actions.confirm, number, seen) == "figures_changed"
        assert state(doors, number) == "open"
        assert "dispute.proposal_void" in kinds(doors)

    def test_what_was_not_seen_is_not_confirmed(self, doors: Doors, cast: Cast, number: str) -> None:
        with pytest.raises(Refusal, match="seen_differs"):
            doors.write_as(cast.staff("Tao An", "supervisor"), deciding_actions.confirm, number, "0" * 64)
        assert state(doors, number) == "proposed"

    def test_declined_or_taken_back_it_is_open_again(self, doors: Doors, cast: Cast, number: str) -> None:
        doors.write_as(cast.staff("Tao An", "supervisor"), deciding_actions.decline, number)
        assert state(doors, number) == "open"
        handler = cast.staff("Qiao Mu")
        doors.write_as(handler, deciding_actions.decide, number, choice(doors, handler, number))
        doors.write_as(handler, deciding_actions.decline, number)
        assert state(doors, number) == "open"

    def test_the_person_may_still_withdraw(self, doors: Doors, cast: Cast, number: str) -> None:
        seen = self.seen(doors, number)
        doors.write_as(cast.borrower(), ending_actions.withdraw, number)
        with pytest.raises(Refusal, match="changed_meanwhile"):
            doors.write_as(cast.staff("Tao An", "supervisor"), deciding_actions.confirm, number, seen)

    def test_a_lapsed_proposal_binds_nobody(self, doors: Doors, cast: Cast, clock: FixedClock, number: str) -> None:
        clock.advance(days=30)
        handler = cast.staff("Shen Ruo")
        made = choice(doors, handler, number, upheld=False)
        assert doors.write_as(handler, deciding_actions.decide, number, made) == "decided"


def test_a_days_limit_counts_what_was_granted_alone(
    doors: Doors, cast: Cast, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ST-05."""
    monkeypatch.setattr(loans, "authority", lambda *_: loans.AuthorityRecord(5_000, 2_060, 0))
    lin = cast.borrower()
    first, second = file_dispute(doors, lin), file_dispute(doors, lin, 4)
    clock.set(DECIDED)
    handler = cast.staff("Qiao Mu")
    assert doors.write_as(handler, deciding_actions.decide, first, choice(doors, handler, first)) == "decided"
    assert doors.write_as(handler, deciding_actions.decide, second, choice(doors, handler, second)) == "proposed"


def test_the_queue_has_overdue_promises_on_top_and_the_person_is_told_once(
    doors: Doors, cast: Cast, clock: FixedClock
) -> None:
    number = file_dispute(doors, cast.borrower())
    clock.advance(days=3)
    later = file_dispute(doors, cast.borrower(), 4)
    assert jobs.tell_late(doors) == 0
    clock.advance(days=5)
    page = doors.read_as(cast.staff("Qiao Mu"), queue_page, QueueFilter())
    assert [row.record.number for row in page.rows] == [number, later]
    assert (page.total, page.over, page.rows[0].record.days_over(page.today)) == (2, 1, 1)
    assert (jobs.tell_late(doors), jobs.tell_late(doors)) == (1, 0)
    assert texts(doors)[-1] == ("sms.news", number)


def test_a_stranger_finds_nothing(doors: Doors, cast: Cast) -> None:
    number = file_dispute(doors, cast.borrower())
    stranger = replace(cast.borrower(), person_id=-1)
    assert doors.read_as(stranger, detail_page, number) is None
    with pytest.raises(Refusal, match="unknown_dispute"):
        doors.write_as(stranger, ending_actions.withdraw, number)


def test_a_sold_loan_cannot_be_disputed_unknown_instalments_neither(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    code = loan_code(doors, lin)
    with pytest.raises(Refusal, match="figures_changed"):
        doors.write_as(lin, filing_actions.open_dispute, code, 99, filing(doors, lin, code))
    with pytest.raises(Refusal, match="nothing_ticked"):
        doors.write_as(lin, filing_actions.open_dispute, code, 3, filing(doors, lin, code, ticks=Ticks(())))
    with doors.engines.read.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(DISPUTE)) == 0
