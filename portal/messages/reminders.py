"""Whether a person is to be reminded on a day: the day before an instalment is due, or while it is late (M0, M1).

Pure: it reads loan records and says yes or no. What is disputed, agreed in a plan, promised or held is not chased
(security.md MO-15, domain.md 7).
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Literal, TypeAlias

from portal.core.assessment import Assessment, InstalmentAssessment, assess
from portal.core.disputed import disputed
from portal.core.interactions import Hold, Part
from portal.loans.queries import LoanRecord

Reason: TypeAlias = Literal["due_tomorrow", "late"]

LATE_DAYS = 30
"""M1: from the first to the thirtieth day past due. Later stages bring letters, not text messages."""
LATE_PAUSE = timedelta(days=7)
"""How long a person is left alone after a reminder, unless the next instalment is due tomorrow."""

_STOPS = frozenset(("settlement", "fraud", "incapacity"))
_AGREED = frozenset(("plan", "promise"))
"""What is late is agreed upon; later instalments keep their dates and their reminders."""
_PAYING_ROLES = frozenset(("borrower", "co_borrower", "representative"))
_ACTIVE = frozenset(("active", "called"))
_PENALTY_PARTS = frozenset(("nights", "late_fee"))


def reason_to_remind(records: Iterable[LoanRecord], day: date, last: date | None) -> Reason | None:
    """Why the person of these loans is to be reminded on `day`; `last` is the day of the last reminder."""
    reasons = {reason for record in records if (reason := _reason(record, day))}
    if last is not None and last >= day:
        return None
    if "due_tomorrow" in reasons:
        return "due_tomorrow"
    if "late" in reasons and (last is None or day - last >= LATE_PAUSE):
        return "late"
    return None


def may_chase(record: LoanRecord, day: date) -> bool:
    """Whether this loan may be written about at all: active, on a payer, nothing in force that stops reminders."""
    in_force = record.in_force(day)
    whole_loan = any(hold.kind == "dispute" and not hold.parts for hold in in_force)
    return (
        record.status in _ACTIVE
        and record.role in _PAYING_ROLES
        and not whole_loan
        and not any(hold.kind in _STOPS for hold in in_force)
        and not any(hold.kind == "hardship" and hold.is_in_force(day) for hold in record.pending)
    )


def _reason(record: LoanRecord, day: date) -> Reason | None:
    if not may_chase(record, day):
        return None
    parts = _disputed_parts(record.holds, day)
    seen = assess(record.facts, day)
    if _falls_due(seen, day + timedelta(days=1), parts):
        return "due_tomorrow"
    if any(hold.kind in _AGREED and hold.is_in_force(day) for hold in record.holds):
        return None
    late = 0 < seen.days_past_due <= LATE_DAYS
    return "late" if late and _left_to_chase(seen.instalments, parts) > 0 else None


def _disputed_parts(holds: Sequence[Hold], day: date) -> tuple[Part, ...]:
    in_force = (hold for hold in holds if hold.kind == "dispute" and hold.is_in_force(day))
    return tuple(part for hold in in_force for part in hold.parts)


def _falls_due(seen: Assessment, day: date, parts: Sequence[Part]) -> bool:
    due = seen.next_due
    return due is not None and due.due_on == day and due.amount > 0 and not _is_disputed_whole(due.number, parts)


def _left_to_chase(instalments: Iterable[InstalmentAssessment], parts: Sequence[Part]) -> int:
    """What is due and undisputed, in minor units."""
    return sum(
        sum(item.unpaid) - disputed(item, parts).unpaid
        for item in instalments
        if item.is_due and not _is_disputed_whole(item.number, parts)
    )


def _is_disputed_whole(number: int, parts: Iterable[Part]) -> bool:
    return any(part.kind not in _PENALTY_PARTS and part.instalment in (None, number) for part in parts)
