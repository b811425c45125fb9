"""What the pages of disputes show, as frozen page data: a person's own, and the staff's queue and decision page."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, func, select, true

from portal.access import queries as access
from portal.access.tables import StaffAccount
from portal.core.assessment import Assessment, InstalmentAssessment, assess
from portal.core.days import add_working_days
from portal.core.facts import DebitAttempt, LoanFacts
from portal.core.interactions import Part, may
from portal.core.receipt import fingerprint
from portal.core.refusal import Refusal
from portal.disputes.effect import (
    Effect,
    Row,
    Span,
    Stretch,
    disputed_parts,
    effect,
    settled,
    sharing_nights,
    stretches,
)
from portal.disputes.facts import Changes, Sums, Told, changes, parts_of, read_told, receipt_rows, sums, told
from portal.disputes.tables import (
    UNDECIDED,
    Dispute,
    DisputeConsent,
    DisputeDecision,
    DisputeMessage,
    DisputePart,
)
from portal.evidence import queries as evidence
from portal.evidence.queries import FileRecord
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord, PersonRecord
from portal.loans.rulepacks import ComplaintBody, rule_pack
from portal.loans.tables import Loan, Waiver, table_of
from portal.platform.gate import PERMISSIONS, Viewer

DISPUTE, PART, MESSAGE = table_of(Dispute), table_of(DisputePart), table_of(DisputeMessage)
DECISION_ROW, CONSENT, STAFF = table_of(DisputeDecision), table_of(DisputeConsent), table_of(StaffAccount)
WAIVER, LOAN = table_of(Waiver), table_of(Loan)

HANDLERS = PERMISSIONS["handle_disputes"]
ACT = "decide_dispute"
"""What awaits a second person, as `access` calls it."""
QUEUE_PAGE = 50
SINGLE_NIGHTS = 200
"""Up to so many nights each of them can be ticked; of an older debt its stretches."""


@dataclass(frozen=True, slots=True)
class DisputeRecord:
    """A dispute as its row says; amounts are minor units and were told at filing."""

    id: int
    number: str
    loan_id: int
    person_id: int
    instalment: int
    currency: str
    state: str
    version: int
    reason: str
    words: str
    fingerprint: str
    disputed: int
    unpaid: int
    stays_payable: int
    filed_on: date
    filed_at: datetime
    answer_by: date
    late_told_at: datetime | None
    held_by: int | None
    held_since: datetime | None
    fraud_number: str | None

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided and nobody withdrawn yet."""
        return self.state in UNDECIDED

    def days_over(self, today: date) -> int:
        """How many days the promised date is past, 0 once there is an answer."""
        return max(0, (today - self.answer_by).days) if self.is_open else 0


