"""The page on which staff decide: the figures as they are now, what each answer comes to, and who may take it alone."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, func, select

from portal.access import second_person_queries
from portal.access.second_person_queries import Pending
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.loans.queries import AuthorityRecord, LoanRecord, PersonRecord
from portal.plans import basis_facts, facts, offer_facts
from portal.plans.facts import Basis, Figures, LoanCheck
from portal.plans.proposing_queries import Way, bundle_of, frozen_figures, way
from portal.plans.queries import PLAN, PlanRecord, plan
from portal.platform.gate import PERMISSIONS, Viewer

ACT = "approve_plan"
"""What a second person is asked to confirm."""


@dataclass(frozen=True)
class DecidePage:
    """A proposal before staff: the figures as they are now, what each answer comes to, and who may decide.

    `now` is absent where nothing stays payable; `changed` tells that the figures are no longer those that the borrower
    saw. `authority` is the best that the viewer's roles give alone.
    """

    plan: PlanRecord
    person: PersonRecord
    today: date
    bundle: tuple[Basis, ...]
    blocked: tuple[tuple[LoanRecord, Refusal], ...]
    now: Figures | None
    frozen: Figures | None
    checks: tuple[LoanCheck, ...]
    change: Way | None
    pending: Pending | None
    authority: AuthorityRecord
    frozen_today: int
    records: tuple[LoanRecord, ...]

    @property
    def seen(self) -> str:
        return basis_facts.hash_of(self.bundle)

    @property
    def changed(self) -> bool:
        if self.now is None:
            return True
        return self.now.told != self.plan.figures.told and self.plan.state == "proposed"

    @property
    def told(self) -> str:
        """The figures as the form carries them."""
        return facts.told(self.now, self.received) if self.now else ""

    @property
    def received(self) -> int:
        """All that has arrived on the loans of the plan, in minor units."""
        return facts.received_on(self.records)

    @property
    def forecast(self) -> int:
        """What stopping the penalty would save, in minor units."""
        if self.now is None or self.frozen is None:
            return 0
        return max(0, self.now.total - self.frozen.total)

    @property
    def has_lapsed(self) -> bool:
        return self.today > self.plan.lapses_on

    def within_authority(self, freeze: bool) -> bool:
        """Whether the viewer may agree alone: what is due under the plan, and what a freeze is expected to save."""
        if self.now is None or self.now.due_today > self.authority.plan_max:
            return False
        if not freeze:
            return True
        left_today = self.authority.waiver_day_max - self.frozen_today
        return self.forecast <= min(self.authority.waiver_max, left_today)


def decide_page(connection: Connection, viewer: Viewer, number: str) -> DecidePage | None:
    """A plan for staff, None if there is none of that number."""
    found = plan(connection, number)
    person = loans.person(connection, found.person_id) if found else None
    if found is None or person is None:
        return None
    kept = {schedule.loan_id: schedule for schedule in found.figures.loans}
    records = tuple(loan for loan in loans.loans_of(connection, found.person_id, viewer.today) if loan.id in kept)
    pays_today = found.answers.first_today and found.answers.first
    counted = {loan_id: frozenset(each.counted) for loan_id, each in kept.items()} if pays_today else None
    bundle = bundle_of(connection, records, found.start_on, counted)
    blocked = tuple((loan, refusal) for loan in records if (refusal := basis_facts.standing(loan, viewer.today)))
    page = DecidePage(
        plan=found,
        person=person,
        today=viewer.today,
        bundle=bundle,
        blocked=blocked,
        now=None,
        frozen=None,
        checks=(),
        change=None,
        pending=next(
            (each for each in second_person_queries.waiting(connection, viewer.now, number) if each.act == ACT), None
        ),
        authority=_authority(connection, viewer, found.currency),
        frozen_today=_frozen_today(connection, viewer, found.currency),
        records=records,
    )
    return _with_effects(page) if bundle else page


def _with_effects(page: DecidePage) -> DecidePage:
    """What the answers come to on the figures of now, at the monthly amount that the borrower was shown."""
    told = tuple((loan.loan_id, loan.monthly) for loan in page.plan.figures.loans)
    answers = replace(page.plan.answers, monthly=page.plan.figures.monthly, payments=None, amounts=told)
    try:
        plans = offer_facts.schedules(answers, page.bundle)
    except Refusal:
        return page
    checks = offer_facts.checks(plans, page.bundle)
    may_freeze = all(basis.record.rules.freeze for basis in page.bundle)
    passed = all(check.passed for check in checks)
    return replace(
        page,
        now=offer_facts.figures(plans, page.bundle),
        checks=checks,
        frozen=frozen_figures(answers, page.bundle) if may_freeze else None,
        change=None if passed else way(offer_facts.smallest(answers, page.bundle), page.bundle),
    )


def _authority(connection: Connection, viewer: Viewer, currency: str) -> AuthorityRecord:
    roles = viewer.roles & PERMISSIONS["approve_plans"]
    given = [loans.authority(connection, role, currency, viewer.today) for role in sorted(roles)]
    if not given:
        return AuthorityRecord(0, 0, 0)
    return AuthorityRecord(
        max(each.waiver_max for each in given),
        max(each.waiver_day_max for each in given),
        max(each.plan_max for each in given),
    )


def _frozen_today(connection: Connection, viewer: Viewer, currency: str) -> int:
    """What the viewer's freezes of today are expected to save already."""
    mine = (PLAN.c.decided_by == viewer.staff_id, PLAN.c.decided_on == viewer.today, PLAN.c.currency == currency)
    return int(connection.scalar(select(func.sum(PLAN.c.freeze_forecast)).where(*mine)) or 0)
