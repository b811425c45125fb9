"""The rows of people, products, loans and facts.

Contract rows and facts are versions: nothing is updated but `superseded_at`, nothing is deleted, so any
figure ever shown can be reproduced as it was known then (design.md 3). Amounts are integer minor units.
"""

from datetime import date, datetime
from typing import get_args

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from portal.core.interactions import HoldKind
from portal.platform.db import Instant

CONTRACT_TYPES = ("bank_loan", "finance_lease", "sales_credit")
PENALTY_BASES = ("overdue_principal", "overdue_instalment")
STRATEGIES = ("by_instalment", "by_component")
RATES_APPLY = ("by_night", "by_contract_date")
PERSON_KINDS = ("natural", "organisation")
LOAN_STATUSES = ("active", "called", "closed", "written_off", "sold")
PARTY_ROLES = ("borrower", "co_borrower", "guarantor", "representative")
PAYMENT_KINDS = ("payment", "refund")
ATTEMPT_RESULTS = ("collected", "insufficient_funds", "account_problem", "not_presented")
WAIVER_KINDS = ("days", "amount")
COMPONENTS = ("fee", "penalty", "interest", "principal")
HOLD_KINDS = (*get_args(HoldKind), "proposal", "refund", "hardship")


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """A column takes only these words."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


def not_negative(*columns: str) -> CheckConstraint:
    """No amount or count of a row is below zero."""
    return CheckConstraint(" AND ".join(f"{column} >= 0" for column in columns), name="not_negative")


def current(table: str, *columns: str) -> Index:
    """Of each natural key at most one version is in force."""
    in_force = text("superseded_at IS NULL")
    return Index(f"uq_{table}_current", *columns, unique=True, sqlite_where=in_force, postgresql_where=in_force)


class Version(SQLModel):
    """When a row became known, when another took its place, and which import brought it."""

    recorded_at: datetime = Field(sa_type=Instant)
    superseded_at: datetime | None = Field(default=None, sa_type=Instant)
    import_id: int | None = Field(default=None, foreign_key="import_run.id")
    # Of the row as it was imported, so that the next import finds what changed without reading every column.
    digest: int = Field(default=0, sa_type=BigInteger)


class ImportRun(SQLModel, table=True):
    """One applied import. `previous_id` is unique: of two at once only one can follow the same state."""

    __tablename__ = "import_run"
    id: int | None = Field(default=None, primary_key=True)
    previous_id: int = Field(unique=True)
    data_date: date
    started_at: datetime = Field(sa_type=Instant)
    applied_at: datetime = Field(sa_type=Instant)
    summary: str = Field(sa_type=Text)


class Product(SQLModel, table=True):
    """A product's identity; what it says is in its versions."""

    id: int | None = Field(default=None, primary_key=True)
    ref: str = Field(unique=True)


class ProductVersion(Version, table=True):
    """A product's penalty terms; the late fee is in minor units of its currency."""

    __tablename__ = "product_version"
    __table_args__ = (
        current("product_version", "product_id"),
        one_of("contract_type", CONTRACT_TYPES),
        one_of("penalty_base", PENALTY_BASES),
        one_of("allocation_strategy", STRATEGIES),
        one_of("rates_apply", RATES_APPLY),
        not_negative("grace_days", "late_fee", "late_fee_after_days"),
    )
    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="product.id", index=True)
    name: str
    currency: str
    contract_type: str
    penalty_base: str
    grace_days: int
    late_fee: int = Field(sa_type=BigInteger)
    late_fee_after_days: int
    allocation_strategy: str
    component_order: str
    accrues_while_disputed: bool
    rates_apply: str
    rule_pack: str


class ProductRule(Version, table=True):
    """One dated rule of a product (domain.md 10)."""

    __tablename__ = "product_rule"
    __table_args__ = (current("product_rule", "product_id", "rule", "effective_from"),)
    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="product.id", index=True)
    effective_from: date
    rule: str
    value: str


class PenaltyRate(Version, table=True):
    """A dated daily rate and yearly ceiling, reduced fractions of one as text (`1/2000`)."""

    __tablename__ = "penalty_rate"
    __table_args__ = (current("penalty_rate", "product_id", "effective_from"),)
    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="product.id", index=True)
    effective_from: date
    daily_rate: str
    annual_ceiling: str | None = None


class PlanLimit(Version, table=True):
    """What a borrower may propose for a product, from a day on; amounts in the product's currency."""

    __tablename__ = "plan_limit"
    __table_args__ = (
        current("plan_limit", "product_id", "effective_from"),
        not_negative("first_payment_min", "payment_min", "payments_max", "days_max"),
    )
    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="product.id", index=True)
    effective_from: date
    first_payment_min: int = Field(sa_type=BigInteger)
    payment_min: int = Field(sa_type=BigInteger)
    payments_max: int
    days_max: int


