"""The page on which staff decide: the figures as they are now, what each answer comes to, and who may take it alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from sqlalchemy import Connection, select

from portal.access import second_person_queries, staff_queries
from portal.access.granting_queries import granted_today
from portal.access.second_person_queries import Pending
from portal.access.staff_queries import StaffRecord
from portal.core.assessment import assess
from portal.core.refusal import Refusal
from portal.loans import limits_queries
from portal.loans import queries as loans
from portal.loans.queries import AuthorityRecord, LoanRecord, PersonRecord
from portal.plans import (
    basis_facts,
    counter_facts,
    facts,
    hardship_queries,
    limits_facts,
    offer_facts,
    opening_facts,
    stored_facts,
)
from portal.plans.achieved_queries import Achieved, achieved
from portal.plans.counter_facts import Counter, Terms
from portal.plans.counter_row_queries import latest
from portal.plans.facts import Answers, Basis, Figures, LoanCheck
from portal.plans.hardship_queries import HardshipRecord
from portal.plans.limits_facts import Power
from portal.plans.proposing_queries import Way, bundle_of, frozen_figures, way
from portal.plans.queries import PLAN, PlanRecord, plan
from portal.platform.gate import PERMISSIONS, Viewer
from portal.platform.moment import one_moment

ACT, COUNTER_ACT = "approve_plan", "counter_plan"
ACTS = frozenset((ACT, COUNTER_ACT))
"""What a second person is asked to confirm."""


@dataclass(frozen=True)
class DecidePage:
    """A proposal before staff: the figures as they are now, what each answer comes to, and who may decide.

    `now` is absent where nothing stays payable; `changed` tells that the figures are no longer those that the borrower
    saw. `powers` are what each of the viewer's roles gives alone, `authority` the best of each kind. `suggestion` is
    what staff may want to answer instead, `pending_terms` the counter-offer that awaits a second person. `since` are
    the days from which the limits of each product count, None for the defaults. `writer` wrote it down on the phone.
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
    granted_today: int
    records: tuple[LoanRecord, ...]
    powers: tuple[Power, ...] = ()
    since: Mapping[str, date | None] = field(default_factory=dict)
    suggestion: Terms | None = None
    pending_terms: Terms | None = None
    counter: Counter | None = None
    achieved: Achieved | None = None
    writer: StaffRecord | None = None
    is_own: bool = False
    hardship: HardshipRecord | None = None

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

    @property
    def passed_day(self) -> date | None:
        """The day of a first payment that has passed without it: with these days it cannot be agreed any more."""
        return opening_facts.passed_day(self.now or self.plan.figures, self.records, self.today)

    @property
    def is_too_late_for_today(self) -> bool:
        """Whether no first payment on the start day can be asked for any more; one that has arrived on it stays."""
        has_paid = self.plan.answers.first_today and self.plan.answers.first and self.passed_day is None
        return self.today > self.plan.start_on and not has_paid

    @property
    def nothing_due(self) -> bool:
        """Whether all that the plan is about has been paid or settled meanwhile, so that nothing can be asked for."""
        return not any(assess(record.facts, self.today).due.total for record in self.records)

    def within_authority(self, freeze: bool) -> bool:
        """Whether the viewer may agree alone: what is due under the plan, and what a freeze is expected to save."""
        figures = self.frozen if freeze else self.now
        return figures is not None and self.alone(figures, self.forecast if freeze else 0)

    def alone(self, figures: Figures, forecast: int) -> bool:
        """Whether one of the viewer's roles may agree to these figures without a second person."""
        products = {record.id: record.product_id for record in self.records}
        return any(power.allows(figures, products, forecast, self.granted_today) for power in self.powers)

    @cached_property
    def rules(self) -> str:
        """The limits and authorities that a decision of the viewer's is judged by, as it keeps them."""
        limits = {
            basis.record.name: {
                "effective_from": self.since.get(basis.record.name),
                "limits": {name: getattr(basis.limits, name) for name in basis.limits.__slots__},
                "freeze": basis.record.rules.freeze,
            }
            for basis in self.bundle
        }
        return stored_facts.dump(limits_facts.as_rules(limits, self.powers))


