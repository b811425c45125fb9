"""How a plan goes: its life as the engine judges it, for its owner's page, for staff and for the worker."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, or_, select

from portal.access.queries import ACCOUNT
from portal.core import plan_life
from portal.core.days import add_working_days
from portal.core.plan_life import Judged, Life, LoanPart, Terms
from portal.loans import queries as loans
from portal.loans.queries import HOLD, LOAN_PARTY, LoanRecord
from portal.loans.rulepacks import rule_pack
from portal.loans.tables import Waiver, table_of
from portal.plans import running_facts
from portal.plans.facts import LoanSchedule
from portal.plans.life_tables import PlanChange, PlanSaid, PlanTold
from portal.plans.queries import AGREEMENT, PlanRecord, own_plan, plan
from portal.plans.running_facts import Change, Told
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment
from portal.promises import queries as promises

CHANGE, TOLD, SAID, _WAIVER = table_of(PlanChange), table_of(PlanTold), table_of(PlanSaid), table_of(Waiver)

LIVES = frozenset({"running", "evaluated", "cancelled", "kept"})
"""States of a plan that was agreed and whose life is told on a page of its own."""
GOING = frozenset({"running", "evaluated"})

_CHANGES = select(CHANGE).where(CHANGE.c.plan_id == bindparam("plan_id")).order_by(CHANGE.c.id)
_TOLD = (
    select(TOLD.c.what, TOLD.c.about, TOLD.c.content, TOLD.c.words, ACCOUNT.c.display_name, TOLD.c.told_on)
    .select_from(TOLD.outerjoin(ACCOUNT, ACCOUNT.c.id == TOLD.c.staff_id))
    .where(TOLD.c.plan_id == bindparam("plan_id"))
    .order_by(TOLD.c.place)
)
_SAID = select(SAID.c.words, SAID.c.said_at).where(SAID.c.plan_id == bindparam("plan_id")).order_by(SAID.c.id)
_PAPER = select(AGREEMENT.c.content, AGREEMENT.c.agreed_on).where(AGREEMENT.c.plan_id == bindparam("plan_id"))
_OWN_WAIVERS = select(_WAIVER.c.ref).where(
    _WAIVER.c.case_number == bindparam("number"), _WAIVER.c.superseded_at.is_(None), _WAIVER.c.void.is_(False)
)


@dataclass(frozen=True)
class PlanLife:
    """A plan with its life: the loans that it still covers, what was changed and told, and how the engine judges it.

    `life` is None where every loan is sold. `rests` tells that nothing is judged at present (a hold for fraud, death
    or incapacity).
    """

    plan: PlanRecord
    today: date
    data_date: date | None
    agreed_on: date
    cure_days: int
    records: tuple[LoanRecord, ...]
    schedules: tuple[LoanSchedule, ...]
    parts: tuple[LoanPart, ...]
    changes: tuple[Change, ...]
    told: tuple[Told, ...]
    said: tuple[tuple[str, datetime], ...]
    life: Life | None
    rests: bool

    @property
    def has_left(self) -> bool:
        """Whether none of its loans is the lender's any more."""
        return not self.parts

    @property
    def may_change(self) -> bool:
        """Whether another plan can be proposed for what it covers, or for what it covered."""
        return any(record.offers("propose_plan", self.today) for record in self.records)

    @property
    def days(self) -> tuple[date, ...]:
        """The days that count now, in order."""
        return tuple(sorted({each.due_on for part in self.parts for each in part.awaited}))

    @property
    def evaluation_stands(self) -> bool:
        """Whether the strikes that the evaluation rests on are still two, so that the plan may be ended by it."""
        told = self.content_of("evaluated")
        if told is None or self.life is None:
            return False
        seen = {row["promise"] or row["due_on"] for row in told.content["strikes"]}
        return sum(strike.key in seen for strike in self.life.strikes) > plan_life.STRIKES_ALLOWED

    @property
    def look_by(self) -> date | None:
        """The day by which a person looks at an evaluation: the product's working days for an answer after it."""
        told = self.content_of("evaluated")
        if told is None or not self.records:
            return None
        days = min(record.rules.answer_days for record in self.records)
        return add_working_days(told.told_on, days, rule_pack(self.records[0].rule_pack).calendar(told.told_on))

    @property
    def late(self) -> Judged | None:
        """The payment of the latest strike, None without one."""
        strikes = self.life.strikes if self.life else ()
        payments = self.life.payments if self.life else ()
        return next((each for each in payments if strikes and each.due_on == strikes[-1].due_on), None)

    def changed(self, agreed_on: date, kind: str) -> Change | None:
        """What was changed of a payment, None if nothing of the kind was."""
        return next((each for each in self.changes if each.agreed_on == agreed_on and each.kind == kind), None)

    def last_told(self, about: str) -> str:
        """What was told last about a payment or promise."""
        return next((each.what for each in reversed(self.told) if each.about == about and each.what != "reminder"), "")

    def content_of(self, what: str) -> Told | None:
        """The latest word of a kind, such as the evaluation with its trace."""
        return next((each for each in reversed(self.told) if each.what == what), None)


