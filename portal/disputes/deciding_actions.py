"""A dispute is decided, or its decision reviewed, by one person or by two: what it waives, and the text that tells."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, insert, not_, update
from sqlmodel import Session

from portal.access import granting_actions as granting
from portal.access import second_person_actions as access
from portal.access import staff_queries as staff_of
from portal.audit import actions as audit
from portal.core.receipt import fingerprint
from portal.core.refusal import Refusal
from portal.disputes import events, moves
from portal.disputes.deciding_queries import Proposal, authority, effect_of, proposal_of, took_part_before
from portal.disputes.duplicate_queries import earlier_of
from portal.disputes.effect import Effect
from portal.disputes.ending_actions import end, void_proposal
from portal.disputes.facts import receipt_text
from portal.disputes.funds_facts import judged_text
from portal.disputes.funds_queries import funds_of
from portal.disputes.queries import DECISION_ROW, DISPUTE, DisputeRecord, had_a_part, parts
from portal.disputes.rounds import FIRST, REVIEW, Round, round_of
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.messages.actions import notify
from portal.platform.gate import Viewer

UPHELD = "dispute_upheld"
"""The cause of what a decision waives."""

BY_REFERENCE = "answered_before"


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision as staff choose it: which rows are upheld (none: not upheld), why, in which words to the person.

    `less` is an amount to waive where no rows fit. `refers_to` is the number of the earlier dispute whose answer this
    one repeats.
    """

    ticked: tuple[str, ...]
    reason: str
    words: str
    seen: str
    version: int
    less: int = 0
    refers_to: str | None = None


def decide(session: Session, viewer: Viewer, number: str, choice: Choice) -> str:
    """Decide a dispute or its review: `decided`, or `proposed` where a second person has to confirm it.

    Raises Refusal `unknown_dispute`, `already_decided` (with by, at, outcome, state), `figures_changed`, `sold`,
    `more_than_payable`, or in a review `took_part`.
    """
    granting.hold_granting(session, viewer)
    found = moves.held(session, viewer, number)
    round_ = round_of(found.state)
    check_reviewer(session, viewer, found, round_)
    if round_ is REVIEW and proposal_of(session.connection(), viewer, found) is not None:
        raise moves.lost(session, viewer, number)
    states = moves.decidable(session, viewer, found)
    moves.move(
        session, viewer, found, round_.ends, choice.version, from_states=states, only_if=_by_others(viewer, round_)
    )
    what = _evaluated(session, viewer, found, choice)
    moves.take_part(session, viewer, found)
    if not authority(session.connection(), viewer, found.currency).covers(what.amount):
        return _propose(session, viewer, found, choice, what)
    carry_out(session, viewer, found, choice, what, viewer.staff_id, None)
    return "decided"


def answer_by_reference(session: Session, viewer: Viewer, number: str, choice: Choice) -> str:
    """Answer a dispute that repeats an earlier one with nothing new, by that answer: `decided`.

    Raises Refusal as `decide` does, or `not_the_same` if something new has come.
    """
    granting.hold_granting(session, viewer)
    found = moves.held(session, viewer, number)
    earlier = earlier_of(session.connection(), found, parts(session.connection(), found.id))
    if earlier is None:
        raise Refusal("not_the_same") if found.is_open else moves.lost(session, viewer, number)
    if choice.refers_to not in (None, earlier.number):
        raise Refusal("figures_changed")
    repeated = Choice((), BY_REFERENCE, choice.words, choice.seen, choice.version, refers_to=earlier.number)
    return decide(session, viewer, number, repeated)


def _by_others(viewer: Viewer, round_: Round) -> ColumnElement[bool] | None:
    """In the guarded update too: a reviewer had no earlier part."""
    return not_(had_a_part(viewer)) if round_ is REVIEW else None


def check_reviewer(session: Session, viewer: Viewer, found: DisputeRecord, round_: Round) -> None:
    """Raises Refusal `took_part` for somebody who had a part in what is reviewed, `not_yours` without the role."""
    if round_ is not REVIEW:
        return
    if not viewer.roles & REVIEW.roles:
        raise Refusal("not_yours")
    if took_part_before(session.connection(), viewer, found):
        raise Refusal("took_part")


def _evaluated(session: Session, viewer: Viewer, found: DisputeRecord, choice: Choice) -> Effect:
    """The effect as of now, if the facts are still those that were seen."""
    connection = session.connection()
    record = loans_of.loan_by_id(connection, found.loan_id, viewer.today)
    if record is None or record.status == "sold":
        raise Refusal("sold")
    if fingerprint(record.facts, viewer.today) != choice.seen:
        raise Refusal("figures_changed")
    own = parts(connection, found.id)
    what = effect_of(connection, found, record.facts, own, viewer.today, choice.ticked, choice.less)
    if choice.less and what.less != choice.less:
        raise Refusal("more_than_payable")
    if not choice.less and what.ticked != frozenset(choice.ticked):
        raise Refusal("figures_changed")
    return what


