"""What all acts on a settlement share: the loan is held while one is judged, and states change by one guarded update.

The loan's row is locked first, as filing a dispute does, so that an acceptance and a dispute never miss each other.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, union, update
from sqlmodel import Session

from portal.access import second_person_actions, second_person_queries
from portal.audit import actions as audit
from portal.core import plan_states
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.platform.numbers import new_number
from portal.settlements import events, facts, queries
from portal.settlements.facts import Quote
from portal.settlements.queries import REQUEST, SETTLEMENT, RequestRecord, SettlementRecord

ACT = "offer_settlement"
"""What awaits a second person."""


def hold(session: Session, number: str) -> None:
    """Let nobody else act on a settlement, or on a question for one, and its loan until this transaction ends.

    What is judged is read after it.
    """
    about = (select(each.c.loan_id).where(each.c.number == number) for each in (SETTLEMENT, REQUEST))
    loans.hold_loans(session, *session.scalars(union(*about)))


def move(session: Session, viewer: Viewer, found: SettlementRecord, event: str, **more: Any) -> None:
    """Change the state of a settlement that nobody has changed since it was read.

    Refusal `settlement.state` (state) where it is final or somebody was first.
    """
    state = plan_states.SETTLEMENT.after(found.state, event)
    ended = {"ended_at": viewer.now} if state in plan_states.SETTLEMENT.final else {}
    moved = (
        update(SETTLEMENT)
        .where(SETTLEMENT.c.id == found.id, SETTLEMENT.c.version == found.version, SETTLEMENT.c.state == found.state)
        .values(state=state, version=found.version + 1, **ended, **more)
    )
    if not changed(session, moved):
        winner = queries.settlement(session.connection(), found.number)
        raise Refusal("settlement.state", state=winner.state if winner else "lapsed")


def end_request(session: Session, viewer: Viewer, found: RequestRecord, state: str, **more: Any) -> None:
    """Settle a request once; Refusal `settlement.answered` (by, state) for whoever comes second."""
    moved = (
        update(REQUEST)
        .where(REQUEST.c.id == found.id, REQUEST.c.version == found.version, REQUEST.c.state.in_(("written", "asked")))
        .values(state=state, version=found.version + 1, ended_at=viewer.now, **more)
    )
    if not changed(session, moved):
        winner = queries.request(session.connection(), found.number)
        raise Refusal(
            "settlement.answered",
            by=winner.answered_by if winner else None,
            state=winner.state if winner else "ended",
        )
    audit.record(session, viewer, events.SettlementRequestEnded(found.number, state, str(more.get("reason", ""))))


def void_second_person(session: Session, viewer: Viewer, number: str) -> None:
    """Nobody is asked any more to confirm what can no longer happen."""
    for each in second_person_queries.waiting(session.connection(), viewer.now, number):
        if each.act == ACT:
            second_person_actions.void_second_person(session, viewer, each.id)


def write_quote(
    session: Session,
    viewer: Viewer,
    quote: Quote,
    person_id: int,
    lender: Mapping[str, Mapping[str, str]],
    **more: Any,
) -> str:
    """Keep an offer as it was told; its number."""
    number = new_number()
    row = {
        "number": number,
        "loan_id": quote.record.id,
        "person_id": person_id,
        "currency": quote.currency,
        "state": "quoted",
        "version": 1,
        "quoted_on": quote.offer.quoted_on,
        "until": quote.offer.until,
        "evening": quote.offer.evening,
        "reductions": facts.offer_row(quote.offer),
        "stops_penalty": quote.offer.stops_penalty,
        "payoff_interest": quote.rule,
        "fingerprint": facts.binding(quote.record.facts, quote.day),
        "told": facts.told_row(quote.days),
        "most": quote.most,
        "lender": facts.dump(lender),
        "quoted_at": viewer.now,
        "taken_off": 0,
        "counted": "[]",
        "letter": "",
        "ending": "",
        "reason": "",
        "words": "",
    }
    session.connection().execute(insert(SETTLEMENT).values(row | more))
    audit.record(
        session,
        viewer,
        events.SettlementQuoted(
            number,
            quote.record.id,
            quote.offer.until,
            tuple(f"{name} {amount}" for name, amount in quote.offer.reductions),
            quote.offer.stops_penalty,
            quote.most,
            quote.seen,
            more.get("offered_by"),
            more.get("confirmed_by"),
            str(more.get("reason", "")),
        ),
    )
    return number