@dataclass(frozen=True, slots=True)
class Message:
    """Something written on a dispute; `staff_name` is None for the person, `data` says why a file was not taken."""

    kind: str
    words: str
    at: datetime
    staff_name: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision as it was told."""

    outcome: str
    reason: str
    words: str
    amount: int
    currency: str
    rows: tuple[Row, ...]
    fingerprint: str
    decided_on: date
    decided_at: datetime
    decided_by: int
    decided_name: str
    confirmed_name: str | None


_RECORD = select(*(DISPUTE.c[name] for name in DisputeRecord.__dataclass_fields__))
_BY_NUMBER = _RECORD.where(DISPUTE.c.number == bindparam("number"))
_PARTS = (
    select(PART.c.instalment, PART.c.from_day, PART.c.to_day, PART.c.kind)
    .where(PART.c.dispute_id == bindparam("dispute_id"))
    .order_by(PART.c.id)
)
_MESSAGES = (
    select(MESSAGE.c.kind, MESSAGE.c.words, MESSAGE.c.at, STAFF.c.display_name, MESSAGE.c.data)
    .outerjoin(STAFF, STAFF.c.id == MESSAGE.c.staff_id)
    .where(MESSAGE.c.dispute_id == bindparam("dispute_id"))
    .order_by(MESSAGE.c.id)
)
_CHECKER = STAFF.alias("checker")
_DECISION = (
    select(
        *(DECISION_ROW.c[name] for name in ("outcome", "reason", "words", "amount", "currency", "receipt")),
        *(DECISION_ROW.c[name] for name in ("fingerprint", "decided_on", "decided_at", "decided_by")),
        STAFF.c.display_name,
        _CHECKER.c.display_name,
    )
    .join(STAFF, STAFF.c.id == DECISION_ROW.c.decided_by)
    .outerjoin(_CHECKER, _CHECKER.c.id == DECISION_ROW.c.confirmed_by)
    .where(DECISION_ROW.c.dispute_id == bindparam("dispute_id"))
)
_CONSENT = (
    select(CONSENT.c.words, CONSENT.c.given_at)
    .where(CONSENT.c.dispute_id == bindparam("dispute_id"), CONSENT.c.withdrawn_at.is_(None))
    .order_by(CONSENT.c.id.desc())
    .limit(1)
)
_OWN_WAIVERS = select(WAIVER.c.ref).where(
    WAIVER.c.case_number == bindparam("number"),
    WAIVER.c.reason == "dispute",
    WAIVER.c.superseded_at.is_(None),
    WAIVER.c.void.is_(False),
)
_USED_TODAY = select(func.coalesce(func.sum(DECISION_ROW.c.amount), 0)).where(
    DECISION_ROW.c.decided_by == bindparam("staff_id"),
    DECISION_ROW.c.decided_on == bindparam("day"),
    DECISION_ROW.c.currency == bindparam("currency"),
    DECISION_ROW.c.confirmed_by.is_(None),
)


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """A person's own disputes; all of them for staff and jobs."""
    return DISPUTE.c.person_id == viewer.person_id if viewer.kind == "borrower" else true()


def dispute(connection: Connection, viewer: Viewer, number: str) -> DisputeRecord | None:
    """A dispute that the viewer may see, None if there is none of that number."""
    row: Any = connection.execute(_BY_NUMBER.where(visible_to(viewer)), {"number": number}).first()
    return DisputeRecord(*row) if row else None


def parts(connection: Connection, dispute_id: int) -> tuple[Part, ...]:
    """What a dispute is about."""
    found: Any = connection.execute(_PARTS, {"dispute_id": dispute_id})
    return tuple(Part(*row) for row in found)


def decision(connection: Connection, dispute_id: int) -> DecisionRecord | None:
    """The decision of a dispute, if there is one."""
    row = connection.execute(_DECISION, {"dispute_id": dispute_id}).first()
    if row is None:
        return None
    values = list(row)
    values[5] = receipt_rows(values[5])
    return DecisionRecord(*values)


def suspensions(connection: Connection, number: str) -> frozenset[str]:
    """The references of the waivers by which a dispute suspends the penalty while it is open."""
    return frozenset(connection.execute(_OWN_WAIVERS, {"number": number}).scalars())


def used_today(connection: Connection, staff_id: int, currency: str, day: date) -> int:
    """How much a member of staff has granted alone on a day, in minor units."""
    found = connection.execute(_USED_TODAY, {"staff_id": staff_id, "currency": currency, "day": day})
    return int(found.scalar_one())


# The borrower's pages


@dataclass(frozen=True, slots=True)
class Choice:
    """An instalment with a penalty that can be disputed."""

    loan: LoanRecord
    instalment: InstalmentAssessment


def choose_page(connection: Connection, viewer: Viewer) -> tuple[Choice, ...]:
    """Every instalment with a penalty, of all loans of the person that are not sold."""
    records = loans.account(connection, viewer).loans
    return tuple(
        Choice(record, item)
        for record in records
        if record.status != "sold"
        for item in assess(record.facts, viewer.today).instalments
        if item.penalty_chargeable
    )