class RoleLimit(Version, table=True):
    """How far a role may agree to a plan of a product alone, from a day on; amounts in the product's currency.

    Beyond it a second person confirms. `waiver_max` is the most that stopping the penalty may be expected to save,
    `freeze` whether the role may stop it at all. Where no row is given, the authority alone binds the role.
    """

    __tablename__ = "role_limit"
    __table_args__ = (
        current("role_limit", "product_id", "role", "effective_from"),
        not_negative("first_payment_min", "payment_min", "payments_max", "days_max", "waiver_max"),
    )
    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="product.id", index=True)
    role: str
    effective_from: date
    first_payment_min: int = Field(sa_type=BigInteger)
    payment_min: int = Field(sa_type=BigInteger)
    payments_max: int
    days_max: int
    waiver_max: int = Field(sa_type=BigInteger)
    freeze: bool


class Authority(Version, table=True):
    """How much a role may grant alone, from a day on, in minor units of the currency."""

    __table_args__ = (
        current("authority", "role", "currency", "effective_from"),
        not_negative("waiver_max", "waiver_day_max", "plan_max"),
    )
    id: int | None = Field(default=None, primary_key=True)
    role: str
    currency: str
    effective_from: date
    waiver_max: int = Field(sa_type=BigInteger)
    waiver_day_max: int = Field(sa_type=BigInteger)
    plan_max: int = Field(sa_type=BigInteger)


class Person(SQLModel, table=True):
    """A person's identity; `code` is what may show in an address."""

    id: int | None = Field(default=None, primary_key=True)
    ref: str = Field(unique=True)
    code: str = Field(unique=True)
    created_at: datetime = Field(sa_type=Instant)


