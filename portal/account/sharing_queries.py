"""Links for someone who pays for a person: the person's own, and what a stranger sees who opens one."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from portal.access.checking import token_hash
from portal.account.queries import GUARANTOR
from portal.account.tables import PayLink
from portal.core.assessment import assess
from portal.core.payoff import payoff
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.loans.tables import table_of
from portal.platform.gate import Viewer

LINK = table_of(PayLink)

LIFE = timedelta(days=7)
"""So long a link works."""


@dataclass(frozen=True)
class LinkRecord:
    """A link of the viewer's; `sealed_ref` opens to its reference for as long as it works."""

    code: str
    loan_code: str
    loan_name: str
    currency: str
    amount: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    sealed_ref: str

    def works(self, now: datetime) -> bool:
        """Whether somebody who opens it sees anything."""
        return self.revoked_at is None and now < self.expires_at and bool(self.sealed_ref)


@dataclass(frozen=True)
class Shared:
    """What somebody sees who pays for a person: a reference and an amount, and nothing else."""

    reference: str
    amount: int
    currency: str
    expires_at: datetime


def own_links(connection: Connection, viewer: Viewer) -> tuple[LinkRecord, ...]:
    """The viewer's links that work, the newest first."""
    mine = (LINK.c.person_id == viewer.person_id, LINK.c.revoked_at.is_(None), LINK.c.expires_at > viewer.now)
    rows = connection.execute(select(LINK).where(*mine).order_by(LINK.c.id.desc()))
    return tuple(_record(connection, viewer, row) for row in rows)


def own_link(connection: Connection, viewer: Viewer, code: str) -> LinkRecord | None:
    """One link of the viewer's; a stranger's does not exist."""
    mine = (LINK.c.code == code, LINK.c.person_id == viewer.person_id)
    row = connection.execute(select(LINK).where(*mine)).first() if viewer.person_id else None
    return _record(connection, viewer, row) if row else None


def closes_all(connection: Connection, viewer: Viewer, currency: str) -> int:
    """What pays off everything that the viewer owes in a currency, in minor units: the most that a link may show.

    As of today or the last day of a link made now, whichever is more, so that a payment on any of its days can close
    all; what only a guarantee demands is not owed by the viewer.
    """
    own = [
        record
        for record in loans.account(connection, viewer).loans
        if record.currency == currency and record.status != "sold" and record.role != GUARANTOR
    ]
    days = (viewer.today, viewer.today + LIFE)
    return max(sum(_payoff(record, day) for record in own) for day in days)


def _payoff(record: LoanRecord, day: date) -> int:
    return payoff(record.facts, assess(record.facts, day), record.rules.payoff_interest).to_pay


def shared(connection: Connection, viewer: Viewer, ref: str) -> Shared | None:
    """What a link shows to whoever opens it; None for one that was taken back, has run out or never was."""
    works = (LINK.c.ref_hash == token_hash(ref), LINK.c.revoked_at.is_(None), LINK.c.expires_at > viewer.now)
    row = connection.execute(select(LINK).where(*works)).first()
    record = loans.loan_by_id(connection, row.loan_id, viewer.today) if row else None
    if row is None or record is None or record.status == "sold":
        return None
    return Shared(record.ref, row.amount, row.currency, row.expires_at)


def _record(connection: Connection, viewer: Viewer, row: Row[Any]) -> LinkRecord:
    loan = loans.loan_by_id(connection, row.loan_id, viewer.today)
    names = [name for name in LinkRecord.__dataclass_fields__ if not name.startswith("loan_")]
    return LinkRecord(
        **{name: getattr(row, name) for name in names},
        loan_code=loan.code if loan else "",
        loan_name=loan.name if loan else "",
    )
