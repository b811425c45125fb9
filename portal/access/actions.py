"""What changes who is in: links, checks, codes, sessions, devices, "not me", kept entries; and four eyes.

Raw references are made by the caller and only their hashes arrive in rows, so that no stored result of a
request can open a door. A wrong answer is a result, never an exception: its count must be kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlmodel import Session

from portal.access import checking, events, proof_words, queries
from portal.access.queries import (
    CHALLENGE,
    CONTACT,
    DEVICE,
    KEPT,
    LINK,
    LINK_REQUEST,
    PERSON,
    SECOND,
    SESSION,
    SKEW,
    STAFF_SESSION,
    STOP,
    WRONG_CODE,
)
from portal.access.tables import WRONG_CHECKS_MAX, WRONG_CODES_MAX
from portal.audit.actions import record
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.platform import outbox, throttle
from portal.platform.gate import Viewer
from portal.platform.numbers import new_code
from portal.platform.sealing import seal, unseal

NETWORK_TRIES, NETWORK_WINDOW = 120, timedelta(minutes=5)
"""Answers that one network may send from browsers that we do not know (SL-14); many phones share one."""


@dataclass(frozen=True)
class Marks:
    """A browser's marks in one request: the device marks it brought, and fresh references it may be given."""

    new_session: str
    new_device: str
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answered:
    """What an answer led to: `wrong`, `incomplete` (no try is lost), `closed`, `busy` (the network is), `paused`,
    `gone`, `code` or `full`. `try_again` is from when a busy network may."""

    outcome: str
    tries_left: int = 0
    new_device: bool = False
    try_again: datetime | None = None


# --- links that are asked for ---------------------------------------------------------------------------------

REQUESTS_MAX, REQUESTS_WINDOW = 25, timedelta(minutes=5)
"""Numbers that one network may type on the start page (SL-23)."""

TEXTS_MAX, TEXTS_WINDOW = 5, timedelta(hours=1)
"""Links that go to one number, however often it is typed."""

ALL_TEXTS_MAX, ALL_TEXTS_WINDOW = 2000, timedelta(hours=1)
"""Links that go out in all: whoever pumps messages finds an end, and so does the bill."""


def ask_for_link(session: Session, viewer: Viewer, number: str) -> datetime | None:
    """Note a typed number, known or not, for the worker to answer; or when this network may type again."""
    bucket = f"start:{viewer.network}"
    try_again = throttle.wait_until(session, bucket, REQUESTS_MAX, REQUESTS_WINDOW, viewer.now)
    if try_again is not None:
        return try_again
    sealed = seal(session.info[outbox.KEYS], queries.NUMBER_PURPOSE, number)
    session.execute(insert(LINK_REQUEST).values(sealed_number=sealed, asked_at=viewer.now))
    return None


def answer_link_request(session: Session, viewer: Viewer, request_id: int) -> int:
    """Queue a text with a link for each person of the typed number, and forget the number; gives how many.

    Two persons on one number get one text each. "Not me" does not stop what is asked for.
    """
    sealed = session.execute(
        delete(LINK_REQUEST).where(LINK_REQUEST.c.id == request_id).returning(LINK_REQUEST.c.sealed_number)
    ).scalar_one_or_none()
    if sealed is None:
        return 0
    number = unseal(session.info[outbox.KEYS], queries.NUMBER_PURPOSE, sealed)
    people = loans.persons_by_mobile(session.connection(), number)
    bucket = f"link:{checking.token_hash(number)}"
    if not people or not throttle.count_try(session, bucket, TEXTS_MAX, TEXTS_WINDOW, viewer.now):
        return 0
    return sum(_queue_link(session, viewer, person) for person in people)


def _queue_link(session: Session, viewer: Viewer, person: loans.PersonRecord) -> int:
    within = throttle.count_try(session, "link:all", ALL_TEXTS_MAX, ALL_TEXTS_WINDOW, viewer.now)
    if not within or person.contact_point_id is None:
        return 0
    outbox.enqueue(
        session,
        kind="sms.link",
        person_id=person.id,
        contact_point_id=person.contact_point_id,
        language=person.language,
        data={},
        now=viewer.now,
        asked_for=True,
    )
    return 1


# --- links ----------------------------------------------------------------------------------------------------


def make_link(session: Session, viewer: Viewer, person_id: int, contact_point_id: int) -> str:
    """A fresh link to the check for a person, to be sent to this number; its reference is told only here."""
    ref = checking.new_link_ref()
    session.execute(
        insert(LINK).values(
            ref_hash=checking.token_hash(ref),
            person_id=person_id,
            contact_point_id=contact_point_id,
            created_at=viewer.now,
            expires_at=viewer.now + checking.LINK_LIFE,
            wrong_checks=0,
        )
    )
    return ref


def revoke_links(session: Session, viewer: Viewer, person_id: int) -> None:
    """No link that was sent to this person so far can be used any more."""
    session.execute(
        update(LINK).where(LINK.c.person_id == person_id, LINK.c.revoked_at.is_(None)).values(revoked_at=viewer.now)
    )


def open_link(session: Session, viewer: Viewer, ref: str, new_session: str) -> str:
    """Somebody pressed Continue: `check` with a session of its own, `account`, or `unusable` for any dead link."""
    link = session.execute(_USABLE_LINK, {"ref_hash": checking.token_hash(ref)}).first()
    if link is None or link.expires_at + SKEW < viewer.now:
        return "unusable"
    if viewer.kind == "borrower" and viewer.person_id == link.person_id:
        return "account"
    _end_session(session, viewer, viewer.session_id if viewer.kind != "staff" else None, "replaced")
    _begin(session, viewer, link.person_id, link.contact_point_id, "link", new_session, link_id=link.id)
    return "check"


_USABLE_LINK = (
    select(LINK)
    .join(CONTACT, (CONTACT.c.id == LINK.c.contact_point_id) & CONTACT.c.superseded_at.is_(None))
    .where(LINK.c.ref_hash == bindparam("ref_hash"), LINK.c.revoked_at.is_(None), LINK.c.closed_at.is_(None))
)


def go_on(session: Session, viewer: Viewer, ended_token: str, device_tokens: Sequence[str], new_session: str) -> bool:
    """Begin a session that awaits the check on a device that has passed before; False where none has."""
    found = queries.ended(session.connection(), viewer, ended_token, device_tokens)
    if found.device_id is None or found.person_id is None or found.contact_point_id is None:
        return False
    _begin(session, viewer, found.person_id, found.contact_point_id, "check", new_session, device_id=found.device_id)
    return True


# --- the recipient check --------------------------------------------------------------------------------------


def answer_check(session: Session, viewer: Viewer, typed_date: date | None, typed_last4: str, marks: Marks) -> Answered:
    """Compare the answers with the person's row; five wrong close the link (or forget the device) and no more.

    A try is taken before it is judged and given back when right, so that parallel answers cannot outrun the
    count (SL-16). A right answer ends this session and begins another: full on a known device, else one that
    awaits the code, which is queued at once.
    """
    visit = _visit(session, viewer, {"link", "check"})
    if visit is None:
        return Answered("gone")
    device = _device_of(session, viewer, visit.person_id, marks.devices)
    if device is None and (try_again := _network_waits(session, viewer, "check")):
        return Answered("busy", try_again=try_again)
    person = loans.person(session.connection(), visit.person_id)
    if person is None:
        return Answered("gone")
    if (person.birth_date and typed_date is None) or (person.id_last4 and not typed_last4.strip()):
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
        _end_stop(session, viewer, "check_passed", STOP.c.mobile == person.mobile)
    return _pass_check(session, viewer, visit, device, marks)


def _pass_check(session: Session, viewer: Viewer, visit: Row[Any], device: Row[Any] | None, marks: Marks) -> Answered:
    _end_session(session, viewer, visit.id, "passed")
    if device is not None:
        _sign_in(session, viewer, visit, device.id, marks, known_device=True)
        return Answered("full")
    began = _begin(
        session,
        viewer,
        visit.person_id,
        visit.contact_point_id,
        "code",
        marks.new_session,
        link_id=visit.link_id,
    )
    _lock_person(session, visit.person_id)
    state = queries.code_state(session.connection(), visit.person_id, began, viewer.now)
    if state.next_challenge is None and state.paused_until is None:
        _send_code(session, viewer, began, visit.person_id)
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
        _forget(session, viewer, visit.device_id, subject, "wrong_answers")
    _end_session(session, viewer, visit.id, "closed")
    return Answered("closed")


# --- codes ----------------------------------------------------------------------------------------------------


def send_new_code(session: Session, viewer: Viewer) -> bool:
    """Queue another code; earlier ones stay valid for their own time. False while one more may not go yet."""
    visit = _visit(session, viewer, {"code"})
    if visit is None:
        return False
    _lock_person(session, visit.person_id)
    state = queries.code_state(session.connection(), visit.person_id, visit.id, viewer.now)
    if state.next_challenge is not None or state.paused_until is not None:
        return False
    _send_code(session, viewer, visit.id, visit.person_id)
    return True


def answer_code(session: Session, viewer: Viewer, typed: str, marks: Marks) -> Answered:
    """Compare a typed code with the live ones of this session; each is good once (SL-11, SL-12)."""
    visit = _visit(session, viewer, {"code"})
    if visit is None:
        return Answered("gone")
    if try_again := _network_waits(session, viewer, "code"):
        return Answered("busy", try_again=try_again)
    _lock_person(session, visit.person_id)
    state = queries.code_state(session.connection(), visit.person_id, visit.id, viewer.now)
    if state.paused_until is not None or not state.live:
        return Answered("paused")
    hashes = [row.code_hash for row in state.live]
    met = checking.code_matches(session.info[outbox.KEYS], visit.id, typed, hashes)
    subject = _person_code(session, visit.person_id)
    record(session, viewer, events.CodeAnswered(subject, met is not None))
    if met is None:
        return _wrong_code(session, viewer, visit, state)
    _use_codes(session, viewer, visit.id)
    _end_session(session, viewer, visit.id, "passed")
    device_id = _remember(session, viewer, visit, marks.new_device)
    _sign_in(session, viewer, visit, device_id, marks, known_device=False)
    return Answered("full", new_device=True)


def _wrong_code(session: Session, viewer: Viewer, visit: Row[Any], state: queries.CodeState) -> Answered:
    session.execute(insert(WRONG_CODE).values(person_id=visit.person_id, at=viewer.now))
    session.execute(
        update(CHALLENGE)
        .where(CHALLENGE.c.id.in_([row.id for row in state.live]), CHALLENGE.c.wrong_tries < WRONG_CODES_MAX)
        .values(wrong_tries=CHALLENGE.c.wrong_tries + 1)
    )
    left = queries.tries_left(state) - 1
    return Answered("wrong", left) if left else Answered("paused")


def _use_codes(session: Session, viewer: Viewer, session_id: int) -> None:
    session.execute(
        update(CHALLENGE)
        .where(CHALLENGE.c.session_id == session_id, CHALLENGE.c.used_at.is_(None))
        .values(used_at=viewer.now)
    )


def _send_code(session: Session, viewer: Viewer, session_id: int, person_id: int) -> None:
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


# --- sessions and devices -------------------------------------------------------------------------------------


def touch(session: Session, viewer: Viewer) -> None:
    """The visitor is still there: the fifteen minutes begin again."""
    table = STAFF_SESSION if viewer.kind == "staff" else SESSION
    session.execute(
        update(table)
        .where(table.c.id == viewer.session_id, table.c.last_seen_at < viewer.now)
        .values(last_seen_at=viewer.now)
    )


def sign_out(session: Session, viewer: Viewer) -> None:
    """End this session; the device stays known."""
    _end_session(session, viewer, viewer.session_id, "signed_out")
    if viewer.person_id is not None:
        record(session, viewer, events.SignedOut(_person_code(session, viewer.person_id), False))


def sign_out_everywhere(session: Session, viewer: Viewer) -> None:
    """End every session of the viewer and forget every device."""
    if viewer.person_id is None:
        return
    _end_sessions_of(session, viewer, viewer.person_id, "signed_out")
    session.execute(
        update(DEVICE)
        .where(DEVICE.c.person_id == viewer.person_id, DEVICE.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now)
    )
    record(session, viewer, events.SignedOut(_person_code(session, viewer.person_id), True))


