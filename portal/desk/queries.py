"""What crosses features for staff: the bar's queues, search, the parts of a case, what awaits a second person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from portal.access import code_queries, second_person_queries, stop_queries
from portal.access.shutting_out import numbers_hidden_from
from portal.account import notice_queries as notices
from portal.account import queries as account
from portal.account.notice_queries import NoticeRecord
from portal.account.queries import LoanPage
from portal.account.receipt_queries import ReceiptPage, receipt_of
from portal.audit import queries as audit
from portal.audit.queries import Entry
from portal.complaints import queries as complaints
from portal.complaints.queries import ComplaintRecord
from portal.core.delinquency import risk_class
from portal.core.interactions import Hold
from portal.desk import words
from portal.desk.event_details import Known
from portal.desk.known_queries import known_of
from portal.disputes import queries as disputes
from portal.disputes.queries import DisputeRecord
from portal.evidence import queries as evidence
from portal.evidence.queries import FileRecord
from portal.loans import queries as loans
from portal.loans.queries import CONTACT_POINT, HOLD, PERSON, PERSON_VERSION, LoanRecord, PersonRecord
from portal.loans.tables import Waiver, table_of
from portal.messages import queries as messages
from portal.messages.queries import Undelivered
from portal.plans.phone_tables import PhoneProposal
from portal.plans.tables import Plan
from portal.platform.gate import PERMISSIONS, Viewer
from portal.platform.i18n import gettext as _
from portal.platform.moment import one_moment
from portal.platform.numbers import read_number
from portal.settlements import queries as settlements
from portal.settlements import staff_queries as settlement_lists
from portal.settlements.queries import SettlementRecord

PLAN, WAIVER = table_of(Plan), table_of(Waiver)
PHONE = table_of(PhoneProposal)

MOST_FOUND = 20
MESSAGES_SINCE = timedelta(days=30)
PARTS = ("person", "loans", "payments", "debits", "documents", "history")
"""The tabs of a case, in their order."""


# --- The bar --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Queue:
    """An entry of the bar: where it leads, how much waits there (None: not counted), whether the reader is there."""

    label: str
    href: str
    count: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    label: Callable[[], str]
    href: str
    may: str
    count: Callable[[Connection, Viewer], int] | None = None


def staff_frame(connection: Connection, viewer: Viewer, path: str) -> dict[str, Any]:
    """What the frame of every staff page shows: the queues that the viewer's roles open, and the roles in words."""
    return {
        "queues": [
            Queue(
                entry.label(),
                entry.href,
                entry.count(connection, viewer) if entry.count else None,
                path.startswith(entry.href),
            )
            for entry in _entries_for(viewer)
        ],
        "role": words.role_words(viewer.roles),
        "may_search": may(viewer, "see_case"),
    }


def first_queue(viewer: Viewer) -> str:
    """Where the reader's work begins: the address of the first queue."""
    entries = _entries_for(viewer)
    return entries[0].href if entries else "/staff/sign-in"


def may(viewer: Viewer, permission: str) -> bool:
    """Whether one of the viewer's roles has a permission."""
    return bool(viewer.roles & PERMISSIONS[permission])


def _entries_for(viewer: Viewer) -> list[_Entry]:
    return [entry for entry in _BAR if may(viewer, entry.may)]


def _plans_waiting(connection: Connection, viewer: Viewer) -> int:
    found = select(func.count()).select_from(PLAN).where(PLAN.c.state.in_(("proposed", "evaluated")))
    return int(connection.execute(found).scalar_one())


def _second_waiting(connection: Connection, viewer: Viewer) -> int:
    return len(second_person_queries.waiting(connection, viewer.now))


