"""A person says that they have paid; it is answered when the payment arrives, or by staff. It is never a payment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from portal.account import events
from portal.account.notice_queries import CASE_KIND, NOTICE, NoticeRecord, candidates, notice, own_notice
from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.evidence import actions as evidence
from portal.evidence import queries as files_of
from portal.evidence.actions import KeptUpload
from portal.loans import queries as loans
from portal.loans.actions import hold_loans
from portal.loans.queries import LoanRecord
from portal.messages.actions import notify
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.numbers import new_number
from portal.promises import actions as promises
from portal.promises import queries as promises_of


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says: how much, when, which way, in own words, and the slips with the consent to read them.

    `consent` are the words agreed to, empty without files; `draft` names the files kept while the form had mistakes;
    `refused` says of each file that could not be taken why.
    """

    amount: int
    paid_on: date
    channel: str
    words: str = ""
    consent: str = ""
    draft: str = ""
    uploads: tuple[KeptUpload, ...] = ()


def say_paid(session: Session, viewer: Viewer, code: str, said: Said) -> str:
    """Note that the person has paid; its number. Found at once where the payment is here already.

    Refusals: `notice.sold`, `notice.twice` (number) for the same amount and day on the loan while it waits, and those
    of files. LookupError for no loan of theirs.
    """
    record = loans.loan_by_code(session.connection(), viewer, code)
    if record is None:
        raise LookupError(code)
    if record.status == "sold":
        raise Refusal("notice.sold")
    hold_loans(session, record.id)  # the same said twice at once is said once
    _refuse_same(session, viewer, record.id, said)
    number = new_number()
    session.connection().execute(insert(NOTICE).values(_row(viewer, record, number, said)))
    files = _take_files(session, viewer, number, said)
    told = events.PaymentSaid(number, record.id, said.amount, said.paid_on, said.channel, files)
    audit.record(session, viewer, told)
    if not look_for(session, viewer, number):
        _verify_promise(session, viewer, number, record.id, said.paid_on)
    return number


def _refuse_same(session: Session, viewer: Viewer, loan_id: int, said: Said) -> None:
    same = NOTICE.c.loan_id == loan_id, NOTICE.c.person_id == viewer.person_id, NOTICE.c.amount == said.amount
    waiting = NOTICE.select().where(*same, NOTICE.c.paid_on == said.paid_on, NOTICE.c.state == "waiting")
    known = session.execute(waiting).first()
    if known is not None:
        raise Refusal("notice.twice", number=known.number)


def _row(viewer: Viewer, record: LoanRecord, number: str, said: Said) -> dict[str, Any]:
    return {
        "number": number,
        "loan_id": record.id,
        "person_id": viewer.person_id,
        "currency": record.currency,
        "amount": said.amount,
        "paid_on": said.paid_on,
        "channel": said.channel,
        "words": said.words,
        "state": "waiting",
        "version": 1,
        "consent_text": said.consent,
        "consent_language": viewer.language if said.consent else "",
        "told_on": viewer.today,
        "told_at": viewer.now,
        "answer": "",
    }


def _verify_promise(session: Session, viewer: Viewer, number: str, loan_id: int, paid_on: date) -> None:
    """A promise that the payment is for is being verified until this is answered, and no strike meanwhile."""
    seen = promises_of.concerned(session.connection(), viewer, loan_id, paid_on)
    if seen is None:
        return
    promises.hold(session, seen.number)
    promise = promises_of.concerned(session.connection(), viewer, loan_id, paid_on)
    if promise is None:  # it was judged at this moment
        return
    if promise.state != "being_verified":
        promises.say_paid(session, viewer, promise.number, paid_on)
    session.connection().execute(update(NOTICE).where(NOTICE.c.number == number).values(promise_number=promise.number))


def _take_files(session: Session, viewer: Viewer, number: str, said: Said) -> int:
    if not said.consent:
        return 0
    audit.record(session, viewer, events.SlipConsentGiven(number))
    count = 0
    if said.draft:
        count = evidence.send_draft(session, viewer, said.draft, case_kind=CASE_KIND, case_number=number)
    for kept in said.uploads:
        evidence.take_upload(session, viewer, kept, case_kind=CASE_KIND, case_number=number)
    return count + len(said.uploads)


def look_for(session: Session, viewer: Viewer, number: str) -> bool:
    """Look whether what was said has arrived: the earliest payment of that very amount. Safe to repeat."""
    found = _held(session, number)
    record = loans.loan_by_id(session.connection(), found.loan_id, viewer.today) if found else None
    if found is None or record is None or found.state != "waiting":
        return False
    near = [each for each in candidates(session.connection(), found, record) if each.amount == found.amount]
    if not near:
        return False
    first = min(near, key=lambda each: (abs((each.received_on - found.paid_on).days), each.reference))
    _end(session, viewer, found, "found", payment_ref=first.reference)
    if viewer.kind != "borrower":
        notify(session, viewer, person_id=found.person_id, template="sms.answer", number=number)
    return True


def take_back(session: Session, viewer: Viewer, number: str) -> list[str]:
    """The person takes back what they said, and the consent with it; the store keys of the slips, to delete.

    Refusal `notice.answered` (state); LookupError for none of theirs.
    """
    found = own_notice(session.connection(), viewer, number)
    if found is None:
        raise LookupError(number)
    _end(session, viewer, found, "withdrawn")
    return _remove_slips(session, viewer, number)


def withdraw_consent(session: Session, viewer: Viewer, number: str) -> list[str]:
    """Take back the consent to read one's slips: they are removed, and the payment is still looked for.

    The store keys of the slips, to delete; nothing where none is left. LookupError for none of theirs.
    """
    if own_notice(session.connection(), viewer, number) is None:
        raise LookupError(number)
    keys = _remove_slips(session, viewer, number)
    if keys:
        audit.record(session, viewer, events.SlipConsentWithdrawn(number))
    return keys


def _remove_slips(session: Session, viewer: Viewer, number: str) -> list[str]:
    keys: list[str] = []
    for file in files_of.case_files(session.connection(), viewer, CASE_KIND, number):
        if not file.from_staff and file.state != "deleted":
            keys += evidence.remove_own(session, viewer, file.code)
    return keys


@dataclass(frozen=True, slots=True)
class Answer:
    """What staff answer: which payment it was, or that there is none, and words to the person."""

    version: int
    payment_ref: str
    words: str


def answer(session: Session, viewer: Viewer, number: str, given: Answer) -> str:
    """Answer what was said: `found` with a payment of the loan, else `not_found`. The state.

    Refusals `notice.answered` (by, state), `notice.changed`, `notice.unknown_payment`; LookupError for no number.
    """
    found = _held(session, number)
    record = loans.loan_by_id(session.connection(), found.loan_id, viewer.today) if found else None
    if found is None or record is None:
        raise LookupError(number)
    if found.state != "waiting":
        raise Refusal("notice.answered", by=found.answered_by, state=found.state)
    if found.version != given.version:
        raise Refusal("notice.changed")
    more: dict[str, Any] = {"answered_by": viewer.staff_id, "answer": given.words}
    if given.payment_ref:
        if given.payment_ref not in {each.reference for each in candidates(session.connection(), found, record)}:
            raise Refusal("notice.unknown_payment")
        more["payment_ref"] = given.payment_ref
    state = "found" if given.payment_ref else "not_found"
    _end(session, viewer, found, state, **more)
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=number)
    return state


def _held(session: Session, number: str) -> NoticeRecord | None:
    """What was said, held until this transaction ends: whoever answers next sees what came of it."""
    session.connection().execute(select(NOTICE.c.id).where(NOTICE.c.number == number).with_for_update())
    return notice(session.connection(), number)


def _end(session: Session, viewer: Viewer, found: NoticeRecord, state: str, **more: Any) -> None:
    """Answer it once; of several at once one takes effect, and the others are told."""
    moved = (
        update(NOTICE)
        .where(NOTICE.c.id == found.id, NOTICE.c.version == found.version, NOTICE.c.state == "waiting")
        .values(state=state, version=found.version + 1, ended_at=viewer.now, **more)
    )
    if not changed(session, moved):
        winner = notice(session.connection(), found.number)
        told: Mapping[str, Any] = {
            "by": winner.answered_by if winner else None,
            "state": winner.state if winner else state,
        }
        raise Refusal("notice.answered", **told)
    if found.promise_number is not None:
        _let_promise_go_on(session, viewer, found.promise_number, state)
    record = loans.loan_by_id(session.connection(), found.loan_id, viewer.today)
    keep_days = record.rules.evidence_keep_days if record else 0
    last = viewer.today + timedelta(days=keep_days)
    evidence.keep_until(session, viewer, case_kind=CASE_KIND, case_number=found.number, delete_after=last)
    audit.record(session, viewer, events.PaymentAnswered(found.number, state, more.get("payment_ref")))


def _let_promise_go_on(session: Session, viewer: Viewer, number: str, outcome: str) -> None:
    """The last word about a promise is answered: it stands as before, and is judged by what has arrived."""
    promises.hold(session, number)
    others = select(NOTICE.c.id).where(NOTICE.c.promise_number == number, NOTICE.c.state == "waiting")
    if session.connection().scalar(others.limit(1)) is None:
        promises.answer_paid(session, viewer, number, outcome)
