"""The six digits: sent, compared, used up."""

from typing import Any

from sqlalchemy import Row, insert, update
from sqlmodel import Session

from portal.access import checking, code_queries, events, proof_words, steps
from portal.access.queries import CHALLENGE, WRONG_CODE
from portal.access.session_actions import remember
from portal.access.steps import Answered, Marks
from portal.access.tables import WRONG_CODES_MAX
from portal.audit.actions import record
from portal.loans import queries as loans
from portal.loans.actions import hold_person
from portal.platform import outbox
from portal.platform.gate import Viewer


def send_new_code(session: Session, viewer: Viewer) -> bool:
    """Queue another code; earlier ones stay valid for their own time. False while one more may not go yet."""
    visit = steps.visit(session, viewer, {"code"})
    if visit is None:
        return False
    hold_person(session, visit.person_id)
    if steps.visit(session, viewer, {"code"}) is None:  # another tab was first
        return False
    state = code_queries.code_state(session.connection(), visit.person_id, visit.id, viewer.now)
    if state.next_challenge is not None or state.paused_until is not None:
        return False
    send_code(session, viewer, visit.id, visit.person_id)
    return True


def answer_code(session: Session, viewer: Viewer, typed: str, marks: Marks) -> Answered:
    """Compare a typed code with the live ones of this session; each is good once (SL-11, SL-12)."""
    visit = steps.visit(session, viewer, {"code"})
    if visit is None:
        return Answered("gone")
    if try_again := steps.network_waits(session, viewer, "code"):
        return Answered("busy", try_again=try_again)
    hold_person(session, visit.person_id)
    if steps.visit(session, viewer, {"code"}) is None:  # another tab was first
        return Answered("gone")
    state = code_queries.code_state(session.connection(), visit.person_id, visit.id, viewer.now)
    if state.paused_until is not None or not state.live:
        return Answered("paused")
    hashes = [row.code_hash for row in state.live]
    met = checking.code_matches(session.info[outbox.KEYS], visit.id, typed, hashes)
    subject = steps.person_code(session, visit.person_id)
    record(session, viewer, events.CodeAnswered(subject, met is not None))
    if met is None:
        return _wrong_code(session, viewer, visit, state)
    _use_codes(session, viewer, visit.id)
    steps.end_session(session, viewer, visit.id, "passed")
    device_id = remember(session, viewer, visit, marks.new_device)
    steps.sign_in(session, viewer, visit, device_id, marks, known_device=False)
    return Answered("full", new_device=True)


def _wrong_code(session: Session, viewer: Viewer, visit: Row[Any], state: code_queries.CodeState) -> Answered:
    session.execute(insert(WRONG_CODE).values(person_id=visit.person_id, at=viewer.now))
    session.execute(
        update(CHALLENGE)
        .where(CHALLENGE.c.id.in_([row.id for row in state.live]), CHALLENGE.c.wrong_tries < WRONG_CODES_MAX)
        .values(wrong_tries=CHALLENGE.c.wrong_tries + 1)
    )
    left = code_queries.tries_left(state) - 1
    return Answered("wrong", left) if left else Answered("paused")


def _use_codes(session: Session, viewer: Viewer, session_id: int) -> None:
    session.execute(
        update(CHALLENGE)
        .where(CHALLENGE.c.session_id == session_id, CHALLENGE.c.used_at.is_(None))
        .values(used_at=viewer.now)
    )


def send_code(session: Session, viewer: Viewer, session_id: int, person_id: int) -> None:
    """Queue a code of this session for the person's number, with its proof words."""
    person = loans.person(session.connection(), person_id)
    if person is None or person.contact_point_id is None:
        return  # without a number the page still tells how to ring
    code = checking.new_code()
    word_one, word_two = proof_words.pick(person.language)
    challenge_id = session.execute(
        insert(CHALLENGE)
        .values(
            session_id=session_id,
            person_id=person_id,
            contact_point_id=person.contact_point_id,
            code_hash=checking.code_hash(session.info[outbox.KEYS][0], session_id, code),
            word_one=word_one,
            word_two=word_two,
            words_language=person.language,
            created_at=viewer.now,
            expires_at=viewer.now + checking.CODE_LIFE,
            wrong_tries=0,
        )
        .returning(CHALLENGE.c.id)
    ).scalar_one()
    outbox.enqueue(
        session,
        kind="sms.code",
        person_id=person_id,
        contact_point_id=person.contact_point_id,
        language=person.language,
        data={
            "code": code,
            "word_one": word_one,
            "word_two": word_two,
            "minutes": int(checking.CODE_LIFE.total_seconds()) // 60,
        },
        now=viewer.now,
        asked_for=True,
    )
    record(session, viewer, events.CodeSent(person.code, challenge_id))