_BAR = (
    _Entry(lambda: _("Disputes"), "/staff/disputes", "handle_disputes", disputes.waiting_count),
    _Entry(
        lambda: _("Fraud"),
        "/staff/fraud",
        "handle_disputes",
        lambda read, viewer: disputes.waiting_count(read, viewer, "fraud"),
    ),
    _Entry(
        lambda: _("Reviews"),
        "/staff/reviews",
        "review_disputes",
        lambda read, viewer: disputes.waiting_count(read, viewer, "reviews"),
    ),
    _Entry(lambda: _("Plans"), "/staff/plans", "approve_plans", _plans_waiting),
    _Entry(lambda: _("Settlements"), "/staff/settlements", "offer_settlements", settlement_lists.waiting_count),
    _Entry(lambda: _("Reported payments"), "/staff/payment-notices", "check_payments", notices.waiting_count),
    _Entry(lambda: _("Second person"), "/staff/second", "confirm", _second_waiting),
    _Entry(lambda: _("Audit"), "/staff/audit", "read_audit"),
    _Entry(lambda: _("Complaints"), "/staff/complaints", "see_complaints", complaints.waiting_count),
    _Entry(lambda: _("People"), "/staff/people", "see_case"),
    _Entry(lambda: _("Messages"), "/staff/messages", "see_case"),
    _Entry(lambda: _("Accounts"), "/staff/accounts", "manage_accounts"),
    _Entry(
        lambda: _("Without supervisor"),
        "/staff/complaints-without-supervisor",
        "manage_accounts",
        complaints.orphan_count,
    ),
)


# --- Search ---------------------------------------------------------------------------------------------------


def page_of_number(connection: Connection, viewer: Viewer, typed: str) -> str | None:
    """The address of what a number names: a dispute, a plan, a complaint, or the case of whom a hold is about."""
    number = read_number(typed)
    if number is None:
        return None
    if disputes.dispute(connection, viewer, number) is not None:
        return f"/staff/disputes/{number}"
    if connection.scalar(select(PLAN.c.id).where(PLAN.c.number == number)) is not None:
        return f"/staff/plans/{number}"
    if notices.notice(connection, number) is not None:
        return f"/staff/payment-notices/{number}"
    if settlements.settlement(connection, number) is not None:
        return f"/staff/settlements/{number}"
    if settlements.request(connection, number) is not None:
        return f"/staff/settlement-requests/{number}"
    if complaints.complaint(connection, viewer, number) is not None:
        return f"/staff/complaints/{number}"
    if connection.scalar(select(PHONE.c.id).where(PHONE.c.number == number)) is not None:
        return f"/staff/plans/phone/{number}"
    code = connection.scalar(
        select(PERSON.c.code).join(HOLD, HOLD.c.person_id == PERSON.c.id).where(HOLD.c.number == number).limit(1)
    )
    return f"/staff/cases/{code}" if code else None


def people_named(connection: Connection, name: str, mobile: str) -> list[str]:
    """The codes of people whose name holds these words and whose number ends with these digits."""
    wanted: list[ColumnElement[bool]] = [PERSON_VERSION.c.superseded_at.is_(None)]
    digits = "".join(mark for mark in mobile if mark.isdecimal())
    if name:
        wanted.append(PERSON_VERSION.c.name.icontains(name, autoescape=True))
    if mobile:
        if len(digits) < 4:
            return []
        number = CONTACT_POINT.c.superseded_at.is_(None) & CONTACT_POINT.c.value.endswith(digits, autoescape=True)
        wanted.append(PERSON.c.id.in_(select(CONTACT_POINT.c.person_id).where(number)))
    found = (
        select(PERSON.c.code)
        .join(PERSON_VERSION, PERSON_VERSION.c.person_id == PERSON.c.id)
        .where(*wanted)
        .order_by(PERSON_VERSION.c.name, PERSON.c.id)
        .limit(MOST_FOUND)
    )
    return list(connection.scalars(found))


def people_of(connection: Connection, viewer: Viewer, codes: list[str]) -> tuple[PersonRecord, ...]:
    """The people that a search found, in its order."""
    found = (loans.person_by_code(connection, code) for code in codes)
    return tuple(person for person in found if person is not None)


# --- The case -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A number of a person, with the time in which it was the current one."""

    value: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan in the case: what it was when it was proposed."""

    number: str
    state: str
    currency: str
    due: int
    proposed_at: datetime


@dataclass(frozen=True, slots=True)
class LoanCase:
    """A loan in the case, as the person sees it, with what only staff see beside it."""

    page: LoanPage
    role: str | None
    stage: str
    risk_class: str

    @property
    def record(self) -> LoanRecord:
        """The loan as read."""
        return self.page.record


@dataclass(frozen=True, slots=True)
class CasePage:
    """One part of a person's case; what belongs to other parts is empty."""

    person: PersonRecord
    part: str
    today: date
    data_date: date | None
    roles: tuple[tuple[LoanRecord, str | None], ...]
    holds: tuple[Hold, ...]
    contacts: tuple[ContactLine, ...] = ()
    confirmed_at: datetime | None = None
    number_stopped: bool = False
    loans: tuple[LoanCase, ...] = ()
    disputes: tuple[DisputeRecord, ...] = ()
    plans: tuple[PlanLine, ...] = ()
    complaints: tuple[ComplaintRecord, ...] = ()
    notices: tuple[NoticeRecord, ...] = ()
    settlements: tuple[SettlementRecord, ...] = ()
    files: Mapping[str, tuple[FileRecord, ...]] = field(default_factory=dict)
    history: tuple[Entry, ...] = ()
    known: Known = field(default_factory=Known)


@one_moment
def case_page(connection: Connection, viewer: Viewer, code: str, part: str) -> CasePage | None:
    """One part of the case of a person, None if there is nobody of that code."""
    person = loans.person_by_code(connection, code)
    if person is None:
        return None
    records = loans.loans_of(connection, person.id, viewer.today)
    holds = {hold.number: hold for record in records for hold in (*record.holds, *record.pending)}
    page = CasePage(
        person=person,
        part=part,
        today=viewer.today,
        data_date=loans.data_date(connection),
        roles=tuple((record, record.role) for record in records),
        holds=tuple(hold for hold in holds.values() if hold.is_in_force(viewer.today)),
    )
    return _FILL[part](connection, viewer, page, records)


def _fill_person(connection: Connection, viewer: Viewer, page: CasePage, records: tuple[LoanRecord, ...]) -> CasePage:
    columns = (CONTACT_POINT.c.value, CONTACT_POINT.c.recorded_at, CONTACT_POINT.c.superseded_at)
    rows = connection.execute(
        select(*columns).where(CONTACT_POINT.c.person_id == page.person.id).order_by(CONTACT_POINT.c.id.desc())
    )
    mobile, point = page.person.mobile, page.person.contact_point_id
    return replace(
        page,
        contacts=tuple(ContactLine(*row) for row in rows),
        confirmed_at=code_queries.last_confirmed(connection, point) if point else None,
        number_stopped=stop_queries.number_stopped(connection, mobile) if mobile else False,
    )


def _fill_loans(connection: Connection, viewer: Viewer, page: CasePage, records: tuple[LoanRecord, ...]) -> CasePage:
    return replace(page, loans=tuple(_loan_case(connection, viewer, record) for record in records))


def _loan_case(connection: Connection, viewer: Viewer, record: LoanRecord) -> LoanCase:
    seen = account.loan_page(connection, viewer, record.code)
    if seen is None:
        raise LookupError(record.code)
    if seen.figures is None:
        return LoanCase(seen, record.role, "", "")
    assessed = seen.figures.assessment
    return LoanCase(
        seen,
        record.role,
        assessed.stage,
        risk_class(assessed.days_past_due, record.facts.status),
    )


def _fill_documents(
    connection: Connection, viewer: Viewer, page: CasePage, records: tuple[LoanRecord, ...]
) -> CasePage:
    filed, plans = disputes.of_person(connection, page.person.id), _plans_of(connection, page.person.id)
    told = complaints.of_person(connection, viewer, page.person.id)
    cases = [("dispute", each.number) for each in filed] + [("plan", each.number) for each in plans]
    cases += [(complaints.CASE_KIND, each.number) for each in told]
    said = notices.of_person(connection, page.person.id)
    cases += [(notices.CASE_KIND, each.number) for each in said]
    files = {number: evidence.case_files(connection, viewer, kind, number) for kind, number in cases}
    agreed = settlements.of_person(connection, page.person.id)
    page = replace(page, notices=said, settlements=agreed)
    return replace(page, disputes=filed, plans=plans, complaints=told, files=files)


def _plans_of(connection: Connection, person_id: int) -> tuple[PlanLine, ...]:
    columns = (PLAN.c.number, PLAN.c.state, PLAN.c.currency, PLAN.c.due, PLAN.c.proposed_at)
    rows = connection.execute(select(*columns).where(PLAN.c.person_id == person_id).order_by(PLAN.c.id.desc()))
    return tuple(PlanLine(*row) for row in rows)


def _fill_history(connection: Connection, viewer: Viewer, page: CasePage, records: tuple[LoanRecord, ...]) -> CasePage:
    numbers = _numbers_of(connection, viewer, page.person, records)
    entries = _shown(connection, viewer, audit.entries_about(connection, viewer, page.person.code, *numbers))
    return replace(page, history=tuple(reversed(entries)), known=known_of(connection, entries))


def _numbers_of(
    connection: Connection, viewer: Viewer, person: PersonRecord, records: tuple[LoanRecord, ...]
) -> set[str]:
    """Every number under which something of this person is kept that the viewer may see, also what has ended."""
    loan_ids = [record.id for record in records if record.borrower_id == person.id]
    numbers = set(connection.scalars(select(HOLD.c.number).where(HOLD.c.person_id == person.id)))
    numbers |= {each.number for each in disputes.of_person(connection, person.id)}
    numbers |= {each.number for each in _plans_of(connection, person.id)}
    numbers |= {each.number for each in notices.of_person(connection, person.id)}
    numbers |= {each.number for each in settlements.of_person(connection, person.id)}
    numbers |= {each.number for each in settlements.requests_of_person(connection, person.id)}
    numbers |= {each.number for each in complaints.of_person(connection, viewer, person.id)}
    waived = select(WAIVER.c.portal_number, WAIVER.c.case_number).where(WAIVER.c.loan_id.in_(loan_ids))
    return numbers | {number for row in connection.execute(waived) for number in row if number}


_FILL: Mapping[str, Callable[[Connection, Viewer, CasePage, tuple[LoanRecord, ...]], CasePage]] = {
    "person": _fill_person,
    "loans": _fill_loans,
    "payments": _fill_loans,
    "debits": _fill_loans,
    "documents": _fill_documents,
    "history": _fill_history,
}


def receipt(
    connection: Connection, viewer: Viewer, code: str, loan: str, number: int, as_of: date, zone: str
) -> tuple[CasePage, ReceiptPage] | None:
    """The receipt of an instalment as the person of that case sees it."""
    page = case_page(connection, viewer, code, "person")
    record = next((record for record, _role in page.roles if record.code == loan), None) if page else None
    if page is None or record is None or record.status == "sold":
        return None
    first, last = account.askable_days(record, viewer.today)
    shown = receipt_of(record, number, min(max(as_of, first), last), viewer, zone)
    return (page, shown) if shown is not None else None


# --- Second person, messages, audit ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """An act that awaits a second person, and where it is confirmed; `own` if the reader began it."""

    number: str
    act: str
    maker: str
    asked_at: datetime
    expires_at: datetime
    href: str
    own: bool


_CONFIRMED_AT = {
    "decide_dispute": "/staff/disputes/{number}",
    "review_dispute": "/staff/disputes/{number}",
    "approve_plan": "/staff/plans/{number}",
    "offer_settlement": "/staff/settlement-requests/{number}",
    "counter_plan": "/staff/plans/{number}",
    "change_limits": "/staff/limits/{number}",
}


def second_page(connection: Connection, viewer: Viewer) -> tuple[Waiting, ...]:
    """Everything that awaits a second person now, the oldest first."""
    return tuple(
        Waiting(
            each.object_number,
            each.act,
            each.maker_name,
            each.asked_at,
            each.expires_at,
            _CONFIRMED_AT.get(each.act, "/staff/second").format(number=each.object_number),
            each.maker_id == viewer.staff_id,
        )
        for each in second_person_queries.waiting(connection, viewer.now)
    )


def messages_page(connection: Connection, viewer: Viewer) -> tuple[Undelivered, ...]:
    """Texts of the last thirty days that were not sent, or of which nobody knows."""
    return messages.undelivered(connection, viewer, viewer.now - MESSAGES_SINCE)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A stretch of the audit log, the newest first; `before` leads to the next one."""

    entries: tuple[Entry, ...]
    known: Known
    before: int | None


AUDIT_LENGTH = 100


def audit_page(connection: Connection, viewer: Viewer, before: int | None, about: str) -> AuditPage:
    """The log, all of it or what is about one number or code."""
    if about:
        found = tuple(reversed(audit.entries_about(connection, viewer, about, read_number(about) or about)))
        return AuditPage(_shown(connection, viewer, found), known_of(connection, found), None)
    found = audit.entries_before(connection, viewer, before, AUDIT_LENGTH)
    more = found[-1].id if len(found) == AUDIT_LENGTH else None
    return AuditPage(_shown(connection, viewer, found), known_of(connection, found), more)


def _shown(connection: Connection, viewer: Viewer, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The log without what is recorded of complaints about the reader, who must not learn that there is one."""
    hidden = numbers_hidden_from(connection, viewer)
    return tuple(
        entry
        for entry in entries
        if entry.subject not in hidden and not any(number in entry.payload for number in hidden)
    )
