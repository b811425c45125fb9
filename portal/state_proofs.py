"""What the state of a promise, settlement, plan or word about a payment needs beside it, for `portal prove`.

Each proof is a query of numbers: what it finds contradicts the state that the row says.
"""

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, or_, select

from portal.access.granting_queries import GRANTED
from portal.account.notice_queries import NOTICE
from portal.disputes.tables import Dispute, DisputeDecision
from portal.loans.tables import Waiver, table_of
from portal.plans.counter_row_queries import COUNTER
from portal.plans.phone_tables import PhoneProposal
from portal.plans.tables import Plan
from portal.platform.gate import Viewer
from portal.promises.queries import PROMISE
from portal.settlements.queries import REQUEST, SETTLEMENT

DISPUTE, DECISION, PLAN = table_of(Dispute), table_of(DisputeDecision), table_of(Plan)
PHONE, WAIVER = table_of(PhoneProposal), table_of(Waiver)

SHOWN = 20
"""Faults of one kind that are listed one by one."""


def numbers(table: Table, *conditions: ColumnElement[bool]) -> Select[tuple[str]]:
    """The numbers of rows that meet all of these."""
    return select(table.c.number).where(*conditions).order_by(table.c.id).limit(SHOWN)


def state_faults(connection: Connection, _viewer: Viewer) -> list[str]:
    """What contradicts a state, one line each."""
    wrong = _promises() | _settlements() | _plans() | _granted()
    return [words.format(number) for words, found in wrong.items() for number in connection.scalars(found)]


def _promises() -> dict[str, Select[tuple[str]]]:
    waits = exists().where(NOTICE.c.promise_number == PROMISE.c.number, NOTICE.c.state == "waiting")
    return {
        "promise {} is being verified and no word about a payment waits": numbers(
            PROMISE, PROMISE.c.state == "being_verified", ~waits
        ),
        "promise {} is awaited while a word about its payment waits": numbers(
            PROMISE, PROMISE.c.state.in_(("open", "moved")), waits
        ),
    }


def _settlements() -> dict[str, Select[tuple[str]]]:
    waived = exists().where(
        WAIVER.c.case_number == SETTLEMENT.c.number, WAIVER.c.superseded_at.is_(None), WAIVER.c.void.is_(False)
    )
    stands = and_(SETTLEMENT.c.state == "paid", SETTLEMENT.c.undone_at.is_(None))
    offered = exists().where(SETTLEMENT.c.number == REQUEST.c.settlement_number)
    asked = exists().where(REQUEST.c.number == SETTLEMENT.c.request_number, REQUEST.c.state == "offered")
    unanswered = or_(REQUEST.c.answered_by.is_(None), REQUEST.c.reason == "")
    return {
        "settlement {} is accepted and nobody knows since when": numbers(
            SETTLEMENT, SETTLEMENT.c.state == "accepted", SETTLEMENT.c.accepted_at.is_(None)
        ),
        "settlement {} is paid and has no letter": numbers(
            SETTLEMENT, SETTLEMENT.c.state == "paid", SETTLEMENT.c.letter == ""
        ),
        "settlement {} is not paid and waives something": numbers(SETTLEMENT, ~stands, waived),
        "settlement {} answers a question that does not know it": numbers(
            SETTLEMENT, SETTLEMENT.c.request_number.is_not(None), ~asked
        ),
        "question {} was answered by a settlement that is not there": numbers(
            REQUEST, REQUEST.c.state == "offered", ~offered
        ),
        "question {} was refused by nobody or without a reason": numbers(
            REQUEST, REQUEST.c.state == "refused", unanswered
        ),
    }


def _plans() -> dict[str, Select[tuple[str]]]:
    countered = exists().where(COUNTER.c.plan_id == PLAN.c.id, COUNTER.c.outcome == "")
    written = exists().where(PLAN.c.number == PHONE.c.plan_number, PLAN.c.drafted_by == PHONE.c.made_by)
    confirmed = exists().where(PHONE.c.plan_number == PLAN.c.number, PHONE.c.state == "confirmed")
    return {
        "plan {} is countered and no counter-offer stands": numbers(PLAN, PLAN.c.state == "countered", ~countered),
        "plan {} is not countered and a counter-offer stands": numbers(PLAN, PLAN.c.state != "countered", countered),
        "proposal {} on the phone was confirmed and its plan is not there": numbers(
            PHONE, PHONE.c.state == "confirmed", ~written
        ),
        "plan {} was written down on the phone and nobody confirmed it": numbers(
            PLAN, PLAN.c.drafted_by.is_not(None), ~confirmed
        ),
    }


def _granted() -> dict[str, Select[tuple[str]]]:
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
        "dispute {} waived something alone and no limit of a day knows": numbers(DISPUTE, decided, ~noted(DISPUTE)),
        "plan {} stops the penalty alone and no limit of a day knows": numbers(PLAN, plan_alone, ~noted(PLAN)),
        "settlement {} was offered alone and no limit of a day knows": numbers(
            SETTLEMENT, offer_alone, ~noted(SETTLEMENT)
        ),
    }
