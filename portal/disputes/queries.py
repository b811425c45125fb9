"""What a dispute is, as its rows say: the dispute, its parts, what was written on it, its decision; one or all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, true

from portal.access.tables import StaffAccount
from portal.core.assessment import Assessment, InstalmentAssessment
from portal.core.facts import DebitAttempt
from portal.core.interactions import Part
from portal.disputes.effect import Row
from portal.disputes.facts import receipt_rows
from portal.disputes.tables import (
    UNDECIDED,
    Dispute,
    DisputeConsent,
    DisputeDecision,
    DisputeMessage,
    DisputePart,
)
from portal.loans.queries import LoanRecord
from portal.loans.tables import Loan, Waiver, table_of
from portal.platform.gate import Viewer

DISPUTE, PART, MESSAGE = table_of(Dispute), table_of(DisputePart), table_of(DisputeMessage)
DECISION_ROW, CONSENT, STAFF = table_of(DisputeDecision), table_of(DisputeConsent), table_of(StaffAccount)
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
_OWN_WAIVERS = select(WAIVER.c.ref).where(
    WAIVER.c.case_number == bindparam("number"),
    WAIVER.c.reason == "dispute",
    WAIVER.c.superseded_at.is_(None),
    WAIVER.c.void.is_(False),
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


def messages(connection: Connection, dispute_id: int) -> tuple[Message, ...]:
    """What was written on a dispute, the oldest first."""
    rows = connection.execute(_MESSAGES, {"dispute_id": dispute_id})
    return tuple(Message(kind, words, at, name, json.loads(data)) for kind, words, at, name, data in rows)


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


def waiting_count(connection: Connection) -> int:
    """How many disputes wait for staff, for the bar above every page."""
    found = select(func.count()).select_from(DISPUTE).where(DISPUTE.c.state.in_(UNDECIDED))
    return int(connection.execute(found).scalar_one())


def late_numbers(connection: Connection, viewer: Viewer) -> list[str]:
    """Undecided disputes whose promised date has passed and whose person has not been told."""
    statement = select(DISPUTE.c.number).where(
        DISPUTE.c.state.in_(UNDECIDED), DISPUTE.c.answer_by < viewer.today, DISPUTE.c.late_told_at.is_(None)
    )
    return list(connection.execute(statement.order_by(DISPUTE.c.id)).scalars())


def instalment_of(assessment: Assessment, number: int) -> InstalmentAssessment | None:
    """An instalment by its number."""
    return next((item for item in assessment.instalments if item.number == number), None)


def attempts_of(record: LoanRecord, instalment: InstalmentAssessment) -> tuple[DebitAttempt, ...]:
    """The tries to collect an instalment."""
    return tuple(attempt for attempt in record.attempts if attempt.instalment == instalment.number)
