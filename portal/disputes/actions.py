"""What happens to a dispute: it is filed, talked about, withdrawn, decided by one person or by two.

Every change of state is a guarded update on `version`; of several at once one takes effect, and the others are told.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from portal.access import actions as access
from portal.access import queries as staff_of
from portal.audit import actions as audit
from portal.core.assessment import assess
from portal.core.interactions import Part, effects, may
from portal.core.receipt import fingerprint
from portal.core.refusal import Refusal
from portal.disputes import events
from portal.disputes.effect import ONE_DAY, Effect, disputed_parts
from portal.disputes.facts import parts_of, receipt_text, sums
from portal.disputes.queries import (
    ACT,
    CONSENT,
    DECISION_ROW,
    DISPUTE,
    HANDLERS,
    LOAN,
    MESSAGE,
    PART,
    STAFF,
    DisputeRecord,
    Proposal,
    Ticks,
    authority,
    decision,
    dispute,
    effect_of,
    new_page_of,
    parts,
    promised,
    proposal_of,
    suspensions,
)
from portal.disputes.tables import UNDECIDED
from portal.evidence import actions as evidence
from portal.evidence import queries as files_of
from portal.evidence.actions import KeptUpload
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.loans.queries import LoanRecord
from portal.messages.actions import notify
from portal.platform.gate import Viewer
from portal.platform.numbers import new_number

FRAUD_REASON = "not_mine"
UPHELD = "dispute_upheld"
"""The cause of what a decision waives."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What a person sends: what is ticked, why, in which words, and the fingerprint of what was shown.

    `consent` are the words agreed to, empty without files; `draft` names the files kept while the form had mistakes;
    `refused` says of each file that could not be taken why.
    """

    ticks: Ticks
    reason: str
    words: str
    seen: str
    consent: str = ""
    draft: str = ""
    uploads: tuple[KeptUpload, ...] = ()
    refused: tuple[Mapping[str, Any], ...] = ()


# Filing


def open_dispute(session: Session, viewer: Viewer, code: str, instalment: int, filing: Filing) -> str:
    """File a dispute about an instalment of the viewer's loan; its number.

    Raises Refusal `unknown_loan`, `figures_changed`, `nothing_ticked`, `disputed_by_another`, or one of the table of
    interactions (`file_dispute.…`).
    """
    # Two filings at once would not see each other's parts.
    session.connection().execute(select(LOAN.c.id).where(LOAN.c.code == code).with_for_update())
    record = loans_of.loan_by_code(session.connection(), viewer, code)
    if record is None:
        raise Refusal("unknown_loan")
    own = _parts_to_file(record, viewer, instalment, filing)
    number = new_number()
    found = _insert_dispute(session, viewer, record, number, instalment, own, filing)
    _suspend_and_hold(session, viewer, record, found, own)
    _stop_reminders(session, viewer, record, found)
    evidence.send_draft(session, viewer, filing.draft, case_kind="dispute", case_number=number)
    _take_files(session, viewer, found, filing)
    return number


def _parts_to_file(record: LoanRecord, viewer: Viewer, instalment: int, filing: Filing) -> tuple[Part, ...]:
    today = viewer.today
    holds = [hold for hold in record.holds if hold.is_in_force(today)]
    role: Any = record.role or "borrower"
    refusal = may("file_dispute", holds, record.facts.status, role)
    if refusal:
        raise refusal
    page = new_page_of(record, instalment, today, filing.ticks)
    if page is None or page.fingerprint != filing.seen:
        raise Refusal("figures_changed")
    try:
        spans = filing.ticks.spans(page.offered)
    except ValueError:
        raise Refusal("figures_changed") from None
    own = disputed_parts(page.instalment, spans, filing.ticks.late_fee and page.fee > 0)
    if not own:
        raise Refusal("nothing_ticked")
    refusal = may("file_dispute", holds, record.facts.status, role, own)
    if refusal:
        of_another = any(hold.number == refusal.data["number"] and hold.person_id != viewer.person_id for hold in holds)
        raise Refusal("disputed_by_another") if of_another else refusal
    return own


def _insert_dispute(
    session: Session,
    viewer: Viewer,
    record: LoanRecord,
    number: str,
    instalment: int,
    own: Sequence[Part],
    filing: Filing,
) -> DisputeRecord:
    row = {
        "number": number,
        "loan_id": record.id,
        "person_id": viewer.person_id,
        "instalment": instalment,
        "currency": record.currency,
        "state": "open",
        "version": 1,
        "reason": filing.reason,
        "words": filing.words,
        "fingerprint": filing.seen,
        "disputed": 0,
        "unpaid": 0,
        "stays_payable": 0,
        "filed_on": viewer.today,
        "filed_at": viewer.now,
        "answer_by": promised(record, viewer.today),
    }
    connection = session.connection()
    dispute_id = connection.execute(insert(DISPUTE).values(row).returning(DISPUTE.c.id)).scalar_one()
    for part in own:
        values = {"instalment": instalment, "from_day": part.from_day, "to_day": part.to_day, "kind": part.kind}
        connection.execute(insert(PART).values(dispute_id=dispute_id, **values))
    return _found(session, viewer, number)


def _suspend_and_hold(
    session: Session, viewer: Viewer, record: LoanRecord, found: DisputeRecord, own: Sequence[Part]
) -> None:
    """Stop the penalty where the product says so, note the dispute on the loan, and keep the sums told."""
    if not record.facts.terms.accrues_while_disputed:
        loans.waive_nights(
            session,
            viewer,
            loan_id=record.id,
            instalment=found.instalment,
            from_day=viewer.today,
            to_day=None,
            cause="dispute",
            number=found.number,
        )
    loans.open_hold(
        session,
        viewer,
        kind="dispute",
        loan_id=record.id,
        person_id=found.person_id,
        from_day=viewer.today,
        until=None,
        number=found.number,
        path=f"/disputes/{found.number}",
        parts=own,
        data={"answer_by": found.answer_by.isoformat()},
    )
    others = parts_of(record.holds, viewer.today)
    now = loans_of.loan_by_id(session.connection(), record.id, viewer.today)
    told = sums(assess((now or record).facts, viewer.today), found.instalment, own, others)
    session.connection().execute(update(DISPUTE).where(DISPUTE.c.id == found.id).values(told._asdict()))
    opened = events.DisputeOpened(
        found.number,
        record.id,
        found.instalment,
        found.reason,
        told.disputed,
        told.unpaid,
        found.fingerprint,
        found.answer_by,
    )
    audit.record(session, viewer, opened)


def _stop_reminders(session: Session, viewer: Viewer, record: LoanRecord, found: DisputeRecord) -> None:
    """A claim of misuse opens a fraud hold, unless there is one; an accepted settlement lapses (domain.md 9)."""
    holds = [hold for hold in record.holds if hold.is_in_force(viewer.today)]
    beside = effects("file_dispute", holds)
    for what, hold in beside:
        if what == "lapses_settlement":
            loans.end_hold(session, viewer, hold.number, viewer.today, "lapsed")
    if found.reason != FRAUD_REASON or any(what == "adds_to_fraud" for what, _ in beside):
        return
    fraud_number = new_number()
    loans.open_hold(
        session,
        viewer,
        kind="fraud",
        loan_id=record.id,
        person_id=found.person_id,
        from_day=viewer.today,
        until=None,
        number=fraud_number,
        path=f"/disputes/{found.number}",
    )
    session.connection().execute(update(DISPUTE).where(DISPUTE.c.id == found.id).values(fraud_number=fraud_number))


# Files, consent and messages


def keep_draft(session: Session, viewer: Viewer, draft: str, uploads: Sequence[KeptUpload]) -> list[dict[str, Any]]:
    """Keep the files of a form with mistakes; what could not be kept, and why."""
    refused = []
    for kept in uploads:
        try:
            evidence.take_upload(session, viewer, kept, case_kind="draft", case_number=draft)
        except Refusal as refusal:
            refused.append({"code": refusal.code, **refusal.data})
    return refused


def add(session: Session, viewer: Viewer, number: str, filing: Filing) -> str:
    """Add words and files to one's own open dispute; one that waited for them is open again.

    Raises Refusal `unknown_dispute` or `not_open`.
    """
    found = _found(session, viewer, number)
    if not found.is_open:
        raise Refusal("not_open")
    if filing.words:
        _write_message(session, viewer, found, "message", filing.words)
        audit.record(session, viewer, events.MessageAdded(number, False))
    _take_files(session, viewer, found, filing)
    if found.state == "waiting":
        _move(session, viewer, found, "open")
    return number


def add_staff_files(
    session: Session,
    viewer: Viewer,
    number: str,
    uploads: Sequence[KeptUpload],
    refused: Sequence[Mapping[str, Any]],
    shared: bool,
) -> list[dict[str, Any]]:
    """Put staff's documents into the case, shown to the person or not; what could not be taken, and why."""
    found = _found(session, viewer, number)
    problems = [dict(each) for each in refused]
    for kept in uploads:
        try:
            evidence.take_upload(
                session,
                viewer,
                kept,
                case_kind="dispute",
                case_number=number,
                person_id=found.person_id,
                shared=shared,
            )
        except Refusal as refusal:
            problems.append({"code": refusal.code, **refusal.data})
    return problems


def _take_files(session: Session, viewer: Viewer, found: DisputeRecord, filing: Filing) -> None:
    """Files that fail are named in the dispute with their reason, and stop nothing."""
    if filing.consent:
        _keep_consent(session, viewer, found, filing.consent)
    problems = list(filing.refused)
    for kept in filing.uploads:
        try:
            evidence.take_upload(session, viewer, kept, case_kind="dispute", case_number=found.number)
        except Refusal as refusal:
            problems.append({"code": refusal.code, **refusal.data})
    for problem in problems:
        _write_message(session, viewer, found, "file_refused", "", problem)


def _keep_consent(session: Session, viewer: Viewer, found: DisputeRecord, words: str) -> None:
    row = {"dispute_id": found.id, "person_id": viewer.person_id, "words": words, "language": viewer.language}
    session.connection().execute(insert(CONSENT).values(**row, given_at=viewer.now))
    audit.record(session, viewer, events.ConsentGiven(found.number))


def withdraw_consent(session: Session, viewer: Viewer, number: str) -> list[str]:
    """Take back the consent to read one's files: they are removed, the dispute goes on. Store keys to delete."""
    found = _found(session, viewer, number)
    guard = (CONSENT.c.dispute_id == found.id) & CONSENT.c.withdrawn_at.is_(None)
    session.connection().execute(update(CONSENT).where(guard).values(withdrawn_at=viewer.now))
    keys: list[str] = []
    for file in files_of.case_files(session.connection(), viewer, "dispute", number):
        if not file.from_staff and file.state != "deleted":
            keys += evidence.remove_own(session, viewer, file.code)
    audit.record(session, viewer, events.ConsentWithdrawn(number))
    return keys


