"""A settlement is judged by what has arrived: paid, lapsed, or undone because its payment came back."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, update
from sqlmodel import Session

from portal.audit import actions as audit
from portal.core.assessment import assess
from portal.core.payoff import payoff
from portal.core.receipt import ENGINE_VERSION
from portal.core.refusal import Refusal
from portal.core.settlement import CAUSE, settled_on, taken_off
from portal.loans import actions as loans
from portal.loans import queries as loans_of
from portal.loans.queries import LoanRecord
from portal.messages.actions import notify
from portal.platform.gate import Viewer
from portal.platform.guarded import changed
from portal.settlements import events, facts, moves, queries
from portal.settlements.own_queries import CONFIRM_WITHIN
from portal.settlements.queries import PAGE, SETTLEMENT, SettlementRecord

GONE = frozenset({"sold", "closed"})
"""A loan of this status has no settlement any more (domain.md 9)."""


IsReported: TypeAlias = Callable[[Connection, SettlementRecord], bool]
"""Whether its person says to have paid for a settlement and nobody has answered yet."""


def nothing_reported(connection: Connection, found: SettlementRecord) -> bool:
    """Nobody says to have paid."""
    return False


def judge(session: Session, viewer: Viewer, number: str, is_reported: IsReported = nothing_reported) -> bool:
    """Judge a settlement that can still be paid, again under its loan; whether anything changed. Safe to repeat.

    What is known counts at once; that it was not paid is said only when the bookings of its last day are known, and as
    with a promise not before a report of its payment is answered (domain.md 8, 9).
    """
    moves.hold(session, number)
    found = queries.settlement(session.connection(), number)
    record = loans_of.loan_by_id(session.connection(), found.loan_id, viewer.today) if found else None
    if found is None or record is None or not found.is_open:
        return False
    day = None
    if record.status != "sold" and (found.state == "accepted" or facts.standing(record, viewer.today) is None):
        day = settled_on(record.facts, found.offer, found.rule, viewer.today)
    if day is not None:
        _pay(session, viewer, found, record, day)
        return True
    if record.status in GONE:
        lapse(session, viewer, found, "loan")
        return True
    is_booked = record.data_date is not None and record.data_date >= found.offer.until
    if viewer.today > found.offer.until and is_booked and not is_reported(session.connection(), found):
        lapse(session, viewer, found, "date")
        return True
    return False


def lapse(session: Session, viewer: Viewer, found: SettlementRecord, ending: str) -> None:
    """End a settlement unpaid; it costs nothing. Whoever had accepted it, or got it from staff, is told.

    The text says that there is something to read, not that there is an answer.
    """
    moves.move(session, viewer, found, "lapse", ending=ending)
    loans.end_hold(session, viewer, found.number, viewer.today, "lapsed")
    audit.record(session, viewer, events.SettlementLapsed(found.number, ending))
    by_owner = ending == "dispute" and viewer.person_id == found.person_id  # told before it was sent
    if not by_owner and (found.state == "accepted" or found.from_staff or ending == "loan"):
        notify(session, viewer, person_id=found.person_id, template="sms.news", number=found.number)


def lapse_by_dispute(session: Session, viewer: Viewer, number: str) -> None:
    """A dispute was filed on the loan, in this same transaction: an accepted settlement lapses, a paid one stays."""
    found = queries.settlement(session.connection(), number)
    if found is None:
        loans.end_hold(session, viewer, number, viewer.today, "lapsed")
    elif found.state == "accepted":
        lapse(session, viewer, found, "dispute")


def _pay(session: Session, viewer: Viewer, found: SettlementRecord, record: LoanRecord, day: date) -> None:
    """What arrived closes the loan: now the waivers are written, and nothing will follow."""
    if found.state == "quoted":
        # Whoever pays the whole sum has accepted it.
        moves.move(session, viewer, found, "accept", accepted_at=viewer.now)
        seen = facts.told_row(())
        audit.record(session, viewer, events.SettlementAccepted(found.number, found.offer.until, seen, True))
        again = queries.settlement(session.connection(), found.number)
        if again is None:
            raise LookupError(found.number)
        found = again
    less = taken_off(record.facts, found.offer, day, found.rule)
    counted = [each.reference for each in record.facts.payments if each.received_on <= day]
    moves.move(
        session,
        viewer,
        found,
        "pay",
        paid_on=day,
        taken_off=less,
        counted=json.dumps(counted),
        letter=facts.dump(_letter(session, found, record, day, less)),
    )
    _write_waivers(session, viewer, found, day)
    loans.end_hold(session, viewer, found.number, viewer.today, "paid")
    _note_paid(session, viewer, found, day)
    mark = facts.binding(record.facts, day)
    audit.record(session, viewer, events.SettlementPaid(found.number, day, less, mark))
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=found.number)


def _write_waivers(session: Session, viewer: Viewer, found: SettlementRecord, day: date) -> None:
    whole: dict[str, Any] = {"loan_id": found.loan_id, "instalment": None, "cause": CAUSE, "number": found.number}
    for component, amount in found.offer.reductions:
        loans.waive_amount(session, viewer, **whole, on_day=found.offer.evening, amount=amount, component=component)
    if found.offer.stops_penalty:
        loans.waive_nights(session, viewer, **whole, from_day=found.offer.evening + timedelta(days=1), to_day=day)


def _note_paid(session: Session, viewer: Viewer, found: SettlementRecord, day: date) -> None:
    """Until the lender's system has closed the loan nothing is asked for on it, nor planned or promised."""
    loans.open_hold(
        session,
        viewer,
        kind="settlement",
        loan_id=found.loan_id,
        person_id=found.person_id,
        from_day=day,
        until=None,
        number=found.number,
        path=PAGE.format(number=found.number),
        data={"paid_on": day.isoformat()},
        outcome="paid",
    )