@dataclass(frozen=True, slots=True)
class Ticks:
    """What is ticked on the form: names of nights, and the late fee. `stretches` None: everything, as at first."""

    stretches: tuple[str, ...] | None = None
    nights: tuple[str, ...] = ()
    late_fee: bool = False

    def spans(self, offered: Sequence[Stretch]) -> list[Span]:
        """The nights that are ticked; ValueError if a name is none of those offered."""
        free = {stretch.span.name: stretch.span for stretch in offered if not stretch.inside}
        whole = list(free) if self.stretches is None else self.stretches
        single = [Span.read(name) for name in self.nights]
        inside = all(
            any(span.from_day <= night.from_day and night.to_day <= span.to_day for span in free.values())
            for night in single
        )
        if not inside or not set(whole) <= set(free):
            raise ValueError("these nights are not on the receipt")
        return [*(free[name] for name in whole), *single]

    def moved_to(self, offered: Sequence[Stretch]) -> "Ticks":
        """The same on a receipt that has changed: every stretch that shares a night with one that was ticked."""
        free = [stretch.span for stretch in offered if not stretch.inside]
        now = sharing_nights(self.stretches or (), free)
        return Ticks(tuple(span.name for span in now), (), self.late_fee)


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form of a new dispute: what can be ticked, what is, and what that comes to."""

    loan: LoanRecord
    instalment: InstalmentAssessment
    offered: tuple[Stretch, ...]
    fee: int
    fee_taken: bool
    ticks: Ticks
    sums: Sums
    fingerprint: str
    answer_by: date
    refusal: Refusal | None
    drafts: tuple[FileRecord, ...] = ()

    @property
    def currency(self) -> str:
        return self.loan.currency

    @property
    def attempts(self) -> tuple[DebitAttempt, ...]:
        return _attempts(self.loan, self.instalment)

    @property
    def is_guarantee(self) -> bool:
        """Whether a guarantor objects, who learns nothing of the borrower's disputes and account."""
        return self.loan.role == "guarantor"

    @property
    def told(self) -> Told:
        """The figures as the form carries them."""
        return told(self.loan.facts, self.instalment)

    def changes_since(self, carried: str) -> Changes | None:
        """What differs from the figures that a form carried."""
        before = read_told(carried)
        return changes(before, self.told) if before else None

    @property
    def single_nights(self) -> bool:
        """Whether each night can be ticked on its own."""
        return sum(stretch.span.nights for stretch in self.offered) <= SINGLE_NIGHTS

    def is_ticked(self, stretch: Stretch) -> bool:
        chosen = self.ticks.stretches
        return not stretch.inside and (chosen is None or stretch.span.name in chosen)

    @property
    def fee_ticked(self) -> bool:
        return self.ticks.late_fee or (self.ticks.stretches is None and not self.fee_taken)


def new_page(
    connection: Connection, viewer: Viewer, code: str, number: int, ticks: Ticks, draft: str = ""
) -> NewPage | None:
    """The form for one instalment of the viewer's loan; None if there is none with a penalty.

    Ticks that are not on the receipt any more move to what shares their nights.
    """
    found = loans.loan_by_code(connection, viewer, code)
    if found is None or found.status == "sold":
        return None
    page = new_page_of(found, number, viewer.today, ticks)
    if page is None or not draft:
        return page
    return _with_drafts(page, evidence.case_files(connection, viewer, "draft", draft))


def _with_drafts(page: NewPage, files: Sequence[FileRecord]) -> NewPage:
    values = {name: getattr(page, name) for name in NewPage.__dataclass_fields__}
    return NewPage(**values | {"drafts": tuple(file for file in files if file.state != "deleted")})


def new_page_of(record: LoanRecord, number: int, today: date, ticks: Ticks) -> NewPage | None:
    """The same of a loan already read."""
    assessment = assess(record.facts, today)
    item = _instalment(assessment, number)
    if item is None or not item.lines or not item.penalty_chargeable:
        return None
    holds = [hold for hold in record.holds if hold.is_in_force(today)]
    taken = parts_of(holds, today)
    offered = tuple(stretches(item, taken))
    try:
        spans = ticks.spans(offered)
    except ValueError:
        ticks = ticks.moved_to(offered)
        spans = ticks.spans(offered)
    fee = sum(line.amount for line in item.lines if line.kind == "late_fee")
    fee_taken = any(part.kind == "late_fee" and part.instalment in (None, number) for part in taken)
    with_fee = bool(fee) and not fee_taken and (ticks.late_fee or ticks.stretches is None)
    chosen = disputed_parts(item, spans, with_fee)
    return NewPage(
        loan=record,
        instalment=item,
        offered=offered,
        fee=fee,
        fee_taken=fee_taken,
        ticks=ticks,
        sums=sums(assessment, number, chosen, taken),
        fingerprint=fingerprint(record.facts, today),
        answer_by=promised(record, today),
        refusal=may("file_dispute", holds, record.facts.status, _role(record)),
    )


