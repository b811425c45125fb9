"""A person's own disputes: the list, and one of them with what was said, sent and decided."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from portal.core.assessment import Assessment, assess
from portal.core.interactions import Part
from portal.disputes.drafting_queries import Unsent, unsent
from portal.disputes.duplicate_queries import Earlier, earlier_of
from portal.disputes.facts import Sums, nights_stopped, parts_of, sums
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
    ReviewRecord,
    decision,
    dispute,
    messages,
    parts,
    review,
)
from portal.disputes.review_queries import ask_until, may_ask
from portal.disputes.rounds import REVIEW
from portal.disputes.settlement_queries import ended_by
from portal.evidence import queries as evidence
from portal.evidence.queries import FileRecord
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.loans.rulepacks import ComplaintBody, rule_pack
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment

TOLD_FOR = timedelta(days=1)
"""So long a person is told again why a file was not taken; they read it first where they sent it."""


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
    reviewed = DECISION_ROW.alias("reviewed")
    statement = (
        select(*RECORD.selected_columns, func.coalesce(reviewed.c.outcome, DECISION_ROW.c.outcome).label("outcome"))
        .outerjoin(DECISION_ROW, (DECISION_ROW.c.dispute_id == DISPUTE.c.id) & (DECISION_ROW.c.round == "first"))
        .outerjoin(reviewed, (reviewed.c.dispute_id == DISPUTE.c.id) & (reviewed.c.round == "review"))
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
    """A dispute as its person sees it. `sums` are absent once it is over, and of a sold loan.

    `refused` says of files since yesterday why they were not taken: that is ours, and no part of what the person says.
    """

    dispute: DisputeRecord
    loan: LoanRecord
    parts: tuple[Part, ...]
    messages: tuple[Message, ...]
    refused: tuple[Message, ...]
    files: tuple[FileRecord, ...]
    decision: DecisionRecord | None
    sums: Sums | None
    consent: str | None
    bodies: tuple[ComplaintBody, ...]
    funds: Funds | None
    review: ReviewRecord | None
    review_decision: DecisionRecord | None
    review_until: date | None
    may_review: bool
    earlier: Earlier | None
    refund_owed: int
    ended_settlement: str | None
    today: date

    @property
    def currency(self) -> str:
        return self.dispute.currency

    @property
    def stops_meanwhile(self) -> bool:
        """Whether no penalty counts on the instalment until the answer: what the engine does is what is said."""
        return nights_stopped(self.loan.facts, self.dispute.instalment, self.today)

    @property
    def is_late(self) -> bool:
        if self.dispute.in_review and self.review:
            return self.review.days_over(self.today) > 0
        return self.dispute.days_over(self.today) > 0

    @property
    def waits_for_person(self) -> bool:
        """Whether the person was asked for more, in the dispute or in its review, and nothing has come since."""
        in_review = self.dispute.in_review and self.review is not None and self.review.waits_since is not None
        return in_review or self.dispute.state == "waiting"

    @property
    def question(self) -> Message | None:
        """What the person was asked last, while we wait for them."""
        asked = [message for message in self.messages if message.kind == "question"]
        return asked[-1] if asked and self.waits_for_person else None

    @property
    def answer_by(self) -> date:
        """The promised date, of a review its own."""
        return self.review.answer_by if self.review else self.dispute.answer_by

    @property
    def last_decision(self) -> DecisionRecord | None:
        """What counts now: the review's answer, else the first one."""
        return self.review_decision or self.decision

    @property
    def sent_files(self) -> tuple[FileRecord, ...]:
        return tuple(file for file in self.files if not file.from_staff)


@one_moment
def detail_page(connection: Connection, viewer: Viewer, number: str) -> DetailPage | None:
    """A person's own dispute."""
    found = dispute(connection, viewer, number)
    record = _loan(connection, viewer, found) if found else None
    if found is None or record is None:
        return None
    own = parts(connection, found.id)
    key = {"dispute_id": found.id}
    consent = connection.execute(_CONSENT, key).first()
    decided = decision(connection, found.id)
    now = assess(record.facts, viewer.today)
    written = messages(connection, viewer, found.id)
    return DetailPage(
        dispute=found,
        loan=record,
        parts=own,
        messages=tuple(each for each in written if each.kind != "file_refused"),
        refused=tuple(each for each in written if each.kind == "file_refused" and viewer.now - each.at < TOLD_FOR),
        files=evidence.case_files(connection, viewer, "dispute", number),
        decision=decided,
        sums=_sums_now(now, record, found, own, viewer.today),
        consent=consent.words if consent else None,
        bodies=rule_pack(record.rule_pack).complaint_bodies(viewer.today),
        funds=_funds(connection, viewer, found, record),
        review=review(connection, found.id),
        review_decision=decision(connection, found.id, REVIEW.name),
        review_until=ask_until(record, decided) if decided else None,
        may_review=may_ask(connection, viewer, found, record, decided),
        earlier=earlier_of(connection, found, own),
        refund_owed=now.refund_owed,
        ended_settlement=ended_by(connection, found),
        today=viewer.today,
    )


def _loan(connection: Connection, viewer: Viewer, found: DisputeRecord) -> LoanRecord | None:
    """The loan with the person's part in it, also of one who is no party of it any more."""
    record = loans.loan_by_id(connection, found.loan_id, viewer.today)
    roles = {party.role for party in loans.parties(connection, found.loan_id) if party.person_id == viewer.person_id}
    role = "guarantor" if roles == {"guarantor"} else next(iter(sorted(roles - {"guarantor"})), None)
    return replace(record, role=role) if record else None


def _funds(connection: Connection, viewer: Viewer, found: DisputeRecord, record: LoanRecord) -> Funds | None:
    """What the program found, while it may matter; not for a guarantor, since it speaks of the borrower's account."""
    if record.role == "guarantor" or not found.takes_more:
        return None
    return funds_of(connection, viewer, found, record)


def _sums_now(
    now: Assessment, record: LoanRecord, found: DisputeRecord, own: Sequence[Part], today: date
) -> Sums | None:
    if not found.takes_more or record.status == "sold":
        return None
    others = parts_of(record.holds, today, but=found.number)
    return sums(now, found.instalment, own, others)
