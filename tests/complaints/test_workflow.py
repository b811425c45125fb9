"""Everything that can happen to a complaint, in any order: legal steps only, ends are final, never in named hands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from portal.access.shutting_out import shut_out_of
from portal.complaints import actions, jobs, queries
from portal.complaints.actions import Sending
from portal.complaints.proofs import IN_NAMED_HANDS, MISMATCHED, changed, numbers_where
from portal.complaints.queries import ANSWER, NOBODY_LEFT
from portal.core.refusal import Refusal
from portal.platform import outbox
from portal.platform.clock import FixedClock
from portal.platform.db import Doors, make_engines
from portal.platform.gate import Viewer
from tests.complaints.conftest import SENT
from tests.databases import Databases
from tests.make import complaints as make
from tests.make.disputes import Cast
from tests.make.loans import import_tables, lin_yi

NEXT = {
    "open": {"open", "waiting", "answered", "withdrawn"},
    "waiting": {"waiting", "open", "answered", "withdrawn"},
    "answered": {"answered"},
    "withdrawn": {"withdrawn"},
}
SUPERVISORS = ("Shen Ruo", "He Song", "Bai Lu")
LEGAL_REFUSALS = {"not_open", "already_answered", "changed_meanwhile", "unknown_complaint"}


@contextmanager
def opened(url: str, clock: FixedClock) -> Iterator[Doors]:
    """The doors of a portal that knows Lin."""

    def system() -> Viewer:
        return Viewer(kind="system", now=clock.now(), today=clock.today("Asia/Shanghai"))

    info = {"audit_keys": ("a" * 32,), "secret_keys": ("s" * 32,)}
    doors = Doors(make_engines(url), system, info)
    with TemporaryDirectory() as folder:
        import_tables(doors, Path(folder), lin_yi())
    yield doors
    doors.close()


def machine(databases: Databases) -> type[RuleBasedStateMachine]:  # noqa: C901 - its rules are functions in a class
    """The workflow on a database of its own for each run."""
    anybody = st.sampled_from(SUPERVISORS)

    class Workflow(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.url = databases.create()
            self.clock = FixedClock(SENT)
            self.context = opened(self.url, self.clock)
            self.doors = self.context.__enter__()
            self.cast = Cast(self.doors)
            for name in SUPERVISORS:
                self.supervisor(name)
            self.number = make.complain(self.doors, self.cast.borrower())
            self.state = "open"

        def teardown(self) -> None:
            self.context.__exit__(None, None, None)
            databases.drop(self.url)

        def supervisor(self, name: str) -> Viewer:
            return self.cast.staff(name, "supervisor")

        def attempt(self, viewer: Viewer, act: Any, *arguments: Any) -> bool:
            try:
                return bool(self.doors.write_as(viewer, act, self.number, *arguments))
            except Refusal as refusal:
                if refusal.code not in LEGAL_REFUSALS:
                    raise
                return False

        def read(self, fn: Callable[..., Any], *arguments: Any) -> Any:
            return self.doors.read_as(self.doors.system(), lambda connection, _: fn(connection, *arguments))

        def shut_out(self) -> set[str]:
            return {each.display_name for each in self.read(shut_out_of, self.number)}

        def now_is(self) -> str:
            return make.state(self.doors, self.number)

        def version(self) -> int:
            return make.version(self.doors, self.number)

        @rule(days=st.integers(0, 5))
        def time_passes(self, days: int) -> None:
            self.clock.advance(days=days, minutes=1)
            jobs.tell_late(self.doors)

        @rule(name=st.sampled_from(("", *SUPERVISORS)))
        def the_person_adds(self, name: str) -> None:
            if self.attempt(self.cast.borrower(), actions.add, Sending(f"More. {name}")) and name:
                assert name in self.shut_out()

        @rule()
        def the_person_withdraws(self) -> None:
            self.attempt(self.cast.borrower(), actions.withdraw)

        @rule(name=anybody, held=st.booleans())
        def somebody_holds_it_or_gives_it_back(self, name: str, held: bool) -> None:
            done = self.attempt(self.supervisor(name), actions.hold, held)
            assert not (done and name in self.shut_out())

        @rule(name=anybody)
        def somebody_asks(self, name: str) -> None:
            done = self.attempt(self.supervisor(name), actions.ask, self.version(), "Which day?")
            assert not (done and name in self.shut_out())

        @rule(name=anybody, outcome=st.sampled_from(("founded", "partly", "not_founded")), stale=st.booleans())
        def somebody_answers(self, name: str, outcome: str, stale: bool) -> None:
            version = self.version() - stale
            given = make.founded(self.doors, self.number, outcome=outcome, version=version)
            done = self.attempt(self.supervisor(name), actions.reply, given)
            assert not (done and (stale or name in self.shut_out()))

        @rule(name=anybody, whom=anybody)
        def somebody_is_picked(self, name: str, whom: str) -> None:
            account = self.supervisor(whom).staff_id
            if self.attempt(self.supervisor(name), actions.concerns, self.version(), account):
                assert whom in self.shut_out()

        @rule(name=anybody, whom=anybody)
        def somebody_is_let_in_again(self, name: str, whom: str) -> None:
            account = self.supervisor(whom).staff_id
            was_shut_out = name in self.shut_out()
            done = self.attempt(self.supervisor(name), actions.concerns_not, self.version(), account)
            assert not (done and was_shut_out)

        @invariant()
        def only_legal_steps(self) -> None:
            before, self.state = self.state, self.now_is()
            assert self.state in NEXT[before]

        @invariant()
        def whom_it_is_about_sees_nothing_and_everybody_else_does(self) -> None:
            named = self.shut_out()
            for name in SUPERVISORS:
                viewer = self.supervisor(name)
                seen = self.doors.read_as(viewer, queries.complaint, self.number) is not None
                assert seen == (name not in named)
                waiting = self.doors.read_as(viewer, queries.waiting_count)
                assert waiting == int(seen and self.now_is() in queries.OPEN)

        @invariant()
        def what_prove_looks_for_holds(self) -> None:
            for wrong in (MISMATCHED, IN_NAMED_HANDS):
                assert self.read(numbers_where, wrong) == []
            assert self.doors.read_as(self.doors.system(), changed) == []
            orphaned = self.now_is() in queries.OPEN and self.shut_out() == set(SUPERVISORS)
            assert self.read(numbers_where, NOBODY_LEFT) == ([self.number] if orphaned else [])

        @invariant()
        def one_text_tells_of_one_answer_and_lateness_is_told_once(self) -> None:
            answers = self.read(lambda connection: list(connection.execute(select(ANSWER.c.id))))
            kinds = self.read(lambda connection: list(connection.scalars(select(outbox.ROWS.c.kind))))
            assert kinds.count("sms.answer") == len(answers) == int(self.now_is() == "answered")
            assert kinds.count("sms.news") <= 1

    return Workflow


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_any_order(kind: str, databases_of: Any) -> None:
    limits = settings(
        max_examples=10,
        stateful_step_count=14,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine(databases_of(kind)), settings=limits)
