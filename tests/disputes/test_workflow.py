"""Everything that can happen to a dispute, in any order: legal steps only, ends are final (ST-08)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from portal.core.refusal import Refusal
from portal.disputes import deciding_actions, ending_actions, review_actions, thread_actions
from portal.disputes.deciding_actions import seen_hash
from portal.disputes.deciding_queries import decide_page
from portal.disputes.filing_actions import Filing
from portal.disputes.queries import DECISION_ROW, DISPUTE, dispute, suspensions
from portal.disputes.ticks import Ticks
from portal.loans import queries as loans
from portal.platform.clock import FixedClock
from portal.platform.db import Doors, make_engines
from portal.platform.gate import Viewer
from tests.databases import Databases
from tests.disputes.conftest import FILED
from tests.make.disputes import Cast, choice, file_dispute, lin_with_authorities
from tests.make.loans import import_tables

NEXT = {
    "open": {"open", "waiting", "proposed", "decided", "withdrawn"},
    "waiting": {"waiting", "open", "proposed", "decided", "withdrawn"},
    "proposed": {"proposed", "open", "waiting", "decided", "withdrawn"},
    "decided": {"decided", "in_review"},
    "in_review": {"in_review", "closed"},
    "closed": {"closed"},
    "withdrawn": {"withdrawn"},
}
OPEN = {"open", "waiting", "proposed"}
HELD = OPEN | {"in_review"}
LEGAL_REFUSALS = {
    "not_open",
    "already_decided",
    "already_proposed",
    "changed_meanwhile",
    "figures_changed",
    "own_act",
    "no_review",
    "took_part",
    "not_yours",
    "not_the_same",
}
REVIEWERS = ("Shen Ruo", "Gu Yan")
"""Supervisors; the others are handlers, and Tao An is the second person of the first round."""


@contextmanager
def opened(url: str, clock: FixedClock) -> Iterator[Doors]:
    """The doors of a portal that knows Lin."""

    def system() -> Viewer:
        return Viewer(kind="system", now=clock.now(), today=clock.today("Asia/Shanghai"))

    info = {"audit_keys": ("a" * 32,), "secret_keys": ("s" * 32,)}
    doors = Doors(make_engines(url), system, info)
    with TemporaryDirectory() as folder:
        import_tables(doors, Path(folder), lin_with_authorities())
    yield doors
    doors.close()


def machine(databases: Databases) -> type[RuleBasedStateMachine]:  # noqa: C901 - its rules are functions in a class
    """The workflow on a database of its own for each run."""

    class Workflow(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.url = databases.create()
            self.clock = FixedClock(FILED)
            self.context = opened(self.url, self.clock)
            self.doors = self.context.__enter__()
            self.cast = Cast(self.doors)
            self.number = file_dispute(self.doors, self.cast.borrower())
            self.state = "open"

        def teardown(self) -> None:
            self.context.__exit__(None, None, None)
            databases.drop(self.url)

        def attempt(self, viewer: Viewer, act: Any, *arguments: Any) -> None:
            try:
                self.doors.write_as(viewer, act, self.number, *arguments)
            except Refusal as refusal:
                if refusal.code not in LEGAL_REFUSALS:
                    raise

        def answered(self, viewer: Viewer, number: str, made: Any) -> str:
            try:
                return self.doors.write_as(viewer, deciding_actions.answer_by_reference, number, made)
            except Refusal as refusal:
                return refusal.code

        def page(self) -> Any:
            return self.doors.read_as(self.doors.system(), decide_page, self.number)

        @rule(days=st.integers(0, 3))
        def time_passes(self, days: int) -> None:
            self.clock.advance(days=days, minutes=1)

        @rule()
        def the_person_adds(self) -> None:
            self.attempt(self.cast.borrower(), thread_actions.add, Filing(Ticks(), "", "More.", ""))

        @rule()
        def the_person_withdraws(self) -> None:
            self.attempt(self.cast.borrower(), ending_actions.withdraw)

        @rule()
        def staff_ask(self) -> None:
            self.attempt(self.cast.staff("Qiao Mu"), thread_actions.ask, self.page().dispute.version, "Which day?")

        @rule(upheld=st.booleans(), alone=st.booleans())
        def staff_decide(self, upheld: bool, alone: bool) -> None:
            handler = self.cast.staff("Qiao Mu")
            if self.page().effect is None:
                return
            most = 100_000 if alone else 0
            with patch.object(loans, "authority", lambda *_: loans.AuthorityRecord(most, most, 0)):
                self.attempt(handler, deciding_actions.decide, choice(self.doors, handler, self.number, upheld=upheld))

        @rule()
        def the_person_asks_for_a_review(self) -> None:
            self.attempt(self.cast.borrower(), review_actions.ask_for_review, Filing(Ticks(), "", "Again.", ""))

        @rule(name=st.sampled_from(REVIEWERS), upheld=st.booleans(), alone=st.booleans())
        def a_supervisor_decides(self, name: str, upheld: bool, alone: bool) -> None:
            viewer = self.cast.staff(name, "supervisor")
            if self.page().effect is None:
                return
            most = 100_000 if alone else 0
            with patch.object(loans, "authority", lambda *_: loans.AuthorityRecord(most, most, 0)):
                self.attempt(viewer, deciding_actions.decide, choice(self.doors, viewer, self.number, upheld=upheld))

        @rule(name=st.sampled_from(REVIEWERS))
        def a_supervisor_confirms(self, name: str) -> None:
            page = self.page()
            if page.proposal is not None and page.effect is not None:
                seen = seen_hash(page.proposal.fingerprint, page.effect)
                self.attempt(self.cast.staff(name, "supervisor"), deciding_actions.confirm, seen)

        @rule()
        def the_same_is_filed_again_and_answered_by_reference(self) -> None:
            """Recognised only after an answer that was not wholly upheld; whatever it is, it is filed."""
            try:
                number = file_dispute(self.doors, self.cast.borrower())
            except (Refusal, AssertionError):
                return  # it is open, or nothing is left to dispute
            handler = self.cast.staff("Qiao Mu")
            made = choice(self.doors, handler, number, upheld=False)
            answered = self.doors.read_as(self.doors.system(), decide_page, self.number)
            came = self.answered(handler, number, made)
            if came == "not_the_same":
                self.doors.write_as(self.cast.borrower(), ending_actions.withdraw, number)
                return
            assert came == "decided"
            assert answered.review_decision or answered.decision

        @rule(name=st.sampled_from(("Qiao Mu", "Tao An")))
        def the_second_person_confirms(self, name: str) -> None:
            page = self.page()
            if page.proposal is not None and page.effect is not None:
                seen = seen_hash(page.proposal.fingerprint, page.effect)
                self.attempt(self.cast.staff(name), deciding_actions.confirm, seen)

        @rule(name=st.sampled_from(("Qiao Mu", "Tao An")))
        def a_proposal_is_declined_or_taken_back(self, name: str) -> None:
            self.attempt(self.cast.staff(name), deciding_actions.decline)

        @invariant()
        def only_legal_steps(self) -> None:
            found = self.doors.read_as(self.doors.system(), dispute, self.number)
            assert found is not None
            assert found.state in NEXT[self.state]
            self.state = found.state

        @invariant()
        def what_stopped_starts_again_exactly_at_the_end(self) -> None:
            loan = self.doors.read_as(self.cast.borrower(), loans.account).loans[0]
            assert bool(loan.holds) == (self.state in HELD)
            with self.doors.engines.read.connect() as connection:
                mine = select(DECISION_ROW.c.round).join(DISPUTE).where(DISPUTE.c.number == self.number)
                decisions = sorted(connection.execute(mine).scalars())
                reviewers = set(connection.execute(select(DECISION_ROW.c.decided_by, DECISION_ROW.c.confirmed_by)))
                own = suspensions(connection, self.number)
            decided = {"decided": ["first"], "in_review": ["first"], "closed": ["first", "review"]}
            assert decisions == decided.get(self.state, [])
            assert all(maker != checker for maker, checker in reviewers)
            still = [waiver for waiver in loan.facts.days_waivers if waiver.reference in own and waiver.to_day is None]
            assert bool(still) == (self.state in OPEN)

    return Workflow


@pytest.mark.parametrize("kind", ["sqlite"])
def test_any_order(kind: str, databases_of: Any) -> None:
    limits = settings(
        max_examples=15,
        stateful_step_count=16,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine(databases_of(kind)), settings=limits)
