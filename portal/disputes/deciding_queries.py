"""The page on which staff decide: the facts, what a decision does, who may take it alone, what awaits a second."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, func, select

from portal.access import second_person_queries, staff_queries
from portal.core.assessment import InstalmentAssessment, assess
from portal.core.facts import DebitAttempt, LoanFacts
from portal.core.interactions import Part
from portal.core.receipt import fingerprint
from portal.disputes.effect import Effect, effect, settled
from portal.disputes.facts import Changes, Told, changes, read_told, told
from portal.disputes.queries import (
    DECISION_ROW,
    DecisionRecord,
    DisputeRecord,
    Message,
    attempts_of,
    decision,
    dispute,
    instalment_of,
    messages,
    parts,
    suspensions,
)
from portal.evidence import queries as evidence
from portal.evidence.queries import FileRecord
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord, PersonRecord
from portal.platform.gate import PERMISSIONS, Viewer

HANDLERS = PERMISSIONS["handle_disputes"]
ACT = "decide_dispute"
"""What awaits a second person, as `access` calls it."""


@dataclass(frozen=True, slots=True)
class Authority:
    """How far the viewer may decide alone, in minor units, and how much of the day's limit is used."""

    case_max: int
    day_max: int
    used: int

    def covers(self, amount: int) -> bool:
        """Whether one person may grant this amount now."""
        return amount <= self.case_max and self.used + amount <= self.day_max


_USED_TODAY = select(func.coalesce(func.sum(DECISION_ROW.c.amount), 0)).where(
    DECISION_ROW.c.decided_by == bindparam("staff_id"),
    DECISION_ROW.c.decided_on == bindparam("day"),
    DECISION_ROW.c.currency == bindparam("currency"),
    DECISION_ROW.c.confirmed_by.is_(None),
)


def used_today(connection: Connection, staff_id: int, currency: str, day: date) -> int:
    """How much a member of staff has granted alone on a day, in minor units."""
    found = connection.execute(_USED_TODAY, {"staff_id": staff_id, "currency": currency, "day": day})
    return int(found.scalar_one())


def authority(connection: Connection, viewer: Viewer, currency: str) -> Authority:
    """The widest of the viewer's roles counts."""
    given = [loans.authority(connection, role, currency, viewer.today) for role in sorted(viewer.roles & HANDLERS)]
    return Authority(
        max((row.waiver_max for row in given), default=0),
        max((row.waiver_day_max for row in given), default=0),
        used_today(connection, viewer.staff_id or 0, currency, viewer.today),
    )


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that awaits a second person."""

    id: int
    maker_id: int
    maker_name: str
    asked_at: datetime
    expires_at: datetime
    seen: str
    ticked: tuple[str, ...]
    fingerprint: str
    reason: str
    words: str


def proposal_of(connection: Connection, viewer: Viewer, found: DisputeRecord) -> Proposal | None:
    """The decision of a dispute that awaits a second person, None if it has lapsed meanwhile."""
    waiting = second_person_queries.waiting(connection, viewer.now, found.number)
    pending = next((each for each in waiting if each.act == ACT), None)
    if pending is None:
        return None
    chosen = pending.payload if isinstance(pending.payload, dict) else json.loads(pending.payload)
    return Proposal(
        id=pending.id,
        maker_id=pending.maker_id,
        maker_name=pending.maker_name,
        asked_at=pending.asked_at,
        expires_at=pending.expires_at,
        seen=pending.hash_seen,
        ticked=tuple(chosen["ticked"]),
        fingerprint=chosen["fingerprint"],
        reason=chosen["reason"],
        words=chosen["words"],
    )


@dataclass(frozen=True, slots=True)
class DecidePage:
    """All that a decision rests on and does, as of today. `effect` is absent once it is decided or the loan is sold."""

    dispute: DisputeRecord
    loan: LoanRecord
    person: PersonRecord
    instalment: InstalmentAssessment | None
    parts: tuple[Part, ...]
    messages: tuple[Message, ...]
    files: tuple[FileRecord, ...]
    decision: DecisionRecord | None
    effect: Effect | None
    fingerprint: str
    authority: Authority
    proposal: Proposal | None
    held_name: str | None
    today: date

    @property
    def currency(self) -> str:
        return self.dispute.currency

    @property
    def within(self) -> bool:
        """Whether the viewer may decide this alone."""
        return self.effect is not None and self.authority.covers(self.effect.amount)

    @property
    def told(self) -> Told | None:
        """The figures as the form carries them."""
        return told(self.loan.facts, self.instalment) if self.instalment else None

    def changes_since(self, carried: str) -> Changes | None:
        """What differs from the figures that a form carried."""
        before, now = read_told(carried), self.told
        return changes(before, now) if before and now else None

    @property
    def attempts(self) -> tuple[DebitAttempt, ...]:
        return attempts_of(self.loan, self.instalment) if self.instalment else ()


def decide_page(
    connection: Connection, viewer: Viewer, number: str, ticked: Collection[str] | None = None
) -> DecidePage | None:
    """A dispute as staff see it. Without `ticked` it shows what upholding all of it does."""
    found = dispute(connection, viewer, number)
    record = loans.loan_by_id(connection, found.loan_id, viewer.today) if found else None
    person = loans.person(connection, found.person_id) if found else None
    if found is None or record is None or person is None:
        return None
    own = parts(connection, found.id)
    proposal = proposal_of(connection, viewer, found) if found.state == "proposed" else None
    return DecidePage(
        dispute=found,
        loan=record,
        person=person,
        instalment=instalment_of(assess(record.facts, viewer.today), found.instalment),
        parts=own,
        messages=messages(connection, found.id),
        files=evidence.case_files(connection, viewer, "dispute", number),
        decision=decision(connection, found.id),
        effect=_effect_now(connection, found, record, own, viewer.today, proposal.ticked if proposal else ticked),
        fingerprint=fingerprint(record.facts, viewer.today),
        authority=authority(connection, viewer, found.currency),
        proposal=proposal,
        held_name=_staff_name(connection, found.held_by),
        today=viewer.today,
    )


def effect_of(
    connection: Connection,
    found: DisputeRecord,
    facts: LoanFacts,
    own: Sequence[Part],
    today: date,
    ticked: Collection[str] | None,
) -> Effect:
    """What upholding the ticked rows of a dispute does today."""
    final = settled(facts, suspensions(connection, found.number), today)
    return effect(final, found.instalment, own, today, ticked)


def _effect_now(
    connection: Connection,
    found: DisputeRecord,
    record: LoanRecord,
    own: Sequence[Part],
    today: date,
    ticked: Collection[str] | None,
) -> Effect | None:
    if not found.is_open or record.status == "sold":
        return None
    return effect_of(connection, found, record.facts, own, today, ticked)


def _staff_name(connection: Connection, staff_id: int | None) -> str | None:
    found = staff_queries.staff(connection, staff_id) if staff_id is not None else None
    return found.display_name if found else None
