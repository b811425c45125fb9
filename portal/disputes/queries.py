"""What a dispute is, as its rows say: itself, its parts, what was written on it, its decision and review."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, not_, or_, select, true

from portal.access.tables import StaffAccount
from portal.core.assessment import Assessment, InstalmentAssessment
from portal.core.facts import DebitAttempt
from portal.core.interactions import Part
from portal.disputes.effect import Row
from portal.disputes.facts import receipt_rows
from portal.disputes.tables import (
    INTERNAL_KINDS,
    UNDECIDED,
    Dispute,
    DisputeConsent,
    DisputeDecision,
    DisputeMessage,
    DisputePart,
    DisputeParticipant,
    DisputeReading,
    DisputeReview,
)
from portal.loans.queries import LoanRecord
from portal.loans.tables import Loan, Waiver, table_of
from portal.platform.gate import Viewer

DISPUTE, PART, MESSAGE = table_of(Dispute), table_of(DisputePart), table_of(DisputeMessage)
DECISION_ROW, CONSENT, STAFF = table_of(DisputeDecision), table_of(DisputeConsent), table_of(StaffAccount)
REVIEW_ROW, PARTICIPANT = table_of(DisputeReview), table_of(DisputeParticipant)
READING = table_of(DisputeReading)
WAIVER, LOAN = table_of(Waiver), table_of(Loan)


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
    particulars: str

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided and nobody withdrawn yet."""
        return self.state in UNDECIDED

    @property
    def in_review(self) -> bool:
        """Whether its decision is being reviewed."""
        return self.state == "in_review"

    @property
    def takes_more(self) -> bool:
        """Whether the person may still add words and files."""
        return self.is_open or self.in_review

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
    """A decision as it was told; without `decided_by` by the program. `judged` is what the funds rule had said."""

    round: str
    outcome: str
    reason: str
    words: str
    amount: int
    currency: str
    rows: tuple[Row, ...]
    fingerprint: str
    judged: str
    refers_to: str | None
    decided_on: date
    decided_at: datetime
    decided_by: int | None
    decided_name: str | None
    confirmed_name: str | None

    @property
    def by_program(self) -> bool:
        """Whether the product's rule upheld it without a person."""
        return self.decided_by is None


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """The one review that a person asked for, with its own promised date; `waits_since` it waits for that person."""

    words: str
    asked_on: date
    asked_at: datetime
    answer_by: date
    late_told_at: datetime | None
    waits_since: datetime | None

    def days_over(self, today: date) -> int:
        """How many days the promised date is past."""
        return max(0, (today - self.answer_by).days)


RECORD = select(*(DISPUTE.c[name] for name in DisputeRecord.__dataclass_fields__))
_BY_NUMBER = RECORD.where(DISPUTE.c.number == bindparam("number"))
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
_TOLD_MESSAGES = _MESSAGES.where(MESSAGE.c.kind.not_in(INTERNAL_KINDS))
_CHECKER = STAFF.alias("checker")
_DECISION = (
    select(
        *(DECISION_ROW.c[name] for name in ("round", "outcome", "reason", "words", "amount", "currency", "receipt")),
        *(DECISION_ROW.c[name] for name in ("fingerprint", "judged", "refers_to")),
        *(DECISION_ROW.c[name] for name in ("decided_on", "decided_at", "decided_by")),
        STAFF.c.display_name,
        _CHECKER.c.display_name,
    )
    .outerjoin(STAFF, STAFF.c.id == DECISION_ROW.c.decided_by)
    .outerjoin(_CHECKER, _CHECKER.c.id == DECISION_ROW.c.confirmed_by)
    .where(DECISION_ROW.c.dispute_id == bindparam("dispute_id"), DECISION_ROW.c.round == bindparam("round"))
)
_REVIEW = select(*(REVIEW_ROW.c[name] for name in ReviewRecord.__dataclass_fields__)).where(
    REVIEW_ROW.c.dispute_id == bindparam("dispute_id")
)
_OWN_WAIVERS = select(WAIVER.c.ref).where(
    WAIVER.c.case_number == bindparam("number"),
    WAIVER.c.reason == "dispute",
    WAIVER.c.superseded_at.is_(None),
    WAIVER.c.void.is_(False),
    WAIVER.c.to_day.is_(None),
)


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """A person's own disputes; all of them for staff and jobs."""
    return DISPUTE.c.person_id == viewer.person_id if viewer.kind == "borrower" else true()


def dispute(connection: Connection, viewer: Viewer, number: str) -> DisputeRecord | None:
    """A dispute that the viewer may see, None if there is none of that number."""
    row: Any = connection.execute(_BY_NUMBER.where(visible_to(viewer)), {"number": number}).first()
    return DisputeRecord(*row) if row else None


def number_of_draft(connection: Connection, viewer: Viewer, code: str) -> str | None:
    """The number that a person's draft got when it was sent."""
    found = select(DISPUTE.c.number).where(DISPUTE.c.person_id == viewer.person_id, DISPUTE.c.draft == code)
    return connection.execute(found).scalar()


def of_person(connection: Connection, person_id: int) -> tuple[DisputeRecord, ...]:
    """All disputes of a person, the latest first, for the case page."""
    found: Any = connection.execute(RECORD.where(DISPUTE.c.person_id == person_id).order_by(DISPUTE.c.id.desc()))
    return tuple(DisputeRecord(*row) for row in found)


def parts(connection: Connection, dispute_id: int) -> tuple[Part, ...]:
    """What a dispute is about."""
    found: Any = connection.execute(_PARTS, {"dispute_id": dispute_id})
    return tuple(Part(*row) for row in found)


def messages(connection: Connection, viewer: Viewer, dispute_id: int) -> tuple[Message, ...]:
    """What was written on a dispute, the oldest first; what staff write for each other is for staff alone."""
    asked = _MESSAGES if viewer.kind == "staff" else _TOLD_MESSAGES
    rows = connection.execute(asked, {"dispute_id": dispute_id})
    return tuple(Message(kind, words, at, name, json.loads(data)) for kind, words, at, name, data in rows)


def decision(connection: Connection, dispute_id: int, round: str = "first") -> DecisionRecord | None:
    """The decision of a dispute, or that of its review, if there is one."""
    row = connection.execute(_DECISION, {"dispute_id": dispute_id, "round": round}).first()
    if row is None:
        return None
    values = list(row)
    values[6] = receipt_rows(values[6])
    return DecisionRecord(*values)


def review(connection: Connection, dispute_id: int) -> ReviewRecord | None:
    """The review that the person asked for, if any."""
    row = connection.execute(_REVIEW, {"dispute_id": dispute_id}).first()
    return ReviewRecord(*row) if row else None


_ME = STAFF.alias("me")
_EARLIER = STAFF.alias("earlier")


def had_a_part(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer, under whichever account, had a part in a dispute before its review."""
    mine = (
        select(PARTICIPANT.c.id)
        .join(_EARLIER, _EARLIER.c.id == PARTICIPANT.c.staff_id)
        .join(_ME, _ME.c.identity == _EARLIER.c.identity)
        .where(PARTICIPANT.c.dispute_id == DISPUTE.c.id, PARTICIPANT.c.round == "first", _ME.c.id == viewer.staff_id)
    )
    return exists(mine.correlate(DISPUTE))


def suspensions(connection: Connection, number: str) -> frozenset[str]:
    """The references of the waivers by which a dispute suspends the penalty while it is open."""
    return frozenset(connection.execute(_OWN_WAIVERS, {"number": number}).scalars())


FRAUD_REASON = "not_mine"
"""A claim that somebody else took the loan out; it has a queue of its own."""


def waiting_in(viewer: Viewer, queue: str) -> ColumnElement[bool]:
    """What waits in one of the three queues: `disputes`, `fraud`, or `reviews` that the viewer may take."""
    if queue == "reviews":
        return and_(DISPUTE.c.state == "in_review", not_(had_a_part(viewer)))
    is_fraud = DISPUTE.c.reason == FRAUD_REASON
    return and_(DISPUTE.c.state.in_(UNDECIDED), is_fraud if queue == "fraud" else not_(is_fraud))


def waiting_count(connection: Connection, viewer: Viewer, queue: str = "disputes") -> int:
    """How many disputes wait for staff in a queue, for the bar above every page."""
    found = select(func.count()).select_from(DISPUTE).where(waiting_in(viewer, queue))
    return int(connection.execute(found).scalar_one())


def late_numbers(connection: Connection, viewer: Viewer) -> list[str]:
    """Disputes, and reviews of them, whose promised date has passed and whose person has not been told."""
    undecided = and_(
        DISPUTE.c.state.in_(UNDECIDED), DISPUTE.c.answer_by < viewer.today, DISPUTE.c.late_told_at.is_(None)
    )
    unreviewed = and_(
        DISPUTE.c.state == "in_review", REVIEW_ROW.c.answer_by < viewer.today, REVIEW_ROW.c.late_told_at.is_(None)
    )
    statement = select(DISPUTE.c.number).outerjoin(REVIEW_ROW, REVIEW_ROW.c.dispute_id == DISPUTE.c.id)
    return list(connection.execute(statement.where(or_(undecided, unreviewed)).order_by(DISPUTE.c.id)).scalars())


def instalment_of(assessment: Assessment, number: int) -> InstalmentAssessment | None:
    """An instalment by its number."""
    return next((item for item in assessment.instalments if item.number == number), None)


def attempts_of(record: LoanRecord, instalment: InstalmentAssessment) -> tuple[DebitAttempt, ...]:
    """The tries to collect an instalment."""
    return tuple(attempt for attempt in record.attempts if attempt.instalment == instalment.number)
