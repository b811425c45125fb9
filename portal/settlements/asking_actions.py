"""What the borrower does: gets the quote of the rules, accepts one, asks staff for less, or takes that back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.platform.gate import Viewer
from portal.platform.numbers import new_number
from portal.settlements import events, facts, moves, queries
from portal.settlements.own_queries import NewPage, detail_page, new_page
from portal.settlements.queries import PAGE, REQUEST


def get_quote(session: Session, viewer: Viewer, code: str, seen: str, lender: Mapping[str, Mapping[str, str]]) -> str:
    """Keep what the rules offer now for a loan of the viewer; its number. Nothing changes by it.

    Refusals: `settlement.already` (number), `settlement.asked_by_another`, `settlement.nothing_left`,
    `settlement.figures_changed`, and those of what stands beside it. LookupError for no loan of theirs.
    """
    page = _held_page(session, viewer, code)
    if page.open is not None:
        raise Refusal("settlement.by_another" if page.others else "settlement.already", number=page.open.number)
    if page.refusal is not None or page.quote is None:
        raise page.refusal or Refusal("settlement.nothing_left")
    if page.seen != seen:
        raise Refusal("settlement.figures_changed")
    return moves.write_quote(session, viewer, page.quote, viewer.person_id or 0, lender)


def accept(session: Session, viewer: Viewer, number: str, seen: str) -> str:
    """Accept a quote: it stands on the loan until its date, and reminders pause. The number.

    Refusals: `settlement.state` (state), `settlement.over`, `settlement.figures_changed`, and those of what stands
    beside it. LookupError for none of theirs.
    """
    moves.hold(session, number)
    page = detail_page(session.connection(), viewer, number)
    if page is None:
        raise LookupError(number)
    if page.settlement.state == "quoted" and page.quote is None:
        raise Refusal("settlement.over")
    if page.settlement.state == "quoted" and page.refusal is not None:
        raise page.refusal
    if page.quote is not None and page.settlement.state == "quoted" and page.seen != seen:
        raise Refusal("settlement.figures_changed")
    told = facts.told_row(page.quote.days) if page.quote else "[]"
    moves.move(session, viewer, page.settlement, "accept", accepted_at=viewer.now, told=told)
    _note(session, viewer, page.settlement, page.quote)
    asked = queries.asked_of_loan(session.connection(), page.settlement.loan_id)
    if asked is not None:
        moves.void_second_person(session, viewer, asked.number)
        moves.end_request(session, viewer, asked, "withdrawn")
    audit.record(session, viewer, events.SettlementAccepted(number, page.settlement.offer.until, seen, False))
    return number


def _note(session: Session, viewer: Viewer, found: queries.SettlementRecord, quote: facts.Quote | None) -> None:
    """Let the loan know that a settlement is agreed on it, with the figure of its last day."""
    until = found.offer.until
    loans.open_hold(
        session,
        viewer,
        kind="settlement",
        loan_id=found.loan_id,
        person_id=found.person_id,
        from_day=viewer.today,
        until=until,
        number=found.number,
        path=PAGE.format(number=found.number),
        data={"payments": [[until.isoformat(), quote.last.to_pay]]} if quote else {},
    )


def ask(session: Session, viewer: Viewer, code: str, could_pay: int, words: str) -> str:
    """Ask staff for less, naming what one could pay at once; the request's number.

    Refusals: `settlement.asked_already` (number), `settlement.by_another`, `settlement.already` (accepted),
    `settlement.enough` (amount) where the quote asks for no more, `settlement.not_reducible`, and those of what stands
    beside it. LookupError for no loan of theirs.
    """
    page = _held_page(session, viewer, code)
    check_asked(page, could_pay)
    if page.asked is not None:
        raise Refusal("settlement.asked_already", number=page.asked.number)
    row = asked_row(viewer, page, could_pay, words) | {"person_id": viewer.person_id, "state": "asked"}
    session.connection().execute(insert(REQUEST).values(row))
    number = str(row["number"])
    audit.record(session, viewer, events.SettlementAsked(number, page.record.id, could_pay, row["whole"]))
    return number


def check_asked(page: NewPage, could_pay: int) -> None:
    """Whether staff could be asked for this on the loan as it is now; refusals of `ask`."""
    if page.others:
        raise Refusal("settlement.by_another")
    if page.open is not None and page.open.state == "accepted":
        raise Refusal("settlement.already", number=page.open.number)
    if page.refusal is not None or page.quote is None:
        raise page.refusal or Refusal("settlement.nothing_left")
    if not page.can_ask:
        raise Refusal("settlement.not_reducible")
    if could_pay >= page.quote.today.to_pay:
        raise Refusal("settlement.enough")
    if could_pay < page.least:
        raise Refusal("settlement.below_least", amount=page.least, currency=page.record.currency)


def asked_row(viewer: Viewer, page: NewPage, could_pay: int, words: str) -> dict[str, Any]:
    """A new row of a request, but for its person and state."""
    return {
        "number": new_number(),
        "loan_id": page.record.id,
        "currency": page.record.currency,
        "version": 1,
        "could_pay": could_pay,
        "whole": page.quote.today.whole if page.quote else 0,
        "words": words,
        "asked_on": viewer.today,
        "asked_at": viewer.now,
        "reason": "",
        "answer": "",
    }


def take_back(session: Session, viewer: Viewer, number: str) -> str:
    """Take a request back before it is answered. Refusal `settlement.answered`; LookupError for none of theirs."""
    moves.hold(session, number)  # as an answer does, which has the second person's word first
    found = queries.own_request(session.connection(), viewer, number)
    if found is None:
        raise LookupError(number)
    moves.end_request(session, viewer, found, "withdrawn")
    moves.void_second_person(session, viewer, number)
    return number


def _held_page(session: Session, viewer: Viewer, code: str) -> NewPage:
    record = loans_of.loan_by_code(session.connection(), viewer, code)
    if record is None:
        raise LookupError(code)
    loans.hold_loans(session, record.id)
    page = new_page(session.connection(), viewer, code)
    if page is None:
        raise LookupError(code)
    return page
