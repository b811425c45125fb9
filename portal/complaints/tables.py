"""The rows of complaints: what happened, what was written about it, and the one answer of each.

Who of the staff a complaint is about stands in `access.tables.ShutOut`, so that its files are kept from them too.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Text, event
from sqlalchemy.schema import DDL
from sqlmodel import Field, SQLModel

from portal.access.tables import ShutOut
from portal.loans.tables import table_of
from portal.platform.db import Instant

STATES = ("open", "waiting", "answered", "withdrawn")
OPEN = ("open", "waiting")
HAPPENINGS = ("too_often", "told_others", "pressure", "through_others", "odd_request", "other")
CHANNELS = ("call", "text", "chat", "email", "letter", "in_person", "other")
WISHES = ("stop", "apology", "correction", "know")
OUTCOMES = ("founded", "partly", "not_founded")
REASONS = (
    "outside_hours",
    "too_many",
    "third_party",
    "conduct",
    "wrong_facts",
    "not_ours",
    "within_rules",
    "no_record",
    "other",
)
MESSAGE_KINDS = ("message", "question", "file_refused")


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class Complaint(SQLModel, table=True):
    """A complaint as it was sent; nothing of it changes but `state`, `held_by` and `late_told_at`.

    `version` guards every change. `happened_on` and `about_time` are as far as the person remembers them,
    `is_rough` if the day is not sure. `sender` is the number or name that was shown, `who` the person in words.
    `wishes` is a JSON list. `fingerprint` is that of everything that was sent. `answer_by` is the promised date.
    """

    __table_args__ = (
        _one_of("state", STATES),
        _one_of("happening", HAPPENINGS),
        _one_of("channel", ("", *CHANNELS)),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("answer_by >= filed_on", name="promise"),
        CheckConstraint("happened_on <= filed_on", name="happened"),
        CheckConstraint("(held_by IS NULL) = (held_since IS NULL)", name="held"),
        Index("ix_complaint_state_answer_by", "state", "answer_by"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    state: str = "open"
    version: int = 1
    happening: str
    happened_on: date | None = None
    is_rough: bool = False
    about_time: str = ""
    channel: str = ""
    sender: str = ""
    who: str = Field(default="", sa_type=Text)
    words: str = Field(default="", sa_type=Text)
    wishes: str = Field(default="[]", sa_type=Text)
    fingerprint: str
    filed_on: date
    filed_at: datetime = Field(sa_type=Instant)
    answer_by: date
    late_told_at: datetime | None = Field(default=None, sa_type=Instant)
    held_by: int | None = Field(default=None, foreign_key="staff_account.id")
    held_since: datetime | None = Field(default=None, sa_type=Instant)


class ComplaintConsent(SQLModel, table=True):
    """The words that a person agreed to before files were read, and when; taken back, it keeps its row."""

    __tablename__ = "complaint_consent"

    id: int | None = Field(default=None, primary_key=True)
    complaint_id: int = Field(foreign_key="complaint.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    words: str = Field(sa_type=Text)
    language: str
    given_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)


class ComplaintMessage(SQLModel, table=True):
    """What was written on a complaint by the person or a supervisor; `data` (JSON) says why a file was not taken."""

    __tablename__ = "complaint_message"
    __table_args__ = (
        _one_of("kind", MESSAGE_KINDS),
        CheckConstraint("kind <> 'question' OR staff_id IS NOT NULL", name="question"),
    )

    id: int | None = Field(default=None, primary_key=True)
    complaint_id: int = Field(foreign_key="complaint.id", index=True)
    kind: str = "message"
    staff_id: int | None = Field(default=None, foreign_key="staff_account.id")
    words: str = Field(default="", sa_type=Text)
    data: str = Field(default="{}", sa_type=Text)
    at: datetime = Field(sa_type=Instant)


class ComplaintAnswer(SQLModel, table=True):
    """The one answer of a complaint: whether it is founded, why, and what was changed because of it."""

    __tablename__ = "complaint_answer"
    __table_args__ = (
        _one_of("outcome", OUTCOMES),
        _one_of("reason", REASONS),
        CheckConstraint("words <> ''", name="words"),
        CheckConstraint("outcome = 'not_founded' OR changed <> ''", name="changed"),
    )

    id: int | None = Field(default=None, primary_key=True)
    complaint_id: int = Field(foreign_key="complaint.id", unique=True)
    outcome: str
    reason: str
    words: str = Field(sa_type=Text)
    changed: str = Field(default="", sa_type=Text)
    answered_on: date
    answered_at: datetime = Field(sa_type=Instant)
    answered_by: int = Field(foreign_key="staff_account.id")


# Alembic does not see triggers, so its revision executes texts like these.
_IS_SHUT_OUT = """EXISTS (
    SELECT 1 FROM shut_out
    JOIN staff_account AS named ON named.id = shut_out.account_id
    JOIN staff_account AS acting ON acting.identity = named.identity
    WHERE shut_out.until_at IS NULL AND shut_out.case_number = {number} AND acting.id = {actor})"""
_OWN_NUMBER = "(SELECT number FROM complaint WHERE id = NEW.complaint_id)"
_GUARDED = {
    "complaint": _IS_SHUT_OUT.format(number="NEW.number", actor="NEW.held_by"),
    # What they wrote before it came to be about them stands, and a backup brings it back.
    "complaint_message": _IS_SHUT_OUT.format(number=_OWN_NUMBER, actor="NEW.staff_id AND shut_out.from_at < NEW.at"),
    "complaint_answer": _IS_SHUT_OUT.format(number=_OWN_NUMBER, actor="NEW.answered_by"),
    "shut_out": """NEW.until_at IS NULL AND EXISTS (
    SELECT 1 FROM complaint
    JOIN staff_account AS holder ON holder.id = complaint.held_by
    JOIN staff_account AS named ON named.identity = holder.identity
    WHERE complaint.number = NEW.case_number AND named.id = NEW.account_id)""",
}
"""By table, what a row of it may never be: in the hands of somebody whom the complaint is about."""

SQLITE_TRIGGERS = tuple(
    (
        table,
        f"""CREATE TRIGGER {table}_not_to_the_named_{when.lower()} BEFORE {when} ON {table}
    WHEN {never}
    BEGIN SELECT RAISE(ABORT, '{table}: the complaint is about this member of staff'); END""",
    )
    for table, never in _GUARDED.items()
    for when in ("INSERT", "UPDATE")
)
POSTGRESQL_TRIGGERS = tuple(
    (table, statement)
    for table, never in _GUARDED.items()
    for statement in (
        f"""CREATE FUNCTION {table}_not_to_the_named() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {never} THEN
            RAISE EXCEPTION '{table}: the complaint is about this member of staff' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$""",
        f"""CREATE TRIGGER {table}_not_to_the_named BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_not_to_the_named()""",
    )
)
"""The triggers that keep a complaint from whom it names, by table and in order, for each database."""

_ROWS: tuple[type[SQLModel], ...] = (Complaint, ComplaintMessage, ComplaintAnswer, ShutOut)
_TABLES = {each.name: each for each in (table_of(row) for row in _ROWS)}
for _dialect, _texts in (("sqlite", SQLITE_TRIGGERS), ("postgresql", POSTGRESQL_TRIGGERS)):
    for _table, _statement in _texts:
        event.listen(
            _TABLES[_table],
            "after_create",
            DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )
