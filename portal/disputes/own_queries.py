"""A person's own disputes: the list, and one of them with what was said, sent and decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from portal.core.assessment import assess
from portal.core.interactions import Part
from portal.disputes.drafting_queries import Unsent, unsent
from portal.disputes.facts import Sums, parts_of, sums
from portal.disputes.funds_facts import Funds
from portal.disputes.funds_queries import funds_of
from portal.disputes.queries import (
    CONSENT,
    DECISION_ROW,
    DISPUTE,
    RECORD,
    DecisionRecord,
    DisputeRecord,
    Message,
    decision,
    dispute,
    messages,
    parts,
)
from portal.evidence import queries as evidence
from portal.evidence.queries import FileRecord
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.loans.rulepacks import ComplaintBody, rule_pack
from portal.platform.gate import Viewer


@dataclass(frozen=True, slots=True)
class Listed:
    """A dispute in the person's list."""

    record: DisputeRecord
    loan_name: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """All that a person has sent, and what was begun and not sent, each the latest first."""

    disputes: tuple[Listed, ...]
    unsent: tuple[Unsent, ...]


def list_page(connection: Connection, viewer: Viewer) -> ListPage:
    """The person's disputes and drafts."""
    statement = (
        select(*RECORD.selected_columns, DECISION_ROW.c.outcome)
        .outerjoin(DECISION_ROW, DECISION_ROW.c.dispute_id == DISPUTE.c.id)
        .where(DISPUTE.c.person_id == viewer.person_id)
        .order_by(DISPUTE.c.id.desc())
    )
    records = loans.account(connection, viewer).loans
    names = {loan.id: loan.name for loan in records}
    found: Any = connection.execute(statement)
    listed = tuple(Listed(DisputeRecord(*row[:-1]), names.get(row.loan_id, ""), row.outcome) for row in found)
    return ListPage(listed, unsent(connection, viewer, records))


_CONSENT = (
    select(CONSENT.c.words, CONSENT.c.given_at)
    .where(CONSENT.c.dispute_id == bindparam("dispute_id"), CONSENT.c.withdrawn_at.is_(None))
    .order_by(CONSENT.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class DetailPage:
    """A dispute as its person sees it. `sums` are absent once it is over, and of a sold loan."""

    dispute: DisputeRecord
    loan: LoanRecord
    parts: tuple[Part, ...]
    messages: tuple[Message, ...]
    files: tuple[FileRecord, ...]
    decision: DecisionRecord | None
    sums: Sums | None
    consent: str | None
    bodies: tuple[ComplaintBody, ...]
    funds: Funds | None
    today: date

    @property
    def currency(self) -> str:
        return self.dispute.currency

    @property
    def suspended(self) -> bool:
        """Whether no penalty counts while the dispute is open."""
        return not self.loan.facts.terms.accrues_while_disputed

    @property
    def is_late(self) -> bool:
        return self.dispute.days_over(self.today) > 0

    @property
    def sent_files(self) -> tuple[FileRecord, ...]:
        return tuple(file for file in self.files if not file.from_staff)


def detail_page(connection: Connection, viewer: Viewer, number: str, zone: str) -> DetailPage | None:
    """A person's own dispute; `zone` is the lender's, in which the due date is a day."""
    found = dispute(connection, viewer, number)
    record = loans.loan_by_id(connection, found.loan_id, viewer.today) if found else None
    if found is None or record is None:
        return None
    own = parts(connection, found.id)
    key = {"dispute_id": found.id}
    consent = connection.execute(_CONSENT, key).first()
    return DetailPage(
        dispute=found,
        loan=record,
        parts=own,
        messages=messages(connection, found.id),
        files=evidence.case_files(connection, viewer, "dispute", number),
        decision=decision(connection, found.id),
        sums=_sums_now(record, found, own, viewer.today),
        consent=consent.words if consent else None,
        bodies=rule_pack(record.rule_pack).complaint_bodies(viewer.today),
        funds=funds_of(connection, viewer, found, record, zone) if found.is_open else None,
        today=viewer.today,
    )


def _sums_now(record: LoanRecord, found: DisputeRecord, own: Sequence[Part], today: date) -> Sums | None:
    if not found.is_open or record.status == "sold":
        return None
    others = parts_of(record.holds, today, but=found.number)
    return sums(assess(record.facts, today), found.instalment, own, others)