def promised(record: LoanRecord, today: date) -> date:
    """The day by which a dispute filed today is answered."""
    calendar = rule_pack(record.rule_pack).calendar(today)
    return add_working_days(today, record.rules.answer_days, calendar)


def _role(record: LoanRecord) -> Any:
    return record.role or "borrower"


def _instalment(assessment: Assessment, number: int) -> InstalmentAssessment | None:
    return next((item for item in assessment.instalments if item.number == number), None)


def _attempts(record: LoanRecord, instalment: InstalmentAssessment) -> tuple[DebitAttempt, ...]:
    return tuple(attempt for attempt in record.attempts if attempt.instalment == instalment.number)


@dataclass(frozen=True, slots=True)
class Listed:
    """A dispute in the person's list."""

    record: DisputeRecord
    loan_name: str
    outcome: str | None


def list_page(connection: Connection, viewer: Viewer) -> tuple[Listed, ...]:
    """The person's disputes, the latest first."""
    statement = (
        select(*_RECORD.selected_columns, DECISION_ROW.c.outcome)
        .outerjoin(DECISION_ROW, DECISION_ROW.c.dispute_id == DISPUTE.c.id)
        .where(DISPUTE.c.person_id == viewer.person_id)
        .order_by(DISPUTE.c.id.desc())
    )
    names = {loan.id: loan.name for loan in loans.account(connection, viewer).loans}
    found: Any = connection.execute(statement)
    return tuple(Listed(DisputeRecord(*row[:-1]), names.get(row.loan_id, ""), row.outcome) for row in found)


@dataclass(frozen=True, slots=True)
class DetailPage:
    """A dispute as its person sees it. `sums` are absent once it is over, and of a sold loan."""

    dispute: DisputeRecord
    loan: LoanRecord
    parts: tuple[Part, ...]
    messages: tuple[Message, ...]
    files: tuple[FileRecord, ...]
    decision: DecisionRecord | None
    sums: Sums | None
    consent: str | None
    bodies: tuple[ComplaintBody, ...]
    today: date

    @property
    def currency(self) -> str:
        return self.dispute.currency

    @property
    def suspended(self) -> bool:
        """Whether no penalty counts while the dispute is open."""
        return not self.loan.facts.terms.accrues_while_disputed

    @property
    def is_late(self) -> bool:
        return self.dispute.days_over(self.today) > 0

    @property
    def sent_files(self) -> tuple[FileRecord, ...]:
        return tuple(file for file in self.files if not file.from_staff)


def detail_page(connection: Connection, viewer: Viewer, number: str) -> DetailPage | None:
    """A person's own dispute."""
    found = dispute(connection, viewer, number)
    record = loans.loan_by_id(connection, found.loan_id, viewer.today) if found else None
    if found is None or record is None:
        return None
    own = parts(connection, found.id)
    key = {"dispute_id": found.id}
    consent = connection.execute(_CONSENT, key).first()
    return DetailPage(
        dispute=found,
        loan=record,
        parts=own,
        messages=_messages(connection, found.id),
        files=evidence.case_files(connection, viewer, "dispute", number),
        decision=decision(connection, found.id),
        sums=_sums_now(record, found, own, viewer.today),
        consent=consent.words if consent else None,
        bodies=rule_pack(record.rule_pack).complaint_bodies(viewer.today),
        today=viewer.today,
    )


def _messages(connection: Connection, dispute_id: int) -> tuple[Message, ...]:
    rows = connection.execute(_MESSAGES, {"dispute_id": dispute_id})
    return tuple(Message(kind, words, at, name, json.loads(data)) for kind, words, at, name, data in rows)


def _sums_now(record: LoanRecord, found: DisputeRecord, own: Sequence[Part], today: date) -> Sums | None:
    if not found.is_open or record.status == "sold":
        return None
    others = parts_of(record.holds, today, but=found.number)
    return sums(assess(record.facts, today), found.instalment, own, others)


