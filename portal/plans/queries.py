"""What the pages of plans show: the form with its schedule, a plan's status, the paper, and staff's pages."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, select
from sqlmodel import SQLModel

from portal.access import second_person_queries
from portal.access.queries import ACCOUNT
from portal.access.second_person_queries import Pending
from portal.core.assessment import assess
from portal.core.interactions import Hold
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.loans.queries import AuthorityRecord, LoanRecord, PersonRecord
from portal.loans.rulepacks import rule_pack
from portal.plans import facts
from portal.plans.facts import Answers, Basis, Figures, LoanCheck, LoanSchedule, Payment, Told
from portal.plans.forms import Question, as_typed, read_answers
from portal.plans.tables import Plan, PlanAgreement, PlanLoan
from portal.platform.gate import PERMISSIONS, Viewer


def _table(row: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(row.__tablename__)]


PLAN, PLAN_LOAN, AGREEMENT = _table(Plan), _table(PlanLoan), _table(PlanAgreement)

ACT = "approve_plan"
"""What a second person is asked to confirm."""

PAGE_ROWS = 50
_LAST_PAY_DAY = 28


# --- The form -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """Answers that would pass, with the figures they come to and how an address has them."""

    answers: Answers
    figures: Figures
    typed: Mapping[str, str]


@dataclass(frozen=True)
class NewPage:
    """A proposal in the making. `figures` is absent while the answers mean nothing or come to nothing.

    `blocked` are the loans that no plan can cover now, each with why; `frozen` the figures if the penalty stopped,
    where the product may stop it.
    """

    today: date
    data_date: date | None
    currency: str | None
    currencies: tuple[tuple[str, int], ...]
    blocked: tuple[tuple[LoanRecord, Refusal], ...]
    waiting: str | None
    waiting_is_own: bool
    running: tuple[str, ...]
    bundle: tuple[Basis, ...]
    question: Question
    asked_currency: str = ""
    received: int = 0
    refusal: Refusal | None = None
    figures: Figures | None = None
    checks: tuple[LoanCheck, ...] = ()
    frozen: Figures | None = None
    change: Way | None = None
    larger: Way | None = None

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def seen(self) -> str:
        return facts.hash_of(self.bundle)

    @property
    def told(self) -> str:
        """The figures as the form carries them."""
        return facts.told(self.figures, self.received) if self.figures else ""

    @property
    def due(self) -> int:
        return sum(basis.due for basis in self.bundle)

    @property
    def is_disputed(self) -> bool:
        """Whether something was left out because it is disputed."""
        return any(waiver.cause == "dispute" for basis in self.bundle for waiver in basis.facts.amount_waivers)


def new_page(connection: Connection, viewer: Viewer, given: Mapping[str, str]) -> NewPage:
    """The form with the answers given, or with the smallest plan that passes before anything was answered."""
    account = loans.account(connection, viewer)
    own = [loan for loan in account.loans if loan.role in facts.PROPOSERS]
    late = [(loan, assess(loan.facts, viewer.today).due.total) for loan in own if loan.status != "sold"]
    blocked = tuple(
        (loan, refusal) for loan, due in late if due and (refusal := facts.standing(loan, viewer.today)) is not None
    )
    stopped = {loan.id for loan, _refusal in blocked}
    free = [(loan, due) for loan, due in late if due and loan.id not in stopped]
    currencies = _sums(free)
    currency = _chosen(currencies, given.get("currency", ""))
    bundle = bundle_of(connection, (loan for loan, _due in free if loan.currency == currency), viewer.today)
    waiting = _waiting(own, currency, viewer.today)
    asked = currency or given.get("currency", "")
    page = NewPage(
        today=viewer.today,
        data_date=account.data_date,
        currency=currency,
        currencies=currencies,
        blocked=blocked,
        waiting=waiting.number if waiting else None,
        waiting_is_own=waiting is not None and waiting.person_id == viewer.person_id,
        running=_running(bundle, viewer.today),
        bundle=bundle,
        question=Question({}),
        asked_currency=asked,
        received=facts.received_on(loan for loan in own if loan.currency == asked),
    )
    if not bundle or currency is None:
        return page
    return answered(page, _question(connection, viewer, given, currency, bundle))


def _sums(free: Iterable[tuple[LoanRecord, int]]) -> tuple[tuple[str, int], ...]:
    sums: dict[str, int] = {}
    for loan, due in free:
        sums[loan.currency] = sums.get(loan.currency, 0) + due
    return tuple(sums.items())


def _chosen(currencies: Sequence[tuple[str, int]], asked: str) -> str | None:
    known = [currency for currency, _due in currencies]
    if asked in known:
        return asked
    return known[0] if len(known) == 1 else None


def _waiting(own: Iterable[LoanRecord], currency: str | None, day: date) -> Hold | None:
    """A proposal that is not answered yet, whoever on the loan sent it."""
    found = (
        hold
        for loan in own
        for hold in loan.pending
        if hold.kind == "proposal" and loan.currency == currency and hold.is_in_force(day)
    )
    return next(found, None)


def _running(bundle: Iterable[Basis], day: date) -> tuple[str, ...]:
    """The plans that agreeing would replace."""
    numbers = (
        hold.number for basis in bundle for hold in basis.record.holds if hold.kind == "plan" and hold.is_in_force(day)
    )
    return tuple(dict.fromkeys(numbers))


def bundle_of(
    connection: Connection,
    records: Iterable[LoanRecord],
    start: date,
    counted: Mapping[int, frozenset[str]] | None = None,
) -> tuple[Basis, ...]:
    """The loans that a plan covers, without those of which nothing stays payable."""
    limits = {}
    found = []
    for record in records:
        if record.product_id not in limits:
            limits[record.product_id] = loans.plan_limits(connection, record.product_id, start)
        calendar = rule_pack(record.rule_pack).calendar(start)
        known = (counted or {}).get(record.id)
        found.append(facts.basis_of(record, start, limits[record.product_id], calendar, known))
    return tuple(basis for basis in found if basis.due)


def _question(
    connection: Connection, viewer: Viewer, given: Mapping[str, str], currency: str, bundle: Sequence[Basis]
) -> Question:
    if given.get("way"):
        return read_answers(given, currency)
    person = loans.person(connection, viewer.person_id or 0)
    payday = person.payday if person and person.payday else viewer.today.day
    begun = facts.least_answers(min(payday, _LAST_PAY_DAY), bundle)
    return Question(as_typed(begun, currency), begun)


def answered(page: NewPage, question: Question) -> NewPage:
    """The page with what the answers come to."""
    page = replace(page, question=question)
    answers = question.answers
    if answers is None:
        return page
    try:
        plans = facts.schedules(answers, page.bundle)
    except Refusal as refusal:
        return replace(page, refusal=refusal)
    page = replace(page, figures=facts.figures(plans, page.bundle), checks=facts.checks(plans, page.bundle))
    if all(basis.record.rules.freeze for basis in page.bundle):
        page = replace(page, frozen=_frozen(answers, page.bundle))
    if page.passed:
        return page
    priced = replace(answers, monthly=sum(plan.monthly for plan in plans), payments=None)
    return replace(
        page,
        change=way(facts.smallest(priced, page.bundle), page.bundle),
        larger=way(facts.larger_first(priced, page.bundle), page.bundle),
    )


def _frozen(answers: Answers, bundle: Sequence[Basis]) -> Figures:
    return facts.figures(facts.schedules(answers, bundle, freeze=True), bundle)


def way(answers: Answers | None, bundle: Sequence[Basis]) -> Way | None:
    """A way that would pass, with its figures."""
    if answers is None:
        return None
    found = facts.figures(facts.schedules(answers, bundle), bundle)
    return Way(answers, found, as_typed(answers, found.currency))


# --- A plan ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlanRecord:
    """A plan as it was proposed and decided; `decided_by` is a name."""

    id: int
    number: str
    person_id: int
    currency: str
    state: str
    version: int
    start_on: date
    lapses_on: date
    due: int
    answers: Answers
    within_limits: bool
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    confirmed_by: str | None
    is_frozen: bool
    freeze_forecast: int
    reason: str
    words: str
    criteria: tuple[LoanCheck, ...]
    change: Mapping[str, Any]
    ended_at: datetime | None
    replaced_by: str | None
    consent_text: str
    figures: Figures

    @property
    def typed(self) -> dict[str, str]:
        """The answers as an address has them, to offer them again."""
        return as_typed(self.answers, self.currency)


_STAFF = ACCOUNT
_CHECKER = _STAFF.alias("plan_checker")
_PLANS = select(PLAN, _STAFF.c.display_name, _CHECKER.c.display_name.label("checker_name")).select_from(
    PLAN.outerjoin(_STAFF, _STAFF.c.id == PLAN.c.decided_by).outerjoin(_CHECKER, _CHECKER.c.id == PLAN.c.confirmed_by)
)
_PLAN_BY_NUMBER = _PLANS.where(PLAN.c.number == bindparam("number"))
_OWN_PLANS = _PLANS.where(PLAN.c.person_id == bindparam("person_id")).order_by(PLAN.c.id.desc())
_LOANS_OF_PLAN = select(PLAN_LOAN).where(PLAN_LOAN.c.plan_id == bindparam("plan_id")).order_by(PLAN_LOAN.c.id)
_AGREEMENT = select(AGREEMENT.c.content, AGREEMENT.c.agreed_on, AGREEMENT.c.agreed_at).where(
    AGREEMENT.c.plan_id == bindparam("plan_id")
)


def plan(connection: Connection, number: str) -> PlanRecord | None:
    """A plan by its number, whoever asks."""
    row = connection.execute(_PLAN_BY_NUMBER, {"number": number}).first()
    return _record(connection, row) if row else None


def own_plan(connection: Connection, viewer: Viewer, number: str) -> PlanRecord | None:
    """A plan of the viewer; a stranger's does not exist."""
    found = plan(connection, number)
    return found if found and viewer.kind == "borrower" and found.person_id == viewer.person_id else None


def own_plans(connection: Connection, viewer: Viewer) -> tuple[PlanRecord, ...]:
    """The viewer's plans, the newest first."""
    rows = connection.execute(_OWN_PLANS, {"person_id": viewer.person_id}).all()
    return tuple(_record(connection, row) for row in rows)


def _record(connection: Connection, row: Row[Any]) -> PlanRecord:
    found = connection.execute(_LOANS_OF_PLAN, {"plan_id": row.id}).all()
    schedules = tuple(facts.read_schedule(each.loan_id, each.fingerprint, each.schedule) for each in found)
    agreed = connection.execute(_AGREEMENT, {"plan_id": row.id}).first()
    if agreed is not None:
        schedules = _agreed_schedules(agreed.content)
    same = ("id", "number", "person_id", "currency", "state", "version", "start_on", "lapses_on", "due")
    later = ("within_limits", "proposed_at", "decided_at", "is_frozen", "freeze_forecast", "reason", "words")
    last = ("ended_at", "replaced_by", "consent_text")
    return PlanRecord(
        **{name: getattr(row, name) for name in (*same, *later, *last)},
        answers=facts.read_answers_row(row.answers),
        decided_by=row.display_name,
        confirmed_by=row.checker_name,
        criteria=facts.read_criteria(row.criteria),
        change=json.loads(row.change),
        figures=Figures(row.currency, row.start_on, row.lapses_on, schedules),
    )


def _agreed_schedules(content: str) -> tuple[LoanSchedule, ...]:
    paper = json.loads(content)
    return tuple(
        facts.read_schedule(loan["loan_id"], loan["fingerprint"], json.dumps(loan["schedule"]))
        for loan in paper["loans"]
    )


@dataclass(frozen=True)
class Step:
    """A payment of a running plan: `covered` as far as payments have reached it, `judged` once the data has."""

    payment: Payment
    covered: bool
    judged: bool


@dataclass(frozen=True)
class DetailPage:
    """A plan as its owner sees it."""

    plan: PlanRecord
    today: date
    data_date: date | None
    steps: tuple[Step, ...]
    change: Way | None
    larger: Way | None

    @property
    def next(self) -> Payment | None:
        """The next payment that has not been covered yet."""
        return next((step.payment for step in self.steps if not step.covered), None)

    @property
    def has_lapsed(self) -> bool:
        """Lapsed, whether or not the nightly job has noted it."""
        return self.plan.state == "lapsed" or (self.plan.state == "proposed" and self.today > self.plan.lapses_on)


def detail_page(connection: Connection, viewer: Viewer, number: str) -> DetailPage | None:
    """A plan of the viewer, None if it is nobody's or somebody else's."""
    found = own_plan(connection, viewer, number)
    if found is None:
        return None
    steps: tuple[Step, ...] = ()
    if found.state == "running":
        steps = _steps(connection, viewer, found)
    change, larger = _offered_again(connection, viewer, found)
    return DetailPage(found, viewer.today, loans.data_date(connection), steps, change, larger)


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
    pays_today = bool(schedule.payments) and schedule.payments[0].due_on == start
    received = sum(
        payment.amount
        for payment in record.facts.payments
        if payment.kind == "payment"
        and (payment.received_on > start or (pays_today and payment.received_on == start))
        and payment.reference not in counted
    )
    covered, needed = {}, 0
    for payment in schedule.payments:
        needed += payment.amount
        fallen = sum(amount for _number, due_on, amount in schedule.running if due_on <= payment.due_on)
        covered[payment.due_on] = received >= needed + fallen
    return covered


