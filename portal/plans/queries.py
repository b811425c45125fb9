"""What a plan is, as its rows say: the plan with its schedules, and the agreement; one or all of a person's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from portal.access.queries import ACCOUNT
from portal.core.affordability import Household
from portal.loans.tables import table_of
from portal.plans import stored_facts
from portal.plans.counter_tables import PlanCounter
from portal.plans.facts import SAID_DAYS, Answers, Figures, LoanCheck, LoanSchedule
from portal.plans.forms import as_typed
from portal.plans.tables import Plan, PlanAgreement, PlanLoan
from portal.platform.gate import Viewer

AWAITING = ("proposed", "countered")
"""The states in which one side waits for the other's answer."""

PLAN, PLAN_LOAN, AGREEMENT = table_of(Plan), table_of(PlanLoan), table_of(PlanAgreement)


@dataclass(frozen=True)
class PlanRecord:
    """A plan as it was proposed and decided; `decided_by` is a name. `figures` are those agreed to once it is agreed,
    `proposed` those that the borrower offered."""

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
    proposed: Figures
    said: Household | None

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
_COUNTER = table_of(PlanCounter)
_ACCEPTED = select(_COUNTER.c.consent_text, _COUNTER.c.ended_at, _COUNTER.c.mark).where(
    _COUNTER.c.plan_id == bindparam("plan_id"), _COUNTER.c.outcome == "accepted"
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
    schedules = tuple(stored_facts.read_schedule(each.loan_id, each.fingerprint, each.schedule) for each in found)
    proposed = Figures(row.currency, row.start_on, row.lapses_on, schedules)
    agreed = connection.execute(_AGREEMENT, {"plan_id": row.id}).first()
    same = ("id", "number", "person_id", "currency", "state", "version", "start_on", "lapses_on", "due")
    later = ("within_limits", "proposed_at", "decided_at", "is_frozen", "freeze_forecast", "reason", "words")
    last = ("ended_at", "replaced_by", "consent_text")
    return PlanRecord(
        **{name: getattr(row, name) for name in (*same, *later, *last)},
        answers=stored_facts.read_answers_row(row.answers),
        decided_by=row.display_name,
        confirmed_by=row.checker_name,
        criteria=stored_facts.read_criteria(row.criteria),
        change=json.loads(row.change),
        figures=replace(proposed, loans=_agreed_schedules(agreed.content)) if agreed is not None else proposed,
        proposed=proposed,
        said=stored_facts.read_said(row.said),
    )


def _agreed_schedules(content: str) -> tuple[LoanSchedule, ...]:
    paper = json.loads(content)
    return tuple(
        stored_facts.read_schedule(loan["loan_id"], loan["fingerprint"], json.dumps(loan["schedule"]))
        for loan in paper["loans"]
    )


@dataclass(frozen=True, slots=True)
class Consent:
    """What the borrower agreed to last: the words, the moment, and the fingerprints of what was shown with them."""

    words: str
    given_at: datetime
    fingerprints: tuple[str, ...]


@dataclass(frozen=True)
class PaperPage:
    """The agreement of a plan, as it was said on the day."""

    plan: PlanRecord
    agreed_on: date
    agreed_at: datetime
    content: Mapping[str, Any]
    consent: Consent


def paper_page(connection: Connection, viewer: Viewer, number: str) -> PaperPage | None:
    """The paper of an agreed plan: the owner's own, any for staff."""
    found = own_plan(connection, viewer, number) if viewer.kind == "borrower" else plan(connection, number)
    row = connection.execute(_AGREEMENT, {"plan_id": found.id}).first() if found else None
    if found is None or row is None:
        return None
    return PaperPage(found, row.agreed_on, row.agreed_at, json.loads(row.content), _consent(connection, found))


def _consent(connection: Connection, found: PlanRecord) -> Consent:
    """That of the counter-offer which was accepted; where there was none, that of the proposal itself."""
    accepted = connection.execute(_ACCEPTED, {"plan_id": found.id}).first()
    if accepted is not None:
        return Consent(accepted.consent_text, accepted.ended_at, (accepted.mark,))
    return Consent(found.consent_text, found.proposed_at, tuple(loan.fingerprint for loan in found.figures.loans))


def number_of_draft(connection: Connection, viewer: Viewer, code: str) -> str | None:
    """The number that a draft of the viewer's got when it was sent."""
    found = select(PLAN.c.number).where(PLAN.c.person_id == viewer.person_id, PLAN.c.draft == code)
    return connection.execute(found).scalar()


def said_too_long_ago(connection: Connection, viewer: Viewer) -> list[str]:
    """The plans answered more than SAID_DAYS ago that still hold what was said of income and spending."""
    before = viewer.now - timedelta(days=SAID_DAYS)
    answered = func.coalesce(PLAN.c.ended_at, PLAN.c.decided_at)
    over = (PLAN.c.said != "", PLAN.c.state.notin_(("draft", "proposed", "countered")), answered < before)
    return list(connection.execute(select(PLAN.c.number).where(*over).order_by(PLAN.c.id)).scalars())


def due_to_lapse(connection: Connection, viewer: Viewer) -> list[str]:
    """The proposals and counter-offers whose last day has passed."""
    passed = (PLAN.c.state.in_(AWAITING), PLAN.c.lapses_on < viewer.today)
    return list(connection.execute(select(PLAN.c.number).where(*passed).order_by(PLAN.c.id)).scalars())
