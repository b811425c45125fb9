"""A portfolio driven through the portal day by day, beside the model: after each day both have to say the same.

Borrowers propose, promise, move, skip, say that they cannot, settle and take back; staff approve, counter, confirm or
let pass; money comes on time, late, early, in parts, too much, booked late, or comes back; the evaluation runs each
day, with gaps, or twice. Everything goes through the portal's own actions; what they make of it is asked of the model.
"""

import contextlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from portal.app import Portal
from portal.core.assessment import assess
from portal.core.refusal import Refusal
from portal.jobs import evaluate
from portal.loans import queries as loan_queries
from portal.loans.queries import LoanRecord
from portal.loans.rulepacks import rule_pack
from portal.plans import cancelling_actions, proposing_actions, queries, running_actions, running_queries, telling
from portal.plans.facts import Figures
from portal.plans.running_queries import PlanLife
from portal.platform.clock import FixedClock
from portal.platform.gate import Viewer
from portal.promises import actions as promising
from portal.promises import queries as promise_queries
from portal.settlements import asking_actions, own_queries
from portal.settlements import queries as settlement_queries
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.loans import import_tables
from tests.model import agreements as model
from tests.model.agreements import EVALUATION_HOUR, Book
from tests.model.lives import Coming, Habits, Person, World
from tests.model.oracle import MINOR_DIGITS, ONE_DAY, Row

ZONE = ZoneInfo("Asia/Shanghai")
FURTHEST_PROMISE = 31
"""So many days ahead the portal lets one promise; the rules give no figure."""

ON_THE_WAY = frozenset({"proposed", "countered"})
GOING = frozenset({"running", "evaluated"})


@dataclass
class Proposal:
    """A plan that is not agreed yet."""

    number: str
    start_on: date
    last_day: date
    known: set[str]
    state: str = "proposed"
    rests_on: tuple[str, ...] = ()


@dataclass
class Side:
    """What the model knows of one person's dealings."""

    person: Person
    proposals: list[Proposal] = field(default_factory=list)
    plans: list[model.Plan] = field(default_factory=list)
    promises: list[model.Promise] = field(default_factory=list)
    settlements: list[model.Settlement] = field(default_factory=list)

    @property
    def plan(self) -> model.Plan | None:
        """The agreed plan that goes on."""
        return next((each for each in self.plans if each.state in GOING), None)

    @property
    def proposal(self) -> Proposal | None:
        """The proposal or counter-offer that waits."""
        return next((each for each in self.proposals if each.state in ON_THE_WAY), None)

    def promise_on(self, book: Book) -> model.Promise | None:
        """The promise that is open on a loan."""
        return next((each for each in self.promises if each.book is book and each.state in _OPEN), None)

    def settled(self, book: Book, *states: str) -> model.Settlement | None:
        """The settlement of a loan in one of these states."""
        return next((each for each in self.settlements if each.book is book and each.state in states), None)

    def bars(self, book: Book, today: date) -> bool:
        """Whether a settlement keeps a loan from being planned or promised: accepted, until its date, or paid."""
        accepted = self.settled(book, "accepted")
        return (accepted is not None and today <= accepted.until) or self.settled(book, "paid") is not None


def is_worked(day: date) -> bool:
    """Whether a payment can be moved to a day, by the calendar of the loans' rule pack."""
    return rule_pack("cn").calendar(day).is_working_day(day)


_OPEN = frozenset({"open", "moved", "being_verified"})


