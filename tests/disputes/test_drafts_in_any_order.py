"""Everything that can happen to drafts on two devices, in any order: nothing is lost, stopped, or done twice."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from portal.core.refusal import Refusal
from portal.disputes import drafting_actions
from portal.disputes.drafting_actions import Sending
from portal.disputes.drafting_facts import read_content
from portal.disputes.drafting_queries import DraftPage, draft_page
from portal.disputes.filing_queries import new_page
from portal.disputes.queries import DISPUTE
from portal.disputes.ticks import Ticks
from portal.drafts import actions as drafts
from portal.drafts import jobs
from portal.drafts.actions import MOST
from portal.drafts.queries import DRAFT, own_drafts
from portal.evidence.actions import KeptUpload
from portal.evidence.queries import FILE
from portal.loans import queries as loans
from portal.platform.clock import FixedClock
from portal.platform.file_backends import Folder
from portal.platform.files import FileStore
from portal.platform.gate import Viewer
from portal.platform.numbers import new_code
from tests.databases import Databases
from tests.disputes.conftest import FILED
from tests.disputes.test_workflow import opened
from tests.make.disputes import Cast, loan_code

DEVICES = (1, 2)
LEGAL_REFUSALS = {"unknown_draft", "draft_changed", "figures_changed", "file_dispute.dispute"}
device = st.sampled_from(DEVICES)


def machine(databases: Databases) -> type[RuleBasedStateMachine]:  # noqa: C901 - its rules are functions in a class
    """Drafts of one person on a database of its own for each run."""

    class Drafts(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.url = databases.create()
            self.clock = FixedClock(FILED)
            self.context = opened(self.url, self.clock)
            self.doors = self.context.__enter__()
            self.cast = Cast(self.doors)
            self.folder = TemporaryDirectory()
            self.files = FileStore(Folder(Path(self.folder.name)), ("f" * 32,))
            self.loan = loan_code(self.doors, self.cast.borrower())
            self.words: dict[str, str] = {}  # of every draft that is to be there, what was last typed into it
            self.open: dict[int, tuple[str, int]] = {}  # the page that each device has before it: a draft as it was
            self.sent: dict[str, str] = {}
            self.typed = 0

        def teardown(self) -> None:
            self.context.__exit__(None, None, None)
            self.folder.cleanup()
            databases.drop(self.url)

        def lin(self, on: int) -> Viewer:
            return replace(self.cast.borrower(), session_id=on)

        def look(self, on: int, code: str) -> DraftPage | None:
            found = self.doors.read_as(self.lin(on), draft_page, code)
            return found if isinstance(found, DraftPage) else None

        def act(self, on: int, act: Callable[..., Any], *arguments: Any) -> Any:
            """What an act gives; None where it was refused since the draft is gone or has changed."""
            try:
                return self.doors.write_as(self.lin(on), act, *arguments)
            except Refusal as refusal:
                if refusal.code == "drafts_too_many":
                    assert len(self.words) >= MOST
                elif refusal.code not in LEGAL_REFUSALS:
                    raise
                return None

        @rule(on=device)
        def begins(self, on: int) -> None:
            page = self.doors.read_as(self.lin(on), new_page, self.loan, 3, Ticks())
            assert page is not None
            code = self.act(on, drafting_actions.begin, self.loan, 3, page.ticks, page.fingerprint, new_code())
            if code is None:
                return
            self.words[code] = ""
            self.open[on] = (code, 1)

        @precondition(lambda self: self.words)
        @rule(on=device, data=st.data())
        def opens(self, on: int, data: Any) -> None:
            code = data.draw(st.sampled_from(sorted(self.words)))
            found = self.look(on, code)
            assert found is not None
            self.open[on] = (code, found.draft.version)

        @rule(on=device)
        def types_and_saves(self, on: int) -> None:
            """From the page that lies open, however old it is; its answer brings the next page."""
            if on not in self.open:
                return
            code, version = self.open[on]
            self.typed += 1
            words = f"Words {self.typed}"
            now_in = self.act(on, drafting_actions.save, code, version, {"words": words, "reason": "other"})
            assert (now_in is None) == (code not in self.words) or len(self.words) >= MOST
            if now_in is not None:
                self.words[now_in] = words
                found = self.look(on, now_in)
                assert found is not None
                self.open[on] = (now_in, found.draft.version)

        @rule(on=device)
        def adds_a_file(self, on: int) -> None:
            if on in self.open:
                self.typed += 1
                data = f"file {self.typed}".encode()
                kept = KeptUpload("slip.png", "png", len(data), f"{self.typed:064d}", self.files.put(data))
                self.act(on, drafting_actions.add_files, self.open[on][0], [kept], [])

        @rule(on=device)
        def throws_away(self, on: int) -> None:
            if on in self.open and self.act(on, drafts.throw_away, self.open[on][0]) is not None:
                del self.words[self.open[on][0]]

        @rule(on=device, old=st.booleans())
        def sends(self, on: int, old: bool) -> None:
            if on not in self.open:
                return
            code, version = self.open[on]
            found = self.look(on, code)
            if found is None or found.page is None or found.missing:
                return
            version = version if old else found.draft.version
            seen = Sending(version, found.page.fingerprint, found.files_seen, "yes")
            number = self.act(on, drafting_actions.send, code, seen)
            if number is not None:
                assert version == found.draft.version, "what was not looked over is not sent"
                self.sent[code] = number
                del self.words[code]

        @rule(on=device)
        def sends_once_more(self, on: int) -> None:
            for code, number in self.sent.items():
                assert self.act(on, drafting_actions.send, code, Sending(1, "", "", "")) == number

        @rule(days=st.sampled_from((0, 1, 29, 31)))
        def time_passes(self, days: int) -> None:
            self.clock.advance(days=days, minutes=1)
            today = self.clock.today("Asia/Shanghai")
            with self.doors.engines.read.connect() as connection:
                rows = connection.execute(select(DRAFT.c.code, DRAFT.c.keep_until)).all()
            for code, keep_until in rows:
                if keep_until < today:
                    del self.words[code]
            jobs.forget_old(self.doors, self.files)

        @invariant()
        def what_was_typed_last_is_there(self) -> None:
            found = self.doors.read_as(self.lin(1), own_drafts)
            assert {each.code: read_content(each.content).words for each in found} == self.words

        @invariant()
        def drafts_stop_nothing(self) -> None:
            loan = self.doors.read_as(self.lin(1), loans.account).loans[0]
            assert {hold.number for hold in loan.holds} == set(self.sent.values())
            assert bool(loan.facts.days_waivers) == bool(self.sent)

        @invariant()
        def each_is_sent_once_and_no_file_is_left_behind(self) -> None:
            with self.doors.engines.read.connect() as connection:
                assert connection.scalar(select(func.count()).select_from(DISPUTE)) == len(self.sent)
                waiting = select(FILE.c.case_number).where(FILE.c.case_kind == "draft", FILE.c.deleted_at.is_(None))
                assert set(connection.execute(waiting).scalars()) <= set(self.words)

    return Drafts


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_any_order(kind: str, databases_of: Any) -> None:
    limits = settings(
        max_examples=15,
        stateful_step_count=25,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine(databases_of(kind)), settings=limits)
