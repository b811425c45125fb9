"""The rows of proposals that staff wrote down on the phone: they count for nothing until the borrower confirms them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Text, event, text
from sqlalchemy.schema import DDL
from sqlmodel import Field, SQLModel

from portal.plans.tables import Plan
from portal.platform.db import Instant

STATES = ("waiting", "confirmed", "declined", "withdrawn", "lapsed")
_STATE_LIST = ", ".join(repr(state) for state in STATES)
_WAITING = "state = 'waiting'"


class PhoneProposal(SQLModel, table=True):
    """What a member of staff wrote down for a borrower on the phone. `version` guards every change of state.

    `answers` is a JSON object as an address would have them, `told` the figures that were read out. Confirmed, it is a
    plan of its own under `plan_number`, on the figures of that day.
    """

    __tablename__ = "phone_proposal"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATE_LIST})", name="state"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state = 'confirmed') = (plan_number IS NOT NULL)", name="confirmed"),
        Index(
            "uq_phone_proposal_waiting",
            "person_id",
            "currency",
            unique=True,
            sqlite_where=text(_WAITING),
            postgresql_where=text(_WAITING),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    currency: str
    state: str = Field(default="waiting", index=True)
    version: int = 1
    answers: str = Field(sa_type=Text)
    told: str
    made_by: int = Field(foreign_key="staff_account.id")
    made_on: date
    made_at: datetime = Field(sa_type=Instant)
    expires_on: date
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    plan_number: str | None = None


# Alembic does not see triggers, so its revision executes these same texts.
_SAME_PERSON = """NEW.drafted_by IS NOT NULL AND EXISTS (
    SELECT 1 FROM staff_account AS writer, staff_account AS decider
    WHERE writer.id = NEW.drafted_by AND decider.id IN (NEW.decided_by, NEW.confirmed_by)
    AND writer.identity = decider.identity)"""

SQLITE_TRIGGERS = (
    f"""CREATE TRIGGER plan_not_by_its_writer BEFORE UPDATE ON plan
    WHEN {_SAME_PERSON}
    BEGIN SELECT RAISE(ABORT, 'plan: who wrote a proposal down decides nothing about it'); END""",
)
POSTGRESQL_TRIGGERS = (
    f"""CREATE FUNCTION plan_not_by_its_writer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {_SAME_PERSON} THEN
            RAISE EXCEPTION 'plan: who wrote a proposal down decides nothing about it' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER plan_not_by_its_writer BEFORE UPDATE ON plan
    FOR EACH ROW EXECUTE FUNCTION plan_not_by_its_writer()""",
)

for _dialect, _texts in (("sqlite", SQLITE_TRIGGERS), ("postgresql", POSTGRESQL_TRIGGERS)):
    for _statement in _texts:
        event.listen(
            SQLModel.metadata.tables[str(Plan.__tablename__)],
            "after_create",
            DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )
