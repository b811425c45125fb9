"""The page on which staff make a counter-offer, and how the borrower is shown one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, select

from portal.core.refusal import Refusal
from portal.plans import counter_facts, opening_facts
from portal.plans.conditions_facts import Conditions, conditions
from portal.plans.counter_facts import Counter, Terms
from portal.plans.counter_row_queries import standing
from portal.plans.deciding_queries import DecidePage, decide_page
from portal.plans.facts import Figures
from portal.plans.forms import ANSWERS, Question, as_typed, read_answers
from portal.plans.queries import PLAN, PlanRecord
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment


@dataclass(frozen=True)
class CounterPage:
    """The page on which staff make a counter-offer: the proposal, the other terms, what is wrong with them."""

    decide: DecidePage
    question: Question
    freeze: bool
    terms: Terms | None
    refusal: Refusal | None

    @property
    def until(self) -> date | None:
        """The last day on which the borrower could take it, None without terms or where that has passed."""
        day = stands_until(self.decide, self.terms.figures) if self.terms else None
        return day if day is not None and day >= self.decide.today else None

    @property
    def alone(self) -> bool:
        """Whether the viewer may make this counter-offer without a second person."""
        return self.terms is not None and self.decide.alone(self.terms.figures, self.terms.forecast)


@dataclass(frozen=True)
class Countered:
    """A counter-offer beside what was offered; no `conditions` where the figures have changed since it was made."""

    counter: Counter
    offered: Figures
    conditions: Conditions | None

    @property
    def fresh(self) -> bool:
        """Whether it still adds up."""
        return self.conditions is not None


@one_moment
def counter_page(connection: Connection, viewer: Viewer, number: str, given: Mapping[str, str]) -> CounterPage | None:
    """Other terms for a proposal: those given, else the suggestion, else those that were offered."""
    page = decide_page(connection, viewer, number)
    if page is None:
        return None
    return made_of(page, given)


def made_of(page: DecidePage, given: Mapping[str, str]) -> CounterPage:
    """The counter-offer that these entries mean on the figures of now."""
    freeze = given.get("freeze") == "1"
    question = _question(page, given)
    if not given.get("way") and page.suggestion is not None:
        freeze = page.suggestion.freeze
    if question.answers is None or not page.bundle:
        return CounterPage(page, question, freeze, None, None)
    try:
        found = counter_facts.terms(question.answers, page.bundle, freeze=freeze)
    except Refusal as refusal:
        return CounterPage(page, question, freeze, None, refusal)
    return CounterPage(page, question, freeze, found, hindrance(page, found))


def hindrance(page: DecidePage, made: Terms) -> Refusal | None:
    """Why these terms cannot be offered: no other plan, too late for it, or no penalty may be stopped."""
    if made.freeze and page.frozen is None:
        return Refusal("plan.no_freeze")
    if page.now is not None and not counter_facts.differs(made.figures, page.now):
        return Refusal("plan.no_difference")
    if stands_until(page, made.figures) < page.today:
        return Refusal("plan.counter_too_late")
    return None


def stands_until(page: DecidePage, figures: Figures) -> date:
    """The last day on which the borrower can take an offer of these figures."""
    return opening_facts.last_day(figures, page.records, page.today)


def _question(page: DecidePage, given: Mapping[str, str]) -> Question:
    """What staff typed; whatever they were not asked stays as the borrower had it."""
    offered = as_typed(replace(page.plan.answers, monthly=page.plan.figures.monthly, payments=None), page.plan.currency)
    if not given.get("way") and page.suggestion is not None:
        offered = as_typed(page.suggestion.answers, page.plan.currency)
    typed = {name: given.get(name, "") for name in ANSWERS} if given.get("way") else {}
    # A start day that has passed can be paid on no more: the first payment is then made on the next pay day.
    typed |= {"when": "pay_day"} if page.is_too_late_for_today else {}
    return read_answers(offered | typed, page.plan.currency)


def countered(connection: Connection, viewer: Viewer, plan: PlanRecord) -> Countered | None:
    """The counter-offer that stands for a plan, for its owner; its figures are looked at anew."""
    found = standing(connection, plan)
    if found is None:
        return None
    page = decide_page(connection, viewer, plan.number)
    if page is None or not is_fresh(page, found):
        return Countered(found, plan.figures, None)
    return Countered(found, plan.figures, conditions(page.bundle, plan.start_on))


def is_fresh(page: DecidePage, counter: Counter) -> bool:
    """Whether the loans still stand as they did when a counter-offer was made, so that it comes to the same."""
    if page.seen != counter.seen:
        return False
    try:
        now = counter_facts.terms(counter.answers, page.bundle, freeze=counter.freeze)
    except Refusal:
        return False
    return not counter_facts.differs(now.figures, counter.figures)


def standing_numbers(connection: Connection, viewer: Viewer) -> list[str]:
    """The plans whose borrower has a counter-offer before them, for the job that looks whether figures changed."""
    return list(connection.scalars(select(PLAN.c.number).where(PLAN.c.state == "countered").order_by(PLAN.c.id)))
