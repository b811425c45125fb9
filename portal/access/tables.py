"""Rows behind links, checks, codes, sessions and devices, behind staff accounts and the second person.

Nothing that opens a door is stored as it is: links, cookies and device marks as SHA-256 of a random
reference, codes as a keyed hash, passwords as argon2id, TOTP secrets sealed.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Text, event, text
from sqlalchemy.schema import DDL
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant

WRONG_CHECKS_MAX = 5
"""Wrong recipient checks that a link, or a device that goes on without one, survives (SL-13)."""

WRONG_CODES_MAX = 5
"""Wrong codes that one challenge survives (SL-12)."""

STAGES = ("link", "check", "code", "full")
"""A borrower's session: `link` and `check` await the recipient check (after a link, or on a device that
goes on without one), `code` awaits the six digits, `full` is signed in."""

STAFF_ROLES = ("plan_approver", "dispute_handler", "supervisor", "auditor", "administrator")

DECIDING_ROLES = frozenset({"plan_approver", "dispute_handler", "supervisor"})
"""Roles that an administrator can never hold beside the administration."""


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Link(SQLModel, table=True):
    """An invitation in a text message. It carries no authority; it only leads to the check."""

    __tablename__ = "link"
    __table_args__ = (CheckConstraint(f"wrong_checks BETWEEN 0 AND {WRONG_CHECKS_MAX}", name="wrong_checks"),)

    id: int | None = Field(default=None, primary_key=True)
    ref_hash: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    contact_point_id: int = Field(foreign_key="contact_point.id")
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    wrong_checks: int = 0
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)


class LinkRequest(SQLModel, table=True):
    """A number typed on the start page, until the worker has answered it.

    The same row for every number, so that neither page nor time tells whether we know it (SL-23).
    """

    __tablename__ = "link_request"

    id: int | None = Field(default=None, primary_key=True)
    sealed_number: str = Field(sa_type=Text)
    asked_at: datetime = Field(sa_type=Instant)


class Device(SQLModel, table=True):
    """A browser that has passed check and code; for 30 days it skips the code, on the same number."""

    __tablename__ = "device"
    __table_args__ = (CheckConstraint(f"wrong_checks BETWEEN 0 AND {WRONG_CHECKS_MAX}", name="wrong_checks"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    token_hash: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    contact_point_id: int = Field(foreign_key="contact_point.id")
    wrong_checks: int = 0
    created_at: datetime = Field(sa_type=Instant)
    last_used_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class BorrowerSession(SQLModel, table=True):
    """A person's visit. Every stage has a row and an id of its own (SB-02).

    It is bound to the number that was current: when the lender's system brings another, it ends (SB-01).
    """

    __tablename__ = "borrower_session"
    __table_args__ = (CheckConstraint(_one_of("stage", STAGES), name="stage"),)

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    contact_point_id: int = Field(foreign_key="contact_point.id")
    stage: str
    link_id: int | None = Field(default=None, foreign_key="link.id")
    device_id: int | None = Field(default=None, foreign_key="device.id")
    language: str
    created_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_for: str | None = None


class Challenge(SQLModel, table=True):
    """A code that was sent, bound to one session and one registered number (SL-11)."""

    __tablename__ = "challenge"
    __table_args__ = (CheckConstraint(f"wrong_tries BETWEEN 0 AND {WRONG_CODES_MAX}", name="wrong_tries"),)

    id: int | None = Field(default=None, primary_key=True)
    session_id: int = Field(foreign_key="borrower_session.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    contact_point_id: int = Field(foreign_key="contact_point.id")
    code_hash: str
    word_one: str
    word_two: str
    words_language: str
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    wrong_tries: int = 0
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class WrongCode(SQLModel, table=True):
    """One wrong code of a person, whatever the challenge; counted over a day (SL-12)."""

    __tablename__ = "wrong_code"
    __table_args__ = (Index("ix_wrong_code_person_id_at", "person_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    at: datetime = Field(sa_type=Instant)


class NumberStop(SQLModel, table=True):
    """Somebody at this number said "not me": no reminder goes to it until it is undone or lifted."""

    __tablename__ = "number_stop"
    __table_args__ = (
        Index(
            "uq_number_stop_mobile_running",
            "mobile",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("ended_for IN ('undone', 'check_passed')", name="ended_for"),
    )

    id: int | None = Field(default=None, primary_key=True)
    mobile: str
    person_id: int = Field(foreign_key="person.id")
    contact_point_id: int = Field(foreign_key="contact_point.id")
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_for: str | None = None


class KeptEntry(SQLModel, table=True):
    """What somebody, staff too, had typed into a form whose session ended, sealed, until they are back (SB-05).

    `form` is the form's purpose and what it is about.
    """

    __tablename__ = "kept_entry"
    __table_args__ = (
        Index("uq_kept_entry_person_id_form", "person_id", "form", unique=True),
        Index("uq_kept_entry_account_id_form", "account_id", "form", unique=True),
        CheckConstraint("(person_id IS NULL) <> (account_id IS NULL)", name="owner"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    account_id: int | None = Field(default=None, foreign_key="staff_account.id")
    form: str
    sealed_entries: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)


class StaffAccount(SQLModel, table=True):
    """A member of staff who signs in. `identity` names the natural person, for four eyes (ST-04)."""

    __tablename__ = "staff_account"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    display_name: str
    identity: str = Field(index=True)
    password_hash: str
    sealed_totp: str
    totp_step: int = 0
    created_at: datetime = Field(sa_type=Instant)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)


class StaffRole(SQLModel, table=True):
    """A role that an account holds from one instant until another; ended, never changed."""

    __tablename__ = "staff_role"
    __table_args__ = (
        CheckConstraint(_one_of("role", STAFF_ROLES), name="role"),
        Index(
            "uq_staff_role_account_id_role_running",
            "account_id",
            "role",
            unique=True,
            sqlite_where=text("until_at IS NULL"),
            postgresql_where=text("until_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="staff_account.id", index=True)
    role: str
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime | None = Field(default=None, sa_type=Instant)


class StaffSession(SQLModel, table=True):
    """A staff member's visit, after password and TOTP."""

    __tablename__ = "staff_session"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    account_id: int = Field(foreign_key="staff_account.id", index=True)
    language: str
    created_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class SecondPerson(SQLModel, table=True):
    """What one member of staff began and another must confirm; bound to what the first one saw.

    A check forbids the same account on both sides, a trigger two accounts of one natural person.
    """

    __tablename__ = "second_person"
    __table_args__ = (
        CheckConstraint("maker_id <> checker_id", name="two_accounts"),
        CheckConstraint(_one_of("state", ("waiting", "confirmed", "declined", "withdrawn", "lapsed")), name="state"),
        CheckConstraint(
            "(state IN ('confirmed', 'declined')) = (checker_id IS NOT NULL)"
            " AND (state = 'waiting') = (settled_at IS NULL)",
            name="settled",
        ),
        Index(
            "uq_second_person_waiting",
            "act",
            "object_number",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    act: str
    object_number: str
    hash_seen: str
    payload: str = Field(sa_type=Text)
    maker_id: int = Field(foreign_key="staff_account.id")
    checker_id: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("staff_account.id"), nullable=True)
    )
    state: str = "waiting"
    asked_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)


