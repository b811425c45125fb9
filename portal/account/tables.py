"""The rows of paying: what a person says to have paid, and the links that they gave to someone who pays for them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant

NOTICE_STATES = ("waiting", "found", "not_found", "withdrawn")
CHANNELS = ("transfer", "card", "app", "cash", "somebody_else", "other")
"""The ways by which somebody may have paid."""


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class PaymentNotice(SQLModel, table=True):
    """A person says that they have paid an amount on a day, with a slip or without. It is a word, never a payment.

    `payment_ref` is the payment that was found for it, by the program or by staff; no payment answers two.
    `promise_number` is the promise that is, or was, being verified by it. `consent_text` are the words agreed to before
    a slip was read, empty without one. `version` guards every change.
    """

    __tablename__ = "payment_notice"
    __table_args__ = (
        _one_of("state", NOTICE_STATES),
        _one_of("channel", CHANNELS),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state = 'found') = (payment_ref IS NOT NULL)", name="found"),
        Index(
            "uq_payment_notice_payment",
            "payment_ref",
            unique=True,
            sqlite_where=text("payment_ref IS NOT NULL"),
            postgresql_where=text("payment_ref IS NOT NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    loan_id: int = Field(foreign_key="loan.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    currency: str
    amount: int = Field(sa_type=BigInteger)
    paid_on: date
    channel: str
    words: str = Field(default="", sa_type=Text)
    state: str = Field(default="waiting", index=True)
    version: int = 1
    consent_text: str = Field(default="", sa_type=Text)
    consent_language: str = ""
    told_on: date
    told_at: datetime = Field(sa_type=Instant)
    payment_ref: str | None = None
    promise_number: str | None = None
    answered_by: int | None = Field(default=None, foreign_key="staff_account.id")
    answer: str = Field(default="", sa_type=Text)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class PayLink(SQLModel, table=True):
    """A link for someone who pays for a person: it shows a reference and the amount that the person chose.

    `ref_hash` finds it; `sealed_ref` lets its person see it again, and is wiped when it is taken back or has run out.
    `code` names it in the person's own addresses.
    """

    __tablename__ = "pay_link"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("revoked_at IS NULL OR sealed_ref = ''", name="wiped"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    ref_hash: str = Field(unique=True)
    sealed_ref: str = Field(sa_type=Text)
    loan_id: int = Field(foreign_key="loan.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    currency: str
    amount: int = Field(sa_type=BigInteger)
    made_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
