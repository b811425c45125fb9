"""What happens to a complaint: it is sent, talked about, withdrawn, kept from whom it is about, and answered once.

Every change is a guarded update on `version`; of several at once one takes effect, and the others are told. A complaint
never touches a loan: what is due, disputes and plans go on as they are.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session

from portal.access import shutting_out, staff_queries
from portal.audit import actions as audit
from portal.complaints import events
from portal.complaints.facts import Told, fingerprint, fingerprint_of
from portal.complaints.naming import Name, named
from portal.complaints.queries import (
    ANSWER,
    CASE_KIND,
    COMPLAINT,
    CONSENT,
    MESSAGE,
    ComplaintRecord,
    answer,
    complaint,
    keep_days,
    promised,
)
from portal.complaints.tables import OPEN
from portal.core.refusal import Refusal
from portal.evidence import actions as evidence
from portal.evidence import queries as files_of
from portal.evidence.actions import KeptUpload
from portal.loans import queries as loans
from portal.messages import actions as messages
from portal.messages.actions import notify
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.numbers import new_number


@dataclass(frozen=True, slots=True)
class Sending:
    """What comes with a complaint, or is added to it: own words, and files with the consent to read them.

    `consent` are the words agreed to, empty without files; `draft` names the files kept while the form had mistakes;
    `stop_reminders` if no reminders by text are wanted from now on;
    `refused` says of each file that could not be taken why.
    """

    words: str = ""
    consent: str = ""
    draft: str = ""
    stop_reminders: bool = False
    uploads: tuple[KeptUpload, ...] = ()
    refused: tuple[Mapping[str, Any], ...] = ()


# The person


def open_complaint(session: Session, viewer: Viewer, told: Told, sending: Sending) -> str:
    """Send a complaint; its number. Whoever of the staff is named in it never sees it, from this moment on."""
    number = new_number()
    answer_by = promised(session.connection(), viewer.person_id or 0, viewer.today)
    row = told.row() | {
        "number": number,
        "person_id": viewer.person_id,
        "state": "open",
        "version": 1,
        "fingerprint": fingerprint_of(number, told),
        "filed_on": viewer.today,
        "filed_at": viewer.now,
        "answer_by": answer_by,
    }
    session.connection().execute(insert(COMPLAINT).values(row))
    found = _found(session, viewer, number)
    opened = events.ComplaintOpened(
        number, told.happening, told.channel, told.wishes, found.fingerprint, found.answer_by
    )
    audit.record(session, viewer, opened)
    _keep_from_the_named(session, viewer, found, told.who, (told.words, told.sender))
    evidence.send_draft(session, viewer, sending.draft, case_kind=CASE_KIND, case_number=number)
    _take_files(session, viewer, found, sending)
    if sending.stop_reminders:
        messages.stop_reminders(session, viewer)
    return number


def add(session: Session, viewer: Viewer, number: str, sending: Sending) -> str:
    """Add words and files to one's own open complaint; one that waited for them is open again.

    Raises Refusal `unknown_complaint` or `not_open`.
    """
    found = _found(session, viewer, number)
    # First, so that whoever is named now cannot be answering at this moment.
    _move(session, viewer, found, "open")
    if sending.words:
        _write_message(session, viewer, found, "message", sending.words)
        audit.record(session, viewer, events.MessageAdded(number))
        _keep_from_the_named(session, viewer, found, "", (sending.words,))
    if sending.draft:
        refused = evidence.add_draft(session, viewer, sending.draft, case_kind=CASE_KIND, case_number=number)
        sending = replace(sending, refused=(*sending.refused, *refused))
    _take_files(session, viewer, found, sending)
    return number


def withdraw(session: Session, viewer: Viewer, number: str) -> str:
    """The person withdraws a complaint that nobody has answered. Raises Refusal `unknown_complaint` or `not_open`."""
    found = _found(session, viewer, number)
    _move(session, viewer, found, "withdrawn")
    _keep_files_until(session, viewer, found)
    audit.record(session, viewer, events.ComplaintWithdrawn(number))
    return number


def withdraw_consent(session: Session, viewer: Viewer, number: str) -> list[str]:
    """Take back the consent to read one's files: they are removed, the complaint goes on. Store keys to delete."""
    found = _found(session, viewer, number)
    guard = (CONSENT.c.complaint_id == found.id) & CONSENT.c.withdrawn_at.is_(None)
    session.connection().execute(update(CONSENT).where(guard).values(withdrawn_at=viewer.now))
    keys: list[str] = []
    for file in files_of.case_files(session.connection(), viewer, CASE_KIND, number):
        if not file.from_staff and file.state != "deleted":
            keys += evidence.remove_own(session, viewer, file.code)
    audit.record(session, viewer, events.ConsentWithdrawn(number))
    return keys


