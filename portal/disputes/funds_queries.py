"""The funds rule on a dispute: its statements, the loan's debit attempts and the product's reading, judged anew on
every look and never stored as a truth (domain.md 7)."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from portal.core.assessment import assess
from portal.core.facts import DebitAttempt, LoanFacts, Payment
from portal.core.funds_rule import DebitRecord, Question, check
from portal.disputes.facts import instalment_named
from portal.disputes.funds_facts import Funds, ReadFile, day_of, times_of
from portal.disputes.queries import DisputeRecord
from portal.evidence import queries as evidence
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer

FUNDS_REASON = "funds"
BOOKED_WITHIN = timedelta(days=7)
"""A debit of the due date is booked as a payment by then."""


def funds_of(connection: Connection, viewer: Viewer, found: DisputeRecord, record: LoanRecord) -> Funds | None:
    """What the program finds on a dispute of this reason; None where there is no rule to check."""
    if found.reason != FUNDS_REASON:
        return None
    return _funds(connection, viewer, ("dispute", found.number), found.instalment, record)


def funds_of_draft(
    connection: Connection, viewer: Viewer, code: str, instalment: int, record: LoanRecord
) -> Funds | None:
    """The same of the files of a draft that has this reason, as a hint before it is sent."""
    return _funds(connection, viewer, ("draft", code), instalment, record)


def _funds(
    connection: Connection, viewer: Viewer, case: tuple[str, str], instalment: int, record: LoanRecord
) -> Funds | None:
    question = _question(instalment, record)
    if question is None:
        return None
    read = evidence.statements_of_case(connection, viewer, *case)
    statements = [statement for file in read for statement in file.statements]
    attempts = tuple(_in_zone(attempt, viewer.zone) for attempt in record.attempts)
    answer = check(statements, question, DebitRecord(attempts, record.data_date, instalment))
    times = times_of((statement.file, row) for statement in statements for row in statement.rows)
    being_read = evidence.being_read(connection, *case)
    return Funds(
        check=answer,
        files=tuple(ReadFile(file.code, file.name, file.notes) for file in read),
        waiting=being_read.files,
        waiting_pictures=being_read.pictures,
        came_back=_came_back(connection, record, question.due) if answer.debited == "yes" else (),
        has_statement=bool(statements),
        day=day_of(answer, times),
        times=times,
    )


def _came_back(connection: Connection, record: LoanRecord, due: date) -> tuple[Payment, ...]:
    """What was paid on the due date or in the days after and came back: no figure shows it."""
    return tuple(
        Payment(each.reference, each.received_on, each.amount)
        for each in loans.reversed_payments(connection, record.id)
        if due <= each.received_on <= due + BOOKED_WITHIN
    )


def _question(number: int, record: LoanRecord) -> Question | None:
    instalment = instalment_named(record.facts, number)
    if instalment is None or record.status == "sold":
        return None
    return Question(
        due=instalment.due_on,
        amount=unpaid_on_the_morning(record.facts, number, instalment.due_on),
        currency=record.currency,
        account=record.debit_last4 or "",
        holder=record.debit_holder or "",
        reading=record.rules.funds_reading,
    )


def unpaid_on_the_morning(facts: LoanFacts, number: int, due_on: date) -> int:
    """What the account had to hold: fee, interest and principal that were unpaid on that morning (domain.md 7)."""
    evening_before = max(due_on - timedelta(days=1), facts.disbursed_on)
    unpaid = assess(facts, evening_before).instalment(number).unpaid
    return unpaid.fee + unpaid.interest + unpaid.principal


def _in_zone(attempt: DebitAttempt, zone: str) -> DebitAttempt:
    """The rule asks on which day of the lender's an attempt was."""
    return replace(attempt, attempted_at=attempt.attempted_at.astimezone(ZoneInfo(zone)))