def _propose(session: Session, viewer: Viewer, found: DisputeRecord, choice: Choice, what: Effect) -> str:
    round_ = round_of(found.state)
    session.connection().execute(update(DISPUTE).where(DISPUTE.c.id == found.id).values(state=round_.waits))
    payload = {
        "ticked": sorted(what.ticked),
        "less": what.less,
        "reason": choice.reason,
        "words": choice.words,
        "fingerprint": choice.seen,
        "amount": what.amount,
        "currency": found.currency,
    }
    access.ask_second_person(session, viewer, round_.act, found.number, seen_hash(choice.seen, what), payload)
    proposed = events.DecisionProposed(found.number, what.outcome, what.amount, choice.seen)
    audit.record(session, viewer, proposed)
    return "proposed"


def seen_hash(facts: str, what: Effect) -> str:
    """What a second person is bound to: the facts, what is upheld of them, and every row before and after."""
    content = [facts, sorted(what.ticked), what.less, receipt_text(what.rows)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def confirm(session: Session, viewer: Viewer, number: str, seen: str) -> str:
    """A second person confirms what is proposed: `decided`, or `figures_changed` where that voids it.

    Raises Refusal `unknown_dispute`, `already_decided`, in a review `took_part`, or one of the second person's
    (`own_act`, `seen_differs`).
    """
    found = moves.held(session, viewer, number)
    round_ = round_of(found.state)
    proposal = _proposal(session, viewer, found)
    check_reviewer(session, viewer, found, round_)
    choice = Choice(
        proposal.ticked, proposal.reason, proposal.words, proposal.fingerprint, found.version, proposal.less
    )
    try:
        what = _evaluated(session, viewer, found, choice)
        _check_maker(session, proposal, round_)
    except Refusal as refusal:
        void_proposal(session, viewer, found, refusal.code)
        return _reopen(session, viewer, found, refusal.code)
    if seen_hash(proposal.fingerprint, what) != seen:
        raise Refusal("seen_differs")
    access.confirm_second_person(session, viewer, proposal.id, proposal.seen)
    moves.take_part(session, viewer, found)
    only_if = _by_others(viewer, round_)
    moves.move(session, viewer, found, round_.ends, found.version, from_states=(round_.waits,), only_if=only_if)
    carry_out(session, viewer, found, choice, what, proposal.maker_id, viewer.staff_id)
    return "decided"


def _check_maker(session: Session, proposal: Proposal, round_: Round) -> None:
    """Authority counts when a decision takes effect: the maker must still be one who may decide (ST-05)."""
    maker = staff_of.staff(session.connection(), proposal.maker_id)
    if maker is None or maker.disabled_at is not None or not round_.roles & set(maker.roles):
        raise Refusal("maker_gone")


def decline(session: Session, viewer: Viewer, number: str) -> str:
    """A second person does not confirm, or the first one takes it back; the dispute is open again."""
    found = moves.held(session, viewer, number)
    proposal = _proposal(session, viewer, found)
    if proposal.maker_id == viewer.staff_id:
        access.withdraw_second_person(session, viewer, proposal.id)
        because = "taken_back"
    else:
        check_reviewer(session, viewer, found, round_of(found.state))
        access.decline_second_person(session, viewer, proposal.id)
        because = "declined"
    moves.take_part(session, viewer, found)
    audit.record(session, viewer, events.ProposalVoid(number, because))
    return _reopen(session, viewer, found, because)


def _proposal(session: Session, viewer: Viewer, found: DisputeRecord) -> Proposal:
    waits = found.state in (FIRST.waits, REVIEW.waits)
    proposal = proposal_of(session.connection(), viewer, found) if waits else None
    if proposal is None:
        raise moves.lost(session, viewer, found.number)
    return proposal


def _reopen(session: Session, viewer: Viewer, found: DisputeRecord, because: str) -> str:
    round_ = round_of(found.state)
    to = REVIEW.waits if round_ is REVIEW else "open"
    moves.move(session, viewer, found, to, found.version, from_states=(round_.waits,))
    return because


def carry_out(
    session: Session,
    viewer: Viewer,
    found: DisputeRecord,
    choice: Choice,
    what: Effect,
    decided_by: int | None,
    confirmed_by: int | None,
) -> None:
    """Write the decision, what it was judged by, what it waives, and the text that tells of it."""
    judged = _judged(session, viewer, found)
    end(session, viewer, found, what.outcome)
    waivers = tuple(_waive(session, viewer, found, what))
    row = {
        "dispute_id": found.id,
        "round": round_of(found.state).name,
        "judged": judged,
        "refers_to": choice.refers_to,
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
    if confirmed_by is None:
        granting.note_granted(session, viewer, found.number, what.amount, found.currency)
    notify(
        session, viewer, person_id=found.person_id, template="sms.answer", number=found.number, loan_id=found.loan_id
    )
    decided = events.DisputeDecided(
        found.number,
        what.outcome,
        choice.reason,
        what.amount,
        waivers,
        choice.seen,
        confirmed_by,
        round_of(found.state).name,
    )
    audit.record(session, viewer, decided)


def _judged(session: Session, viewer: Viewer, found: DisputeRecord) -> str:
    record = loans_of.loan_by_id(session.connection(), found.loan_id, viewer.today)
    return judged_text(funds_of(session.connection(), viewer, found, record)) if record else ""


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
    if what.fee or what.less:
        yield loans.waive_amount(
            session,
            viewer,
            loan_id=found.loan_id,
            instalment=found.instalment,
            on_day=viewer.today,
            amount=what.fee or what.less,
            cause=UPHELD,
            number=found.number,
        )