def _write_message(
    session: Session,
    viewer: Viewer,
    found: DisputeRecord,
    kind: str,
    words: str,
    data: Mapping[str, Any] | None = None,
) -> None:
    row = {
        "dispute_id": found.id,
        "kind": kind,
        "staff_id": viewer.staff_id if viewer.kind == "staff" else None,
        "words": words,
        "data": json.dumps(dict(data or {}), ensure_ascii=False, sort_keys=True),
        "at": viewer.now,
    }
    session.connection().execute(insert(MESSAGE).values(row))


def withdraw(session: Session, viewer: Viewer, number: str) -> str:
    """The person withdraws a dispute that nobody has decided; it ends like a decision.

    Raises Refusal `unknown_dispute` or `not_open`.
    """
    found = _found(session, viewer, number)
    if not found.is_open:
        raise Refusal("not_open")
    _void_proposal(session, viewer, found, "withdrawn")
    _move(session, viewer, found, "withdrawn", from_states=UNDECIDED)
    _end(session, viewer, found, "withdrawn")
    audit.record(session, viewer, events.DisputeWithdrawn(number))
    return number


# Staff


def open_case(session: Session, viewer: Viewer, number: str) -> bool:
    """Write down that staff looked at a person's dispute (ST-12); False if there is none."""
    found = dispute(session.connection(), viewer, number)
    if found is None:
        return False
    audit.record(session, viewer, events.DisputeSeen(number))
    return True


def hold(session: Session, viewer: Viewer, number: str, held: bool) -> bool:
    """Take a dispute to work on it, or give it back; False if somebody else has it."""
    _found(session, viewer, number)
    mine = DISPUTE.c.held_by == viewer.staff_id
    free = (DISPUTE.c.number == number) & (DISPUTE.c.held_by.is_(None) if held else mine)
    values = {"held_by": viewer.staff_id, "held_since": viewer.now} if held else {"held_by": None, "held_since": None}
    changed = session.connection().execute(update(DISPUTE).where(free).values(values)).rowcount
    if changed:
        audit.record(session, viewer, events.DisputeHeld(number, held))
    return bool(changed)


def ask(session: Session, viewer: Viewer, number: str, version: int, words: str) -> str:
    """Ask the person for more; the dispute waits, its promised date stays. Raises Refusal as `decide` does."""
    found = _found(session, viewer, number)
    _move(session, viewer, found, "waiting", version, from_states=_decidable(session, viewer, found))
    _write_message(session, viewer, found, "question", words)
    notify(session, viewer, person_id=found.person_id, template="sms.question", number=number, loan_id=found.loan_id)
    audit.record(session, viewer, events.QuestionAsked(number))
    return "asked"


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
    found = _found(session, viewer, number)
    _move(session, viewer, found, "decided", choice.version, from_states=_decidable(session, viewer, found))
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
    found = _found(session, viewer, number)
    proposal = _proposal(session, viewer, found)
    try:
        what = _evaluated(session, viewer, found, proposal.ticked, proposal.fingerprint)
        _check_maker(session, proposal)
    except Refusal as refusal:
        _void_proposal(session, viewer, found, refusal.code)
        return _reopen(session, viewer, found, refusal.code)
    if seen_hash(proposal.fingerprint, what) != seen:
        raise Refusal("seen_differs")
    access.confirm_second_person(session, viewer, proposal.id, proposal.seen)
    _move(session, viewer, found, "decided", found.version, from_states=("proposed",))
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
    found = _found(session, viewer, number)
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
        raise _lost(session, viewer, found.number)
    return proposal


