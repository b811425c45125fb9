"""Staff answer a request: they offer a settlement, one person or two, or say that they cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sqlmodel import Session

from portal.access import granting_actions as granting
from portal.access import second_person_actions as access
from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.messages.actions import notify
from portal.platform.gate import Viewer
from portal.settlements import events, moves, queries
from portal.settlements.moves import ACT
from portal.settlements.offering_queries import OfferPage, Typed, is_own, of_payload, offer_page

Lenders: TypeAlias = Mapping[str, Mapping[str, str]]
"""What a letter calls the lender, by language."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An offer as staff make it: what is typed, on which figures, why, and words to the borrower."""

    typed: Typed
    seen: str
    reason: str
    words: str


def make_offer(session: Session, viewer: Viewer, number: str, decision: Decision, lender: Lenders) -> str:
    """Offer a settlement to who asked: `offered`, or `waiting` where a second person has to confirm.

    Refusals: `settlement.answered` (by, state), `settlement.figures_changed`, `settlement.already` (number) where one
    is accepted, `settlement.too_much` (amount), `settlement.days` (most), `settlement.nothing_off`, `already_waiting`,
    and those of what stands beside it. LookupError for an unknown number.
    """
    page = _unanswered(session, viewer, number, decision.typed)
    _check(page, decision.seen)
    if page.within_authority:
        moves.void_second_person(session, viewer, number)
        _offer(session, viewer, page, decision, lender, viewer.staff_id, None)
        return "offered"
    if page.pending is not None and page.pending.hash_seen != page.seen:
        moves.void_second_person(session, viewer, number)
    payload = decision.typed.as_payload() | {
        "reason": decision.reason,
        "words": decision.words,
        "version": page.request.version,
    }
    access.ask_second_person(session, viewer, ACT, number, page.seen, payload)
    return "waiting"


def confirm(session: Session, viewer: Viewer, number: str, seen: str, lender: Lenders) -> str:
    """The second person agrees, and so the offer is made. Refusals of `make_offer` and of `access`."""
    page = _unanswered(session, viewer, number, None)
    if page.pending is None:
        raise Refusal("unknown_act")
    pending = access.confirm_second_person(session, viewer, page.pending.id, seen)
    given = pending.payload
    decision = Decision(of_payload(given), pending.hash_seen, given["reason"], given["words"])
    if given["version"] != page.request.version:
        raise Refusal("settlement.figures_changed")
    _check(page, decision.seen)
    _offer(session, viewer, page, decision, lender, pending.maker_id, viewer.staff_id)
    return "offered"


def decline(session: Session, viewer: Viewer, number: str) -> str:
    """The second person does not agree; the request waits for an answer as before."""
    access.decline_second_person(session, viewer, _pending(session, viewer, number))
    return "asked"


def take_back(session: Session, viewer: Viewer, number: str) -> str:
    """The first person takes back what awaits a second one."""
    access.withdraw_second_person(session, viewer, _pending(session, viewer, number))
    return "asked"


def refuse(session: Session, viewer: Viewer, number: str, reason: str, words: str) -> str:
    """Answer that no more can be taken off.

    Refusals `settlement.answered`, `settlement.own_question`; LookupError for an unknown number.
    """
    moves.hold(session, number)
    found = queries.request(session.connection(), number)
    if found is None:
        raise LookupError(number)
    if found.state == "written":
        raise Refusal("settlement.answered", by=None, state=found.state)
    if is_own(session.connection(), viewer, found):
        raise Refusal("settlement.own_question")
    moves.end_request(session, viewer, found, "refused", answered_by=viewer.staff_id, reason=reason, answer=words)
    moves.void_second_person(session, viewer, number)
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=number)
    return "refused"


def _pending(session: Session, viewer: Viewer, number: str) -> int:
    page = _unanswered(session, viewer, number, None)
    if page.pending is None:
        raise Refusal("unknown_act")
    return page.pending.id


def _unanswered(session: Session, viewer: Viewer, number: str, typed: Typed | None) -> OfferPage:
    granting.hold_granting(session, viewer)
    moves.hold(session, number)
    page = offer_page(session.connection(), viewer, number, typed)
    if page is None:
        raise LookupError(number)
    if page.request.state != "asked":
        raise Refusal("settlement.answered", by=page.request.answered_by, state=page.request.state)
    if page.is_own:
        raise Refusal("settlement.own_question")
    return page


def _check(page: OfferPage, seen: str) -> None:
    if page.refusal is not None:
        raise page.refusal
    if page.standing is not None and page.standing.state == "accepted":
        raise Refusal("settlement.already", number=page.standing.number)
    if page.quote is None or page.seen != seen:
        raise Refusal("settlement.figures_changed")
    if page.quote.today.reduction <= 0:
        raise Refusal("settlement.nothing_off")


def _offer(
    session: Session,
    viewer: Viewer,
    page: OfferPage,
    decision: Decision,
    lender: Lenders,
    offered_by: int | None,
    confirmed_by: int | None,
) -> None:
    """The one way in which staff make an offer; an earlier quote that nobody accepted makes room for it."""
    if page.quote is None:
        raise Refusal("settlement.figures_changed")
    if page.standing is not None:
        moves.move(session, viewer, page.standing, "lapse", ending="replaced")
        audit.record(session, viewer, events.SettlementLapsed(page.standing.number, "replaced"))
    made = moves.write_quote(
        session,
        viewer,
        page.quote,
        page.request.person_id,
        lender,
        request_number=page.request.number,
        offered_by=offered_by,
        offered_on=viewer.today,
        confirmed_by=confirmed_by,
        reason=decision.reason,
        words=decision.words,
    )
    if confirmed_by is None:
        granting.note_granted(session, viewer, made, page.quote.most, page.request.currency)
    answer = {"answered_by": offered_by, "reason": decision.reason, "answer": decision.words}
    moves.end_request(session, viewer, page.request, "offered", settlement_number=made, **answer)
    notify(session, viewer, person_id=page.request.person_id, template="sms.answer", number=page.request.number)