# The staff's pages


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue is narrowed to; empty is everything."""

    reason: str = ""
    state: str = ""
    held: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A dispute that waits for staff."""

    record: DisputeRecord
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
    """The disputes that nobody has decided yet, by promised date."""
    where = _asked_for(asked, viewer)
    count = func.count()
    over = func.coalesce(func.sum(_over(viewer.today)), 0)
    total, overdue = connection.execute(select(count, over).select_from(DISPUTE).where(where)).one()
    statement: Select[Any] = (
        select(*_RECORD.selected_columns, STAFF.c.display_name)
        .outerjoin(STAFF, STAFF.c.id == DISPUTE.c.held_by)
        .where(where)
        .order_by(DISPUTE.c.answer_by, DISPUTE.c.id)
        .limit(QUEUE_PAGE)
        .offset((asked.page - 1) * QUEUE_PAGE)
    )
    rows = []
    for row in connection.execute(statement):
        record = DisputeRecord(*row[:-1])
        person = loans.person(connection, record.person_id)
        rows.append(QueueRow(record, person.name if person else "", row[-1]))
    return QueuePage(tuple(rows), total, int(overdue), asked, viewer.today)


def _over(today: date) -> ColumnElement[Any]:
    return case((DISPUTE.c.answer_by < today, 1), else_=0)


def _asked_for(asked: QueueFilter, viewer: Viewer) -> ColumnElement[bool]:
    states = (asked.state,) if asked.state in UNDECIDED else UNDECIDED
    wanted: list[ColumnElement[bool]] = [DISPUTE.c.state.in_(states)]
    if asked.reason:
        wanted.append(DISPUTE.c.reason == asked.reason)
    if asked.held == "me":
        wanted.append(DISPUTE.c.held_by == viewer.staff_id)
    elif asked.held == "nobody":
        wanted.append(DISPUTE.c.held_by.is_(None))
    return and_(*wanted)


def waiting_count(connection: Connection) -> int:
    """How many disputes wait for staff, for the bar above every page."""
    found = select(func.count()).select_from(DISPUTE).where(DISPUTE.c.state.in_(UNDECIDED))
    return int(connection.execute(found).scalar_one())


def of_person(connection: Connection, person_id: int) -> tuple[DisputeRecord, ...]:
    """All disputes of a person, the latest first, for the case page."""
    found: Any = connection.execute(_RECORD.where(DISPUTE.c.person_id == person_id).order_by(DISPUTE.c.id.desc()))
    return tuple(DisputeRecord(*row) for row in found)


@dataclass(frozen=True, slots=True)
class Authority:
    """How far the viewer may decide alone, in minor units, and how much of the day's limit is used."""

    case_max: int
    day_max: int
    used: int

    def covers(self, amount: int) -> bool:
        """Whether one person may grant this amount now."""
        return amount <= self.case_max and self.used + amount <= self.day_max


