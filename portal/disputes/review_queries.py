"""The one review of a decision: until when it can be asked for, and by when it is answered."""

from datetime import date

from sqlalchemy import Connection

from portal.core.days import add_working_days
from portal.disputes.queries import DecisionRecord, DisputeRecord, review
from portal.loans.queries import LoanRecord
from portal.loans.rulepacks import rule_pack
from portal.platform.gate import Viewer


def ask_until(record: LoanRecord, decided: DecisionRecord) -> date:
    """The last day on which the review of a decision can be asked for: the product's working days after it."""
    calendar = rule_pack(record.rule_pack).calendar(decided.decided_on)
    return add_working_days(decided.decided_on, record.rules.review_days, calendar)


def answer_by(record: LoanRecord, today: date) -> date:
    """The day by which a review asked for today is answered."""
    return add_working_days(today, record.rules.answer_days, rule_pack(record.rule_pack).calendar(today))


def may_ask(
    connection: Connection, viewer: Viewer, found: DisputeRecord, record: LoanRecord, decided: DecisionRecord | None
) -> bool:
    """Whether the person can ask now: once, in time, about what was not wholly upheld, and of a loan not sold."""
    return (
        decided is not None
        and found.state == "decided"
        and decided.outcome != "upheld"
        and record.status != "sold"
        and viewer.today <= ask_until(record, decided)
        and review(connection, found.id) is None
    )
