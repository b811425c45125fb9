"""Whether the days of a plan can still be kept from now on: a payment whose day has passed cannot (domain.md 8).

Only the first payment can be so, where it was to be made on the start day: later ones come after the last day for an
answer.
"""

from collections.abc import Iterable
from datetime import date

from portal.loans.queries import LoanRecord
from portal.plans import running_facts
from portal.plans.facts import Figures


def unpaid_day(figures: Figures, records: Iterable[LoanRecord], today: date) -> date | None:
    """The first day up to today on which these figures ask for a payment that has not arrived, None without one."""
    pairs = running_facts.in_plan(figures.loans, records)
    parts = [running_facts.part(schedule, record, figures.start, (), today) for schedule, record in pairs]
    days = sorted({each.due_on for part in parts for each in part.awaited if each.due_on <= today})
    return next((day for day in days if not all(part.covers(day, today) for part in parts)), None)


def passed_day(figures: Figures, records: Iterable[LoanRecord], today: date) -> date | None:
    """That day once it is over, so that nobody can keep a plan with these days any more."""
    day = unpaid_day(figures, records, today)
    return day if day is not None and day < today else None


def last_day(figures: Figures, records: Iterable[LoanRecord], today: date) -> date:
    """The last day on which an offer of these figures can be taken: never after a payment that has not arrived."""
    return min(figures.lapses_on, unpaid_day(figures, records, today) or figures.lapses_on)
