"""How late a loan is: days past due, stage, risk class (domain.md 5)."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from portal.core.facts import LoanStatus

Stage: TypeAlias = Literal["M0", "M1", "M2", "M3", "M4+"]
RiskClass: TypeAlias = Literal["uncollected", "in collection", "nearly bad", "bad", "dead"]


def days_past_due(oldest_due_on: date | None, day: date) -> int:
    """Days since the oldest due date with unpaid base, 0 without one."""
    return (day - oldest_due_on).days if oldest_due_on is not None else 0


def stage(days: int) -> Stage:
    """M0 (not late), M1 (1 to 30 days), M2 (31 to 60), M3 (61 to 90), M4+ (over 90)."""
    if days <= 0:
        return "M0"
    if days <= 30:
        return "M1"
    if days <= 60:
        return "M2"
    return "M3" if days <= 90 else "M4+"


@dataclass(frozen=True, slots=True)
class RiskThresholds:
    """The last day past due of each risk class; above the last a loan is `dead` (defaults of domain.md
    10)."""

    uncollected: int = 30
    in_collection: int = 90
    nearly_bad: int = 180
    bad: int = 360


DEFAULT_THRESHOLDS = RiskThresholds()


def risk_class(days: int, status: LoanStatus, thresholds: RiskThresholds = DEFAULT_THRESHOLDS) -> RiskClass:
    """The class that staff see, by days past due; a written-off loan is `dead`."""
    if status == "written_off":
        return "dead"
    if days <= thresholds.uncollected:
        return "uncollected"
    if days <= thresholds.in_collection:
        return "in collection"
    if days <= thresholds.nearly_bad:
        return "nearly bad"
    return "bad" if days <= thresholds.bad else "dead"
