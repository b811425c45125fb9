"""Settlements walked at random: whatever happens in any order, states, holds, waivers and letters agree (ST-08)."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.core.assessment import assess
from portal.core.plan_states import SETTLEMENT as MACHINE
from portal.core.refusal import Refusal
from portal.core.settlement import closed
from portal.disputes import ending_actions
from portal.loans import queries as loans
from portal.loans.tables import Hold, Waiver, table_of
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.settlements import asking_actions, offering_actions
from portal.settlements.queries import REQUEST, SETTLEMENT
from tests.make import settlements as make
from tests.make.disputes import Cast, file_dispute
from tests.make.loans import import_tables
from tests.make.settlements import run_day

STEPS = 18
STEPS_ALLOWED = {("", "quoted"), *((before, after) for before, _event, after in MACHINE.steps()), ("quoted", "paid")}
"""A job may accept and pay in one go what was paid without being accepted."""


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_random_walks_keep_the_rules(
    empty_doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path, seed: int
) -> None:
    walked(empty_doors, cast, clock, tmp_path, seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_walk_keeps_the_rules(
    empty_doors: Doors, cast: Cast, clock: FixedClock, tmp_path: Path, seed: int
) -> None:
    assert walked(empty_doors, cast, clock, tmp_path, seed)


def walked(doors: Doors, cast: Cast, clock: FixedClock, folder: Path, seed: int) -> dict[str, str]:
    """Walk at random; the settlements that came of it."""
    chance = random.Random(seed)
    import_tables(doors, folder, make.lin_settling(str(chance.choice([0, 50, 100]))))
    walk = _Walk(doors, cast, clock, folder, chance)
    for _step in range(STEPS):
        walk.step()
    return walk.seen


class _Walk:
    def __init__(self, doors: Doors, cast: Cast, clock: FixedClock, folder: Path, chance: random.Random) -> None:
        self.doors, self.cast, self.clock, self.folder, self.chance = doors, cast, clock, folder, chance
        self.seen: dict[str, str] = {}
        self.disputes: list[str] = []
        self.payments = 0

    def step(self) -> None:
        begin = [self.quote, self.quote, self.accept, self.accept, self.ask, self.answer]
        acts: list[Callable[[], object]] = [*begin, self.dispute, self.pay, self.wait, self.wait]
        with suppress(Refusal):  # no act may do anything else than work or refuse
            self.chance.choice(acts)()
        self.check()

    def quote(self) -> None:
        make.quote(self.doors, self.cast.borrower())

    def accept(self) -> None:
        if self.seen:
            number = self.chance.choice(sorted(self.seen))
            page = make.detail(self.doors, self.cast.borrower(), number)
            self.doors.write_as(self.cast.borrower(), asking_actions.accept, number, page.seen)

    def ask(self) -> None:
        page = make.new_page(self.doors, self.cast.borrower())
        if page.quote is not None:
            make.ask(self.doors, self.cast.borrower(), max(page.least, page.quote.today.to_pay - 1))

    def answer(self) -> None:
        asked = [row.number for row in self.rows(select(REQUEST)) if row.state == "asked"]
        staff = self.cast.staff("Qiao", "plan_approver")
        if asked and self.chance.random() < 0.7:
            make.offer(self.doors, staff, asked[0], 1, days=self.chance.choice([1, 14]))
        elif asked:
            self.doors.write_as(staff, offering_actions.refuse, asked[0], "plan_fits_better", "")

    def dispute(self) -> None:
        if self.disputes:
            self.doors.write_as(self.cast.borrower(), ending_actions.withdraw, self.disputes.pop())
        elif self.seen and self.chance.random() < 0.5:
            self.disputes.append(file_dispute(self.doors, self.cast.borrower()))

    def pay(self) -> None:
        today = self.clock.now().date()
        open_ones = [number for number, state in self.seen.items() if state in {"quoted", "accepted"}]
        quote = make.detail(self.doors, self.cast.borrower(), open_ones[0]).quote if open_ones else None
        amount = quote.today.to_pay if quote and self.chance.random() < 0.5 else 50_00
        self.payments += 1
        make.arrives(self.doors, self.folder, today, amount, ref=f"S{self.payments}")
        run_day(self.doors)

    def wait(self) -> None:
        self.clock.advance(days=self.chance.choice([0, 1, 15]))
        if self.chance.random() < 0.7:
            make.books_reach(self.doors, self.folder, self.clock.now().date())
        run_day(self.doors)

    def check(self) -> None:
        found = {row.number: row for row in self.rows(select(SETTLEMENT))}
        for number, row in found.items():
            before = self.seen.get(number, "")
            assert before == row.state or (before, row.state) in STEPS_ALLOWED or before == ""
            assert before not in MACHINE.final or before == row.state
            assert (row.state == "paid") == bool(row.letter)
        self.seen = {number: row.state for number, row in found.items()}
        assert sum(state in {"quoted", "accepted"} for state in self.seen.values()) <= 1
        assert list(self.seen.values()).count("paid") <= 1
        hold = table_of(Hold)
        held = {row.number: row.kind for row in self.rows(select(hold).where(hold.c.ended_at.is_(None)))}
        wanted = {number for number, state in self.seen.items() if state in {"accepted", "paid"}}
        assert {number for number, kind in held.items() if kind == "settlement"} == wanted
        if "dispute" in held.values():  # one whose date has passed waits for the bookings of its last day
            today = self.doors.system().today
            assert not any(row.state == "accepted" and row.until >= today for row in found.values())
        self.check_paid(found)

    def check_paid(self, found: dict[str, Any]) -> None:
        waiver = table_of(Waiver)
        written = {row.case_number for row in self.rows(select(waiver)) if row.reason == "settlement" and not row.void}
        assert written <= {number for number, state in self.seen.items() if state == "paid"}
        for number, row in found.items():
            if row.state == "paid":
                facts = self.doors.read_as(self.cast.borrower(), loans.account).loans[0].facts
                day: date = row.paid_on
                assert assess(closed(facts, day), day).due.total == 0, number

    def rows(self, statement: Any) -> list[Any]:
        return self.doors.read_as(self.doors.system(), lambda connection, _: list(connection.execute(statement)))
