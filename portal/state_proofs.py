"""What the state of a dispute, plan, promise, settlement or word about a payment needs beside it, for `portal prove`.

Each proof is a query of numbers: what it finds contradicts the state that the row says.
"""

from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, or_, select

from portal.access.granting_queries import GRANTED
from portal.account.notice_queries import NOTICE
from portal.audit.tables import LOG
from portal.disputes.tables import UNDECIDED, Dispute, DisputeDecision
from portal.loans.tables import Hold, Waiver, table_of
from portal.plans.counter_row_queries import COUNTER
from portal.plans.phone_tables import PhoneProposal
from portal.plans.running_queries import GOING, TOLD
from portal.plans.tables import FINAL, Plan, PlanAgreement
from portal.platform.gate import Viewer
from portal.promises.queries import PROMISE
from portal.settlements.queries import REQUEST, SETTLEMENT

DISPUTE, DECISION = table_of(Dispute), table_of(DisputeDecision)
PLAN, AGREEMENT, PHONE = table_of(Plan), table_of(PlanAgreement), table_of(PhoneProposal)
HOLD, WAIVER = table_of(Hold), table_of(Waiver)

SHOWN = 20
"""Faults of one kind that are listed one by one."""


Wrong: TypeAlias = dict[str, Select[tuple[str]]]
"""What is wrong, as a sentence about a number, and the query of the numbers of which it is true."""


def case_faults(connection: Connection, _viewer: Viewer) -> list[str]:
    """What is not held, decided or logged as its state says, one line each."""
    return _found(connection, _disputes_noted() | _settlements_noted() | _plans_noted() | _promises_noted())


def state_faults(connection: Connection, _viewer: Viewer) -> list[str]:
    """What else contradicts a state, one line each."""
    return _found(connection, _promises() | _settlements() | _plans() | _granted())


def _found(connection: Connection, wrong: Wrong) -> list[str]:
    return [words.format(number) for words, found in wrong.items() for number in connection.scalars(found)]


def _numbers(table: Table, *conditions: ColumnElement[bool]) -> Select[tuple[str]]:
    """The numbers of rows that meet all of these."""
    return select(table.c.number).where(*conditions).order_by(table.c.id).limit(SHOWN)


def _held(table: Table) -> ColumnElement[bool]:
    return exists().where(HOLD.c.number == table.c.number, HOLD.c.ended_at.is_(None))


def _logged(table: Table, kind: str) -> ColumnElement[bool]:
    return exists().where(LOG.c.subject == table.c.number, LOG.c.kind == kind)


# --- Held, decided and logged -------------------------------------------------------------------------------------


def _disputes_noted() -> Wrong:
    undecided, over = DISPUTE.c.state.in_(UNDECIDED), DISPUTE.c.state.in_(("decided", "closed", "withdrawn"))
    decided = exists().where(DECISION.c.dispute_id == DISPUTE.c.id)
    return {
        "dispute {} is open and holds nothing": _numbers(DISPUTE, undecided, ~_held(DISPUTE)),
        "dispute {} is over and still holds": _numbers(DISPUTE, over, _held(DISPUTE)),
        "dispute {} is decided and has no decision": _numbers(DISPUTE, DISPUTE.c.state == "decided", ~decided),
        "dispute {} was opened and the audit log does not know": _numbers(
            DISPUTE, DISPUTE.c.state != "draft", ~_logged(DISPUTE, "dispute.opened")
        ),
        "dispute {} was decided and the audit log does not know": _numbers(
            DISPUTE, decided, ~_logged(DISPUTE, "dispute.decided")
        ),
    }


def _settlements_noted() -> Wrong:
    return {
        "settlement {} is accepted and holds nothing": _numbers(
            SETTLEMENT, SETTLEMENT.c.state == "accepted", ~_held(SETTLEMENT)
        ),
        "settlement {} is not accepted and still holds": _numbers(
            SETTLEMENT, SETTLEMENT.c.state.in_(("quoted", "lapsed")), _held(SETTLEMENT)
        ),
        "settlement {} was paid and the audit log does not know": _numbers(
            SETTLEMENT, SETTLEMENT.c.state == "paid", ~_logged(SETTLEMENT, "settlements.paid")
        ),
    }


def _plans_noted() -> Wrong:
    awaited = PLAN.c.state.in_(("proposed", "running", "evaluated"))
    told = exists().where(TOLD.c.plan_id == PLAN.c.id, TOLD.c.what == "evaluated")
    agreed = exists().where(AGREEMENT.c.plan_id == PLAN.c.id)
    return {
        "plan {} is under way and holds nothing": _numbers(PLAN, awaited, ~_held(PLAN)),
        "plan {} is over and still holds": _numbers(PLAN, PLAN.c.state.in_(FINAL), _held(PLAN)),
        "plan {} runs and has no agreement": _numbers(PLAN, PLAN.c.state.in_(GOING), ~agreed),
        "plan {} is put up for cancellation without a trace": _numbers(PLAN, PLAN.c.state == "evaluated", ~told),
        "plan {} was agreed and the audit log does not know": _numbers(PLAN, agreed, ~_logged(PLAN, "plans.agreed")),
    }