@dataclass(frozen=True)
class PaperPage:
    """The agreement of a plan, as it was said on the day."""

    plan: PlanRecord
    agreed_on: date
    agreed_at: datetime
    content: Mapping[str, Any]


def paper_page(connection: Connection, viewer: Viewer, number: str) -> PaperPage | None:
    """The paper of an agreed plan: the owner's own, any for staff."""
    found = own_plan(connection, viewer, number) if viewer.kind == "borrower" else plan(connection, number)
    row = connection.execute(_AGREEMENT, {"plan_id": found.id}).first() if found else None
    if found is None or row is None:
        return None
    return PaperPage(found, row.agreed_on, row.agreed_at, json.loads(row.content))


# --- Staff ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QueueRow:
    """One plan in the queue."""

    number: str
    name: str
    currency: str
    state: str
    due: int
    within_limits: bool
    proposed_at: datetime
    lapses_on: date
    waits_for_second: bool


@dataclass(frozen=True)
class QueuePage:
    """Plans by state, those that lapse first on top."""

    rows: tuple[QueueRow, ...]
    counts: Mapping[str, int]
    filters: Mapping[str, str]
    total: int
    page: int

    @property
    def has_more(self) -> bool:
        return self.total > self.page * PAGE_ROWS


_COUNTS = select(PLAN.c.state, func.count()).group_by(PLAN.c.state)
_QUEUE = select(
    PLAN.c.number,
    loans.PERSON_VERSION.c.name,
    PLAN.c.currency,
    PLAN.c.state,
    PLAN.c.due,
    PLAN.c.within_limits,
    PLAN.c.proposed_at,
    PLAN.c.lapses_on,
).select_from(
    PLAN.join(
        loans.PERSON_VERSION,
        (loans.PERSON_VERSION.c.person_id == PLAN.c.person_id) & loans.PERSON_VERSION.c.superseded_at.is_(None),
    )
)


def queue_page(connection: Connection, viewer: Viewer, given: Mapping[str, str]) -> QueuePage:
    """The queue under the filters of the address: state, limits, page."""
    counts = {row[0]: row[1] for row in connection.execute(_COUNTS)}
    state = given.get("state") or "proposed"
    limits = given.get("limits", "")
    conditions = [] if state == "all" else [PLAN.c.state == state]
    if limits in {"within", "outside"}:
        conditions.append(PLAN.c.within_limits.is_(limits == "within"))
    page = max(1, int(given["page"])) if given.get("page", "").isdecimal() and len(given["page"]) < 6 else 1
    order = (PLAN.c.lapses_on, PLAN.c.id) if state == "proposed" else (PLAN.c.id.desc(),)
    total = connection.scalar(select(func.count()).select_from(PLAN).where(*conditions)) or 0
    statement = _QUEUE.where(*conditions).order_by(*order).limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)
    waiting = {each.object_number for each in second_person_queries.waiting(connection, viewer.now) if each.act == ACT}
    rows = tuple(QueueRow(*row, row.number in waiting) for row in connection.execute(statement))
    return QueuePage(rows, counts, {"state": state, "limits": limits}, total, page)


def waiting_count(connection: Connection, viewer: Viewer) -> int:
    """How many plans wait for an answer, for the bar."""
    return connection.scalar(select(func.count()).select_from(PLAN).where(PLAN.c.state == "proposed")) or 0


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
        return facts.hash_of(self.bundle)

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
    blocked = tuple((loan, refusal) for loan in records if (refusal := facts.standing(loan, viewer.today)))
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
    answers = replace(page.plan.answers, monthly=page.plan.figures.monthly, payments=None)
    try:
        plans = facts.schedules(answers, page.bundle)
    except Refusal:
        return page
    checks = facts.checks(plans, page.bundle)
    may_freeze = all(basis.record.rules.freeze for basis in page.bundle)
    passed = all(check.passed for check in checks)
    return replace(
        page,
        now=facts.figures(plans, page.bundle),
        checks=checks,
        frozen=_frozen(answers, page.bundle) if may_freeze else None,
        change=None if passed else way(facts.smallest(answers, page.bundle), page.bundle),
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


def told(text: str) -> Told | None:
    """The figures that a form was sent with, for difference rows."""
    return facts.read_told(text)