def authority(connection: Connection, viewer: Viewer, currency: str) -> Authority:
    """The widest of the viewer's roles counts."""
    given = [loans.authority(connection, role, currency, viewer.today) for role in sorted(viewer.roles & HANDLERS)]
    return Authority(
        max((row.waiver_max for row in given), default=0),
        max((row.waiver_day_max for row in given), default=0),
        used_today(connection, viewer.staff_id or 0, currency, viewer.today),
    )


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that awaits a second person."""

    id: int
    maker_id: int
    maker_name: str
    asked_at: datetime
    expires_at: datetime
    seen: str
    ticked: tuple[str, ...]
    fingerprint: str
    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class DecidePage:
    """All that a decision rests on and does, as of today. `effect` is absent once it is decided or the loan is sold."""

    dispute: DisputeRecord
    loan: LoanRecord
    person: PersonRecord
    instalment: InstalmentAssessment | None
    parts: tuple[Part, ...]
    messages: tuple[Message, ...]
    files: tuple[FileRecord, ...]
    decision: DecisionRecord | None
    effect: Effect | None
    fingerprint: str
    authority: Authority
    proposal: Proposal | None
    held_name: str | None
    today: date

    @property
    def currency(self) -> str:
        return self.dispute.currency

    @property
    def within(self) -> bool:
        """Whether the viewer may decide this alone."""
        return self.effect is not None and self.authority.covers(self.effect.amount)

    @property
    def told(self) -> Told | None:
        """The figures as the form carries them."""
        return told(self.loan.facts, self.instalment) if self.instalment else None

    def changes_since(self, carried: str) -> Changes | None:
        """What differs from the figures that a form carried."""
        before, now = read_told(carried), self.told
        return changes(before, now) if before and now else None

    @property
    def attempts(self) -> tuple[DebitAttempt, ...]:
        return _attempts(self.loan, self.instalment) if self.instalment else ()


def decide_page(
    connection: Connection, viewer: Viewer, number: str, ticked: Collection[str] | None = None
) -> DecidePage | None:
    """A dispute as staff see it. Without `ticked` it shows what upholding all of it does."""
    found = dispute(connection, viewer, number)
    record = loans.loan_by_id(connection, found.loan_id, viewer.today) if found else None
    person = loans.person(connection, found.person_id) if found else None
    if found is None or record is None or person is None:
        return None
    own = parts(connection, found.id)
    proposal = proposal_of(connection, viewer, found) if found.state == "proposed" else None
    return DecidePage(
        dispute=found,
        loan=record,
        person=person,
        instalment=_instalment(assess(record.facts, viewer.today), found.instalment),
        parts=own,
        messages=_messages(connection, found.id),
        files=evidence.case_files(connection, viewer, "dispute", number),
        decision=decision(connection, found.id),
        effect=_effect_now(connection, found, record, own, viewer.today, proposal.ticked if proposal else ticked),
        fingerprint=fingerprint(record.facts, viewer.today),
        authority=authority(connection, viewer, found.currency),
        proposal=proposal,
        held_name=_staff_name(connection, found.held_by),
        today=viewer.today,
    )


def effect_of(
    connection: Connection,
    found: DisputeRecord,
    facts: LoanFacts,
    own: Sequence[Part],
    today: date,
    ticked: Collection[str] | None,
) -> Effect:
    """What upholding the ticked rows of a dispute does today."""
    final = settled(facts, suspensions(connection, found.number), today)
    return effect(final, found.instalment, own, today, ticked)


def _effect_now(
    connection: Connection,
    found: DisputeRecord,
    record: LoanRecord,
    own: Sequence[Part],
    today: date,
    ticked: Collection[str] | None,
) -> Effect | None:
    if not found.is_open or record.status == "sold":
        return None
    return effect_of(connection, found, record.facts, own, today, ticked)


def proposal_of(connection: Connection, viewer: Viewer, found: DisputeRecord) -> Proposal | None:
    """The decision of a dispute that awaits a second person, None if it has lapsed meanwhile."""
    waiting = access.waiting(connection, viewer.now, found.number)
    pending = next((each for each in waiting if each.act == ACT), None)
    if pending is None:
        return None
    chosen = pending.payload if isinstance(pending.payload, dict) else json.loads(pending.payload)
    return Proposal(
        id=pending.id,
        maker_id=pending.maker_id,
        maker_name=pending.maker_name,
        asked_at=pending.asked_at,
        expires_at=pending.expires_at,
        seen=pending.hash_seen,
        ticked=tuple(chosen["ticked"]),
        fingerprint=chosen["fingerprint"],
        reason=chosen["reason"],
        words=chosen["words"],
    )


def _staff_name(connection: Connection, staff_id: int | None) -> str | None:
    found = access.staff(connection, staff_id) if staff_id is not None else None
    return found.display_name if found else None


def late_numbers(connection: Connection, viewer: Viewer) -> list[str]:
    """Undecided disputes whose promised date has passed and whose person has not been told."""
    statement = select(DISPUTE.c.number).where(
        DISPUTE.c.state.in_(UNDECIDED), DISPUTE.c.answer_by < viewer.today, DISPUTE.c.late_told_at.is_(None)
    )
    return list(connection.execute(statement.order_by(DISPUTE.c.id)).scalars())
