"""The rows of settlements: what a person asked for, and what was quoted or offered, accepted, paid or let lapse.

The figures here were told to a person, so they are kept as they were said; what is due is never read from them.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from portal.core.plan_states import SETTLEMENT
from portal.platform.db import Instant

REQUEST_STATES = ("written", "asked", "offered", "refused", "withdrawn", "ended")
"""Written down by staff on the phone and to be confirmed by the person; asked by the person; and what came of it."""
ENDINGS = ("date", "dispute", "loan", "replaced")
"""Why a settlement lapsed: its date passed, a dispute was filed, the loan was sold or closed, another offer came."""

_FINAL = ", ".join(repr(state) for state in sorted(SETTLEMENT.final))
_OPEN = "state IN ('quoted', 'accepted')"
_WAITS = "state IN ('written', 'asked')"


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class SettlementRequest(SQLModel, table=True):
    """A person asks staff for less than the rules take off. `whole` is what closing the loan would have cost that day.

    `could_pay` is what the person could pay at once. Staff may write it down on the phone (`drafted_by`); then it
    counts once the person has confirmed it, and its writer answers nothing of it. `version` guards every change.
    """

    __tablename__ = "settlement_request"
    __table_args__ = (
        _one_of("state", REQUEST_STATES),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("state <> 'written' OR drafted_by IS NOT NULL", name="written"),
        CheckConstraint("drafted_by <> answered_by", name="not_by_its_writer"),
        CheckConstraint("could_pay > 0 AND whole >= 0", name="amounts"),
        CheckConstraint(f"({_WAITS}) = (ended_at IS NULL)", name="ended"),
        Index(
            "uq_settlement_request_asked",
            "loan_id",
            unique=True,
            sqlite_where=text(_WAITS),
            postgresql_where=text(_WAITS),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    loan_id: int = Field(foreign_key="loan.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    currency: str
    state: str = Field(default="asked", index=True)
    version: int = 1
    could_pay: int = Field(sa_type=BigInteger)
    whole: int = Field(sa_type=BigInteger)
    words: str = Field(default="", sa_type=Text)
    asked_on: date
    asked_at: datetime = Field(sa_type=Instant)
    drafted_by: int | None = Field(default=None, foreign_key="staff_account.id")
    answered_by: int | None = Field(default=None, foreign_key="staff_account.id")
    reason: str = ""
    answer: str = Field(default="", sa_type=Text)
    settlement_number: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class Settlement(SQLModel, table=True):
    """One settlement of a loan. `version` guards every change of state; a loan has one that is open at most.

    `reductions` is a JSON list of [component, amount]. `told` is a JSON list of [day, amount]: the figure of each day
    as it was said when the offer was made, and again when it was accepted. `most` is how much less is asked for on the
    last day, which is what authority is measured by. `lender` (JSON) is what a letter calls the lender, by language;
    `letter` (JSON) what the letter says once it is paid, `counted` (JSON) the payments that closed it. Of one whose
    payment came back later `undone_at` says when.
    """

    __table_args__ = (
        _one_of("state", SETTLEMENT.states),
        _one_of("ending", ("", *ENDINGS)),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("until >= quoted_on AND evening < quoted_on", name="until"),
        CheckConstraint("most >= 0 AND taken_off >= 0", name="not_negative"),
        CheckConstraint("offered_by IS NULL OR confirmed_by IS NULL OR offered_by <> confirmed_by", name="two_people"),
        CheckConstraint(f"(state IN ({_FINAL})) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid"),
        CheckConstraint("(state = 'lapsed') = (ending <> '')", name="lapsed"),
        Index(
            "uq_settlement_open",
            "loan_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    loan_id: int = Field(foreign_key="loan.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    currency: str
    state: str = Field(default="quoted", index=True)
    version: int = 1
    quoted_on: date
    until: date
    evening: date
    reductions: str = Field(sa_type=Text)
    stops_penalty: bool = False
    payoff_interest: str
    fingerprint: str
    told: str = Field(sa_type=Text)
    most: int = Field(sa_type=BigInteger)
    lender: str = Field(sa_type=Text)
    request_number: str | None = None
    offered_by: int | None = Field(default=None, foreign_key="staff_account.id")
    offered_on: date | None = None
    confirmed_by: int | None = Field(default=None, foreign_key="staff_account.id")
    reason: str = ""
    words: str = Field(default="", sa_type=Text)
    quoted_at: datetime = Field(sa_type=Instant)
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    paid_on: date | None = None
    taken_off: int = Field(default=0, sa_type=BigInteger)
    counted: str = Field(default="[]", sa_type=Text)
    letter: str = Field(default="", sa_type=Text)
    ending: str = ""
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    undone_at: datetime | None = Field(default=None, sa_type=Instant)


class SettlementPaper(SQLModel, table=True):
    """The letter as a PDF in one language, as it was first fetched: the same bytes ever after."""

    __tablename__ = "settlement_paper"
    __table_args__ = (UniqueConstraint("settlement_id", "language"),)
    id: int | None = Field(default=None, primary_key=True)
    settlement_id: int = Field(foreign_key="settlement.id")
    language: str
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str
    made_at: datetime = Field(sa_type=Instant)