def life_of(connection: Connection, found: PlanRecord, today: date, data_date: date | None) -> PlanLife | None:
    """The life of an agreed plan as of a day; None for one without an agreement."""
    paper = connection.execute(_PAPER, {"plan_id": found.id}).first()
    if paper is None:
        return None
    covered = running_facts.in_plan(found.figures.loans, loans.loans_of(connection, found.person_id, today))
    records = tuple(record for _schedule, record in covered)
    changes = _changes(connection, found.id)
    told = _told(connection, found.id)
    parts = tuple(running_facts.part(schedule, record, found.start_on, changes, today) for schedule, record in covered)
    rests = _rests(connection, found, records)
    cure_days = int(json.loads(paper.content)["cure_days"])
    terms = Terms(
        cure_days=cure_days,
        excused=frozenset(each.agreed_on for each in changes if each.kind == "cannot"),
        rests=rests,
        promises=promises.strikes(connection, found.person_id, records, paper.agreed_on, data_date),
        forgiven=frozenset(key for each in told if each.what == "going_on" for key in each.content["strikes"]),
        promised_until=promises.open_until(connection, found.person_id, records, paper.agreed_on),
        agreed_on=paper.agreed_on,
    )
    return PlanLife(
        plan=found,
        today=today,
        data_date=data_date,
        agreed_on=paper.agreed_on,
        cure_days=cure_days,
        records=records,
        schedules=tuple(schedule for schedule, _record in covered),
        parts=parts,
        changes=changes,
        told=told,
        said=tuple((row.words, row.said_at) for row in connection.execute(_SAID, {"plan_id": found.id})),
        life=plan_life.judge(parts, data_date, terms, today) if parts else None,
        rests=any(begin <= today and (end is None or today <= end) for begin, end in rests),
    )


def _changes(connection: Connection, plan_id: int) -> tuple[Change, ...]:
    rows = connection.execute(_CHANGES, {"plan_id": plan_id})
    return tuple(
        Change(row.kind, row.agreed_on, row.to_day, running_facts.read_extra(row.extra), row.made_on) for row in rows
    )


def _told(connection: Connection, plan_id: int) -> tuple[Told, ...]:
    rows = connection.execute(_TOLD, {"plan_id": plan_id})
    return tuple(
        Told(row.what, row.about, json.loads(row.content), row.words, row.display_name, row.told_on) for row in rows
    )


def _rests(
    connection: Connection, found: PlanRecord, records: Iterable[LoanRecord]
) -> tuple[tuple[date, date | None], ...]:
    """When strikes rested: holds for fraud, death or incapacity on the loans or anyone on them, ended ones too."""
    ids = [record.id for record in records]
    people = select(LOAN_PARTY.c.person_id).where(LOAN_PARTY.c.loan_id.in_(ids), LOAN_PARTY.c.superseded_at.is_(None))
    on_person = and_(HOLD.c.loan_id.is_(None), or_(HOLD.c.person_id == found.person_id, HOLD.c.person_id.in_(people)))
    statement = select(HOLD.c.from_day, HOLD.c.until, HOLD.c.ended_on).where(
        HOLD.c.kind.in_(sorted(running_facts.RESTING)), or_(HOLD.c.loan_id.in_(ids), on_person)
    )
    rows = connection.execute(statement)
    return tuple((row.from_day, min((day for day in (row.until, row.ended_on) if day), default=None)) for row in rows)


# --- The owner's pages ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaymentChoices:
    """What its owner can still do about one payment that is to come."""

    payment: Judged
    moves_to: tuple[date, ...]
    can_skip: bool
    skip_to: date
    can_say: bool

    @property
    def any(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.moves_to) or self.can_skip or self.can_say


@dataclass(frozen=True)
class RunningPage:
    """An agreed plan as its owner follows it. `saved` is the penalty that has not counted because of the plan."""

    going: PlanLife
    saved: int

    @property
    def plan(self) -> PlanRecord:
        return self.going.plan

    @property
    def life(self) -> Life | None:
        return self.going.life

    def choices(self, payment: Judged) -> PaymentChoices | None:
        """What can be done about a payment; nothing once its day has begun or where it was done."""
        return choices_of(self.going, payment)