def forget_device(session: Session, viewer: Viewer, code: str) -> bool:
    """Ask the viewer's device for a code from now on and end its sessions; False if it is not the viewer's."""
    found = session.execute(
        select(DEVICE.c.id).where(DEVICE.c.code == code, DEVICE.c.person_id == viewer.person_id)
    ).scalar_one_or_none()
    if found is None or viewer.person_id is None:
        return False
    _forget(session, viewer, found, _person_code(session, viewer.person_id), "borrower")
    return True


def _forget(session: Session, viewer: Viewer, device_id: int, subject: str, because: str) -> None:
    session.execute(
        update(DEVICE).where(DEVICE.c.id == device_id, DEVICE.c.revoked_at.is_(None)).values(revoked_at=viewer.now)
    )
    session.execute(
        update(SESSION)
        .where(SESSION.c.device_id == device_id, SESSION.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now, revoked_for="device_forgotten")
    )
    record(session, viewer, events.DeviceForgotten(subject, device_id, because))


def _remember(session: Session, viewer: Viewer, visit: Row[Any], new_device: str) -> int:
    return int(
        session.execute(
            insert(DEVICE)
            .values(
                code=new_code(),
                token_hash=checking.token_hash(new_device),
                person_id=visit.person_id,
                contact_point_id=visit.contact_point_id,
                wrong_checks=0,
                created_at=viewer.now,
                last_used_at=viewer.now,
                expires_at=viewer.now + checking.DEVICE_LIFE,
            )
            .returning(DEVICE.c.id)
        ).scalar_one()
    )


def _sign_in(
    session: Session, viewer: Viewer, visit: Row[Any], device_id: int, marks: Marks, *, known_device: bool
) -> None:
    session.execute(update(DEVICE).where(DEVICE.c.id == device_id).values(last_used_at=viewer.now, wrong_checks=0))
    began = _begin(
        session,
        viewer,
        visit.person_id,
        visit.contact_point_id,
        "full",
        marks.new_session,
        link_id=visit.link_id,
        device_id=device_id,
    )
    subject = _person_code(session, visit.person_id)
    record(session, viewer, events.SignedIn(subject, began, known_device))


def _begin(
    session: Session,
    viewer: Viewer,
    person_id: int,
    contact_point_id: int,
    stage: str,
    token: str,
    *,
    link_id: int | None = None,
    device_id: int | None = None,
) -> int:
    return int(
        session.execute(
            insert(SESSION)
            .values(
                token_hash=checking.token_hash(token),
                person_id=person_id,
                contact_point_id=contact_point_id,
                stage=stage,
                link_id=link_id,
                device_id=device_id,
                language=viewer.language,
                created_at=viewer.now,
                last_seen_at=viewer.now,
                ends_at=viewer.now + checking.ABSOLUTE_LIFE,
            )
            .returning(SESSION.c.id)
        ).scalar_one()
    )


def _visit(session: Session, viewer: Viewer, stages: set[str]) -> Row[Any] | None:
    statement = select(SESSION).where(
        SESSION.c.id == viewer.session_id, SESSION.c.stage.in_(stages), SESSION.c.revoked_at.is_(None)
    )
    return session.execute(statement).first() if viewer.session_id is not None else None


def _device_of(session: Session, viewer: Viewer, person_id: int, tokens: Sequence[str]) -> Row[Any] | None:
    known = queries.known_devices(session.connection(), tokens, viewer.now)
    return next((row for row in known if row.person_id == person_id), None)


def _end_session(session: Session, viewer: Viewer, session_id: int | None, because: str) -> None:
    session.execute(
        update(SESSION)
        .where(SESSION.c.id == session_id, SESSION.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now, revoked_for=because)
    )


def _end_sessions_of(session: Session, viewer: Viewer, person_id: int, because: str) -> None:
    session.execute(
        update(SESSION)
        .where(SESSION.c.person_id == person_id, SESSION.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now, revoked_for=because)
    )


def _network_waits(session: Session, viewer: Viewer, what: str) -> datetime | None:
    bucket = f"{what}:{viewer.network}"
    return throttle.wait_until(session, bucket, NETWORK_TRIES, NETWORK_WINDOW, viewer.now)


def _lock_person(session: Session, person_id: int) -> None:
    # SQLite's write lock is held already; PostgreSQL lets one answer of a person at a time be judged.
    session.execute(select(PERSON.c.id).where(PERSON.c.id == person_id).with_for_update(key_share=True))


def _person_code(session: Session, person_id: int) -> str:
    return str(session.execute(select(PERSON.c.code).where(PERSON.c.id == person_id)).scalar_one())


# --- "not me" -------------------------------------------------------------------------------------------------


def stop_number(session: Session, viewer: Viewer, link_id: int) -> int:
    """Somebody says that a link's messages are not for them: reminders to its number stop. 0 for no such link."""
    link = session.execute(
        select(LINK.c.person_id, LINK.c.contact_point_id, CONTACT.c.value)
        .join(CONTACT, CONTACT.c.id == LINK.c.contact_point_id)
        .where(LINK.c.id == link_id)
    ).first()
    if link is None:
        return 0
    running = session.execute(
        select(STOP.c.id).where(STOP.c.mobile == link.value, STOP.c.ended_at.is_(None))
    ).scalar_one_or_none()
    if running is not None:
        return int(running)
    stop_id = session.execute(
        insert(STOP)
        .values(
            mobile=link.value,
            person_id=link.person_id,
            contact_point_id=link.contact_point_id,
            created_at=viewer.now,
        )
        .returning(STOP.c.id)
    ).scalar_one()
    record(session, viewer, events.NumberStopped(_person_code(session, link.person_id), stop_id))
    return int(stop_id)


def undo_stop(session: Session, viewer: Viewer, stop_id: int) -> bool:
    """Take a stop back within ten minutes; False afterwards, or if there is none."""
    recent = STOP.c.created_at > viewer.now - checking.UNDO_LIFE
    return _end_stop(session, viewer, "undone", STOP.c.id == stop_id, recent)


def _end_stop(session: Session, viewer: Viewer, because: str, *conditions: Any) -> bool:
    ended = session.execute(
        update(STOP)
        .where(STOP.c.ended_at.is_(None), *conditions)
        .values(ended_at=viewer.now, ended_for=because)
        .returning(STOP.c.id, STOP.c.person_id)
    ).all()
    for stop in ended:
        subject = _person_code(session, stop.person_id)
        record(session, viewer, events.NumberStopEnded(subject, stop.id, because))
    return bool(ended)


# --- entries of a form whose session ended --------------------------------------------------------------------


def keep_entries(session: Session, viewer: Viewer, form: str, entries: Sequence[tuple[str, str]]) -> None:
    """Keep, sealed, what the viewer typed into a form that could not be taken (SB-05)."""
    drop_entries(session, viewer, form)
    text = json.dumps([list(entry) for entry in entries], ensure_ascii=False)
    session.execute(
        insert(KEPT).values(
            person_id=viewer.person_id,
            account_id=viewer.staff_id,
            form=form,
            sealed_entries=seal(session.info[outbox.KEYS], queries.KEPT_PURPOSE, text),
            created_at=viewer.now,
            expires_at=viewer.now + checking.KEPT_ENTRY_LIFE,
        )
    )


def drop_entries(session: Session, viewer: Viewer, form: str) -> None:
    """What was kept of a form is needed no more: it was sent."""
    session.execute(delete(KEPT).where(queries.kept_by(viewer, form)))


# --- four eyes ------------------------------------------------------------------------------------------------


def ask_second_person(
    session: Session,
    viewer: Viewer,
    act: str,
    object_number: str,
    hash_seen: str,
    payload: Mapping[str, Any],
    life: timedelta = checking.SECOND_PERSON_LIFE,
) -> int:
    """Let an act await a second member of staff, bound to the hash of what the first one saw; gives its id.

    Raises Refusal `already_waiting` (by, at) while the same act on the same object awaits one.
    """
    if viewer.staff_id is None:
        raise Refusal("staff_only")
    _lapse(session, viewer)
    earlier = next(
        (each for each in queries.waiting(session.connection(), viewer.now, object_number) if each.act == act), None
    )
    if earlier is not None:
        raise Refusal("already_waiting", by=earlier.maker_name, at=earlier.asked_at)
    second_person_id = session.execute(
        insert(SECOND)
        .values(
            code=new_code(),
            act=act,
            object_number=object_number,
            hash_seen=hash_seen,
            payload=json.dumps(payload, ensure_ascii=False, sort_keys=True),
            maker_id=viewer.staff_id,
            state="waiting",
            asked_at=viewer.now,
            expires_at=viewer.now + life,
        )
        .returning(SECOND.c.id)
    ).scalar_one()
    record(session, viewer, events.SecondPersonAsked(object_number, act, hash_seen))
    return int(second_person_id)


def confirm_second_person(
    session: Session, viewer: Viewer, second_person_id: int, hash_seen: str | None = None
) -> queries.Pending:
    """The second person agrees; gives what is now to be done. The caller does it in this same transaction.

    `hash_seen` is what the second person saw; another one than the first person's voids the act. Raises Refusal
    `unknown_act`, `own_act` (the same account or the same natural person), `seen_differs`, or `already_settled`
    (by, at, state) for whoever comes second.
    """
    return _settle(session, viewer, second_person_id, "confirmed", hash_seen)


def decline_second_person(session: Session, viewer: Viewer, second_person_id: int) -> queries.Pending:
    """The second person does not agree; nothing is done. Raises Refusal as confirming does."""
    return _settle(session, viewer, second_person_id, "declined", None)


def withdraw_second_person(session: Session, viewer: Viewer, second_person_id: int) -> queries.Pending:
    """The maker takes back what awaited a second person; raises Refusal `not_maker` or `already_settled`."""
    pending = _waiting(session, viewer, second_person_id)
    if pending.maker_id != viewer.staff_id:
        raise Refusal("not_maker")
    _move(session, viewer, pending, "withdrawn", None)
    return pending


def void_second_person(session: Session, viewer: Viewer, second_person_id: int) -> None:
    """What the first person saw is no longer so: nobody can confirm it any more. One that is settled stays so."""
    pending = queries.second_person(session.connection(), second_person_id)
    if pending is not None and pending.state == "waiting":
        _move(session, viewer, pending, "lapsed", None)


def _settle(
    session: Session, viewer: Viewer, second_person_id: int, state: str, hash_seen: str | None
) -> queries.Pending:
    pending = _waiting(session, viewer, second_person_id)
    maker = queries.staff(session.connection(), pending.maker_id)
    checker = queries.staff(session.connection(), viewer.staff_id or 0)
    if maker is None or checker is None:
        raise Refusal("staff_only")
    if checker.id == maker.id or checker.identity == maker.identity:
        raise Refusal("own_act")
    if hash_seen is not None and hash_seen != pending.hash_seen:
        raise Refusal("seen_differs")
    _move(session, viewer, pending, state, checker.id)
    return pending


def _waiting(session: Session, viewer: Viewer, second_person_id: int) -> queries.Pending:
    pending = queries.second_person(session.connection(), second_person_id)
    if pending is None:
        raise Refusal("unknown_act")
    if pending.state != "waiting" or pending.expires_at <= viewer.now:
        raise _settled(pending)
    return pending


def _move(session: Session, viewer: Viewer, pending: queries.Pending, state: str, checker_id: int | None) -> None:
    moved = session.execute(
        update(SECOND)
        .where(SECOND.c.id == pending.id, SECOND.c.state == "waiting")
        .values(state=state, checker_id=checker_id, settled_at=viewer.now)
        .returning(SECOND.c.id)
    ).first()
    if moved is None:
        now_is = queries.second_person(session.connection(), pending.id)
        raise _settled(now_is or pending)
    record(session, viewer, events.SecondPersonSettled(pending.object_number, pending.act, pending.hash_seen, state))


def _settled(pending: queries.Pending) -> Refusal:
    state = "lapsed" if pending.state == "waiting" else pending.state
    return Refusal("already_settled", by=pending.checker_name, at=pending.settled_at, state=state)


def _lapse(session: Session, viewer: Viewer) -> None:
    session.execute(
        update(SECOND)
        .where(SECOND.c.state == "waiting", SECOND.c.expires_at <= viewer.now)
        .values(state="lapsed", settled_at=viewer.now)
    )