def _keep_from_the_named(
    session: Session, viewer: Viewer, found: ComplaintRecord, who: str, texts: Sequence[str]
) -> None:
    staff = [Name(each.id, each.display_name, each.name) for each in staff_queries.staff_accounts(session.connection())]
    for account_id in named(who, texts, staff):
        _shut_out(session, viewer, found, account_id)


def _take_files(session: Session, viewer: Viewer, found: ComplaintRecord, sending: Sending) -> None:
    """Files that fail are named in the complaint with their reason, and stop nothing."""
    if sending.consent:
        row = {"complaint_id": found.id, "person_id": viewer.person_id, "words": sending.consent}
        agreed = insert(CONSENT).values(**row, language=viewer.language, given_at=viewer.now)
        session.connection().execute(agreed)
        audit.record(session, viewer, events.ConsentGiven(found.number))
    problems = list(sending.refused)
    for kept in sending.uploads:
        try:
            evidence.take_upload(session, viewer, kept, case_kind=CASE_KIND, case_number=found.number)
        except Refusal as refusal:
            problems.append({"code": refusal.code, **refusal.data})
    for problem in problems:
        _write_message(session, viewer, found, "file_refused", "", problem)


def _write_message(
    session: Session,
    viewer: Viewer,
    found: ComplaintRecord,
    kind: str,
    words: str,
    data: Mapping[str, Any] | None = None,
) -> None:
    row = {
        "complaint_id": found.id,
        "kind": kind,
        "staff_id": viewer.staff_id if viewer.kind == "staff" else None,
        "words": words,
        "data": json.dumps(dict(data or {}), ensure_ascii=False, sort_keys=True),
        "at": viewer.now,
    }
    session.connection().execute(insert(MESSAGE).values(row))


# The supervisors


def open_case(session: Session, viewer: Viewer, number: str) -> bool:
    """Write down that somebody looked at a complaint (ST-12); False if there is none for them."""
    if complaint(session.connection(), viewer, number) is None:
        return False
    audit.record(session, viewer, events.ComplaintSeen(number))
    return True


def hold(session: Session, viewer: Viewer, number: str, held: bool) -> bool:
    """Take a complaint to work on it, or give it back; False if somebody else has it, or it changed meanwhile."""
    found = _found(session, viewer, number)
    if found.held_by not in ((None,) if held else (viewer.staff_id,)):
        return False
    taken = {"held_by": viewer.staff_id, "held_since": viewer.now} if held else {"held_by": None, "held_since": None}
    try:
        _move(session, viewer, found, found.state, **taken)
    except Refusal:
        return False
    audit.record(session, viewer, events.ComplaintHeld(number, held))
    return True


def concerns(session: Session, viewer: Viewer, number: str, version: int, account_id: int) -> str:
    """Say whom of the staff a complaint is about: they never see it from now on, and lose it if they had it.

    Raises Refusal `unknown_complaint`, `unknown_staff`, or that of a race.
    """
    found = _found(session, viewer, number)
    if staff_queries.staff(session.connection(), account_id) is None:
        raise Refusal("unknown_staff")
    _move(session, viewer, found, found.state, version)
    _shut_out(session, viewer, found, account_id)
    return number


def concerns_not(session: Session, viewer: Viewer, number: str, version: int, account_id: int) -> str:
    """Say that a complaint is not about a member of staff after all; never by themselves, who do not see it.

    Raises Refusal `unknown_complaint` or that of a race.
    """
    found = _found(session, viewer, number)
    _move(session, viewer, found, found.state, version)
    shutting_out.let_in(session, viewer, number, account_id)
    return number


