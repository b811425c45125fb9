"""The six digits: which codes still count, and what the page that asks for them shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from portal.access import checking
from portal.access.check_queries import CHECKS_OF_SESSION
from portal.access.queries import CHALLENGE, WRONG_CODE
from portal.access.tables import WRONG_CODES_MAX
from portal.core.refusal import Refusal
from portal.platform.formats import full_minute
from portal.platform.gate import Viewer

SAID_BY_THE_CLOCK = timedelta(hours=6)
"""Further ahead a time of day is said with its day."""


@dataclass(frozen=True)
class CodePage:
    """The proof words, and when codes can be typed and sent. Instants are rounded up to the minute."""

    word_one: str
    word_two: str
    words_language: str
    can_type: bool
    new_code_from: datetime | None
    locked_until: datetime | None
    locked_long: bool
    tries_left: int


@dataclass(frozen=True)
class CodeState:
    """A person's codes at one instant: which are live in this session, and what is used up."""

    live: tuple[Row[Any], ...]
    newest: Row[Any] | None
    next_challenge: datetime | None
    wrong_left: int
    paused_until: datetime | None


_CHALLENGES = (
    select(CHALLENGE)
    .where(
        CHALLENGE.c.person_id == bindparam("person_id"),
        CHALLENGE.c.created_at > bindparam("since", type_=CHALLENGE.c.created_at.type),
    )
    .order_by(CHALLENGE.c.id.desc())
)
_WRONG_CODES = (
    select(WRONG_CODE.c.at)
    .where(
        WRONG_CODE.c.person_id == bindparam("person_id"),
        WRONG_CODE.c.at > bindparam("since", type_=WRONG_CODE.c.at.type),
    )
    .order_by(WRONG_CODE.c.at.desc())
    .limit(checking.WRONG_CODES_A_DAY)
)


def code_state(connection: Connection, person_id: int, session_id: int, now: datetime) -> CodeState:
    """Which codes of this session still count, and what this person's hour and day leave (SL-12)."""
    recent = connection.execute(_CHALLENGES, {"person_id": person_id, "since": now - checking.CHALLENGES_WINDOW}).all()
    own = tuple(row for row in recent if row.session_id == session_id)
    live = tuple(
        row for row in own if row.used_at is None and row.expires_at > now and row.wrong_tries < WRONG_CODES_MAX
    )
    wrong = connection.scalars(_WRONG_CODES, {"person_id": person_id, "since": now - checking.WRONG_CODES_WINDOW}).all()
    paused_until = wrong[-1] + checking.WRONG_CODES_WINDOW if len(wrong) >= checking.WRONG_CODES_A_DAY else None
    return CodeState(
        live=live,
        newest=own[0] if own else None,
        next_challenge=_next_challenge(recent, own, now),
        wrong_left=checking.WRONG_CODES_A_DAY - len(wrong),
        paused_until=paused_until,
    )


def _next_challenge(recent: Sequence[Row[Any]], own: Sequence[Row[Any]], now: datetime) -> datetime | None:
    candidates = []
    if len(recent) >= checking.CHALLENGES_MAX:
        oldest_counted = recent[checking.CHALLENGES_MAX - 1]
        candidates.append(oldest_counted.created_at + checking.CHALLENGES_WINDOW)
    if own:
        candidates.append(own[0].created_at + checking.RESEND_AFTER)
    later = [instant for instant in candidates if instant > now]
    return max(later) if later else None


def code_page(connection: Connection, viewer: Viewer) -> CodePage:
    """What the code page shows; raises Refusal `no_code` where no code is awaited."""
    row = connection.execute(CHECKS_OF_SESSION, {"session_id": viewer.session_id}).first()
    if row is None or row.stage != "code" or viewer.session_id is None:
        raise Refusal("no_code")
    state = code_state(connection, row.person_id, viewer.session_id, viewer.now)
    can_type = bool(state.live) and state.paused_until is None
    locked = state.paused_until or (None if can_type else _longer_than_a_resend(state, viewer.now))
    shown = state.live[0] if state.live else None
    return CodePage(
        word_one=shown.word_one if shown else "",
        word_two=shown.word_two if shown else "",
        words_language=shown.words_language if shown else "",
        can_type=can_type,
        new_code_from=full_minute(state.next_challenge) if state.next_challenge and not locked else None,
        locked_until=full_minute(locked) if locked else None,
        locked_long=locked is not None and locked - viewer.now > SAID_BY_THE_CLOCK,
        tries_left=tries_left(state),
    )


def tries_left(state: CodeState) -> int:
    """How many wrong codes the best live challenge and the day still survive."""
    best = max((WRONG_CODES_MAX - row.wrong_tries for row in state.live), default=0)
    return min(best, state.wrong_left)


def _longer_than_a_resend(state: CodeState, now: datetime) -> datetime | None:
    instant = state.next_challenge
    return instant if instant and instant - now > checking.RESEND_AFTER else None


def last_confirmed(connection: Connection, contact_point_id: int) -> datetime | None:
    """When a code sent to this number was last typed in rightly (SL-21)."""
    statement = select(func.max(CHALLENGE.c.used_at)).where(CHALLENGE.c.contact_point_id == contact_point_id)
    found: datetime | None = connection.scalar(statement)
    return found
