"""Drafts of plans walked at random by two devices, and sent, deleted and saved at once (ST-08): nothing is lost."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import select

from portal.core.refusal import Refusal
from portal.drafts.jobs import forget_old
from portal.drafts.queries import PLAN_DRAFT
from portal.plans import drafting_actions, drafting_queries, proposing_actions
from portal.plans.drafting_actions import Sending
from portal.plans.drafting_queries import DraftPage
from portal.plans.queries import PLAN
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.plans import run_day

STEPS = 40
DAYS = {"rhythm": "monthly", "pay_day": "12"}
CHANGES = (
    DAYS,
    {"rhythm": "weekly", "first_on": "2026-04-24"},
    {"way": "monthly", "monthly": "364", "anyway": False},
    {"way": "equal", "payments": "5", "anyway": False},
    {"way": "monthly", "monthly": "270", "anyway": True},
    {"income": "5000", "spending": "2500"},
    {"income": "nothing", "first": "-1"},
)


def begin(doors: Doors, lin: Viewer, key: str) -> str:
    return doors.write_as(lin, drafting_actions.begin, "CNY", {"first": "0", **DAYS, **CHANGES[2]}, key)


def page_of(doors: Doors, lin: Viewer, code: str) -> DraftPage | str | None:
    return doors.read_as(lin, drafting_queries.draft_page, code)


def send(doors: Doors, lin: Viewer, code: str) -> str:
    page = page_of(doors, lin, code)
    assert isinstance(page, DraftPage)
    sending = Sending(page.draft.version, page.page.seen)
    return doors.write_as(lin, drafting_actions.send, code, sending, make.LENDER)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_random_walk_of_two_devices_loses_nothing(doors: Doors, cast: Cast, clock: FixedClock, seed: int) -> None:
    walk = _Walk(doors, cast, clock, random.Random(seed))
    for _step in range(STEPS):
        walk.step()
    assert walk.sent


class _Walk:
    def __init__(self, doors: Doors, cast: Cast, clock: FixedClock, chance: random.Random) -> None:
        self.doors, self.cast, self.clock, self.chance = doors, cast, clock, chance
        self.sent: dict[str, str] = {}
        self.gone: set[str] = set()
        self.keys = 0

    def device(self) -> Viewer:
        return replace(self.cast.borrower(), device_id=self.chance.choice([1, 2]))

    def step(self) -> None:
        often: list[Callable[[], object]] = [self.begin, self.save, self.save, self.send]
        acts = [*often, *often, self.discard, self.withdraw, self.wait]
        with suppress(Refusal):  # no act may do anything else than work or refuse
            self.chance.choice(acts)()
        self.check()

    def begin(self) -> None:
        self.keys += 1
        begin(self.doors, self.device(), f"key {self.keys}")

    def save(self) -> None:
        """Of any version, as a page that was open for long would."""
        if code := self.any_code():
            changes, version = self.chance.choice(CHANGES), self.chance.randint(1, 3)
            kept = self.doors.write_as(self.device(), drafting_actions.save, code, version, changes)
            found = page_of(self.doors, self.cast.borrower(), kept)
            assert isinstance(found, DraftPage)
            assert {name: getattr(found.content, name) for name in changes} == changes, "nothing typed is lost"

    def send(self) -> None:
        if code := self.any_code():
            number = send(self.doors, self.device(), code)
            self.sent[code] = number

    def discard(self) -> None:
        if code := self.any_code():
            self.doors.write_as(self.device(), drafting_actions.throw_away, code)
            self.gone.add(code)

    def withdraw(self) -> None:
        for number in self.sent.values():
            if make.state(self.doors, number) == "proposed":
                self.doors.write_as(self.cast.borrower(), proposing_actions.withdraw_plan, number)

    def wait(self) -> None:
        self.clock.advance(days=self.chance.choice([0, 1, 12]))
        run_day(self.doors)
        files: Callable[[], object] = lambda: None  # noqa: E731 - a plan has no files
        forget_old(self.doors, files)  # type: ignore[arg-type]

    def any_code(self) -> str | None:
        codes = [row.code for row in rows(self.doors, select(PLAN_DRAFT).order_by(PLAN_DRAFT.c.id))]
        return self.chance.choice(codes) if codes else None

    def check(self) -> None:
        plans = rows(self.doors, select(PLAN))
        assert {row.draft: row.number for row in plans} == self.sent
        assert sum(row.state == "proposed" for row in plans) <= 1
        codes = {row.code for row in rows(self.doors, select(PLAN_DRAFT))}
        assert not codes & (set(self.sent) | self.gone)
        for code, number in self.sent.items():
            assert page_of(self.doors, self.cast.borrower(), code) == number


def test_sent_ten_times_at_once_there_is_one_plan(doors: Doors, cast: Cast) -> None:
    """ST-07."""
    lin = cast.borrower()
    code = begin(doors, lin, "key")
    page = page_of(doors, lin, code)
    assert isinstance(page, DraftPage)
    sending = Sending(page.draft.version, page.page.seen)

    def at_once(_number: int) -> str:
        return doors.write_as(lin, drafting_actions.send, code, sending, make.LENDER)

    with ThreadPoolExecutor(10) as threads:
        numbers = set(threads.map(at_once, range(10)))
    assert len(numbers) == len(rows(doors, select(PLAN))) == 1


def test_sent_and_deleted_at_once_one_of_them_happens(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    code = begin(doors, lin, "key")

    def either(acts: bool) -> str:
        try:
            if acts:
                return send(doors, lin, code)
            doors.write_as(lin, drafting_actions.throw_away, code)
        except (Refusal, AssertionError):
            return "too late"
        return "deleted"

    with ThreadPoolExecutor(2) as threads:
        came = list(threads.map(either, [True, False]))
    assert came.count("too late") == 1
    assert len(rows(doors, select(PLAN))) == (came[1] == "too late")


def test_a_draft_changed_since_it_was_looked_over_is_not_sent(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    code = begin(doors, lin, "key")
    page = page_of(doors, lin, code)
    assert isinstance(page, DraftPage)
    old = Sending(page.draft.version, page.page.seen)
    doors.write_as(lin, drafting_actions.save, code, page.draft.version, {"monthly": "900"})
    with pytest.raises(Refusal, match="draft_changed"):
        doors.write_as(lin, drafting_actions.send, code, old, make.LENDER)
    assert rows(doors, select(PLAN)) == []


def test_a_stranger_s_draft_is_none(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    code = begin(doors, lin, "key")
    stranger = replace(lin, person_id=(lin.person_id or 0) + 1)
    assert page_of(doors, stranger, code) is None
    for act in (
        lambda: doors.write_as(stranger, drafting_actions.save, code, 1, {"monthly": "1"}),
        lambda: doors.write_as(stranger, drafting_actions.throw_away, code),
        lambda: doors.write_as(stranger, drafting_actions.send, code, Sending(1, ""), make.LENDER),
    ):
        with pytest.raises(Refusal, match="unknown_draft"):
            act()


def test_too_many_drafts_are_refused(doors: Doors, cast: Cast) -> None:
    lin = cast.borrower()
    for number in range(20):
        begin(doors, lin, f"key {number}")
    with pytest.raises(Refusal, match="drafts_too_many"):
        begin(doors, lin, "one more")


def rows(doors: Doors, statement: object) -> list[object]:
    return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement)))
