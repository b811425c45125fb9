"""The recipient check: answers are compared with the person's row, and a known device skips the code."""

from datetime import date
from typing import Any

from sqlalchemy import Row, update
from sqlmodel import Session

from portal.access import checking, code_queries, events, steps
from portal.access.code_actions import send_code
from portal.access.queries import DEVICE, LINK, STOP
from portal.access.session_actions import device_of, forget
from portal.access.steps import Answered, Marks
from portal.access.stop_actions import end_stop
from portal.access.tables import WRONG_CHECKS_MAX
from portal.audit.actions import record
from portal.loans import queries as loans
from portal.loans.actions import hold_person
from portal.platform.gate import Viewer


def answer_check(session: Session, viewer: Viewer, typed_date: date | None, typed_last4: str, marks: Marks) -> Answered:
    """Compare the answers with the person's row; five wrong close the link (or forget the device) and no more.

    What is no answer at all costs no try. A try is taken before it is judged and given back when right, so that
    parallel answers cannot outrun the count (SL-16). A right answer ends this session and begins another: full on a
    known device, else one that awaits the code, which is queued at once.
    """
    visit = steps.visit(session, viewer, {"link", "check"})
    if visit is None:
        return Answered("gone")
    device = device_of(session, viewer, visit.person_id, marks.devices)
    if device is None and (try_again := steps.network_waits(session, viewer, "check")):
        return Answered("busy", try_again=try_again)
    person = loans.person(session.connection(), visit.person_id)
    if person is None:
        return Answered("gone")
    if (person.birth_date and typed_date is None) or (person.id_last4 and not checking.is_last4(typed_last4)):
        return Answered("incomplete")
    tries_left = _take_try(session, visit)
    right = checking.answers_match(
        birth_date=person.birth_date,
        id_last4=person.id_last4,
        typed_date=typed_date,
        typed_last4=typed_last4,
    )
    if tries_left is None:
        return Answered("closed")
    record(session, viewer, events.CheckAnswered(person.code, right, device is not None))
    if not right:
        return _wrong_check(session, viewer, visit, person.code, tries_left)
    _give_try_back(session, visit)
    if person.mobile is not None:
        end_stop(session, viewer, "check_passed", STOP.c.mobile == person.mobile)
    return _pass_check(session, viewer, visit, device, marks)


def _pass_check(session: Session, viewer: Viewer, visit: Row[Any], device: Row[Any] | None, marks: Marks) -> Answered:
    steps.end_session(session, viewer, visit.id, "passed")
    if device is not None:
        steps.sign_in(session, viewer, visit, device.id, marks, known_device=True)
        return Answered("full")
    began = steps.begin(
        session,
        viewer,
        visit.person_id,
        visit.contact_point_id,
        "code",
        marks.new_session,
        link_id=visit.link_id,
    )
    hold_person(session, visit.person_id)
    state = code_queries.code_state(session.connection(), visit.person_id, began, viewer.now)
    if state.next_challenge is None and state.paused_until is None:
        send_code(session, viewer, began, visit.person_id)
    return Answered("code")


def _take_try(session: Session, visit: Row[Any]) -> int | None:
    table, row_id = (LINK, visit.link_id) if visit.stage == "link" else (DEVICE, visit.device_id)
    taken = session.execute(
        update(table)
        .where(table.c.id == row_id, table.c.wrong_checks < WRONG_CHECKS_MAX, table.c.revoked_at.is_(None))
        .values(wrong_checks=table.c.wrong_checks + 1)
        .returning(table.c.wrong_checks)
    ).scalar_one_or_none()
    return None if taken is None else WRONG_CHECKS_MAX - taken


def _give_try_back(session: Session, visit: Row[Any]) -> None:
    table, row_id = (LINK, visit.link_id) if visit.stage == "link" else (DEVICE, visit.device_id)
    session.execute(update(table).where(table.c.id == row_id).values(wrong_checks=table.c.wrong_checks - 1))


def _wrong_check(session: Session, viewer: Viewer, visit: Row[Any], subject: str, tries_left: int) -> Answered:
    if tries_left:
        return Answered("wrong", tries_left)
    if visit.stage == "link":
        session.execute(update(LINK).where(LINK.c.id == visit.link_id).values(closed_at=viewer.now))
        record(session, viewer, events.LinkClosed(subject, visit.link_id))
    else:
        forget(session, viewer, visit.device_id, subject, "wrong_answers")
    steps.end_session(session, viewer, visit.id, "closed")
    return Answered("closed")