def _letter(session: Session, found: SettlementRecord, record: LoanRecord, day: date, less: int) -> dict[str, Any]:
    person = loans_of.person(session.connection(), found.person_id)
    arrived = [each for each in record.facts.payments if found.offer.quoted_on <= each.received_on <= day]
    return {
        "lender": found.lender,
        "name": person.name if person else "",
        "person_ref": person.ref if person else "",
        "loan_ref": record.ref,
        "contract_type": record.contract_type,
        "product": record.name,
        "currency": record.currency,
        "paid_on": day,
        "payments": [[each.reference, each.received_on, each.amount] for each in arrived if each.kind == "payment"],
        "taken_off": less,
        "engine": ENGINE_VERSION,
        "fingerprint": facts.binding(record.facts, day),
    }


def watch(session: Session, viewer: Viewer, number: str) -> bool:
    """Look after a paid settlement: done once the lender has closed the loan, undone if its payment came back."""
    moves.hold(session, number)
    found = queries.settlement(session.connection(), number)
    if found is None or found.state != "paid" or found.undone_at is not None:
        return False
    record = loans_of.loan_by_id(session.connection(), found.loan_id, viewer.today)
    if record is None:
        return False
    known = {each.reference for each in record.facts.payments}
    owed = payoff(record.facts, assess(record.facts, found.paid_on or viewer.today), found.rule).to_pay
    if owed and not set(found.counted) <= known and record.status not in GONE:
        _undo(session, viewer, found)
        return True
    if any(hold.kind == "plan" and hold.is_in_force(viewer.today) for hold in record.holds):
        return False  # a plan on the loan reads from the hold that it was settled, and ends first
    still = assess(record.facts, viewer.today)
    if record.status in GONE or (still.due.total == 0 and still.not_yet_due == 0):
        return loans.end_hold(session, viewer, number, viewer.today, "closed") > 0
    return False


def _undo(session: Session, viewer: Viewer, found: SettlementRecord) -> None:
    marked = (
        update(SETTLEMENT)
        .where(SETTLEMENT.c.id == found.id, SETTLEMENT.c.undone_at.is_(None))
        .values(undone_at=viewer.now, version=SETTLEMENT.c.version + 1)
    )
    if not changed(session, marked):
        raise Refusal("settlement.state", state=found.state)
    for ref in loans.waivers_of_case(session, found.number):
        loans.void_waiver(session, viewer, ref=ref)
    loans.end_hold(session, viewer, found.number, viewer.today, "reversed")
    audit.record(session, viewer, events.SettlementUndone(found.number))
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=found.number)


def judge_request(session: Session, viewer: Viewer, number: str) -> bool:
    """A loan that is sold or closed ends what was asked about it, with a notice; judged again here.

    What staff wrote down on the phone and nobody confirmed in time ends too; that costs nothing and is not told.
    """
    moves.hold(session, number)
    found = queries.request(session.connection(), number)
    record = loans_of.loan_by_id(session.connection(), found.loan_id, viewer.today) if found else None
    if found is None or record is None or not found.is_open:
        return False
    if record.status not in GONE:
        is_over = found.state == "written" and viewer.today > found.asked_on + CONFIRM_WITHIN
        if is_over:
            moves.end_request(session, viewer, found, "ended")
        return is_over
    moves.end_request(session, viewer, found, "ended")
    moves.void_second_person(session, viewer, number)
    notify(session, viewer, person_id=found.person_id, template="sms.answer", number=number)
    return True
