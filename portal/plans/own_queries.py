"""A plan as its owner follows it: how far its payments are covered, and what would pass instead of a refused one."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from portal.drafts import queries as drafts
from portal.drafts.queries import PlanDraftRecord
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.plans import counter_queries, opening_facts
from portal.plans.counter_facts import Counter
from portal.plans.counter_queries import Countered
from portal.plans.counter_row_queries import latest
from portal.plans.facts import LoanSchedule, Payment
from portal.plans.forms import as_typed
from portal.plans.proposing_queries import NewPage, Way, basis_page, new_page
from portal.plans.queries import PlanRecord, own_plan, own_plans
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment


@dataclass(frozen=True)
class ListPage:
    """The viewer's plans, the newest first, those not sent yet, and whether another can be proposed now."""

    plans: tuple[PlanRecord, ...]
    unsent: tuple[PlanDraftRecord, ...]
    may_propose: bool


@one_moment
def list_page(connection: Connection, viewer: Viewer) -> ListPage:
    """All plans of the viewer."""
    proposal = basis_page(connection, viewer, "")
    return ListPage(own_plans(connection, viewer), drafts.own_plan_drafts(connection, viewer), proposal.may_propose)


@dataclass(frozen=True)
class Step:
    """A payment of a running plan: `covered` as far as payments have reached it, `judged` once the data has."""

    payment: Payment
    covered: bool
    judged: bool


@dataclass(frozen=True)
class DetailPage:
    """A plan as its owner sees it; `taken_back` where it waits again because staff took their counter-offer back.

    `proposal` says of one that ended without being agreed whether another can be proposed now; `passed_day` is the day
    of a first payment that has passed without it, so that we can only agree to other days; `lapsed_offer` is the
    counter-offer that it ended with, where nobody took it in time.
    """

    plan: PlanRecord
    today: date
    data_date: date | None
    steps: tuple[Step, ...]
    change: Way | None
    larger: Way | None
    counter: Countered | None = None
    taken_back: bool = False
    proposal: NewPage | None = None
    passed_day: date | None = None
    lapsed_offer: Counter | None = None

    @property
    def next(self) -> Payment | None:
        """The next payment that has not been covered yet."""
        return next((step.payment for step in self.steps if not step.covered), None)

    @property
    def has_lapsed(self) -> bool:
        """Lapsed, whether or not the nightly job has noted it."""
        waits = self.plan.state in {"proposed", "countered"}
        return self.plan.state == "lapsed" or (waits and self.today > self.plan.lapses_on)


@one_moment
def detail_page(connection: Connection, viewer: Viewer, number: str) -> DetailPage | None:
    """A plan of the viewer, None if it is nobody's or somebody else's."""
    found = own_plan(connection, viewer, number)
    if found is None:
        return None
    steps: tuple[Step, ...] = ()
    if found.state == "running":
        steps = _steps(connection, viewer, found)
    change, larger = _offered_again(connection, viewer, found)
    last = latest(connection, found) if found.state == "proposed" else None
    page = DetailPage(
        plan=found,
        today=viewer.today,
        data_date=loans.data_date(connection),
        steps=steps,
        change=change,
        larger=larger,
        taken_back=last is not None and last.outcome == "taken_back",
    )
    if found.state == "proposed":
        page = replace(page, passed_day=_passed_day(connection, viewer, found))
    if page.has_lapsed or found.state in {"refused", "withdrawn"}:
        offer = latest(connection, found) if page.has_lapsed else None
        left = offer if offer is not None and offer.outcome in {"", "lapsed"} else None
        return replace(page, proposal=basis_page(connection, viewer, found.currency), lapsed_offer=left)
    if found.state != "countered":
        return page
    return replace(page, counter=counter_queries.countered(connection, viewer, found))


def _passed_day(connection: Connection, viewer: Viewer, found: PlanRecord) -> date | None:
    records = loans.loans_of(connection, found.person_id, viewer.today)
    return opening_facts.passed_day(found.figures, records, viewer.today)


def _offered_again(connection: Connection, viewer: Viewer, found: PlanRecord) -> tuple[Way | None, Way | None]:
    """Of a refused plan what would pass, on today's figures."""
    if found.state != "refused":
        return None, None
    typed = as_typed(replace(found.answers, monthly=found.figures.monthly, payments=None), found.currency)
    page = new_page(connection, viewer, typed)
    return page.change, page.larger


def _steps(connection: Connection, viewer: Viewer, found: PlanRecord) -> tuple[Step, ...]:
    data_date = loans.data_date(connection)
    records = {loan.id: loan for loan in loans.loans_of(connection, found.person_id, viewer.today)}
    covered = [
        _covered(schedule, records[schedule.loan_id], found.start_on)
        for schedule in found.figures.loans
        if schedule.loan_id in records
    ]
    return tuple(
        Step(
            payment,
            all(days.get(payment.due_on, True) for days in covered),
            data_date is not None and data_date >= payment.due_on,
        )
        for payment in found.figures.payments
    )


def _covered(schedule: LoanSchedule, record: LoanRecord, start: date) -> dict[date, bool]:
    """By day whether payments since the start day reach the plan's payments and what fell due (domain.md 8)."""
    counted = set(schedule.counted)
    received = sum(
        payment.amount
        for payment in record.facts.payments
        if payment.kind == "payment" and payment.received_on >= start and payment.reference not in counted
    )
    covered, needed = {}, 0
    for payment in schedule.payments:
        needed += payment.amount
        fallen = sum(amount for _number, due_on, amount in schedule.running if due_on <= payment.due_on)
        covered[payment.due_on] = received >= needed + fallen
    return covered