class PersonVersion(Version, table=True):
    """What is known of a person; the number is a contact point of its own."""

    __tablename__ = "person_version"
    __table_args__ = (
        current("person_version", "person_id"),
        one_of("kind", PERSON_KINDS),
        CheckConstraint("birth_date IS NOT NULL OR id_last4 IS NOT NULL", name="can_be_checked"),
        CheckConstraint("payday IS NULL OR payday BETWEEN 1 AND 31", name="payday"),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    name: str
    birth_date: date | None = None
    id_last4: str | None = None
    language: str
    payday: int | None = None
    time_zone: str | None = None
    kind: str = "natural"


class ContactPoint(Version, table=True):
    """A number that reaches a person, as `+8613800138000`; older ones stay as history."""

    __tablename__ = "contact_point"
    __table_args__ = (current("contact_point", "person_id", "kind"), one_of("kind", ("mobile",)))
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    kind: str = "mobile"
    value: str = Field(index=True)


class Loan(SQLModel, table=True):
    """A loan's identity; `code` is what may show in an address. Its product is part of its versions."""

    id: int | None = Field(default=None, primary_key=True)
    ref: str = Field(unique=True)
    code: str = Field(unique=True)
    created_at: datetime = Field(sa_type=Instant)


class LoanVersion(Version, table=True):
    """A loan as the lender's system had it."""

    __tablename__ = "loan_version"
    __table_args__ = (
        current("loan_version", "loan_id"),
        one_of("status", LOAN_STATUSES),
        not_negative("principal"),
    )
    id: int | None = Field(default=None, primary_key=True)
    loan_id: int = Field(foreign_key="loan.id", index=True)
    product_id: int = Field(foreign_key="product.id", index=True)
    borrower_id: int = Field(foreign_key="person.id", index=True)
    currency: str
    principal: int = Field(sa_type=BigInteger)
    disbursed_on: date
    status: str = "active"
    status_on: date | None = None
    debit_last4: str | None = None
    debit_holder: str | None = None
    new_owner: str | None = None
    new_owner_phone: str | None = None


class LoanParty(Version, table=True):
    """Who may see and act on a loan, in which role, on which days (both included, open ends are empty)."""

    __tablename__ = "loan_party"
    __table_args__ = (current("loan_party", "loan_id", "person_id", "role"), one_of("role", PARTY_ROLES))
    id: int | None = Field(default=None, primary_key=True)
    loan_id: int = Field(foreign_key="loan.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    role: str
    from_day: date | None = None
    to_day: date | None = None


class Instalment(Version, table=True):
    """A dated part of the contract. A voided one counts as if it had never been."""

    __table_args__ = (
        current("instalment", "loan_id", "number"),
        not_negative("principal", "interest", "fee"),
    )
    id: int | None = Field(default=None, primary_key=True)
    loan_id: int = Field(foreign_key="loan.id", index=True)
    number: int
    due_on: date
    principal: int = Field(sa_type=BigInteger)
    interest: int = Field(sa_type=BigInteger)
    fee: int = Field(sa_type=BigInteger)
    void: bool = False


class Payment(Version, table=True):
    """Money received, or held credit given back (`refund`). A reversed one counts as never made."""

    __table_args__ = (current("payment", "ref"), one_of("kind", PAYMENT_KINDS), not_negative("amount"))
    id: int | None = Field(default=None, primary_key=True)
    ref: str
    loan_id: int = Field(foreign_key="loan.id", index=True)
    received_on: date
    amount: int = Field(sa_type=BigInteger)
    channel: str
    reversed: bool = False
    kind: str = "payment"


class DebitAttempt(Version, table=True):
    """The lender's own try to collect an instalment from the borrower's account."""

    __tablename__ = "debit_attempt"
    __table_args__ = (
        current("debit_attempt", "ref"),
        one_of("result", ATTEMPT_RESULTS),
        not_negative("amount"),
    )
    id: int | None = Field(default=None, primary_key=True)
    ref: str
    loan_id: int = Field(foreign_key="loan.id", index=True)
    instalment: int
    attempted_at: datetime = Field(sa_type=Instant)
    amount: int = Field(sa_type=BigInteger)
    result: str
    result_code: str
    void: bool = False


class Waiver(Version, table=True):
    """Waived nights (both days included, open end empty) or a waived amount; no instalment: the whole loan.

    `portal_number` is set when the portal decided it; `case_number` is the dispute or plan it came from.
    """

    __table_args__ = (
        current("waiver", "ref"),
        Index(
            "uq_waiver_portal_number",
            "portal_number",
            unique=True,
            sqlite_where=text("superseded_at IS NULL AND portal_number IS NOT NULL"),
            postgresql_where=text("superseded_at IS NULL AND portal_number IS NOT NULL"),
        ),
        one_of("kind", WAIVER_KINDS),
        one_of("component", COMPONENTS),
        CheckConstraint(
            "kind = 'days' AND from_day IS NOT NULL AND on_day IS NULL AND amount IS NULL"
            " OR kind = 'amount' AND on_day IS NOT NULL AND amount > 0"
            " AND from_day IS NULL AND to_day IS NULL",
            name="shape",
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    ref: str
    loan_id: int = Field(foreign_key="loan.id", index=True)
    instalment: int | None = None
    kind: str
    from_day: date | None = None
    to_day: date | None = None
    on_day: date | None = None
    amount: int | None = Field(default=None, sa_type=BigInteger)
    reason: str
    component: str = "penalty"
    void: bool = False
    portal_number: str | None = None
    case_number: str | None = Field(default=None, index=True)


class WaiverConfirmation(SQLModel, table=True):
    """The lender's system has taken over a waiver of the portal, under this reference of its own."""

    __tablename__ = "waiver_confirmation"
    id: int | None = Field(default=None, primary_key=True)
    portal_number: str = Field(unique=True)
    ref: str = Field(index=True)
    recorded_at: datetime = Field(sa_type=Instant)
    import_id: int = Field(foreign_key="import_run.id")


class Hold(SQLModel, table=True):
    """What is pending on a loan, or on a person and so on all that person's loans (design.md 2).

    A `proposal` is a plan that is not agreed yet, a `refund` is money to give back, `hardship` a pause of reminders:
    all are shown, and none stands in the way of anything (core/interactions.py).

    `parts` is a JSON list of [instalment, from, to, kind] of a dispute; `data` is a JSON object, of a plan
    `{"payments": [[day, amount], ...]}`; `path` leads to the page of the cause. Only the end comes later.
    """

    __table_args__ = (
        one_of("kind", HOLD_KINDS),
        Index(
            "ix_hold_open_person",
            "person_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_hold_open_loan",
            "loan_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    loan_id: int | None = Field(default=None, foreign_key="loan.id")
    person_id: int = Field(foreign_key="person.id")
    kind: str
    from_day: date
    until: date | None = None
    number: str = Field(index=True)
    path: str
    parts: str = Field(default="[]", sa_column=Column(Text, nullable=False, server_default="[]"))
    data: str = Field(default="{}", sa_column=Column(Text, nullable=False, server_default="{}"))
    recorded_at: datetime = Field(sa_type=Instant)
    ended_on: date | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class DecisionExport(SQLModel, table=True):
    """What the portal decided, numbered for `portal export`; written in the decision's transaction."""

    __tablename__ = "decision_export"
    __table_args__ = (one_of("kind", ("waiver", "plan", "hold")),)
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    number: str
    payload: str = Field(sa_type=Text)
    recorded_at: datetime = Field(sa_type=Instant)


class NightlyFigure(SQLModel, table=True):
    """What a loan came to at the end of `day`: for staff lists only, never shown to a borrower."""

    __tablename__ = "nightly_figure"
    __table_args__ = (UniqueConstraint("loan_id"),)
    id: int | None = Field(default=None, primary_key=True)
    loan_id: int = Field(foreign_key="loan.id")
    day: date
    currency: str
    due: int = Field(sa_type=BigInteger)
    penalty: int = Field(sa_type=BigInteger)
    not_yet_due: int = Field(sa_type=BigInteger)
    credit: int = Field(sa_type=BigInteger)
    days_past_due: int
    stage: str
    risk_class: str
    computed_at: datetime = Field(sa_type=Instant)


def table_of(row: type[SQLModel]) -> Table:
    """The table behind a row class, for statements on columns."""
    return SQLModel.metadata.tables[str(row.__tablename__)]
