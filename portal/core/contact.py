"""When a person may be contacted about a debt: the window of their day and the daily cap (domain.md 6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class ContactRule:
    """A window of the person's day, `closes` itself outside it, and the most contacts a person and day.

    The figures come from a row of a rule pack or from the lender, with their `source`.
    """

    opens: time
    closes: time
    contacts_a_day: int
    source: str = ""

    def __post_init__(self) -> None:
        if self.opens >= self.closes or self.contacts_a_day < 1:
            raise ValueError("a contact rule needs a window within one day and at least one contact")


@dataclass(frozen=True, slots=True)
class ContactDecision:
    """Whether a contact may go out now, and the first moment at which one may, in the person's zone."""

    allowed: bool
    next_at: datetime


def may_contact(now: datetime, sent_today: int, rule: ContactRule) -> ContactDecision:
    """Judge one more contact at `now`, in the person's own zone, after `sent_today` on that person's day.

    Codes, links and answers that the person asked for are no contacts and are not judged here.
    """
    if sent_today >= rule.contacts_a_day or now.time() >= rule.closes:
        return ContactDecision(False, _opening(now + timedelta(days=1), rule))
    if now.time() < rule.opens:
        return ContactDecision(False, _opening(now, rule))
    return ContactDecision(True, now)


def strictest(rules: Sequence[ContactRule]) -> ContactRule:
    """The rule that keeps all of `rules` (at least one): the law's and the lender's own stricter default."""
    return ContactRule(
        opens=max(rule.opens for rule in rules),
        closes=min(rule.closes for rule in rules),
        contacts_a_day=min(rule.contacts_a_day for rule in rules),
        source="; ".join(rule.source for rule in rules if rule.source),
    )


def _opening(day: datetime, rule: ContactRule) -> datetime:
    return datetime.combine(day.date(), rule.opens, tzinfo=day.tzinfo)
