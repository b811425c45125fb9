"""A loan as a settlement sees it: whether one may be accepted, and what closes it on each day, by the one engine."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

from portal.core.allocation import Amounts
from portal.core.assessment import assess
from portal.core.days import add_working_days
from portal.core.facts import Component, LoanFacts
from portal.core.payoff import Payoff, PayoffInterest, payoff
from portal.core.receipt import fingerprint, late_fee_tonight
from portal.core.refusal import Refusal
from portal.core.settlement import Figure, Offer, Share, automatic, figures, shares
from portal.loans.queries import LoanRecord
from portal.loans.rulepacks import rule_pack

SETTLERS = frozenset({"borrower", "co_borrower", "representative"})
"""A guarantor sees what is demanded and settles nothing."""


@dataclass(frozen=True)
class Quote:
    """An offer on a loan as of a day: what is due, what is not yet due, what is taken off, the figure of each day.

    Amounts are minor units. `shares` are the parts that can be reduced, with how much of each.
    """

    record: LoanRecord
    day: date
    offer: Offer
    rule: PayoffInterest
    due: Amounts
    whole: Payoff
    shares: tuple[Share, ...]
    days: tuple[Figure, ...]

    @property
    def currency(self) -> str:
        return self.record.currency

    @property
    def reducible(self) -> dict[Component, int]:
        """What could be taken off at most, by component."""
        return {share.component: share.most for share in self.shares if share.most}

    @property
    def percent(self) -> int | None:
        """How many percent of what can be reduced the rules take off by themselves; None of what staff decided."""
        percent = self.record.rules.settlement_percent
        by_rules = {name: amount * percent // 100 for name, amount in self.reducible.items()}
        return percent if {name: amount for name, amount in by_rules.items() if amount} == self.taken else None

    @property
    def taken(self) -> dict[Component, int]:
        """What is taken off each component."""
        return dict(self.offer.reductions)

    @property
    def beside(self) -> int:
        """What today's figure is lower by than the amounts taken off, since they change the nights after the evening:
        those do not count at all, or less is left to bear any. Negative where not all of them is needed any more."""
        return self.today.reduction - self.offer.reduced

    @cached_property
    def late_fee_tonight(self) -> int:
        """The late fees that fall on this day and are part of what is due, though paying that day prevents them."""
        return late_fee_tonight(self.record.facts, self.day)

    @property
    def today(self) -> Figure:
        """The figure of the day itself."""
        return self.days[0]

    @property
    def last(self) -> Figure:
        """The figure of the last day."""
        return self.days[-1]

    @property
    def most(self) -> int:
        """How much less is asked for on the last day: what authority is measured by."""
        return max(0, self.last.reduction)

    @property
    def ranges(self) -> tuple[tuple[date, date, int], ...]:
        """The figures as stretches of days with one amount."""
        found: list[tuple[date, date, int]] = []
        for each in self.days:
            if found and found[-1][2] == each.to_pay:
                found[-1] = (found[-1][0], each.day, each.to_pay)
            else:
                found.append((each.day, each.day, each.to_pay))
        return tuple(found)

    @property
    def seen(self) -> str:
        """One hash over the facts, the offer and the figures: what a form was shown."""
        told = [self.day.isoformat(), binding(self.record.facts, self.day), offer_row(self.offer), told_row(self.days)]
        return sha256("\n".join(told).encode()).hexdigest()


def standing(record: LoanRecord, day: date) -> Refusal | None:
    """Why no settlement may be accepted on a loan, None if one may."""
    if record.role is not None and record.role not in SETTLERS:
        return Refusal("settlement.not_yours")
    return record.refusal_of("accept_settlement", day)


def answer_by(record: LoanRecord, asked_on: date) -> date:
    """The day by which a question is answered: the product's working days for an answer after it (domain.md 10)."""
    return add_working_days(asked_on, record.rules.answer_days, rule_pack(record.rule_pack).calendar(asked_on))


def has_plan(record: LoanRecord, day: date) -> bool:
    """Whether a plan runs on a loan; paying the settlement ends it as kept, until then it goes on (domain.md 9)."""
    return any(hold.kind == "plan" and hold.is_in_force(day) for hold in record.holds)


def by_the_rules(record: LoanRecord, day: date) -> Offer:
    """What the product's rules take off without anybody deciding."""
    rules = record.rules
    percent, days = rules.settlement_percent, rules.settlement_days
    return automatic(record.facts, day, days, rules.reducible, percent, record.data_date)


def at_most(record: LoanRecord, day: date) -> Offer:
    """Everything that can be reduced is taken off: the limit set beforehand."""
    rules = record.rules
    return automatic(record.facts, day, rules.settlement_days, rules.reducible, 100, record.data_date)


def quote_of(record: LoanRecord, day: date, offer: Offer, rule: PayoffInterest | None = None) -> Quote:
    """The figures of an offer from a day on, on the facts of now; `rule` is that of the offer, else the product's."""
    asked = rule or record.rules.payoff_interest
    seen = assess(record.facts, day)
    parts = shares(record.facts, offer.evening, offer.quoted_on, record.rules.reducible)
    days = figures(record.facts, offer, min(day, offer.until), asked)
    return Quote(record, day, offer, asked, seen.due, payoff(record.facts, seen, asked), parts, days)


def binding(facts: LoanFacts, day: date) -> str:
    """The fingerprint of what the figures rest on; tries to collect change none, and new ones come every day."""
    return fingerprint(replace(facts, debit_attempts=()), day)


# Rows


def offer_row(offer: Offer) -> str:
    """What an offer takes off, as text."""
    return json.dumps([[name, amount] for name, amount in offer.reductions])


def read_offer(quoted_on: date, until: date, evening: date, reductions: str, stops_penalty: bool) -> Offer:
    """An offer of its columns."""
    taken = tuple((name, amount) for name, amount in json.loads(reductions))
    return Offer(quoted_on, until, evening, taken, stops_penalty)


def told_row(days: Sequence[Figure]) -> str:
    """The figure of each day, as text."""
    return json.dumps([[each.day.isoformat(), each.to_pay] for each in days])


def read_told(text: str) -> dict[date, int]:
    """What `told_row` wrote."""
    return {date.fromisoformat(day): amount for day, amount in json.loads(text)}


def dump(content: Mapping[str, Any]) -> str:
    """JSON with dates as ISO 8601."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, default=date.isoformat)