def _shut_out(session: Session, viewer: Viewer, found: ComplaintRecord, account_id: int) -> None:
    """Their hands are emptied first: a complaint is at no moment held by somebody whom it is about."""
    session.connection().execute(
        update(COMPLAINT)
        .where(COMPLAINT.c.id == found.id, COMPLAINT.c.held_by.in_(shutting_out.accounts_of_same_person(account_id)))
        .values(held_by=None, held_since=None)
    )
    shutting_out.shut_out(session, viewer, found.number, account_id)


def ask(session: Session, viewer: Viewer, number: str, version: int, words: str) -> str:
    """Ask the person for more; the complaint waits, its promised date stays. Raises Refusal as `reply` does."""
    found = _found(session, viewer, number)
    _move(session, viewer, found, "waiting", version)
    _write_message(session, viewer, found, "question", words)
    notify(session, viewer, person_id=found.person_id, template="sms.question", number=number)
    audit.record(session, viewer, events.QuestionAsked(number))
    return "asked"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as a supervisor gives it: whether it is founded, why, in which words, and what was changed."""

    outcome: str
    reason: str
    words: str
    changed: str
    version: int


def reply(session: Session, viewer: Viewer, number: str, given: Reply) -> str:
    """Answer a complaint, once, and let the person know.

    Raises Refusal `unknown_complaint` (also for whom it is about), `already_answered` (by, at, outcome) or
    `changed_meanwhile`.
    """
    found = _found(session, viewer, number)
    _move(session, viewer, found, "answered", given.version)
    row = {
        "complaint_id": found.id,
        "outcome": given.outcome,
        "reason": given.reason,
        "words": given.words,
        "changed": given.changed,
        "answered_on": viewer.today,
        "answered_at": viewer.now,
        "answered_by": viewer.staff_id,
    }
    session.connection().execute(insert(ANSWER).values(row))
    _keep_files_until(session, viewer, found)
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=number)
    sign = fingerprint(number, given.words, given.changed)
    audit.record(session, viewer, events.ComplaintAnswered(number, given.outcome, given.reason, sign))
    return "answered"


def _keep_files_until(session: Session, viewer: Viewer, found: ComplaintRecord) -> None:
    records = loans.loans_of(session.connection(), found.person_id, viewer.today)
    last = viewer.today + timedelta(days=keep_days(records))
    evidence.keep_until(session, viewer, case_kind=CASE_KIND, case_number=found.number, delete_after=last)


# Being late


def tell_lateness(session: Session, viewer: Viewer, number: str) -> bool:
    """Tell the person that the promised date has passed, once; judged again here."""
    found = _found(session, viewer, number)
    if found.days_over(viewer.today) == 0 or found.late_told_at is not None:
        return False
    try:
        _move(session, viewer, found, found.state, late_told_at=viewer.now)
    except Refusal:
        return False  # it was answered at this moment
    notify(session, viewer, person_id=found.person_id, template="sms.news", number=number)
    audit.record(session, viewer, events.LatenessTold(number, found.answer_by))
    return True


# The guarded update


def _found(session: Session, viewer: Viewer, number: str) -> ComplaintRecord:
    found = complaint(session.connection(), viewer, number)
    if found is None:
        raise Refusal("unknown_complaint")
    return found


def _move(
    session: Session,
    viewer: Viewer,
    found: ComplaintRecord,
    state: str,
    version: int | None = None,
    **more: Any,
) -> None:
    """The one way to change a complaint while it is open; the loser of a race is told who won."""
    guard = (
        (COMPLAINT.c.id == found.id)
        & (COMPLAINT.c.version == (found.version if version is None else version))
        & COMPLAINT.c.state.in_(OPEN)
    )
    values = {"state": state, "version": COMPLAINT.c.version + 1, **more}
    if not changed(session, update(COMPLAINT).where(guard).values(values)):
        raise _lost(session, viewer, found.number)


def _lost(session: Session, viewer: Viewer, number: str) -> Refusal:
    """What has happened meanwhile: who answered, and when. Whoever is shut out meanwhile finds nothing."""
    now_is = _found(session, viewer, number)
    given = answer(session.connection(), now_is.id)
    if given is not None:
        return Refusal("already_answered", by=given.answered_name, at=given.answered_at, outcome=given.outcome)
    return Refusal("changed_meanwhile" if now_is.is_open else "not_open", state=now_is.state)