def _reopen(session: Session, viewer: Viewer, found: DisputeRecord, because: str) -> str:
    _move(session, viewer, found, "open", found.version, from_states=("proposed",))
    return because


def _void_proposal(session: Session, viewer: Viewer, found: DisputeRecord, because: str) -> None:
    proposal = proposal_of(session.connection(), viewer, found) if found.state == "proposed" else None
    if proposal is not None:
        access.void_second_person(session, viewer, proposal.id)
        audit.record(session, viewer, events.ProposalVoid(found.number, because))


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
    _end(session, viewer, found, what.outcome)
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


def _end(session: Session, viewer: Viewer, found: DisputeRecord, outcome: str) -> None:
    """End what a dispute had suspended and stopped, and say how long its files are kept."""
    yesterday = viewer.today - ONE_DAY
    for ref in sorted(suspensions(session.connection(), found.number)):
        loans.end_days_waiver(session, viewer, ref=ref, to_day=yesterday)
    loans.end_hold(session, viewer, found.number, viewer.today, outcome)
    if found.fraud_number and outcome in ("not_upheld", "withdrawn"):
        loans.end_hold(session, viewer, found.fraud_number, viewer.today, outcome)
    record = loans_of.loan_by_id(session.connection(), found.loan_id, viewer.today)
    keep_days = record.rules.evidence_keep_days if record else 0
    evidence.keep_until(
        session,
        viewer,
        case_kind="dispute",
        case_number=found.number,
        delete_after=viewer.today + timedelta(days=keep_days),
    )


# Being late


def tell_lateness(session: Session, viewer: Viewer, number: str) -> bool:
    """Tell the person that the promised date has passed, once; judged again here."""
    found = _found(session, viewer, number)
    if found.days_over(viewer.today) == 0 or found.late_told_at is not None:
        return False
    session.connection().execute(update(DISPUTE).where(DISPUTE.c.id == found.id).values(late_told_at=viewer.now))
    notify(session, viewer, person_id=found.person_id, template="sms.news", number=number, loan_id=found.loan_id)
    audit.record(session, viewer, events.LatenessTold(number, found.answer_by))
    return True


# The guarded update


def _found(session: Session, viewer: Viewer, number: str) -> DisputeRecord:
    found = dispute(session.connection(), viewer, number)
    if found is None:
        raise Refusal("unknown_dispute")
    return found


def _decidable(session: Session, viewer: Viewer, found: DisputeRecord) -> tuple[str, ...]:
    """From where staff may move on: a proposal that lapsed without a second person binds nobody."""
    if found.state == "proposed" and proposal_of(session.connection(), viewer, found) is None:
        return UNDECIDED
    return ("open", "waiting")


def _move(
    session: Session,
    viewer: Viewer,
    found: DisputeRecord,
    state: str,
    version: int | None = None,
    from_states: tuple[str, ...] = ("open", "waiting"),
) -> None:
    """The one way from state to state; the loser of a race is told who won."""
    guard = (
        (DISPUTE.c.id == found.id)
        & (DISPUTE.c.version == (found.version if version is None else version))
        & DISPUTE.c.state.in_(from_states)
    )
    moved = session.connection().execute(
        update(DISPUTE).where(guard).values(state=state, version=DISPUTE.c.version + 1)
    )
    if moved.rowcount != 1:
        raise _lost(session, viewer, found.number)


def _lost(session: Session, viewer: Viewer, number: str) -> Refusal:
    """What has happened meanwhile: who decided or proposed what, and when."""
    now_is = _found(session, viewer, number)
    decided = decision(session.connection(), now_is.id)
    if decided is not None:
        return Refusal("already_decided", by=decided.decided_name, at=decided.decided_at, outcome=decided.outcome)
    proposal = proposal_of(session.connection(), viewer, now_is)
    if proposal is not None:
        return Refusal("already_proposed", by=proposal.maker_name, at=proposal.asked_at)
    return Refusal("changed_meanwhile", state=now_is.state)
