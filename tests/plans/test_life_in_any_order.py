"""Plans and promises in any order, on both databases: every step is one of the tables of states (ST-07, ST-08)."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.core.plan_states import PLAN as PLANS
from portal.core.plan_states import PROMISE as PROMISES
from portal.core.plan_states import Machine
from portal.core.refusal import Refusal
from portal.loans import queries as loan_queries
from portal.loans.tables import Hold, Waiver, table_of
from portal.plans import cancelling_actions, deciding_actions, proposing_actions, running_actions, telling
from portal.plans.queries import PLAN
from portal.plans.running_queries import CHANGE, TOLD
from portal.promises import actions as promises
from portal.promises import queries as promise_queries
from portal.promises.queries import PROMISE
from tests.make import plans as make
from tests.make.between import between
from tests.make.running import Days, paid

STEPS = 40
AT_ONCE = 6


def reaches(machine: Machine, before: str, after: str) -> bool:
    """Whether one or several steps of a table lead from a state to another."""
    seen, found = {before}, {before}
    while found:
        found = {then for state, _event, then in machine.steps() if state in found} - seen
        seen |= found
    return after in seen


@pytest.mark.parametrize("seed", [1, 2])
def test_in_any_order(days: Days, seed: int) -> None:
    walk = _Walk(days, random.Random(seed))
    for _step in range(STEPS):
        walk.step()
    assert len(walk.plans) > 1
    assert walk.promises


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(40))
def test_in_any_order_for_long(days: Days, seed: int) -> None:
    walk = _Walk(days, random.Random(seed))
    for _step in range(250):
        walk.step()


class _Walk:
    def __init__(self, days: Days, chance: random.Random) -> None:
        self.days, self.chance = days, chance
        self.day = date(2026, 4, 17)
        self.count = 0
        self.plans: dict[str, str] = {}
        self.promises: dict[str, str] = {}
        self.told: list[tuple[int, int, str]] = []

    def step(self) -> None:
        acts: list[Callable[[], object]] = [
            self.propose,
            self.propose,
            self.approve,
            self.approve,
            self.withdraw,
            self.promise,
            self.promise,
            self.change_promise,
            self.change_payment,
            self.look,
            self.wait,
            self.wait,
            self.wait,
        ]
        with suppress(Refusal, LookupError):  # no act may do anything else than work or refuse
            self.chance.choice(acts)()
        self.check()

    def propose(self) -> None:
        make.propose(self.days.doors, self.days.cast.borrower(), monthly=str(self.chance.choice([364, 900, 3000])))

    def approve(self) -> None:
        if number := self.some(self.plans, "proposed"):
            make.approve(self.days.doors, self.approver, number, freeze=self.chance.random() < 0.5)

    def withdraw(self) -> None:
        if number := self.some(self.plans):
            self.days.doors.write_as(self.days.cast.borrower(), proposing_actions.withdraw_plan, number)

    def promise(self) -> None:
        lin = self.days.cast.borrower()
        choices = self.days.doors.read_as(lin, promise_queries.new_page).choices
        if choices:
            choice = self.chance.choice(choices)
            by = self.day + timedelta(days=self.chance.choice([0, 2, 9]))
            amount = self.chance.randint(1, choice.most)
            given = promises.Given(choice.code, amount, by, "transfer")
            self.days.doors.write_as(lin, promises.make_promise, given)

    def change_promise(self) -> None:
        number = self.some(self.promises)
        if number is None:
            return
        lin, doors = self.days.cast.borrower(), self.days.doors
        act = self.chance.randrange(3)
        if act == 0:
            doors.write_as(lin, promises.take_back, number)
        elif act == 1:
            doors.write_as(lin, promises.say_paid, number, self.day)
        else:
            page = doors.read_as(lin, promise_queries.detail_page, number)
            if page is not None and page.moves_to:
                doors.write_as(lin, promises.move_promise, number, self.chance.choice(page.moves_to))

    def change_payment(self) -> None:
        number = self.some(self.plans, "running", "evaluated", "kept", "cancelled")
        if number is None:
            return
        life = self.days.life(number).life
        agreed = [each for each in (life.payments if life else ()) if each.agreed_on]
        if not agreed:
            return
        payment, lin = self.chance.choice(agreed), self.days.cast.borrower()
        act = self.chance.choice(
            [running_actions.say_cannot, running_actions.skip_payment, running_actions.move_payment]
        )
        more = (payment.due_on + timedelta(days=2),) if act is running_actions.move_payment else ()
        self.days.doors.write_as(lin, act, number, payment.agreed_on, *more)

    def look(self) -> None:
        number = self.some(self.plans, "evaluated", "running", "cancelled")
        if number is None:
            return
        told = self.days.life(number).content_of("evaluated")
        act = self.chance.choice([cancelling_actions.confirm_end, cancelling_actions.let_go_on])
        seen = telling.hash_of(told.content) if told else ""
        self.days.doors.write_as(self.approver, act, number, seen, "")

    def wait(self) -> None:
        self.day += timedelta(days=self.chance.choice([0, 1, 5, 26]))
        self.days.stand_on(self.day)
        arrived = []
        if self.chance.random() < 0.4:
            self.count += 1
            on = self.day - timedelta(days=self.chance.choice([0, 0, 3]))
            arrived = [paid(on.isoformat(), f"{self.chance.choice([100, 364, 1180, 1544])}.00", f"W{self.count}")]
        self.days.book(*arrived, booked_to=self.day)
        done = self.days.evaluate()
        assert self.days.evaluate() == [], f"said twice after {done}"

    @property
    def approver(self) -> object:
        return self.days.cast.staff("Qiao", "plan_approver")

    def some(self, of: dict[str, str], *states: str) -> str | None:
        found = sorted(number for number, state in of.items() if not states or state in states)
        return self.chance.choice(found) if found else None

    def check(self) -> None:
        self.plans = self.checked(PLANS, self.plans, self.rows(select(PLAN.c.number, PLAN.c.state, PLAN.c.ended_at)))
        made = self.rows(select(PROMISE.c.number, PROMISE.c.state, PROMISE.c.ended_at))
        self.promises = self.checked(PROMISES, self.promises, made)
        assert sum(state in {"running", "evaluated"} for state in self.plans.values()) <= 1
        hold = table_of(Hold)
        open_holds = {row.number: row.kind for row in self.rows(select(hold).where(hold.c.ended_at.is_(None)))}
        kinds = {"proposed": "proposal", "running": "plan", "evaluated": "plan"}
        wanted = {number: kinds[state] for number, state in self.plans.items() if state in kinds}
        wanted |= {number: "promise" for number, state in self.promises.items() if state in PROMISES.open}
        assert open_holds == wanted
        self.check_waivers()
        told = [(row.plan_id, row.place, row.what) for row in self.rows(select(TOLD).order_by(TOLD.c.id))]
        assert told[: len(self.told)] == self.told, "what was told stays"
        self.told = told

    def checked(self, machine: Machine, before: dict[str, str], rows: list[object]) -> dict[str, str]:
        for row in rows:
            number, state, ended = row  # type: ignore[misc]
            first = before.get(number, machine.states[0])
            assert reaches(machine, first, state), (number, first, state)
            assert (state in machine.final) == (ended is not None)
        return {row[0]: row[1] for row in rows}  # type: ignore[index]

    def check_waivers(self) -> None:
        """Nights to come are waived only by a plan that goes on; what was waived for the past stays."""
        waiver = table_of(Waiver)
        for row in self.rows(select(waiver).where(waiver.c.superseded_at.is_(None), waiver.c.to_day.is_(None))):
            assert row.void or self.plans[row.case_number] in {"running", "evaluated"}

    def rows(self, statement: object) -> list[object]:
        doors = self.days.doors
        return doors.read_as(doors.system(), lambda connection, _: list(connection.execute(statement)))


def at_once(acts: list[Callable[[], object]]) -> list[str]:
    """Several acts at the same moment: what each did, or why it was refused."""

    def run(act: Callable[[], object]) -> str:
        try:
            return str(act())
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_accepting_withdrawing_and_lapsing_at_once_one_takes_effect(days: Days) -> None:
    for _round in range(3):
        lin, staff = days.cast.borrower(), days.cast.staff("Qiao", "plan_approver")
        number = make.propose(days.doors, lin)
        decision = make.decision(days.doors, staff, number)

        def approve(number: str = number, decision: object = decision, staff: object = staff) -> object:
            return days.doors.write_as(staff, deciding_actions.approve, number, decision, make.PAPER)

        def withdraw(number: str = number, lin: object = lin) -> object:
            return days.doors.write_as(lin, proposing_actions.withdraw_plan, number) and "withdrawn"

        done = at_once([approve, withdraw, approve, withdraw, approve, withdraw])
        assert sum(word in {"running", "withdrawn"} for word in done) == 1, done
        assert {word for word in done if "." in word} <= {"plan.decided"}
        assert make.state(days.doors, number) in done


def test_ending_going_on_judging_and_changing_at_once_one_takes_effect(days: Days) -> None:
    number = days.agree()
    days.on(6, 16)
    staff = days.cast.staff("Qiao", "plan_approver")
    told = days.life(number).content_of("evaluated")
    assert told is not None
    seen = telling.hash_of(told.content)

    def end() -> object:
        return days.doors.write_as(staff, cancelling_actions.confirm_end, number, seen, "")

    def go_on() -> object:
        return days.doors.write_as(staff, cancelling_actions.let_go_on, number, seen, "")

    done = at_once([end, go_on, end, go_on, days.evaluate, days.evaluate])
    assert sum(word in {"cancelled", "running"} for word in done) == 1, done
    assert make.state(days.doors, number) in done
    count = len(days.life(number).told)
    assert count == len({each.what + each.about + str(each.told_on) for each in days.life(number).told})


@pytest.mark.parametrize("promised_first", [True, False])
def test_a_promise_and_an_agreement_at_once_never_stand_side_by_side(days: Days, promised_first: bool) -> None:
    """Whichever is first: the promise is withdrawn, or there is nothing to promise but later instalments."""
    lin, staff, doors = days.cast.borrower(), days.cast.staff("Qiao", "plan_approver"), days.doors
    choice = doors.read_as(lin, promise_queries.new_page).choices[0]
    given = promises.Given(choice.code, 100_00, doors.system().today + timedelta(days=3), "transfer")
    number = make.propose(doors, lin)
    decision = make.decision(doors, staff, number)

    def promise() -> str:
        return doors.write_as(lin, promises.make_promise, given)

    def approve() -> str:
        return doors.write_as(staff, deciding_actions.approve, number, decision, make.PAPER)

    if promised_first:
        promised, agreed = between(doors, "INSERT INTO promise", promise, approve)
    else:
        agreed, promised = between(doors, "INSERT INTO plan_agreement", approve, promise)
    assert agreed == "running"
    if promised_first:
        assert state_of_promise(days, promised) == "withdrawn"
    else:
        assert promised.startswith("promise."), "nothing was made, with its reason"


def state_of_promise(days: Days, number: str) -> str:
    """The state of a promise."""
    found = days.doors.read_as(days.doors.system(), lambda connection, _: promise_queries.promise(connection, number))
    return found.state if found else ""


def test_ending_replacing_and_withdrawing_at_once_one_takes_effect(days: Days) -> None:
    number = days.agree()
    days.on(6, 16)
    lin, staff, doors = days.cast.borrower(), days.cast.staff("Qiao", "plan_approver"), days.doors
    told = days.life(number).content_of("evaluated")
    assert told is not None
    seen = telling.hash_of(told.content)
    change = make.propose(doors, lin, monthly="500")
    decision = make.decision(doors, staff, change)
    done = at_once(
        [
            lambda: doors.write_as(staff, cancelling_actions.confirm_end, number, seen, ""),
            lambda: doors.write_as(staff, deciding_actions.approve, change, decision, make.PAPER),
            lambda: doors.write_as(lin, proposing_actions.withdraw_plan, change) and "withdrawn",
            lambda: str(days.evaluate()),
        ]
    )
    states = make.state(doors, number), make.state(doors, change)
    assert states in {("cancelled", "running"), ("cancelled", "withdrawn"), ("replaced", "running")}, (done, states)
    hold = table_of(Hold)
    open_holds = doors.read_as(
        doors.system(), lambda connection, _: connection.scalars(select(hold.c.number).where(hold.c.ended_at.is_(None)))
    )
    assert set(open_holds) == ({change} if states[1] == "running" else set())
    waiver = table_of(Waiver)
    for row in doors.read_as(doors.system(), lambda connection, _: list(connection.execute(select(waiver)))):
        assert row.case_number == change or row.superseded_at is not None or row.to_day == date(2026, 6, 16)


def test_moving_the_same_payment_at_once_one_takes_effect(days: Days) -> None:
    number = days.agree()
    lin, agreed = days.cast.borrower(), date(2026, 5, 12)

    def move(to_day: int) -> Callable[[], object]:
        return lambda: days.doors.write_as(lin, running_actions.move_payment, number, agreed, date(2026, 5, to_day))

    done = at_once([move(13 + place) for place in range(AT_ONCE)])
    assert done.count(number) == 1
    assert set(done) <= {number, "plan.changed", "plan.cannot_move"}
    changes = days.doors.read_as(days.doors.system(), lambda connection, _: list(connection.execute(select(CHANGE))))
    assert len(changes) == 1
    hold = days.doors.read_as(lin, loan_queries.account).loans[0].holds
    assert [each.kind for each in hold] == ["plan"]


def test_the_evaluation_run_twice_at_once_says_everything_once(days: Days) -> None:
    days.agree()
    days.stand(6, 16)
    days.book(booked_to=date(2026, 6, 16))
    done = at_once([lambda: days.evaluate() for _place in range(AT_ONCE)])  # type: ignore[list-item]
    said = [line for lines in done for line in eval_lines(lines)]
    assert sorted(said) == ["evaluated", "missed", "missed"]


def eval_lines(text: str) -> list[str]:
    """The lines that one run printed."""
    return [line.strip(" '") for line in text.strip("[]").split(",") if line]
