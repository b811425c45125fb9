"""Plans walked at random: whatever happens in whatever order, states, holds, papers and the audit log agree (ST-08)."""

import random
from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import select

from portal.core.refusal import Refusal
from portal.loans.tables import Hold, Waiver, table_of
from portal.plans import proposing_actions
from portal.plans.counter_row_queries import COUNTER
from portal.plans.queries import AGREEMENT, PLAN
from portal.plans.tables import FINAL
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.plans import run_day

STEPS = 40
MOVES = {
    ("", "proposed"),
    ("proposed", "running"),
    ("proposed", "refused"),
    ("proposed", "withdrawn"),
    ("proposed", "lapsed"),
    ("proposed", "countered"),
    ("countered", "running"),
    ("countered", "withdrawn"),
    ("countered", "lapsed"),
    ("running", "replaced"),
}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_walk_keeps_the_rules(doors: Doors, cast: Cast, clock: FixedClock, seed: int) -> None:
    walk = _Walk(doors, cast, clock, random.Random(seed))
    for _step in range(STEPS):
        walk.step()
    assert len(walk.seen) > 3


class _Walk:
    def __init__(self, doors: Doors, cast: Cast, clock: FixedClock, chance: random.Random) -> None:
        self.doors, self.cast, self.clock, self.chance = doors, cast, clock, chance
        self.seen: dict[str, str] = {}

    def step(self) -> None:
        acts: list[Callable[[], object]] = [
            self.propose,
            self.propose,
            self.approve,
            self.refuse,
            self.withdraw,
            self.counter,
            self.accept,
            self.wait,
        ]
        with suppress(Refusal):  # no act may do anything else than work or refuse
            self.chance.choice(acts)()
        self.check()

    def propose(self) -> None:
        make.propose(self.doors, self.cast.borrower(), monthly=str(self.chance.choice([270, 364, 900, 3000])))

    def approve(self) -> None:
        if number := self.any_number():
            staff = self.cast.staff("Qiao", "plan_approver")
            make.approve(self.doors, staff, number, freeze=self.chance.random() < 0.5)

    def refuse(self) -> None:
        if number := self.any_number():
            make.refuse(self.doors, self.cast.staff("Shen", "supervisor"), number)

    def counter(self) -> None:
        if number := self.any_number():
            staff = self.cast.staff("Qiao", "plan_approver")
            make.counter(self.doors, staff, number, {"freeze": self.chance.random() < 0.5})

    def accept(self) -> None:
        if number := next((number for number, state in self.seen.items() if state == "countered"), None):
            make.accept(self.doors, self.cast.borrower(), number)

    def withdraw(self) -> None:
        if number := self.any_number():
            self.doors.write_as(self.cast.borrower(), proposing_actions.withdraw_plan, number)

    def wait(self) -> None:
        self.clock.advance(days=self.chance.choice([0, 1, 26]))
        run_day(self.doors)

    def any_number(self) -> str | None:
        waiting = [number for number, state in self.seen.items() if state in {"proposed", "countered"}]
        if waiting and self.chance.random() < 0.6:
            return waiting[0]
        return self.chance.choice(sorted(self.seen)) if self.seen else None

    def check(self) -> None:
        plans = {row.number: row for row in self.rows(select(PLAN))}
        for number, row in plans.items():
            before = self.seen.get(number, "")
            assert before == row.state or (before, row.state) in MOVES
            assert (row.state in FINAL) == (row.ended_at is not None)
        self.seen = {number: row.state for number, row in plans.items()}
        states = list(self.seen.values())
        assert states.count("proposed") + states.count("countered") <= 1
        assert list(self.seen.values()).count("running") <= 1
        hold = table_of(Hold)
        open_holds = {row.number: row.kind for row in self.rows(select(hold).where(hold.c.ended_at.is_(None)))}
        kinds = {"proposed": "proposal", "countered": "proposal", "running": "plan"}
        assert open_holds == {number: kinds[state] for number, state in self.seen.items() if state in kinds}
        ids = {row.id: number for number, row in plans.items()}
        standing = {ids[row.plan_id] for row in self.rows(select(COUNTER).where(COUNTER.c.outcome == ""))}
        assert standing == {number for number, state in self.seen.items() if state == "countered"}
        self.check_papers({number: row.id for number, row in plans.items()})

    def check_papers(self, ids: dict[str, int]) -> None:
        agreed = {ids[number] for number, state in self.seen.items() if state in {"running", "replaced"}}
        assert {row.plan_id for row in self.rows(select(AGREEMENT))} == agreed
        waiver = table_of(Waiver)
        running = select(waiver).where(waiver.c.superseded_at.is_(None), waiver.c.to_day.is_(None))
        for row in self.rows(running):
            assert row.void or self.seen[row.case_number] == "running"

    def rows(self, statement: object) -> list[object]:
        return self.doors.read_as(self.doors.system(), lambda connection, _: list(connection.execute(statement)))
