"""Whether reminders pause for a person, for how long they still may, and a plan that starts small."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from portal.core.assessment import assess
from portal.core.interactions import Hold
from portal.core.money import minor_digits
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.plans import basis_facts, offer_facts
from portal.plans.facts import Answers, Basis
from portal.plans.hardship_tables import Hardship
from portal.plans.proposing_queries import NewPage, Way, new_page, way
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment

HARDSHIP = SQLModel.metadata.tables[str(Hardship.__tablename__)]
YEAR = timedelta(days=365)
KEPT = timedelta(days=90)
"""How long what was said is kept after the pause, as evidence is by default (domain.md 10)."""

_QUARTER = 4
_SMALL_PERCENT = 125
"""A small start is offered while its later payments are no more than this of those of an equal plan."""


@dataclass(frozen=True, slots=True)
class HardshipRecord:
    """A pause of reminders, with what the person said; `ended_on` is None while it runs."""

    number: str
    change: str
    words: str
    from_day: date
    until: date
    ended_on: date | None


@dataclass(frozen=True)
class PlanBeside:
    """The plan that runs beside a pause: `page` leads to it if it is the viewer's own.

    `covers_all`: whatever is due is under a plan, so that there is only a change of it to ask for. `stops_penalty`: on
    all of that no night counts while the plan is kept.
    """

    number: str
    page: str
    contract_types: tuple[str, ...]
    covers_all: bool
    stops_penalty: bool


@dataclass(frozen=True)
class HardshipPage:
    """The pause that runs, else until when one can be had (None: not at present), and a plan that starts small.

    `plan` is the one that runs already. `proposal` says what a new one could cover.
    """

    today: date
    running: HardshipRecord | None
    until: date | None
    again_on: date | None
    small: Way | None
    plan: PlanBeside | None
    proposal: NewPage
    keeps_days: int = KEPT.days

    @property
    def may_propose(self) -> bool:
        """Whether a plan, or a change of one, can be proposed now; else `proposal` says why not."""
        return self.proposal.may_propose


@one_moment
def hardship_page(connection: Connection, viewer: Viewer) -> HardshipPage:
    """The page of the viewer."""
    person_id = viewer.person_id or 0
    running = current(connection, person_id, viewer.today)
    left = days_left(connection, viewer)
    until = viewer.today + timedelta(days=left - 1) if left > 0 and running is None else None
    again = None if until or running else _again_on(connection, person_id)
    proposal = new_page(connection, viewer, {})
    return HardshipPage(
        today=viewer.today,
        running=running,
        until=until,
        again_on=again,
        small=_small_start(proposal),
        plan=plan_beside(loans.loans_of(connection, person_id, viewer.today), person_id, viewer.today),
        proposal=proposal,
    )


def plan_beside(records: Sequence[LoanRecord], person_id: int, day: date) -> PlanBeside | None:
    """The plan that runs on the loans that a person owes, None without one."""
    owed = [record for record in records if record.role in basis_facts.PROPOSERS and record.status != "sold"]
    hold = next((found for record in owed if (found := _plan_of(record, day))), None)
    if hold is None:
        return None
    late = [record for record in owed if assess(record.facts, day).due.total]
    return PlanBeside(
        number=hold.number,
        page=hold.page if hold.person_id == person_id else "",
        contract_types=tuple(dict.fromkeys(record.contract_type for record in owed if _plan_of(record, day))),
        covers_all=all(_plan_of(record, day) for record in late),
        stops_penalty=all(_is_stopped(record, day) for record in late),
    )


def _plan_of(record: LoanRecord, day: date) -> Hold | None:
    return next((hold for hold in record.holds if hold.kind == "plan" and hold.is_in_force(day)), None)


def _is_stopped(record: LoanRecord, day: date) -> bool:
    """Whether a plan stops the night that begins on a day; a night carries the date on which it ends."""
    night = basis_facts.day_after(day)
    return any(
        waiver.cause == basis_facts.PLAN_CAUSE
        and waiver.from_day <= night
        and (waiver.to_day is None or night <= waiver.to_day)
        for waiver in record.facts.days_waivers
    )


def current(connection: Connection, person_id: int, day: date) -> HardshipRecord | None:
    """The pause that runs on a day, None without one."""
    found = (each for each in _all(connection, person_id) if each.ended_on is None and each.until >= day)
    return next(found, None)


def days_left(connection: Connection, viewer: Viewer) -> int:
    """For how many days reminders may still pause: the least of the products, less what was used within a year."""
    records = pausing(loans.loans_of(connection, viewer.person_id or 0, viewer.today))
    most = min((record.rules.hardship_pause_days for record in records), default=0)
    since = viewer.today - YEAR
    used = sum(
        (min(each.until, each.ended_on or each.until) - each.from_day).days + 1
        for each in _all(connection, viewer.person_id or 0)
        if each.from_day > since
    )
    return max(0, most - used)


def pausing(records: Sequence[LoanRecord]) -> list[LoanRecord]:
    """The loans whose reminders pause: those that the person owes and of which the product lets them pause."""
    owed = (record for record in records if record.role in basis_facts.PROPOSERS)
    return [record for record in owed if record.status not in {"closed", "sold"} and record.rules.hardship_pause_days]


def _small_start(page: NewPage) -> Way | None:
    """A plan whose first payment is the least that may be proposed; None where the limits leave no such plan, or only
    one whose later payments are much larger than those of an equal plan over the longest time (which the page of a
    proposal begins with): that is no small plan for somebody who cannot pay."""
    begun = page.question.answers
    if begun is None or not page.bundle or page.waiting:
        return None
    unit = int(10 ** minor_digits(page.bundle[0].facts.currency))
    first = sum(_least(basis, unit) for basis in page.bundle)
    wished = replace(begun, monthly=unit * len(page.bundle), payments=None, first=first, first_today=False)
    small = _starting_small(wished, page.bundle)
    return small if small and _is_small(small.answers, begun) else None


def _is_small(small: Answers, equal: Answers) -> bool:
    if small.monthly is None or equal.monthly is None:
        return False
    return small.monthly * 100 <= equal.monthly * _SMALL_PERCENT


def _starting_small(wished: Answers, bundle: Sequence[Basis]) -> Way | None:
    found = offer_facts.smallest(wished, bundle)
    if found is None or found.first != wished.first or found.first >= (found.monthly or 0):
        return None
    return way(found, bundle)


def _least(basis: Basis, unit: int) -> int:
    """The least first payment of a loan: its limits', else a quarter of what one of its payments would be."""
    asked = max(basis.limits.first_payment_min, basis.limits.payment_min)
    equal = basis.due // max(1, basis.limits.payments_max)
    return asked or max(unit, equal // _QUARTER // unit * unit)


def due_to_end(connection: Connection, viewer: Viewer) -> list[str]:
    """Pauses whose last day has passed."""
    passed = (HARDSHIP.c.ended_on.is_(None), HARDSHIP.c.until < viewer.today)
    return list(connection.scalars(select(HARDSHIP.c.number).where(*passed).order_by(HARDSHIP.c.id)))


def due_to_forget(connection: Connection, viewer: Viewer) -> list[str]:
    """Pauses that are over for long enough and still hold what was said."""
    over = (HARDSHIP.c.ended_on < viewer.today - KEPT, (HARDSHIP.c.change != "") | (HARDSHIP.c.words != ""))
    return list(connection.scalars(select(HARDSHIP.c.number).where(*over).order_by(HARDSHIP.c.id)))


def _again_on(connection: Connection, person_id: int) -> date | None:
    """When a pause can be asked for again: a year after the last one began."""
    last = max((each.from_day for each in _all(connection, person_id)), default=None)
    return last + YEAR if last else None


def _all(connection: Connection, person_id: int) -> list[HardshipRecord]:
    columns: list[Any] = [HARDSHIP.c[name] for name in HardshipRecord.__slots__]
    rows = connection.execute(select(*columns).where(HARDSHIP.c.person_id == person_id).order_by(HARDSHIP.c.id.desc()))
    return [HardshipRecord(*row) for row in rows]
