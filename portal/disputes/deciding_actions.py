"""A dispute is decided, by one person or by two: what the decision waives, and the text that tells of it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlmodel import Session

from portal.access import second_person_actions as access
from portal.access import staff_queries as staff_of
from portal.audit import actions as audit
from portal.core.receipt import fingerprint
from portal.core.refusal import Refusal
from portal.disputes import events, moves
from portal.disputes.deciding_queries import ACT, HANDLERS, Proposal, authority, effect_of, proposal_of
from portal.disputes.effect import Effect
from portal.disputes.ending_actions import end, void_proposal
from portal.disputes.facts import receipt_text
from portal.disputes.queries import DECISION_ROW, DISPUTE, STAFF, DisputeRecord, parts
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.messages.actions import notify
from portal.platform.gate import Viewer

UPHELD = "dispute_upheld"
"""The cause of what a decision waives."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision as staff choose it: which rows are upheld (none: not upheld), why, in which words to the person."""

    ticked: tuple[str, ...]
    reason: str
    words: str
    seen: str
    version: int


def decide(session: Session, viewer: Viewer, number: str, choice: Choice) -> str:
    """Decide a dispute: `decided`, or `proposed` where a second person has to confirm it.

    Raises Refusal `unknown_dispute`, `already_decided` (with by, at, outcome, state), `figures_changed` or `sold`.
    """
    found = moves.find(session, viewer, number)
    moves.move(session, viewer, found, "decided", choice.version, from_states=moves.decidable(session, viewer, found))
    what = _evaluated(session, viewer, found, choice.ticked, choice.seen)
    _lock_maker(session, viewer)
    if not authority(session.connection(), viewer, found.currency).covers(what.amount):
        return _propose(session, viewer, found, choice, what)
    _carry_out(session, viewer, found, choice, what, viewer.staff_id or 0, None)
    return "decided"


def _evaluated(session: Session, viewer: Viewer, found: DisputeRecord, ticked: Iterable[str], seen: str) -> Effect:
    """The effect as of now, if the facts are still those that were seen."""
    connection = session.connection()
    record = loans_of.loan_by_id(connection, found.loan_id, viewer.today)
    if record is None or record.status == "sold":
        raise Refusal("sold")
    if fingerprint(record.facts, viewer.today) != seen:
        raise Refusal("figures_changed")
    what = effect_of(connection, found, record.facts, parts(connection, found.id), viewer.today, tuple(ticked))
    if what.ticked != frozenset(ticked):
        raise Refusal("figures_changed")
    return what


def _lock_maker(session: Session, viewer: Viewer) -> None:
    """One decision at a time for each member of staff, so that a day's limit cannot be passed by two at once."""
    session.connection().execute(select(STAFF.c.id).where(STAFF.c.id == viewer.staff_id).with_for_update())


def _propose(session: Session, viewer: Viewer, found: DisputeRecord, choice: Choice, what: Effect) -> str:
    session.connection().execute(update(DISPUTE).where(DISPUTE.c.id == found.id).values(state="proposed"))
    payload = {
        "ticked": sorted(what.ticked),
        "reason": choice.reason,
        "words": choice.words,
        "fingerprint": choice.seen,
        "amount": what.amount,
        "currency": found.currency,
    }
    access.ask_second_person(session, viewer, ACT, found.number, seen_hash(choice.seen, what), payload)
    proposed = events.DecisionProposed(found.number, what.outcome, what.amount, choice.seen)
    audit.record(session, viewer, proposed)
    return "proposed"


def seen_hash(facts: str, what: Effect) -> str:
    """What a second person is bound to: the facts, what is upheld of them, and every row before and after."""
    content = [facts, sorted(what.ticked), receipt_text(what.rows)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def confirm(session: Session, viewer: Viewer, number: str, seen: str) -> str:
    """A second person confirms what is proposed: `decided`, or `figures_changed` where that voids it.

    Raises Refusal `unknown_dispute`, `already_decided`, or one of the second person's (`own_act`, `seen_differs`).
    """
    found = moves.find(session, viewer, number)
    proposal = _proposal(session, viewer, found)
    try:
        what = _evaluated(session, viewer, found, proposal.ticked, proposal.fingerprint)
        _check_maker(session, proposal)
    except Refusal as refusal:
        void_proposal(session, viewer, found, refusal.code)
        return _reopen(session, viewer, found, refusal.code)
    if seen_hash(proposal.fingerprint, what) != seen:
        raise Refusal("seen_differs")
    access.confirm_second_person(session, viewer, proposal.id, proposal.seen)
    moves.move(session, viewer, found, "decided", found.version, from_states=("proposed",))
    choice = Choice(proposal.ticked, proposal.reason, proposal.words, proposal.fingerprint, found.version)
    _carry_out(session, viewer, found, choice, what, proposal.maker_id, viewer.staff_id)
    return "decided"


def _check_maker(session: Session, proposal: Proposal) -> None:
    """Authority counts when a decision takes effect: the maker must still be one who may decide (ST-05)."""
    maker = staff_of.staff(session.connection(), proposal.maker_id)
    if maker is None or maker.disabled_at is not None or not HANDLERS & set(maker.roles):
        raise Refusal("maker_gone")


def decline(session: Session, viewer: Viewer, number: str) -> str:
    """A second person does not confirm, or the first one takes it back; the dispute is open again."""
    found = moves.find(session, viewer, number)
    proposal = _proposal(session, viewer, found)
    if proposal.maker_id == viewer.staff_id:
        access.withdraw_second_person(session, viewer, proposal.id)
        because = "taken_back"
    else:
        access.decline_second_person(session, viewer, proposal.id)
        because = "declined"
    audit.record(session, viewer, events.ProposalVoid(number, because))
    return _reopen(session, viewer, found, because)


def _proposal(session: Session, viewer: Viewer, found: DisputeRecord) -> Proposal:
    proposal = proposal_of(session.connection(), viewer, found) if found.state == "proposed" else None
    if proposal is None:
        raise moves.lost(session, viewer, found.number)
    return proposal


def _reopen(session: Session, viewer: Viewer, found: DisputeRecord, because: str) -> str:
    moves.move(session, viewer, found, "open", found.version, from_states=("proposed",))
    return because


def _carry_out(
    session: Session,
    viewer: Viewer,
    found: DisputeRecord,
    choice: Choice,
    what: Effect,
    decided_by: int,
    confirmed_by: int | None,
) -> None:
    """Write the decision, what it waives, and the text that tells of it."""
    end(session, viewer, found, what.outcome)
    waivers = tuple(_waive(session, viewer, found, what))
    row = {
        "dispute_id": found.id,
        "outcome": what.outcome,
        "reason": choice.reason,
        "words": choice.words,
        "amount": what.amount,
        "currency": found.currency,
        "receipt": receipt_text(what.rows),
        "waivers": json.dumps(waivers),
        "fingerprint": choice.seen,
        "decided_on": viewer.today,
        "decided_at": viewer.now,
        "decided_by": decided_by,
        "confirmed_by": confirmed_by,
    }
    session.connection().execute(insert(DECISION_ROW).values(row))
    notify(
        session, viewer, person_id=found.person_id, template="sms.answer", number=found.number, loan_id=found.loan_id
    )
    decided = events.DisputeDecided(
        found.number, what.outcome, choice.reason, what.amount, waivers, choice.seen, confirmed_by
    )
    audit.record(session, viewer, decided)


def _waive(session: Session, viewer: Viewer, found: DisputeRecord, what: Effect) -> Iterable[str]:
    for span in what.nights:
        yield loans.waive_nights(
            session,
            viewer,
            loan_id=found.loan_id,
            instalment=found.instalment,
            from_day=span.from_day,
            to_day=span.to_day,
            cause=UPHELD,
            number=found.number,
        )
    if what.fee:
        yield loans.waive_amount(
            session,
            viewer,
            loan_id=found.loan_id,
            instalment=found.instalment,
            on_day=viewer.today,
            amount=what.fee,
            cause=UPHELD,
            number=found.number,
        )