@one_moment
def running_page(connection: Connection, viewer: Viewer, number: str) -> RunningPage | None:
    """An agreed plan of the viewer, None if it is nobody's, somebody else's, or was never agreed."""
    found = own_plan(connection, viewer, number)
    if found is None or found.state not in LIVES:
        return None
    going = life_of(connection, found, viewer.today, loans.data_date(connection))
    return RunningPage(going, saved_so_far(connection, going, viewer.today)) if going else None


def saved_so_far(connection: Connection, going: PlanLife, day: date) -> int:
    """What the engine says would have counted without this plan's waivers, on all its loans."""
    refs = frozenset(connection.execute(_OWN_WAIVERS, {"number": going.plan.number}).scalars())
    return sum(plan_life.saved(part.facts, refs, day) for part in going.parts)


def choices_of(going: PlanLife, payment: Judged) -> PaymentChoices | None:
    """What the owner can still do about a payment that is to come, None once its day has begun."""
    agreed = payment.agreed_on
    if going.plan.state != "running" or agreed is None or payment.is_covered or payment.due_on <= going.today:
        return None
    rules = [record.rules for record in going.records]
    is_moved = any(going.changed(agreed, kind) for kind in ("moved", "skipped"))
    calendar = rule_pack(going.records[0].rule_pack).calendar(going.today)
    moves = plan_life.days_to_move(payment.due_on, going.days, min(rule.move_days for rule in rules), calendar)
    skipped = sum(each.kind == "skipped" for each in going.changes)
    return PaymentChoices(
        payment=payment,
        moves_to=() if is_moved else moves,
        can_skip=not is_moved and skipped < min(rule.skips for rule in rules),
        skip_to=plan_life.next_period(going.days, calendar),
        can_say=going.changed(agreed, "cannot") is None,
    )


@dataclass(frozen=True)
class PaymentPage:
    """One payment of a plan, and what can be done about it."""

    going: PlanLife
    choices: PaymentChoices

    @property
    def payment(self) -> Judged:
        return self.choices.payment


@one_moment
def payment_page(connection: Connection, viewer: Viewer, number: str, agreed_on: date) -> PaymentPage | None:
    """One payment of the viewer's plan by its agreed day, None where there is nothing to choose any more."""
    page = running_page(connection, viewer, number)
    if page is None or page.life is None:
        return None
    payment = next((each for each in page.life.payments if each.agreed_on == agreed_on), None)
    choices = page.choices(payment) if payment else None
    return PaymentPage(page.going, choices) if choices and choices.any else None


class Rest(NamedTuple):
    """What is left of a plan after today: how many payments, what they come to, the next one, the day of the last."""

    payments: int
    total: int
    next_one: tuple[date, int] | None
    last_on: date | None


@dataclass(frozen=True)
class MorePage:
    """What paying more now would do: what is left of the plan before and after."""

    going: PlanLife
    amount: int | None
    before: Rest
    after: Rest | None

    @property
    def less(self) -> int:
        """How much less is paid in all."""
        if self.after is None or self.amount is None:
            return 0
        return max(0, self.before.total - self.after.total - self.amount)


@one_moment
def more_page(connection: Connection, viewer: Viewer, number: str, amount: int | None) -> MorePage | None:
    """What an amount paid today would do to the viewer's running plan."""
    page = running_page(connection, viewer, number)
    if page is None or page.plan.state != "running":
        return None
    parts = page.going.parts
    before = _rest(plan_life.rest(part, viewer.today) for part in parts)
    after = None
    if amount:
        after = _rest(plan_life.rest(part, viewer.today) for part in plan_life.paying(parts, viewer.today, amount))
    return MorePage(page.going, amount, before, after)


def _rest(rests: Iterable[Sequence[tuple[date, int]]]) -> Rest:
    days: dict[date, int] = {}
    for rest in rests:
        for day, amount in rest:
            days[day] = days.get(day, 0) + amount
    return Rest(len(days), sum(days.values()), min(days.items(), default=None), max(days, default=None))


# --- For staff ------------------------------------------------------------------------------------------------


@one_moment
def staff_life(connection: Connection, viewer: Viewer, number: str) -> PlanLife | None:
    """The life of any agreed plan, for staff."""
    found = plan(connection, number)
    if found is None or found.decided_at is None:
        return None
    return life_of(connection, found, viewer.today, loans.data_date(connection))