class GrantedAlone(SQLModel, table=True):
    """What a member of staff gave away, or offered to, without a second person, in minor units; never changed.

    `object_number` is the dispute, plan or settlement. What a day may come to is measured over all of them, whatever
    became of an offer, so that many small ones are no way around it (ST-05).
    """

    __tablename__ = "granted_alone"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_granted_alone_day", "staff_id", "granted_on"),
    )
    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff_account.id")
    granted_on: date
    currency: str
    amount: int = Field(sa_type=BigInteger)
    object_number: str
    granted_at: datetime = Field(sa_type=Instant)


class ShutOut(SQLModel, table=True):
    """A member of staff whom a case is about: no account of theirs sees it, from one instant until another.

    `because` is `words` where a program found their name in what a person wrote (`by_id` is then empty), else
    `picked` by staff. The features that own such cases ask `access.queries.not_shut_out`.
    """

    __tablename__ = "shut_out"
    __table_args__ = (
        CheckConstraint(_one_of("because", ("words", "picked")), name="because"),
        CheckConstraint("(because = 'picked') = (by_id IS NOT NULL)", name="by"),
        CheckConstraint("(until_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
        CheckConstraint("lifted_by <> account_id", name="not_by_oneself"),
        Index(
            "uq_shut_out_running",
            "case_number",
            "account_id",
            unique=True,
            sqlite_where=text("until_at IS NULL"),
            postgresql_where=text("until_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_number: str
    account_id: int = Field(foreign_key="staff_account.id", index=True)
    because: str
    by_id: int | None = Field(default=None, foreign_key="staff_account.id")
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime | None = Field(default=None, sa_type=Instant)
    lifted_by: int | None = Field(default=None, foreign_key="staff_account.id")


# Alembic does not see triggers, so its revision executes these same texts.
_SAME_PERSON = """EXISTS (
    SELECT 1 FROM staff_account AS maker, staff_account AS checker
    WHERE maker.id = NEW.maker_id AND checker.id = NEW.checker_id AND maker.identity = checker.identity)"""

SQLITE_TRIGGERS = (
    *(
        f"""CREATE TRIGGER second_person_{when.lower()} BEFORE {when} ON second_person
        WHEN {_SAME_PERSON}
        BEGIN SELECT RAISE(ABORT, 'second_person: maker and checker are one person'); END"""
        for when in ("INSERT", "UPDATE")
    ),
    """CREATE TRIGGER staff_account_identity BEFORE UPDATE OF identity ON staff_account
    WHEN NEW.identity <> OLD.identity
    BEGIN SELECT RAISE(ABORT, 'staff_account: identity is fixed'); END""",
)

POSTGRESQL_TRIGGERS = (
    f"""CREATE FUNCTION second_person_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {_SAME_PERSON} THEN
            RAISE EXCEPTION 'second_person: maker and checker are one person' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER second_person_four_eyes BEFORE INSERT OR UPDATE ON second_person
    FOR EACH ROW EXECUTE FUNCTION second_person_four_eyes()""",
    """CREATE FUNCTION staff_account_identity() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.identity <> OLD.identity THEN
            RAISE EXCEPTION 'staff_account: identity is fixed' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER staff_account_identity BEFORE UPDATE ON staff_account
    FOR EACH ROW EXECUTE FUNCTION staff_account_identity()""",
)
"""The triggers behind four eyes, for a migration: execute each of the dialect's texts in order."""

for _dialect, _texts in (("sqlite", SQLITE_TRIGGERS), ("postgresql", POSTGRESQL_TRIGGERS)):
    for _statement in _texts:
        event.listen(
            SQLModel.metadata.tables["second_person"],
            "after_create",
            DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )
