"""What the pages of complaints show, as frozen page data: a person's own, the supervisors', and the list of orphans."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    or_,
    select,
    true,
)

from portal.access import staff_queries
from portal.access.shutting_out import ShutOutRecord, not_shut_out, shut_out_of, somebody_left
from portal.access.staff_queries import StaffRecord
from portal.access.tables import StaffAccount
from portal.complaints.facts import ContactDay, Told, contacts, fingerprint_of, told_of
from portal.complaints.tables import OPEN, Complaint, ComplaintAnswer, ComplaintConsent, ComplaintMessage
from portal.core.contact import ContactRule
from portal.evidence import queries as evidence
from portal.evidence.queries import FileRecord
from portal.loans import queries as loans
from portal.loans.product_rules import ProductRules
from portal.loans.queries import LoanRecord, PersonRecord
from portal.loans.rulepacks import ComplaintBody, ContactLaw, codes, rule_pack
from portal.loans.tables import table_of
from portal.messages import queries as messages
from portal.messages.sending import contact_rule
from portal.platform.gate import PERMISSIONS, Viewer

COMPLAINT, MESSAGE = table_of(Complaint), table_of(ComplaintMessage)
ANSWER, CONSENT, STAFF = table_of(ComplaintAnswer), table_of(ComplaintConsent), table_of(StaffAccount)

SEERS, ANSWERERS = PERMISSIONS["see_complaints"], PERMISSIONS["answer_complaints"]
SUPERVISOR = "supervisor"
CASE_KIND = "complaint"
"""As `evidence` calls the case of a complaint's files."""
QUEUE_PAGE = 50
CONTACTS_SINCE = timedelta(days=30)
"""How far before the day in question the supervisor sees what the portal sent."""


@dataclass(frozen=True, slots=True)
class ComplaintRecord:
    """A complaint as its row says."""

    id: int
    number: str
    person_id: int
    state: str
    version: int
    fingerprint: str
    filed_on: date
    filed_at: datetime
    answer_by: date
    late_told_at: datetime | None
    held_by: int | None
    held_since: datetime | None
    told: Told

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered and nobody withdrawn yet."""
        return self.state in OPEN

    @property
    def is_unchanged(self) -> bool:
        """Whether the row still says what was sent."""
        return self.fingerprint == fingerprint_of(self.number, self.told)

    def days_over(self, today: date) -> int:
        """How many days the promised date is past, 0 once there is an answer."""
        return max(0, (today - self.answer_by).days) if self.is_open else 0


@dataclass(frozen=True, slots=True)
class Message:
    """Something written on a complaint; `staff_name` is None for the person, `data` says why a file was not taken."""

    kind: str
    words: str
    at: datetime
    staff_name: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """An answer as it was told."""

    outcome: str
    reason: str
    words: str
    changed: str
    answered_on: date
    answered_at: datetime
    answered_by: int
    answered_name: str


_RECORD = select(COMPLAINT)
_BY_NUMBER = _RECORD.where(COMPLAINT.c.number == bindparam("number"))
_MESSAGES = (
    select(MESSAGE.c.kind, MESSAGE.c.words, MESSAGE.c.at, STAFF.c.display_name, MESSAGE.c.data)
    .outerjoin(STAFF, STAFF.c.id == MESSAGE.c.staff_id)
    .where(MESSAGE.c.complaint_id == bindparam("complaint_id"))
    .order_by(MESSAGE.c.id)
)
_ANSWER = (
    select(
        *(ANSWER.c[name] for name in ("outcome", "reason", "words", "changed")),
        *(ANSWER.c[name] for name in ("answered_on", "answered_at", "answered_by")),
        STAFF.c.display_name,
    )
    .join(STAFF, STAFF.c.id == ANSWER.c.answered_by)
    .where(ANSWER.c.complaint_id == bindparam("complaint_id"))
)
_CONSENT = (
    select(CONSENT.c.words)
    .where(CONSENT.c.complaint_id == bindparam("complaint_id"), CONSENT.c.withdrawn_at.is_(None))
    .order_by(CONSENT.c.id.desc())
    .limit(1)
)


_VIEWER: BindParameter[int] = bindparam("viewer_person")
_IS_OPEN = or_(*(COMPLAINT.c.state == state for state in sorted(OPEN)))
ANY_OPEN = exists(select(COMPLAINT.c.id).where(COMPLAINT.c.person_id == _VIEWER, _IS_OPEN))
"""Whether the viewer waits for the answer to a complaint; takes `visible_parameters` of the loans."""
_UNDER_WAY = (
    select(COMPLAINT.c.number, COMPLAINT.c.answer_by)
    .where(COMPLAINT.c.person_id == bindparam("person_id"), _IS_OPEN)
    .order_by(COMPLAINT.c.id)
)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A complaint that waits for its answer, for the account's list of what is under way."""

    number: str
    answer_by: date

    @property
    def page(self) -> str:
        return f"/complaints/{self.number}"


def under_way(connection: Connection, viewer: Viewer) -> tuple[UnderWay, ...]:
    """The viewer's complaints that wait for an answer, the oldest first."""
    return tuple(UnderWay(*row) for row in connection.execute(_UNDER_WAY, {"person_id": viewer.person_id}))


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """A person's own; for supervisors and auditors what is not about them; nothing for other staff."""
    if viewer.kind == "borrower":
        return COMPLAINT.c.person_id == viewer.person_id
    if viewer.kind == "staff":
        return not_shut_out(viewer, COMPLAINT.c.number) if viewer.roles & SEERS else false()
    return true() if viewer.kind == "system" else false()


def complaint(connection: Connection, viewer: Viewer, number: str) -> ComplaintRecord | None:
    """A complaint that the viewer may see, None if there is none of that number."""
    row = connection.execute(_BY_NUMBER.where(visible_to(viewer)), {"number": number}).first()
    return _record(row._mapping) if row else None


def _record(columns: Mapping[Any, Any]) -> ComplaintRecord:
    plain = {name: columns[name] for name in ComplaintRecord.__dataclass_fields__ if name != "told"}
    return ComplaintRecord(**plain, told=told_of(columns))


def answer(connection: Connection, complaint_id: int) -> AnswerRecord | None:
    """The answer of a complaint, if there is one."""
    row: Any = connection.execute(_ANSWER, {"complaint_id": complaint_id}).first()
    return AnswerRecord(*row) if row else None


# What holds for a person whatever their loans


def packs_of(records: tuple[LoanRecord, ...]) -> list[str]:
    """The rule packs of a person's loans; every one for a person without a loan."""
    return sorted({record.rule_pack for record in records}) or list(codes())


def promised(connection: Connection, person_id: int, today: date) -> date:
    """The day by which a complaint of today is answered: the earliest of the person's rule packs."""
    packs = packs_of(loans.loans_of(connection, person_id, today))
    return min(rule_pack(code).complaint_answer_by(today) for code in packs)


def keep_days(records: tuple[LoanRecord, ...]) -> int:
    """How long files are kept after the answer: the shortest time of the person's products."""
    return min((record.rules.evidence_keep_days for record in records), default=ProductRules().evidence_keep_days)


@dataclass(frozen=True, slots=True)
class Outside:
    """Where else a person can turn, and the rules for how they may be contacted."""

    bodies: tuple[ComplaintBody, ...]
    laws: tuple[ContactLaw, ...]


def _outside(records: tuple[LoanRecord, ...], today: date) -> Outside:
    packs = [rule_pack(code) for code in packs_of(records)]
    return Outside(
        tuple(body for pack in packs for body in pack.complaint_bodies(today)),
        tuple(law for pack in packs for law in pack.contact_laws(today)),
    )


# The borrower's pages


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form of a new complaint: by when it is answered, how long files are kept, reminders stopped."""

    answer_by: date
    keep_days: int
    outside: Outside
    stopped_at: datetime | None


def new_page(connection: Connection, viewer: Viewer) -> NewPage:
    """The form for the viewer."""
    records = loans.loans_of(connection, viewer.person_id or 0, viewer.today)
    return NewPage(
        answer_by=promised(connection, viewer.person_id or 0, viewer.today),
        keep_days=keep_days(records),
        outside=_outside(records, viewer.today),
        stopped_at=messages.reminders_stopped(connection, viewer.person_id or 0),
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A complaint in the person's list."""

    record: ComplaintRecord
    outcome: str | None


def list_page(connection: Connection, viewer: Viewer) -> tuple[Listed, ...]:
    """The person's complaints, the latest first."""
    statement = (
        select(COMPLAINT, ANSWER.c.outcome)
        .outerjoin(ANSWER, ANSWER.c.complaint_id == COMPLAINT.c.id)
        .where(COMPLAINT.c.person_id == viewer.person_id)
        .order_by(COMPLAINT.c.id.desc())
    )
    return tuple(Listed(_record(row._mapping), row.outcome) for row in connection.execute(statement))


REFUSED_TOLD_FOR = timedelta(days=1)
"""So long the person is told again why a file was not taken, which is no part of what they say."""