def _promises_noted() -> Wrong:
    return {
        "promise {} runs and holds nothing": _numbers(PROMISE, PROMISE.c.ended_at.is_(None), ~_held(PROMISE)),
        "promise {} is over and still holds": _numbers(PROMISE, PROMISE.c.ended_at.is_not(None), _held(PROMISE)),
        "promise {} was made and the audit log does not know": _numbers(PROMISE, ~_logged(PROMISE, "promises.made")),
    }


# --- What else a state needs --------------------------------------------------------------------------------------


def _promises() -> Wrong:
    waits = exists().where(NOTICE.c.promise_number == PROMISE.c.number, NOTICE.c.state == "waiting")
    return {
        "promise {} is being verified and no word about a payment waits": _numbers(
            PROMISE, PROMISE.c.state == "being_verified", ~waits
        ),
        "promise {} is awaited while a word about its payment waits": _numbers(
            PROMISE, PROMISE.c.state.in_(("open", "moved")), waits
        ),
    }


def _settlements() -> Wrong:
    waived = exists().where(
        WAIVER.c.case_number == SETTLEMENT.c.number, WAIVER.c.superseded_at.is_(None), WAIVER.c.void.is_(False)
    )
    stands = and_(SETTLEMENT.c.state == "paid", SETTLEMENT.c.undone_at.is_(None))
    offered = exists().where(SETTLEMENT.c.number == REQUEST.c.settlement_number)
    asked = exists().where(REQUEST.c.number == SETTLEMENT.c.request_number, REQUEST.c.state == "offered")
    unanswered = or_(REQUEST.c.answered_by.is_(None), REQUEST.c.reason == "")
    return {
        "settlement {} is accepted and nobody knows since when": _numbers(
            SETTLEMENT, SETTLEMENT.c.state == "accepted", SETTLEMENT.c.accepted_at.is_(None)
        ),
        "settlement {} is paid and has no letter": _numbers(
            SETTLEMENT, SETTLEMENT.c.state == "paid", SETTLEMENT.c.letter == ""
        ),
        "settlement {} is not paid and waives something": _numbers(SETTLEMENT, ~stands, waived),
        "settlement {} answers a question that does not know it": _numbers(
            SETTLEMENT, SETTLEMENT.c.request_number.is_not(None), ~asked
        ),
        "question {} was answered by a settlement that is not there": _numbers(
            REQUEST, REQUEST.c.state == "offered", ~offered
        ),
        "question {} was refused by nobody or without a reason": _numbers(
            REQUEST, REQUEST.c.state == "refused", unanswered
        ),
    }


def _plans() -> Wrong:
    countered = exists().where(COUNTER.c.plan_id == PLAN.c.id, COUNTER.c.outcome == "")
    written = exists().where(PLAN.c.number == PHONE.c.plan_number, PLAN.c.drafted_by == PHONE.c.made_by)
    confirmed = exists().where(PHONE.c.plan_number == PLAN.c.number, PHONE.c.state == "confirmed")
    return {
        "plan {} is countered and no counter-offer stands": _numbers(PLAN, PLAN.c.state == "countered", ~countered),
        "plan {} is not countered and a counter-offer stands": _numbers(PLAN, PLAN.c.state != "countered", countered),
        "proposal {} on the phone was confirmed and its plan is not there": _numbers(
            PHONE, PHONE.c.state == "confirmed", ~written
        ),
        "plan {} was written down on the phone and nobody confirmed it": _numbers(
            PLAN, PLAN.c.drafted_by.is_not(None), ~confirmed
        ),
    }


def _granted() -> Wrong:
    """What one person gave away alone counts against the limit of the day (ST-05)."""

    def noted(table: Table) -> ColumnElement[bool]:
        return exists().where(GRANTED.c.object_number == table.c.number)

    decided = exists().where(
        DECISION.c.dispute_id == DISPUTE.c.id,
        DECISION.c.decided_by.is_not(None),
        DECISION.c.confirmed_by.is_(None),
        DECISION.c.amount > 0,
    )
    plan_alone = and_(PLAN.c.decided_by.is_not(None), PLAN.c.confirmed_by.is_(None), PLAN.c.freeze_forecast > 0)
    offer_alone = and_(SETTLEMENT.c.offered_by.is_not(None), SETTLEMENT.c.confirmed_by.is_(None), SETTLEMENT.c.most > 0)
    return {
        "dispute {} waived something alone and no limit of a day knows": _numbers(DISPUTE, decided, ~noted(DISPUTE)),
        "plan {} stops the penalty alone and no limit of a day knows": _numbers(PLAN, plan_alone, ~noted(PLAN)),
        "settlement {} was offered alone and no limit of a day knows": _numbers(
            SETTLEMENT, offer_alone, ~noted(SETTLEMENT)
        ),
    }