@one_moment
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
    blocked = tuple((loan, refusal) for loan in records if (refusal := loan.refusal_of("propose_plan", viewer.today)))
    writer = _writer(connection, number)
    powers = _powers(connection, viewer, found.currency, {loan.product_id for loan in records})
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
            (each for each in second_person_queries.waiting(connection, viewer.now, number) if each.act in ACTS), None
        ),
        authority=limits_facts.best(powers),
        granted_today=granted_today(connection, viewer, found.currency),
        records=records,
        powers=powers,
        since={
            loan.name: limits_queries.product_limit(connection, loan.product_id, found.start_on).effective_from
            for loan in records
        },
        counter=latest(connection, found),
        achieved=achieved(connection, found.currency, found.due),
        writer=writer,
        is_own=_is_own(connection, viewer, writer),
        hardship=hardship_queries.current(connection, found.person_id, viewer.today),
    )
    return _with_effects(page) if bundle else page


def _with_effects(page: DecidePage) -> DecidePage:
    """What the answers come to on the figures of now, at the monthly amount that the borrower was shown."""
    offered = page.plan.proposed
    told = tuple((loan.loan_id, loan.monthly) for loan in offered.loans)
    answers = replace(page.plan.answers, monthly=offered.monthly, payments=None, amounts=told)
    try:
        plans = offer_facts.schedules(answers, page.bundle)
    except Refusal:
        return page
    checks = offer_facts.checks(plans, page.bundle)
    may_freeze = all(basis.record.rules.freeze for basis in page.bundle)
    passed = all(check.passed for check in checks)
    now = offer_facts.figures(plans, page.bundle)
    change = None if passed else way(offer_facts.smallest(answers, page.bundle), page.bundle)
    page = replace(
        page,
        now=now,
        checks=checks,
        frozen=frozen_figures(answers, page.bundle) if may_freeze else None,
        change=change,
        pending_terms=_pending_terms(page),
    )
    return replace(page, suggestion=_suggestion(page, answers, now)) if page.plan.state == "proposed" else page


def _suggestion(page: DecidePage, answers: Answers, now: Figures) -> Terms | None:
    """What staff may want to answer; where the day of the first payment has passed, it is made on the next pay day."""
    changed = page.change.answers if page.change else None
    if page.passed_day is not None:
        answers = answers.without_today
        changed = offer_facts.smallest(answers, page.bundle) or answers
    return counter_facts.suggestion(now, answers, changed, page.bundle, may_freeze=page.frozen is not None)


def _pending_terms(page: DecidePage) -> Terms | None:
    """What the counter-offer that awaits a second person comes to now."""
    if page.pending is None or page.pending.act != COUNTER_ACT:
        return None
    given = page.pending.payload
    try:
        return counter_facts.terms(stored_facts.read_answers_row(given["answers"]), page.bundle, freeze=given["freeze"])
    except Refusal:
        return None


def _powers(connection: Connection, viewer: Viewer, currency: str, products: Iterable[int]) -> tuple[Power, ...]:
    """What each of the viewer's roles may grant alone today (ST-05: judged when it is done)."""
    roles = sorted(viewer.roles & PERMISSIONS["approve_plans"])
    own = sorted(products)
    return tuple(
        Power(
            role,
            loans.authority(connection, role, currency, viewer.today),
            {
                product: limit
                for product in own
                if (limit := limits_queries.role_limit(connection, product, role, viewer.today)) is not None
            },
        )
        for role in roles
    )


def _writer(connection: Connection, number: str) -> StaffRecord | None:
    """Who wrote a proposal down on the phone, None if the borrower sent it alone."""
    account = connection.scalar(select(PLAN.c.drafted_by).where(PLAN.c.number == number))
    return staff_queries.staff(connection, account) if account is not None else None


def _is_own(connection: Connection, viewer: Viewer, writer: StaffRecord | None) -> bool:
    """Whether the viewer is that natural person, under whatever account (ST-04)."""
    me = staff_queries.staff(connection, viewer.staff_id) if viewer.staff_id is not None and writer else None
    return me is not None and writer is not None and me.identity == writer.identity