@dataclass(frozen=True, slots=True)
class DetailPage:
    """A complaint as its person sees it."""

    complaint: ComplaintRecord
    messages: tuple[Message, ...]
    files: tuple[FileRecord, ...]
    answer: AnswerRecord | None
    consent: str | None
    keep_days: int
    outside: Outside
    stopped_at: datetime | None
    today: date

    @property
    def is_late(self) -> bool:
        return self.complaint.days_over(self.today) > 0

    @property
    def sent_files(self) -> tuple[FileRecord, ...]:
        return tuple(file for file in self.files if not file.from_staff)

    @property
    def sent_at_once(self) -> int:
        """How many files came with the complaint itself."""
        return sum(file.created_at <= self.complaint.filed_at for file in self.sent_files)

    @property
    def question(self) -> Message | None:
        """What we asked last, while we wait for the person."""
        asked = [message for message in self.messages if message.kind == "question"]
        return asked[-1] if asked and self.complaint.state == "waiting" else None

    @property
    def asked_at(self) -> datetime | None:
        """When we last asked for more."""
        return max((message.at for message in self.messages if message.kind == "question"), default=None)


def detail_page(connection: Connection, viewer: Viewer, number: str) -> DetailPage | None:
    """A person's own complaint."""
    found = complaint(connection, viewer, number)
    if found is None:
        return None
    records = loans.loans_of(connection, found.person_id, viewer.today)
    consent = connection.execute(_CONSENT, {"complaint_id": found.id}).first()
    written = _messages(connection, found.id)
    return DetailPage(
        complaint=found,
        messages=tuple(
            each for each in written if each.kind != "file_refused" or viewer.now - each.at < REFUSED_TOLD_FOR
        ),
        files=evidence.case_files(connection, viewer, CASE_KIND, number),
        answer=answer(connection, found.id),
        consent=consent.words if consent else None,
        keep_days=keep_days(records),
        outside=_outside(records, viewer.today),
        stopped_at=messages.reminders_stopped(connection, found.person_id),
        today=viewer.today,
    )


def _messages(connection: Connection, complaint_id: int) -> tuple[Message, ...]:
    rows = connection.execute(_MESSAGES, {"complaint_id": complaint_id})
    return tuple(Message(kind, words, at, name, json.loads(data)) for kind, words, at, name, data in rows)


# The supervisors' pages


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue is narrowed to; empty is everything that is open."""

    happening: str = ""
    state: str = ""
    held: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A complaint in the queue."""

    record: ComplaintRecord
    person: str
    held_name: str | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue, overdue promises on top."""

    rows: tuple[QueueRow, ...]
    total: int
    over: int
    asked: QueueFilter
    today: date

    @property
    def has_more(self) -> bool:
        return self.asked.page * QUEUE_PAGE < self.total


def queue_page(connection: Connection, viewer: Viewer, asked: QueueFilter) -> QueuePage:
    """The complaints that the viewer may see, by promised date."""
    where = and_(visible_to(viewer), _asked_for(asked, viewer))
    is_over = and_(COMPLAINT.c.answer_by < viewer.today, COMPLAINT.c.state.in_(OPEN))
    over = func.coalesce(func.sum(case((is_over, 1), else_=0)), 0)
    total, overdue = connection.execute(select(func.count(), over).select_from(COMPLAINT).where(where)).one()
    statement: Select[Any] = (
        select(COMPLAINT, STAFF.c.display_name.label("held_name"))
        .outerjoin(STAFF, STAFF.c.id == COMPLAINT.c.held_by)
        .where(where)
        .order_by(COMPLAINT.c.answer_by, COMPLAINT.c.id)
        .limit(QUEUE_PAGE)
        .offset((asked.page - 1) * QUEUE_PAGE)
    )
    rows = []
    for row in connection.execute(statement):
        record = _record(row._mapping)
        person = loans.person(connection, record.person_id)
        rows.append(QueueRow(record, person.name if person else "", row.held_name))
    return QueuePage(tuple(rows), total, int(overdue), asked, viewer.today)


def _asked_for(asked: QueueFilter, viewer: Viewer) -> ColumnElement[bool]:
    wanted: list[ColumnElement[bool]] = [COMPLAINT.c.state.in_((asked.state,) if asked.state else OPEN)]
    if asked.happening:
        wanted.append(COMPLAINT.c.happening == asked.happening)
    if asked.held == "me":
        wanted.append(COMPLAINT.c.held_by == viewer.staff_id)
    elif asked.held == "nobody":
        wanted.append(COMPLAINT.c.held_by.is_(None))
    return and_(*wanted)


def waiting_count(connection: Connection, viewer: Viewer) -> int:
    """How many complaints wait that the viewer may see, for the bar above every page."""
    waiting = select(func.count()).select_from(COMPLAINT).where(visible_to(viewer), COMPLAINT.c.state.in_(OPEN))
    return int(connection.execute(waiting).scalar_one())


def of_person(connection: Connection, viewer: Viewer, person_id: int) -> tuple[ComplaintRecord, ...]:
    """The complaints of a person that the viewer may see, the latest first, for the case page."""
    found = _RECORD.where(COMPLAINT.c.person_id == person_id, visible_to(viewer)).order_by(COMPLAINT.c.id.desc())
    return tuple(_record(row._mapping) for row in connection.execute(found))


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """A complaint as a supervisor sees it: what was told, whom it is about, and what the portal itself sent."""

    complaint: ComplaintRecord
    person: PersonRecord
    messages: tuple[Message, ...]
    files: tuple[FileRecord, ...]
    answer: AnswerRecord | None
    shut_out: tuple[ShutOutRecord, ...]
    others: tuple[StaffRecord, ...]
    days: tuple[ContactDay, ...]
    rule: ContactRule
    since: date
    zone: str
    stopped_at: datetime | None
    held_name: str | None
    today: date


def answer_page(connection: Connection, viewer: Viewer, number: str, zone: str) -> AnswerPage | None:
    """A complaint for somebody of the staff who may see it; `zone` is the lender's."""
    found = complaint(connection, viewer, number)
    person = loans.person(connection, found.person_id) if found else None
    if found is None or person is None:
        return None
    records = loans.loans_of(connection, person.id, viewer.today)
    diary = messages.diary_of(connection, viewer, person.id, zone)
    rule = contact_rule(records, viewer)
    since = (found.told.happened_on or found.filed_on) - CONTACTS_SINCE
    named = shut_out_of(connection, number)
    accounts = staff_queries.staff_accounts(connection)
    return AnswerPage(
        complaint=found,
        person=person,
        messages=_messages(connection, found.id),
        files=evidence.case_files(connection, viewer, CASE_KIND, number),
        answer=answer(connection, found.id),
        shut_out=named,
        others=_others(accounts, {each.account_id for each in named}),
        days=contacts(diary, rule, since),
        rule=rule,
        since=since,
        zone=diary.zone,
        stopped_at=diary.stopped_at,
        held_name=next((each.display_name for each in accounts if each.id == found.held_by), None),
        today=viewer.today,
    )


def _others(accounts: tuple[StaffRecord, ...], shut_out: set[int]) -> tuple[StaffRecord, ...]:
    return tuple(each for each in accounts if each.id not in shut_out and each.disabled_at is None)


# Without anybody who may answer


@dataclass(frozen=True, slots=True)
class Orphan:
    """An open complaint that no supervisor may answer: only its number and its dates."""

    number: str
    filed_on: date
    answer_by: date


NOBODY_LEFT = and_(COMPLAINT.c.state.in_(OPEN), ~somebody_left(COMPLAINT.c.number, SUPERVISOR))
"""An open complaint that is about every supervisor there is."""


def orphans(connection: Connection, viewer: Viewer) -> tuple[Orphan, ...]:
    """Open complaints that are about every supervisor there is, for whoever gives out roles and is not named."""
    free = not_shut_out(viewer, COMPLAINT.c.number) if viewer.kind == "staff" else true()
    found: Any = connection.execute(
        select(COMPLAINT.c.number, COMPLAINT.c.filed_on, COMPLAINT.c.answer_by)
        .where(NOBODY_LEFT, free)
        .order_by(COMPLAINT.c.answer_by, COMPLAINT.c.id)
    )
    return tuple(Orphan(*row) for row in found)


def orphan_count(connection: Connection, viewer: Viewer) -> int:
    """How many these are, for the bar."""
    return len(orphans(connection, viewer))


def every_complaint(connection: Connection) -> Iterator[ComplaintRecord]:
    """All complaints, for the proof that they say what was sent."""
    return (_record(row._mapping) for row in connection.execute(_RECORD.order_by(COMPLAINT.c.id)))


def late_numbers(connection: Connection, viewer: Viewer) -> list[str]:
    """Open complaints whose promised date has passed and whose person has not been told."""
    late = (
        COMPLAINT.c.state.in_(OPEN),
        COMPLAINT.c.answer_by < viewer.today,
        COMPLAINT.c.late_told_at.is_(None),
    )
    return list(connection.execute(select(COMPLAINT.c.number).where(*late).order_by(COMPLAINT.c.id)).scalars())
