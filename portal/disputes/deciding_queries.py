"""The page on which staff decide: the facts, what a decision does, who may take it alone, what awaits a second."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from portal.access import second_person_queries, staff_queries
from portal.access.granting_queries import granted_today
from portal.core.assessment import InstalmentAssessment, assess
from portal.core.facts import DebitAttempt, LoanFacts
from portal.core.interactions import Part
from portal.core.plan_rest import PlanRest, rest_of
from portal.core.receipt import fingerprint
from portal.disputes.duplicate_queries import Earlier, earlier_of
from portal.disputes.effect import Effect, effect, settled
from portal.disputes.facts import Changes, Told, changes, read_told, told
from portal.disputes.funds_facts import Funds
from portal.disputes.funds_queries import funds_of
from portal.disputes.queries import (
    DISPUTE,
    DecisionRecord,
    DisputeRecord,
    Message,
    ReviewRecord,
    attempts_of,
    decision,
    dispute,
    had_a_part,
    instalment_of,
    messages,
    parts,
    review,
    suspensions,
)
from portal.disputes.rounds import FIRST, REVIEW, Round, round_of
from portal.evidence import queries as evidence
from portal.evidence.queries import FileRecord, FileStatements, SeenElsewhere
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord, PersonRecord
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment

HANDLERS = FIRST.roles


@dataclass(frozen=True, slots=True)
class Authority:
    """How far the viewer may decide alone, in minor units, and how much of the day's limit is used."""

    case_max: int
    day_max: int
    used: int

    def covers(self, amount: int) -> bool:
        """Whether one person may grant this amount now."""
        return amount == 0 or (amount <= self.case_max and self.used + amount <= self.day_max)


def authority(connection: Connection, viewer: Viewer, currency: str) -> Authority:
    """The widest of the viewer's roles counts; the program has none."""
    given = [loans.authority(connection, role, currency, viewer.today) for role in sorted(viewer.roles & HANDLERS)]
    return Authority(
        max((row.waiver_max for row in given), default=0),
        max((row.waiver_day_max for row in given), default=0),
        granted_today(connection, viewer, currency),
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
    less: int
    fingerprint: str
    reason: str
    words: str


def proposal_of(connection: Connection, viewer: Viewer, found: DisputeRecord) -> Proposal | None:
    """The decision of a dispute that awaits a second person, None if it has lapsed meanwhile."""
    waiting = second_person_queries.waiting(connection, viewer.now, found.number)
    pending = next((each for each in waiting if each.act == round_of(found.state).act), None)
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
        less=chosen.get("less", 0),
        fingerprint=chosen["fingerprint"],
        reason=chosen["reason"],
        words=chosen["words"],
    )


@dataclass(frozen=True, slots=True)
class PlanEffect:
    """A running plan on the loan before and after a decision, by the number it is known under."""

    number: str
    before: PlanRest
    after: PlanRest


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was sent, what a program read in it, and which files were sent in other cases too."""

    files: tuple[FileRecord, ...]
    read: tuple[FileStatements, ...]
    elsewhere: tuple[SeenElsewhere, ...]


@dataclass(frozen=True, slots=True)
class DecidePage:
    """All that a decision rests on and does, as of today. `effect` is absent once it is decided or the loan is sold.

    `earlier` is an answer to the same question with nothing new since. `had_a_part` bars the viewer from its review.
    """

    dispute: DisputeRecord
    loan: LoanRecord
    person: PersonRecord
    instalment: InstalmentAssessment | None
    parts: tuple[Part, ...]
    messages: tuple[Message, ...]
    evidence: Evidence
    funds: Funds | None
    came_back: tuple[loans.ReversedPayment, ...]
    decision: DecisionRecord | None
    review: ReviewRecord | None
    review_decision: DecisionRecord | None
    effect: Effect | None
    plan: PlanEffect | None
    earlier: Earlier | None
    fingerprint: str
    authority: Authority
    proposal: Proposal | None
    held_name: str | None
    had_a_part: bool
    today: date

    @property
    def files(self) -> tuple[FileRecord, ...]:
        return self.evidence.files

    @property
    def currency(self) -> str:
        return self.dispute.currency

    @property
    def round(self) -> Round:
        return round_of(self.dispute.state)

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


@one_moment
def decide_page(
    connection: Connection,
    viewer: Viewer,
    number: str,
    ticked: Collection[str] | None = None,
    less: int = 0,
) -> DecidePage | None:
    """A dispute as staff see it. Without `ticked` it shows what upholding all of it does, with `less` an amount."""
    found = dispute(connection, viewer, number)
    record = loans.loan_by_id(connection, found.loan_id, viewer.today) if found else None
    person = loans.person(connection, found.person_id) if found else None
    if found is None or record is None or person is None:
        return None
    own = parts(connection, found.id)
    proposal = proposal_of(connection, viewer, found) if found.state in (FIRST.waits, REVIEW.waits) else None
    if proposal:
        ticked, less = proposal.ticked, proposal.less
    what = _effect_now(connection, found, record, own, viewer.today, ticked, less)
    return DecidePage(
        dispute=found,
        loan=record,
        person=person,
        instalment=instalment_of(assess(record.facts, viewer.today), found.instalment),
        parts=own,
        messages=messages(connection, viewer, found.id),
        evidence=Evidence(
            files=evidence.case_files(connection, viewer, "dispute", number),
            read=evidence.statements_of_case(connection, viewer, "dispute", number),
            elsewhere=evidence.seen_elsewhere(connection, viewer, "dispute", number),
        ),
        funds=funds_of(connection, viewer, found, record),
        came_back=loans.reversed_payments(connection, record.id),
        decision=decision(connection, found.id),
        review=review(connection, found.id),
        review_decision=decision(connection, found.id, REVIEW.name),
        effect=what,
        plan=_plan_effect(record, what, viewer.today) if what else None,
        earlier=earlier_of(connection, found, own),
        fingerprint=fingerprint(record.facts, viewer.today),
        authority=authority(connection, viewer, found.currency),
        proposal=proposal,
        held_name=_staff_name(connection, found.held_by),
        had_a_part=took_part_before(connection, viewer, found),
        today=viewer.today,
    )


def took_part_before(connection: Connection, viewer: Viewer, found: DisputeRecord) -> bool:
    """Whether the viewer had a part in a dispute before its review."""
    asked = select(DISPUTE.c.id).where(DISPUTE.c.id == found.id, had_a_part(viewer))
    return connection.execute(asked).first() is not None


def colleagues(connection: Connection, viewer: Viewer, number: str) -> tuple[tuple[int, str], ...] | None:
    """The other members of staff to whom a dispute can be handed over, by name; None without such a dispute."""
    found = dispute(connection, viewer, number)
    if found is None:
        return None
    return tuple(
        (each.id, each.display_name)
        for each in staff_queries.staff_accounts(connection, viewer)
        if each.disabled_at is None and each.id != viewer.staff_id and round_of(found.state).roles & set(each.roles)
    )


def effect_of(
    connection: Connection,
    found: DisputeRecord,
    facts: LoanFacts,
    own: Sequence[Part],
    today: date,
    ticked: Collection[str] | None,
    less: int = 0,
) -> Effect:
    """What upholding the ticked rows of a dispute does today, or waiving an amount instead."""
    final = settled(facts, suspensions(connection, found.number), today)
    return effect(final, found.instalment, own, today, ticked, less)


def _effect_now(
    connection: Connection,
    found: DisputeRecord,
    record: LoanRecord,
    own: Sequence[Part],
    today: date,
    ticked: Collection[str] | None,
    less: int,
) -> Effect | None:
    if not found.takes_more or record.status == "sold":
        return None
    return effect_of(connection, found, record.facts, own, today, ticked, less)


def _plan_effect(record: LoanRecord, what: Effect, today: date) -> PlanEffect | None:
    """The loan's running plan, as its hold has it, with the one end and with the other."""
    hold = next((each for each in record.holds if each.kind == "plan" and each.is_in_force(today)), None)
    if hold is None:
        return None
    planned = [(date.fromisoformat(day), amount) for day, amount in hold.data.get("payments", ())]
    return PlanEffect(
        hold.number, rest_of(what.facts_before, planned, today), rest_of(what.facts_after, planned, today)
    )


def _staff_name(connection: Connection, staff_id: int | None) -> str | None:
    found = staff_queries.staff(connection, staff_id) if staff_id is not None else None
    return found.display_name if found else None
