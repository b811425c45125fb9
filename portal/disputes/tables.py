"""The rows of disputes: what is disputed, what was written about it, its one decision and the one review of that."""

from datetime import date, datetime

from sqlalchemy import DDL, BigInteger, CheckConstraint, Index, Text, UniqueConstraint, event
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant

STATES = ("draft", "open", "waiting", "proposed", "decided", "in_review", "closed", "withdrawn")
UNDECIDED = ("open", "waiting", "proposed")
REASONS = ("funds", "paid", "amount", "not_mine", "lent", "explained", "claim", "hardship", "other")
"""domain.md 7; of hardship a borrower is led to a plan first."""
PART_KINDS = ("nights", "late_fee")
OUTCOMES = ("upheld", "partly", "not_upheld")
DECISION_REASONS = (
    "funds_met",
    "funds_not_met",
    "payment_found",
    "payment_not_found",
    "computed_wrongly",
    "computed_rightly",
    "not_the_borrower",
    "is_the_borrower",
    "not_explained",
    "explained",
    "goodwill",
    "answered_before",
    "other",
)
MESSAGE_KINDS = ("message", "question", "file_refused", "note", "handover")
INTERNAL_KINDS = ("note", "handover")
"""What staff write for each other; the person never sees it."""
ROUNDS = ("first", "review")
"""A dispute is decided once, and that once reviewed."""
READINGS = ("met", "not_met", "cannot_tell", "being_read", "none")
"""What a list says of the funds rule: its answer, that files are still being read, or that there is none to check."""


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class Dispute(SQLModel, table=True):
    """A dispute about one instalment of a loan. Amounts are minor units and were told to the person at filing.

    `version` guards every change of `state`. `answer_by` is the promised date. `held_by` is who of the staff works
    on it; it binds nobody. `fraud_number` names the hold that a claim of misuse opened. `particulars` (JSON) are the
    facts that its reason asks for; `draft` is the code of the draft that it was, so that none is sent twice.
    """

    __table_args__ = (
        _one_of("state", STATES),
        _one_of("reason", REASONS),
        CheckConstraint("disputed >= 0 AND unpaid >= 0 AND stays_payable >= 0", name="not_negative"),
        CheckConstraint("(held_by IS NULL) = (held_since IS NULL)", name="held"),
        Index("ix_dispute_state_answer_by", "state", "answer_by"),
        Index("uq_dispute_draft", "draft", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    loan_id: int = Field(foreign_key="loan.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    instalment: int
    currency: str
    state: str = "open"
    version: int = 1
    reason: str
    words: str = Field(default="", sa_type=Text)
    fingerprint: str
    disputed: int = Field(sa_type=BigInteger)
    unpaid: int = Field(sa_type=BigInteger)
    stays_payable: int = Field(sa_type=BigInteger)
    filed_on: date
    filed_at: datetime = Field(sa_type=Instant)
    answer_by: date
    late_told_at: datetime | None = Field(default=None, sa_type=Instant)
    held_by: int | None = Field(default=None, foreign_key="staff_account.id")
    held_since: datetime | None = Field(default=None, sa_type=Instant)
    fraud_number: str | None = None
    particulars: str = Field(default="{}", sa_type=Text, sa_column_kwargs={"server_default": "{}"})
    draft: str | None = None


class DisputePart(SQLModel, table=True):
    """What is disputed: nights of an instalment (both days included, an open end goes on), or its late fee."""

    __tablename__ = "dispute_part"
    __table_args__ = (
        _one_of("kind", PART_KINDS),
        CheckConstraint("to_day IS NULL OR to_day >= from_day", name="days"),
        CheckConstraint("(kind = 'nights') = (from_day IS NOT NULL)", name="shape"),
    )

    id: int | None = Field(default=None, primary_key=True)
    dispute_id: int = Field(foreign_key="dispute.id", index=True)
    instalment: int
    from_day: date | None = None
    to_day: date | None = None
    kind: str


class DisputeConsent(SQLModel, table=True):
    """The words that a person agreed to before files were read, and when; taken back, it keeps its row."""

    __tablename__ = "dispute_consent"

    id: int | None = Field(default=None, primary_key=True)
    dispute_id: int = Field(foreign_key="dispute.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    words: str = Field(sa_type=Text)
    language: str
    given_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)


class DisputeMessage(SQLModel, table=True):
    """What was written about a dispute, by the person or by staff.

    `data` (JSON) says why a file was not taken, what a question asks for, or to whom a dispute was handed over.
    """

    __tablename__ = "dispute_message"
    __table_args__ = (_one_of("kind", MESSAGE_KINDS),)

    id: int | None = Field(default=None, primary_key=True)
    dispute_id: int = Field(foreign_key="dispute.id", index=True)
    kind: str = "message"
    staff_id: int | None = Field(default=None, foreign_key="staff_account.id")
    words: str = Field(default="", sa_type=Text)
    data: str = Field(default="{}", sa_type=Text)
    at: datetime = Field(sa_type=Instant)


class DisputeDecision(SQLModel, table=True):
    """The decision of a dispute, or that of its review. `receipt` (JSON) is before and after, as the person was told.

    `amount` is how much less is due plus how much more is credit, in minor units. `waivers` (JSON) are the references
    of what it waived; `fingerprint` is that of the facts on which it was decided, `judged` (JSON) what the funds rule
    said then. Without `decided_by` the program upheld it by the product's rule. `refers_to` is the number of an
    earlier dispute about the same, whose answer this one repeats.
    """

    __tablename__ = "dispute_decision"
    __table_args__ = (
        _one_of("outcome", OUTCOMES),
        _one_of("reason", DECISION_REASONS),
        CheckConstraint("decided_by <> confirmed_by", name="two_accounts"),
        CheckConstraint("outcome <> 'not_upheld' OR amount = 0", name="not_upheld"),
        _one_of("round", ROUNDS),
        CheckConstraint(
            "decided_by IS NOT NULL OR (round = 'first' AND outcome = 'upheld' AND confirmed_by IS NULL)",
            name="by_program",
        ),
        CheckConstraint("(reason = 'answered_before') = (refers_to IS NOT NULL)", name="reference"),
        UniqueConstraint("dispute_id", "round"),
        Index("ix_dispute_decision_decided_by", "decided_by", "decided_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    dispute_id: int = Field(foreign_key="dispute.id")
    round: str = "first"
    outcome: str
    reason: str
    words: str = Field(sa_type=Text)
    amount: int = Field(sa_type=BigInteger)
    currency: str
    receipt: str = Field(sa_type=Text)
    waivers: str = Field(sa_type=Text)
    fingerprint: str
    judged: str = Field(default="", sa_type=Text)
    refers_to: str | None = None
    decided_on: date
    decided_at: datetime = Field(sa_type=Instant)
    decided_by: int | None = Field(default=None, foreign_key="staff_account.id")
    confirmed_by: int | None = Field(default=None, foreign_key="staff_account.id")


class DisputeReview(SQLModel, table=True):
    """The one review that a person asked for; `answer_by` is its own promised date.

    `waits_since`: a supervisor asked the person for more, and nothing has come since.
    """

    __tablename__ = "dispute_review"

    id: int | None = Field(default=None, primary_key=True)
    dispute_id: int = Field(foreign_key="dispute.id", unique=True)
    words: str = Field(default="", sa_type=Text)
    asked_on: date
    asked_at: datetime = Field(sa_type=Instant)
    answer_by: date = Field(index=True)
    late_told_at: datetime | None = Field(default=None, sa_type=Instant)
    waits_since: datetime | None = Field(default=None, sa_type=Instant)


class DisputeParticipant(SQLModel, table=True):
    """Who of the staff had a part in a dispute, in which round; a review is by somebody who had none before."""

    __tablename__ = "dispute_participant"
    __table_args__ = (_one_of("round", ROUNDS), UniqueConstraint("dispute_id", "staff_id", "round"))

    id: int | None = Field(default=None, primary_key=True)
    dispute_id: int = Field(foreign_key="dispute.id")
    staff_id: int = Field(foreign_key="staff_account.id")
    round: str
    since: datetime = Field(sa_type=Instant)


class DisputeReading(SQLModel, table=True):
    """What the funds rule said when last looked at, for staff's lists alone: every page computes it anew.

    `import_id`, `last_file` and `files_read` say from what, so that it is computed again when any of them moves.
    """

    __tablename__ = "dispute_reading"
    __table_args__ = (_one_of("result", READINGS),)

    id: int | None = Field(default=None, primary_key=True)
    dispute_id: int = Field(foreign_key="dispute.id", unique=True)
    result: str
    import_id: int | None = None
    last_file: int | None = None
    files_read: int = 0
    noted_at: datetime = Field(sa_type=Instant)


# Alembic does not see triggers, so its revision executes these same texts.
_EARLIER_PART = """NEW.round = 'review' AND EXISTS (
    SELECT 1 FROM dispute_participant AS part
    JOIN staff_account AS earlier ON earlier.id = part.staff_id
    JOIN staff_account AS reviewer ON reviewer.id = NEW.decided_by OR reviewer.id = NEW.confirmed_by
    WHERE part.dispute_id = NEW.dispute_id AND part.round = 'first' AND earlier.identity = reviewer.identity)"""

SQLITE_TRIGGERS = tuple(
    f"""CREATE TRIGGER dispute_review_{when.lower()} BEFORE {when} ON dispute_decision
        WHEN {_EARLIER_PART}
        BEGIN SELECT RAISE(ABORT, 'dispute_decision: a reviewer had an earlier part'); END"""
    for when in ("INSERT", "UPDATE")
)

POSTGRESQL_TRIGGERS = (
    f"""CREATE FUNCTION dispute_review_by_others() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {_EARLIER_PART} THEN
            RAISE EXCEPTION 'dispute_decision: a reviewer had an earlier part' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER dispute_review_by_others BEFORE INSERT OR UPDATE ON dispute_decision
    FOR EACH ROW EXECUTE FUNCTION dispute_review_by_others()""",
)

for _dialect, _texts in (("sqlite", SQLITE_TRIGGERS), ("postgresql", POSTGRESQL_TRIGGERS)):
    for _statement in _texts:
        event.listen(
            SQLModel.metadata.tables["dispute_decision"],
            "after_create",
            DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )
