"""A plan that was not sent yet, as its person works on it: the answers, what they come to now, and suggestions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import Connection

from portal.core.affordability import Household
from portal.core.refusal import Refusal
from portal.drafts import queries as drafts
from portal.drafts.queries import PlanDraftRecord
from portal.plans import offer_facts
from portal.plans.drafting_content import Content, read_content
from portal.plans.facts import Answers, Figures
from portal.plans.forms import Question, as_typed, plain_amount
from portal.plans.proposing_queries import NewPage, answered, basis_page, usual_days
from portal.plans.queries import number_of_draft
from portal.platform.gate import Viewer

STEPS = ("now", "household", "days", "amount", "check")
_FORTNIGHT = 14


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A ready amount with what it comes to; `typed` is how the form has it."""

    amount: int
    typed: str
    figures: Figures
    passed: bool
    above_half: bool


@dataclass(frozen=True)
class DraftPage:
    """A draft on the day that it is looked at: `page` with what its answers come to now.

    `days` are those that were chosen, else the usual ones, with what is paid first. `other` is the draft from which
    this one parted because another device changed it.
    """

    draft: PlanDraftRecord
    content: Content
    page: NewPage
    days: Answers
    household: Household | None
    other: PlanDraftRecord | None

    @property
    def currency(self) -> str:
        return self.draft.currency

    @property
    def can_be_sent(self) -> bool:
        """Whether a plan can be proposed at all now."""
        return bool(self.page.bundle) and self.page.waiting is None

    @property
    def missing(self) -> str | None:
        """The first page that still needs an answer."""
        if self.content.misread_first(self.currency):
            return "now"
        if self.household is None and self.content.says_money:
            return "household"
        if self.content.days(self.page) is None:
            return "days"
        if self.page.figures is None:
            return "amount"
        return None if self.page.passed or self.content.anyway else "amount"

    @property
    def share(self) -> Fraction | None:
        """Which part of what is left each month the payments take; None where that is not known."""
        if self.household is None or self.page.figures is None:
            return None
        return self.household.share(self.page.figures.monthly, self.days.rhythm)

    @property
    def is_above_half(self) -> bool:
        """Whether the payments take more than half of what is left by the person's own figures."""
        if self.household is None or self.page.figures is None:
            return False
        return self.household.is_above_half(self.page.figures.monthly, self.days.rhythm)

    @property
    def fits_better(self) -> int:
        """Half of what is left as a payment, in whole units."""
        return _whole(self.household.most(self.days.rhythm), self.page) if self.household else 0

    @property
    def first_days(self) -> tuple[date, ...]:
        """The days from which weeks can be counted."""
        return tuple(self.page.today + timedelta(days=step) for step in range(1, _FORTNIGHT + 1))


def draft_page(connection: Connection, viewer: Viewer, code: str) -> DraftPage | str | None:
    """A draft of the viewer's; of one that was sent the number that it got; None of anything else."""
    draft = drafts.own_plan_draft(connection, viewer, code)
    if draft is None:
        return number_of_draft(connection, viewer, code)
    content = read_content(draft.content)
    page = basis_page(connection, viewer, draft.currency)
    if page.currency != draft.currency:
        page = replace(page, bundle=(), currency=None)  # nothing is due in it any more
    found = DraftPage(
        draft=draft,
        content=content,
        page=page,
        days=_days(content, page, draft.currency),
        household=content.household(page),
        other=drafts.own_plan_draft(connection, viewer, draft.beside) if draft.beside else None,
    )
    question = content.question(page) if page.bundle else None
    return with_question(found, question) if question else found


def with_question(found: DraftPage, question: Question) -> DraftPage:
    """The draft with what other answers come to."""
    return replace(found, page=answered(found.page, question))


def tried_page(connection: Connection, viewer: Viewer, code: str, given: Mapping[str, str]) -> DraftPage | str | None:
    """A draft with an amount that is tried: nothing is kept. `amount` is a suggestion; else `way` and its figures."""
    found = draft_page(connection, viewer, code)
    if not isinstance(found, DraftPage) or not found.page.bundle:
        return found
    amount = given.get("amount")
    changes = {"way": "monthly", "monthly": amount} if amount else {name: given.get(name, "") for name in _OWN}
    typed = found.content.with_changes({**_typed_days(found), **changes})
    question = typed.question(found.page)
    return with_question(found, question) if question else found


_OWN = ("way", "monthly", "payments")


def _typed_days(found: DraftPage) -> dict[str, str]:
    typed = as_typed(replace(found.days, monthly=1), found.currency)
    return {name: typed[name] for name in ("rhythm", "pay_day", "first_on")}


def _days(content: Content, page: NewPage, currency: str) -> Answers:
    days = content.days(page) or usual_days(page.payday, page.today)
    first = content.first_payment(currency)
    return replace(days, first=first, first_today=content.when != "pay_day")


def begun(connection: Connection, viewer: Viewer, currency: str | None) -> PlanDraftRecord | None:
    """What the viewer has begun in this currency already."""
    return next((each for each in drafts.own_plan_drafts(connection, viewer) if each.currency == currency), None)


def suggestions_of(connection: Connection, viewer: Viewer, code: str) -> tuple[Suggestion, ...]:
    """The ready amounts of a draft, none of one that cannot be sent now."""
    found = draft_page(connection, viewer, code)
    return suggestions(found) if isinstance(found, DraftPage) and found.page.bundle else ()


def suggestions(found: DraftPage) -> tuple[Suggestion, ...]:
    """The ready amounts of a draft, the smallest first."""
    page = found.page
    try:
        amounts = offer_facts.suggestions(found.days, page.bundle, found.household)
    except Refusal:
        return ()
    return tuple(_suggestion(found, amount) for amount in amounts)


def _suggestion(found: DraftPage, amount: int) -> Suggestion:
    bundle = found.page.bundle
    plans = offer_facts.schedules(replace(found.days, monthly=amount, payments=None), bundle)
    above = found.household is not None and found.household.is_above_half(amount, found.days.rhythm)
    passed = all(check.passed for check in offer_facts.checks(plans, bundle))
    figures = offer_facts.figures(plans, bundle)
    return Suggestion(amount, plain_amount(amount, found.currency), figures, passed, above)


def _whole(amount: int, page: NewPage) -> int:
    unit = offer_facts.unit_of(page.bundle)
    return amount // unit * unit