@dataclass
class Drive:
    """One portfolio, the portal that it is imported into, and the model that stands beside it."""

    portal: Portal
    clock: FixedClock
    folder: Path
    chance: Random
    world: World
    today: date
    compared: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    data_date: date = date.min
    hour: int = 12
    _coming: list[Coming] = field(default_factory=list)
    _returning: list[tuple[date, Book, Row]] = field(default_factory=list)
    _imports: int = 0

    def __post_init__(self) -> None:
        self.cast = Cast(self.portal.doors)
        self.habits = Habits(self.chance)
        self.sides = [Side(person) for person in self.world.people]
        self.begin_day(self.today, 12)
        self.book(self.today - ONE_DAY)
        self.ids = {side.person.ref: self.cast.borrower(side.person.ref) for side in self.sides}
        self.staff = self.cast.staff("Qiao", "plan_approver", "supervisor")

    # --- Days ------------------------------------------------------------------------------------------------

    def run(self, days: int) -> None:
        """So many days: money moves on each, the portal is looked at on most."""
        end = self.today + timedelta(days=days)
        while self.today < end:
            for _day in range(self.chance.choice((1, 1, 1, 2, 3, 5))):
                self.today += ONE_DAY
                self.move_money()
            self.look()
        self.count_ends()

    def count_ends(self) -> None:
        """How everything ended, to see that the drive reaches all there is."""
        for side in self.sides:
            self.done.update(f"proposal {each.state}" for each in side.proposals)
            self.done.update(f"plan {each.state}" for each in side.plans)
            self.done.update(f"promise {each.state}" for each in side.promises)
            self.done.update(f"settlement {each.state}" for each in side.settlements)

    def begin_day(self, day: date, hour: int) -> None:
        self.today, self.hour = day, hour
        self.clock.set(datetime.combine(day, time(hour), ZONE))

    def look(self) -> None:
        """A day on which somebody looks: what is booked comes in, everything is judged and compared, people act."""
        self.begin_day(self.today, self.chance.choice((7, 12, 12, 12)))
        if self.chance.random() < 0.9:
            self.book(self.today - timedelta(days=self.chance.choice((0, 0, 1, 1, 2))))
        if self.chance.random() < 0.85:
            self.evaluate()
        for side in self.sides:
            self.compare(side)
            if self.chance.random() < 0.5:
                self.act(side)
                self.compare(side)

    def evaluate(self) -> None:
        """What the worker does, here and in the model; a second look must find nothing to do."""
        list(evaluate(self.portal))
        for side in self.sides:
            self.judge(side)
        if self.chance.random() < 0.1:
            again = list(evaluate(self.portal))
            self.equal("looked at twice", [], again)

    def move_money(self) -> None:
        """What is paid on this day, to be booked then or later."""
        for side in self.sides:
            for coming in self.paid_by(side):
                self._coming.append(coming)

    def paid_by(self, side: Side) -> Iterator[Coming]:
        for book, due_on, amount, what in self.awaited_of(side):
            if paid := self.habits.coming(side.person, book, self.today, due_on, amount, (book.ref, what)):
                yield paid
        for settlement in side.settlements:
            if settlement.state in {"quoted", "accepted"} and self.today <= settlement.until:
                yield from self.settling(settlement)

    def awaited_of(self, side: Side) -> Iterator[tuple[Book, date, int, str]]:
        """What a person could pay: loan, its day, the amount, and a name for it."""
        for book in side.person.books:
            if side.settled(book, "paid"):
                continue
            for number, due_on, amount in book.instalments_between(self.world.begins, date.max):
                yield book, due_on, amount, f"no. {number}"
            for awaited in side.plan.of(book) if side.plan else ():
                yield book, awaited.due_on, awaited.amounts[book.ref], f"{side.plans[-1].number} {awaited.agreed_on}"
        for promise in side.promises:
            if promise.state in _OPEN:
                yield promise.book, promise.due_on, promise.amount, promise.number

    def settling(self, settlement: model.Settlement) -> Iterator[Coming]:
        """On some of its days somebody pays what settles a loan, or not quite that."""
        if self.chance.random() < 0.15:
            whole = settlement.to_pay(self.today)
            amount = self.chance.choice((whole, whole, whole - 1, whole // 2))
            if amount > 0:
                booked_on = self.today + self.chance.choice((0, 0, 2)) * ONE_DAY
                yield Coming(settlement.book, self.today, booked_on, amount)

    def book(self, data_date: date) -> None:
        """An import of all that is booked by now, with its data date (never an earlier one than the last)."""
        self.data_date = max(self.data_date, data_date)
        booked = [each for each in self._coming if each.booked_on <= self.today]
        self._coming = [each for each in self._coming if each.booked_on > self.today]
        for each in booked:
            row = self.world.pay(each.book, each.received_on, each.amount)
            if self.chance.random() < 0.03:
                back_on = self.today + timedelta(days=self.chance.choice((1, 3, 8)))
                self._returning.append((back_on, each.book, row))
        for _day, book, row in [each for each in self._returning if each[0] <= self.today]:
            self.world.came_back(book, row)
        self._returning = [each for each in self._returning if each[0] > self.today]
        tables = {name: rows for name, rows in self.world.tables.items() if rows} or {"payments": []}
        self._imports += 1
        with contextlib.redirect_stdout(io.StringIO()):
            import_tables(self.portal.doors, self.folder / f"import-{self._imports}", tables, self.data_date)
        self.world.tables = {"payments": []}

    @property
    def known_to(self) -> date:
        """The day up to which everything is booked."""
        return min(self.data_date, self.today)

    # --- The model's judgement -------------------------------------------------------------------------------

    def judge(self, side: Side) -> None:
        """What the rules make of everything by now, in the order settlements, promises, plans."""
        for settlement in side.settlements:
            self.judge_settlement(settlement)
        for promise in side.promises:
            outcome = promise.outcome(self.known_to)
            if promise.state in _OPEN:
                ends = {"kept": "kept", "made_good": "kept", "partly_kept": "partly_kept", "broken": "broken"}
                promise.state = ends.get(outcome, promise.state)
        for proposal in side.proposals:
            if proposal.state in ON_THE_WAY and self.today > proposal.last_day:
                proposal.state = "lapsed"
            if proposal.state == "countered" and self.figures_of(side, proposal) != proposal.rests_on:
                # Staff look again; which plan runs beside it is not followed here.
                proposal.state = make.state(self.portal.doors, proposal.number)
        for plan in side.plans:
            if plan.state in GOING:
                self.judge_plan(side, plan)

    def judge_settlement(self, settlement: model.Settlement) -> None:
        if settlement.state in {"quoted", "accepted"}:
            if paid_on := settlement.paid_on(self.today):
                settlement.state = "paid"
                settlement.pay(paid_on)
            elif self.today > settlement.until and self.data_date >= settlement.until:
                settlement.state = "lapsed"
        elif settlement.state == "paid" and settlement.came_back(self.today):
            settlement.state = "undone"

    def judge_plan(self, side: Side, plan: model.Plan) -> None:
        if all(side.settled(book, "paid") for book in plan.books):
            self.end(plan, "kept")
            return
        if plan.is_over(self.known_to, self.today):
            self.end(plan, "kept")
            return
        misses = plan.misses(self.known_to, self.today, self.broken(side, plan))
        evaluation_on = plan.evaluation_on(misses)
        if plan.state == "evaluated" and not plan.stands(misses):
            plan.state = "running"
        if plan.state == "running" and evaluation_on is not None and self.is_ripe(evaluation_on):
            plan.state, plan.evaluated = "evaluated", {miss.key for miss in misses}

    def is_ripe(self, evaluation_on: date) -> bool:
        """Whether the hour has struck, and the bookings have reached the end of the cure days."""
        has_struck = self.today > evaluation_on or (self.today == evaluation_on and self.hour >= EVALUATION_HOUR)
        return has_struck and self.known_to >= evaluation_on - ONE_DAY

    def broken(self, side: Side, plan: model.Plan) -> list[model.Miss]:
        """The promises made during a plan that were not kept."""
        made = [
            each
            for each in side.promises
            if each.made_on >= plan.agreed_on and each.state != "withdrawn" and each.book in plan.books
        ]
        return [miss for each in made if (miss := each.miss(self.known_to))]

    def end(self, plan: model.Plan, state: str) -> None:
        """A plan ends: nights to come count again, those that were told not to count stay so."""
        plan.state = state
        for book in plan.books:
            for waiver in book.waivers:
                if waiver["waiver_ref"] == plan.number and waiver["to_day"] is None:
                    waiver["to_day"] = self.today

    # --- What people do --------------------------------------------------------------------------------------

    def act(self, side: Side) -> None:
        acts: list[Callable[[Side], None]] = [self.promise, self.quote]
        if side.proposal is None and side.plan is None:
            acts += [self.propose, self.propose, self.propose]
        if side.proposal is not None:
            acts += [self.answer, self.answer, self.answer, self.answer, self.withdraw]
        if side.plan is not None:
            acts += [self.change, self.change, self.change, self.decide, self.decide]
            acts += [self.propose] if self.chance.random() < 0.3 else []
        if any(each.state in _OPEN for each in side.promises):
            acts += [self.change_promise]
        if any(each.state == "quoted" for each in side.settlements):
            acts += [self.accept_settlement]
        act = self.chance.choice(acts)
        self.done[act.__name__] += 1
        act(side)

    def viewer(self, side: Side) -> Viewer:
        known = self.ids[side.person.ref]
        return replace(self.portal.doors.system(), kind="borrower", person_id=known.person_id, roles=known.roles)

    def clerk(self) -> Viewer:
        return replace(
            self.portal.doors.system(), kind="staff", staff_id=self.staff.staff_id, name="Qiao", roles=self.staff.roles
        )

    def propose(self, side: Side) -> None:
        currency = side.person.books[0].loan["currency"]
        due = sum(book.due(self.today) for book in side.person.books)
        unit = 10 ** MINOR_DIGITS[currency]
        monthly = max(2, ceil(due / unit / self.chance.choice((1, 2, 3, 5, 8))))
        way = self.chance.choice(("monthly", "monthly", "payments", "equal"))
        given = {
            "currency": currency,
            "first": str(monthly // 2) if self.chance.random() < 0.2 else "0",
            "when": self.chance.choice(("today", "pay_day")),
            "way": way,
            "monthly": str(monthly) if way == "monthly" else "",
            "payments": "" if way == "monthly" else str(self.chance.choice((2, 3, 6))),
            "pay_day": str(self.chance.randint(1, 28)),
            "rhythm": self.chance.choice(("monthly", "weekly", "two_weekly")),
            "first_on": (self.today + timedelta(days=self.chance.randint(1, 20))).isoformat(),
        }
        blocked = all(side.bars(book, self.today) or not book.due(self.today) for book in side.person.books)
        waiting = side.proposal if side.proposal and self.today <= side.proposal.last_day else None
        expected = waiting is None and not blocked
        known = {row["payment_ref"] for book in side.person.books for row in book.standing_payments()}
        try:
            number = make.propose(self.portal.doors, self.viewer(side), **given)
        except Refusal as refusal:
            if expected and refusal.code not in _OF_THE_SCHEDULE:
                self.differs(f"propose refused: {refusal.code}")
            self.done[f"propose: {refusal.code}"] += 1
            return
        if not expected:
            self.differs(f"propose {number} was not refused")
        for each in side.proposals:
            each.state = "lapsed" if each.state in ON_THE_WAY else each.state  # one that is over makes room
        record = make.record(self.portal.doors, number)
        side.proposals.append(Proposal(number, self.today, last_day(record.figures, self.today), known))

    def answer(self, side: Side) -> None:
        """Staff approve or counter; the borrower accepts a counter-offer or leaves it."""
        proposal, doors = side.proposal, self.portal.doors
        assert proposal is not None
        try:
            if proposal.state == "countered":
                make.accept(doors, self.viewer(side), proposal.number)
                self.agreed(side, proposal)
            elif self.chance.random() < 0.2:
                make.counter(doors, self.clerk(), proposal.number, {"freeze": self.may_freeze(side, proposal)})
                proposal.state = "countered"
                proposal.rests_on = self.figures_of(side, proposal)
                proposal.last_day = last_day(make.standing(doors, proposal.number).figures, proposal.start_on)
            else:
                freeze = self.may_freeze(side, proposal) and self.chance.random() < 0.7
                make.approve(doors, self.clerk(), proposal.number, freeze=freeze)
                self.agreed(side, proposal)
        except (Refusal, AssertionError) as refusal:
            self.done[f"answer: {getattr(refusal, 'code', refusal)}"] += 1
            proposal.state = make.state(doors, proposal.number)

    def figures_of(self, side: Side, proposal: Proposal) -> tuple[str, ...]:
        """What the figures of a proposal rest on: all that was known of its start day and the days before."""
        rows = [
            str(row)
            for book in side.person.books
            for row in (*book.standing_payments(), *book.waivers)
            if row.get("received_on", row.get("on_day", date.min)) <= proposal.start_on
        ]
        return tuple(sorted(rows))

    def may_freeze(self, side: Side, proposal: Proposal) -> bool:
        refs = {loan.ref for loan in make.record(self.portal.doors, proposal.number).figures.loans}
        books = [book for book in side.person.books if book.ref in refs]
        return all(self.world.rules[book.product["product_ref"]]["freeze"] == "1" for book in books)

    def agreed(self, side: Side, proposal: Proposal) -> None:
        """A plan runs: its schedule is taken from the agreement, and looked at by the model."""
        record = make.record(self.portal.doors, proposal.number)
        if not any(book.due(self.today) for book in side.person.books):
            self.differs(f"plan {proposal.number} was agreed with nothing due")
        schedules = {loan.ref: loan for loan in record.figures.loans}
        books = [book for book in side.person.books if book.ref in schedules]
        known = self.taken_in(books, proposal, record.figures.payments[0].due_on == record.start_on)
        for book in books:
            loan = schedules[book.ref]
            payments = [(each.due_on, each.amount) for each in loan.payments]
            replaced = side.plan.number if side.plan else ""
            fault = model.schedule_fault(book, record.start_on, payments, record.is_frozen, known, replaced)
            self.equal("the agreement's numbers", "", fault)
        by_day: dict[date, model.Awaited] = {}
        for book in books:
            for each in schedules[book.ref].payments:
                awaited = by_day.setdefault(each.due_on, model.Awaited(each.due_on, each.due_on, {}))
                awaited.amounts[book.ref] = awaited.agreed[book.ref] = each.amount
        if side.plan is not None:
            self.end(side.plan, "replaced")
        for promise in side.promises:
            if promise.state in _OPEN and promise.book in books:
                promise.state = "withdrawn"
        proposal.state = "agreed"
        side.plans.append(
            model.Plan(
                number=proposal.number,
                start_on=proposal.start_on,
                agreed_on=self.today,
                cure_days=max(self.rule(book, "cure_days") for book in books),
                is_frozen=record.is_frozen,
                books=books,
                awaited=[by_day[day] for day in sorted(by_day)],
                known=known,
            )
        )
        if record.is_frozen:
            for book in books:
                book.waivers.append(model.nights_waived(proposal.number, proposal.start_on + ONE_DAY, None))

    def taken_in(self, books: list[Book], proposal: Proposal, pays_today: bool) -> set[str]:
        """The payments up to the start day that the agreed figures have taken in: all that are known when they are
        agreed, but for those of the start day itself that may be the plan's own first one."""
        rows = [row for book in books for row in book.standing_payments()]
        start = proposal.start_on
        earlier = {row["payment_ref"] for row in rows if row["received_on"] < start}
        same_day = {row["payment_ref"] for row in rows if row["received_on"] == start}
        return earlier | (same_day & proposal.known if pays_today else same_day)

    def rule(self, book: Book, name: str) -> int:
        return int(self.world.rules[book.product["product_ref"]][name])

    def withdraw(self, side: Side) -> None:
        proposal = side.proposal
        assert proposal is not None
        self.portal.doors.write_as(self.viewer(side), proposing_actions.withdraw_plan, proposal.number)
        proposal.state = "withdrawn"

    def change(self, side: Side) -> None:
        """Move a payment, leave one out, or say that one cannot be paid: refused exactly where the rules say so."""
        plan = side.plan
        assert plan is not None
        awaited = self.chance.choice(plan.awaited)
        is_free = plan.state == "running" and awaited.due_on > self.today
        covered = plan.is_met(awaited.due_on, self.today)
        once = awaited.agreed_on not in plan.moved | plan.skipped
        kind = self.chance.choice(("move", "move", "skip", "cannot"))
        if kind == "move":
            span = self.chance.choice((1, 2, 5, 7, 9))
            to_day = awaited.due_on + timedelta(days=span)
            most = min(self.rule(book, "move_days") for book in plan.books)
            others = [each.due_on for each in plan.awaited if each is not awaited]
            is_before_others = not any(awaited.due_on < day <= to_day for day in others)
            can_be = span <= most and is_before_others and is_worked(to_day)
            allowed = is_free and not covered and once and can_be
            self.changed(side, plan, awaited, allowed, running_actions.move_payment, to_day)
        elif kind == "skip":
            most = min(self.rule(book, "skips") for book in plan.books)
            allowed = is_free and not covered and once and len(plan.skipped) < most
            self.changed(side, plan, awaited, allowed, running_actions.skip_payment)
        else:
            allowed = is_free and not covered and awaited.agreed_on not in plan.excused
            self.changed(side, plan, awaited, allowed, running_actions.say_cannot)

    def changed(
        self, side: Side, plan: model.Plan, awaited: model.Awaited, allowed: bool, act: Any, *more: date
    ) -> None:
        try:
            self.portal.doors.write_as(self.viewer(side), act, plan.number, awaited.agreed_on, *more)
        except Refusal as refusal:
            if allowed:
                self.differs(f"{act.__name__} {plan.number} {awaited} refused: {refusal.code}")
            return
        if not allowed:
            self.differs(f"{act.__name__} {plan.number} {awaited} {more} was not refused")
        if act is running_actions.say_cannot:
            plan.excused.add(awaited.agreed_on)
            return
        before = {book.ref: self.left(plan, book) for book in plan.books}
        going = self.life(plan)
        now = {each.agreed_on: each.due_on for part in going.parts for each in part.awaited}
        awaited.due_on = now[awaited.agreed_on]
        if act is running_actions.skip_payment:
            plan.skipped.add(awaited.agreed_on)
            self.equal("a skipped payment comes last", plan.last_on, awaited.due_on)
        else:
            plan.moved.add(awaited.agreed_on)
            self.equal("a moved payment", more[0], awaited.due_on)
        for book in plan.books:
            plan.put_last(book)
            plan.extra[book.ref] = plan.extra.get(book.ref, 0) + max(0, self.left(plan, book) - before[book.ref])
            plan.put_last(book)
            told = next(part.awaited for part in going.parts if part.facts.loan == book.ref)
            now_awaited = sorted((each.due_on, each.amounts[book.ref]) for each in plan.of(book))
            self.equal("what a change costs", now_awaited, [(each.due_on, each.amount) for each in told])

    def left(self, plan: model.Plan, book: Book) -> int:
        """What would be left of a loan once all that is still to come has come on its day."""
        rows = book.standing_payments()
        last = plan.of(book)[-1].due_on
        for place, each in enumerate(plan.awaited):
            if each.due_on > self.today and book.ref in each.amounts:
                rows.append(model.transfer(f"~plan-{place}", each.due_on, each.amounts[book.ref]))
        for number, on, amount in book.instalments_between(max(self.today, plan.start_on), last):
            rows.append(model.transfer(f"~no-{number}", on, amount))
        end = book.replay(last, rows)
        return model.due_of(end, last) - sum(receipt.credit for receipt in end.receipts)

    def decide(self, side: Side) -> None:
        """Staff confirm that an evaluated plan ends, or let it go on."""
        plan, doors = side.plan, self.portal.doors
        assert plan is not None
        if plan.state != "evaluated":
            return
        told = self.life(plan).content_of("evaluated")
        seen = telling.hash_of(told.content) if told else ""
        misses = plan.misses(self.known_to, self.today, self.broken(side, plan))
        if self.chance.random() < 0.4:
            doors.write_as(self.clerk(), cancelling_actions.let_go_on, plan.number, seen, "")
            plan.state = "running"
            plan.forgiven |= {miss.key for miss in misses}
            return
        allowed = plan.stands(misses) and not plan.is_over(self.known_to, self.today)
        try:
            doors.write_as(self.clerk(), cancelling_actions.confirm_end, plan.number, seen, "")
        except Refusal as refusal:
            if allowed:
                self.differs(f"confirm refused: {refusal.code}")
            return
        if not allowed:
            self.differs("confirm was not refused")
        self.end(plan, "cancelled")

    def promise(self, side: Side) -> None:
        viewer, doors = self.viewer(side), self.portal.doors
        page = doors.read_as(viewer, promise_queries.new_page)
        expected = dict(self.promisable(side))
        offered = {
            (each.record.ref, each.instalment.number if each.instalment else None): each.most for each in page.choices
        }
        self.equal("what can be promised", expected, offered)
        if not page.choices:
            return
        choice = self.chance.choice(page.choices)
        book = next(each for each in side.person.books if each.ref == choice.record.ref)
        number = choice.instalment.number if choice.instalment else None
        amount = self.chance.choice((choice.most, max(1, choice.most // 3)))
        due_on = self.today + timedelta(days=self.chance.choice((0, 1, 3, 8, 15)))
        known = {row["payment_ref"] for row in book.standing_payments()}
        planned = [
            (each.due_on, each.amounts[book.ref])
            for each in (side.plan.awaited if side.plan else ())
            if book.ref in each.amounts
        ]
        try:
            made = doors.write_as(
                viewer, promising.make_promise, promising.Given(choice.code, amount, due_on, "transfer")
            )
        except Refusal as refusal:
            self.done[f"promise: {refusal.code}"] += 1
            return
        cure = self.rule(book, "cure_days")
        side.promises.append(model.Promise(made, book, self.today, due_on, amount, cure, number, known, planned))

    def promisable(self, side: Side) -> Iterator[tuple[tuple[str, int | None], int]]:
        """What can be promised (domain.md 9): what is due or a later instalment; beside a plan the later ones only."""
        for book in side.person.books:
            if side.promise_on(book) or side.bars(book, self.today):
                continue
            plan = side.plan if side.plan and book in side.plan.books else None
            if plan is None and (due := book.due(self.today)):
                yield (book.ref, None), due
            run = book.replay(self.today)
            for debt in run.debts:
                begins = plan.start_on if plan else self.today
                if begins < debt.due_on <= self.today + timedelta(days=FURTHEST_PROMISE):
                    penalty = run.payable(debt, "penalty", self.today) if debt.due_on <= self.today else 0
                    if amount := sum(debt.unpaid.values()) + penalty:
                        yield (book.ref, debt.number), amount

    def change_promise(self, side: Side) -> None:
        """Move it, say that it is paid, or take it back."""
        promise = self.chance.choice([each for each in side.promises if each.state in _OPEN])
        viewer, doors = self.viewer(side), self.portal.doors
        kind = self.chance.choice(("move", "say paid", "take back"))
        try:
            if kind == "move":
                to_day = promise.due_on + timedelta(days=self.chance.choice((1, 4, 7, 8)))
                in_reach = (to_day - promise.due_on).days <= self.rule(promise.book, "move_days")
                is_before = promise.state == "open" and self.today < promise.due_on
                allowed = is_before and in_reach and is_worked(to_day)
                doors.write_as(viewer, promising.move_promise, promise.number, to_day)
                promise.due_on, promise.state = to_day, "moved"
            elif kind == "say paid":
                allowed = promise.state != "being_verified"
                doors.write_as(viewer, promising.say_paid, promise.number, self.today)
                promise.state = "being_verified"
            else:
                allowed = self.today < promise.due_on
                doors.write_as(viewer, promising.take_back, promise.number)
                promise.state = "withdrawn"
        except Refusal as refusal:
            if allowed:
                self.differs(f"promise {kind} refused: {refusal.code}")
            return
        if not allowed:
            self.differs(f"promise {kind} was not refused")

    def quote(self, side: Side) -> None:
        book = self.chance.choice(side.person.books)
        viewer, doors = self.viewer(side), self.portal.doors
        records = {each.ref: each for each in doors.read_as(viewer, loan_queries.account).loans}
        page = doors.read_as(viewer, own_queries.new_page, records[book.ref].code)
        assert page is not None
        rule = self.world.rules[book.product["product_ref"]]["payoff_interest"]
        stands = side.settled(book, "quoted", "accepted", "paid")
        expected = stands is None and model.payoff(book, self.today, rule) > 0
        if stands is None or stands.state == "quoted":
            self.equal("a quote is offered", model.payoff(book, self.today, rule) > 0, page.quote is not None)
        try:
            number = doors.write_as(viewer, asking_actions.get_quote, page.record.code, page.seen, make.PAPER)
        except Refusal as refusal:
            if expected:
                self.differs(f"quote refused: {refusal.code}")
            return
        if not expected:
            self.differs(f"quote {number} was not refused")
        found = self.settlement(number)
        settlement = model.Settlement(
            number,
            book,
            found.offer.quoted_on,
            found.offer.until,
            found.offer.evening,
            list(found.offer.reductions),
            found.rule,
            found.offer.stops_penalty,
        )
        self.equal("until", self.today + timedelta(days=self.rule(book, "settlement_days")), settlement.until)
        self.check_reductions(book, settlement)
        for day, amount in found.told.items():
            self.equal("the settlement's amount", settlement.to_pay(day), amount)
        side.settlements.append(settlement)

    def check_reductions(self, book: Book, settlement: model.Settlement) -> None:
        """The product's part of what is reducible, as it was payable on the evening from which it is taken and still
        is; rounded down (the rules do not say how)."""
        rules = self.world.rules[book.product["product_ref"]]
        expected = {}
        for component in rules["reducible"].split(">") if rules["reducible"] != "none" else ():
            payable = min(model.part_due(book, component, day) for day in (settlement.evening, self.today))
            share = payable * int(rules["settlement_percent"]) // 100
            if share:
                expected[component] = share
        self.equal("what is taken off", expected, {name: amount for name, amount in settlement.reductions if amount})

    def accept_settlement(self, side: Side) -> None:
        settlement = next(each for each in side.settlements if each.state == "quoted")
        viewer, doors = self.viewer(side), self.portal.doors
        page = doors.read_as(viewer, own_queries.detail_page, settlement.number)
        assert page is not None
        allowed = self.today <= settlement.until
        try:
            doors.write_as(viewer, asking_actions.accept, settlement.number, page.seen)
        except Refusal as refusal:
            if allowed:
                self.differs(f"accept refused: {refusal.code}")
            return
        if not allowed:
            self.differs("accept was not refused")
        settlement.state = "accepted"

    # --- Comparing -------------------------------------------------------------------------------------------

    def equal(self, what: str, model_says: object, portal_says: object) -> None:
        """Count a comparison, and keep it where the two differ."""
        self.compared[what] += 1
        if model_says != portal_says:
            self.differs(f"{what}: model {model_says}, portal {portal_says}")

    def differs(self, text: str) -> None:
        self.found.append(f"{self.today} {self.hour}h, booked to {self.data_date}: {text}")

    def life(self, plan: model.Plan) -> PlanLife:
        doors = self.portal.doors
        going = doors.read_as(doors.system(), running_queries.staff_life, plan.number)
        assert going is not None
        return going

    def settlement(self, number: str) -> settlement_queries.SettlementRecord:
        doors = self.portal.doors
        found = doors.read_as(doors.system(), lambda connection, _: settlement_queries.settlement(connection, number))
        assert found is not None
        return found

    def compare(self, side: Side) -> None:
        """Everything that the portal says of one person, with what the model says."""
        before = len(self.found)
        doors = self.portal.doors
        doors.read_as(self.viewer(side), self._compare, side)
        for place in range(before, len(self.found)):
            self.found[place] = f"{side.person.ref} {self.found[place]}"

    def _compare(self, connection: Any, viewer: Viewer, side: Side) -> None:
        records = loan_queries.loans_of(connection, viewer.person_id or 0, self.today)
        by_ref = {record.ref: record for record in records}
        for book in side.person.books:
            self.compare_balance(book, by_ref[book.ref])
        for proposal in side.proposals:
            if proposal.state in ON_THE_WAY:
                found = queries.plan(connection, proposal.number)
                self.equal("a proposal's state", proposal.state, found.state if found else "")
        for plan in side.plans:
            found = queries.plan(connection, plan.number)
            assert found is not None
            self.equal("a plan's state", plan.state, found.state)
            if plan.state in GOING and found.state == plan.state:
                going = running_queries.life_of(connection, found, self.today, self.known_to)
                assert going is not None
                saved = running_queries.saved_so_far(connection, going, self.today)
                self.equal("saved so far", sum(plan.saved(book, self.today) for book in plan.books), saved)
                self.compare_life(side, plan, going)
        for promise in side.promises:
            record = promise_queries.promise(connection, promise.number)
            self.equal("a promise's state", promise.state, record.state if record else "")
        for settlement in side.settlements:
            known = settlement_queries.settlement(connection, settlement.number)
            seen = "undone" if known and known.undone_at else known.state if known else ""
            self.equal("a settlement's state", settlement.state, seen)

    def compare_balance(self, book: Book, record: LoanRecord) -> None:
        run = book.replay(self.today)
        seen = assess(record.facts, self.today)
        expected = {
            part: sum(run.payable(debt, part, self.today) for debt in run.due_by(self.today))
            for part in model.EVERY_PART
        }
        self.equal("what is due", expected, {part: getattr(seen.due, part) for part in model.EVERY_PART})
        self.equal("credit", sum(receipt.credit for receipt in run.receipts), seen.credit)

    def compare_life(self, side: Side, plan: model.Plan, going: PlanLife) -> None:
        life = going.life
        assert life is not None
        misses = plan.misses(self.known_to, self.today, self.broken(side, plan))
        told = sorted((miss.due_on, miss.cure_until, miss.key) for miss in misses)
        self.equal("strikes", told, sorted((each.due_on, each.cure_until, each.key) for each in life.strikes))
        self.equal("evaluation", plan.evaluation_on(misses), life.evaluation_on)
        following = (life.next.due_on, life.next.missing) if life.next else None
        self.equal("what to pay next", plan.next_payment(self.known_to, self.today), following)
        verdicts = {each.agreed_on: each.verdict for each in life.payments if each.agreed_on}
        for awaited in plan.awaited:
            if verdict := plan.verdict(awaited, self.known_to):
                self.equal("how a payment stands", (awaited, verdict), (awaited, verdicts.get(awaited.agreed_on)))
        if plan.state == "evaluated":
            self.compare_trace(plan, misses, going)

    def compare_trace(self, plan: model.Plan, misses: list[model.Miss], going: PlanLife) -> None:
        """What the notice rests on: of each strike its payment and cut-off, as far as they still stand."""
        told = going.content_of("evaluated")
        rows = told.content["strikes"] if told else []
        shown = {(row["due_on"], row["cure_until"]) for row in rows}
        for miss in misses:
            if miss.key in plan.evaluated:
                self.equal("the trace", True, (miss.due_on.isoformat(), miss.cure_until.isoformat()) in shown)
        self.equal("the trace", len(plan.evaluated), len(rows))


def last_day(figures: Figures, start: date) -> date:
    """The last day of a proposal: the one before the first payment that is waited for. One of the start day itself is
    made at once."""
    days = [each.due_on for each in figures.payments if each.due_on > start]
    return days[0] - ONE_DAY if days else start


_OF_THE_SCHEDULE = frozenset({"plan.no_amount", "plan.too_small", "plan.no_answers"})


def drive(portal: Portal, clock: FixedClock, folder: Path, seed: int, people: int, days: int) -> Drive:
    """A new portfolio, driven for so many days."""
    chance = Random(seed)
    begins = date(2026, 1, 5) + timedelta(days=chance.randrange(900))
    world = World(chance, begins)
    world.draw(people)
    driven = Drive(portal, clock, folder, chance, world, begins)
    driven.run(days)
    return driven
