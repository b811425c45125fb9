"""The answers of a plan that was not sent yet, as its draft keeps them between the pages."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from portal.core.affordability import Household
from portal.plans.facts import Answers
from portal.plans.forms import ANSWERS, Question, read_amounts, read_answers, read_days, read_first
from portal.plans.proposing_queries import NewPage

HOUSEHOLD = ("income", "spending", "others")


class Content(BaseModel):
    """What was typed so far, by the names of the fields.

    `through` tells that every page was passed once, so that changing an answer leads back to where all is looked over;
    `anyway` that a plan outside the limits is meant to be sent.
    """

    model_config = ConfigDict(frozen=True)

    first: str = ""
    when: str = "today"
    income: str = ""
    spending: str = ""
    others: str = ""
    rhythm: str = ""
    pay_day: str = ""
    first_on: str = ""
    way: str = ""
    monthly: str = ""
    payments: str = ""
    anyway: bool = False
    through: bool = False

    def with_changes(self, changes: Mapping[str, object]) -> "Content":
        """The same with what one page says."""
        return self.model_copy(update=dict(changes))

    def given(self, currency: str) -> dict[str, str]:
        """The answers as a proposal reads them."""
        typed: dict[str, str] = {name: getattr(self, name) for name in ANSWERS if name != "currency"}
        return typed | {"currency": currency, "anyway": "1" if self.anyway else ""}

    def question(self, page: NewPage) -> Question | None:
        """What the answers mean; None before an amount was chosen."""
        if not self.way or page.currency is None:
            return None
        return read_answers(self.given(page.currency), page.currency, page.payday, page.today)

    def days(self, page: NewPage) -> Answers | None:
        """The days of payment, None while none were chosen or they mean nothing any more."""
        question = Question({name: getattr(self, name) for name in ("rhythm", "pay_day", "first_on")})
        found = read_days(question, page.payday, page.today)
        return None if question.errors or not self.rhythm else found

    def first_payment(self, currency: str) -> int:
        """What can be paid now, in minor units; 0 where what was typed means nothing."""
        return read_first({"first": self.first}, currency)[0]

    def misread_first(self, currency: str) -> bool:
        """Whether what was typed as paid now means nothing."""
        return bool(read_first({"first": self.first}, currency)[1])

    @property
    def says_money(self) -> bool:
        """Whether anything was typed about income and spending."""
        return any(getattr(self, name).strip() for name in HOUSEHOLD)

    def household(self, page: NewPage) -> Household | None:
        """What comes in and goes out each month; None where it was skipped or means nothing."""
        if page.currency is None or not self.income.strip():
            return None
        typed = {name: getattr(self, name) for name in HOUSEHOLD}
        found, errors = read_amounts(typed, HOUSEHOLD, page.currency)
        return None if errors else Household(**found, running=page.regular)


def read_content(text: str) -> Content:
    """The answers of a draft, none where they cannot be read."""
    try:
        return Content.model_validate_json(text)
    except ValidationError:
        return Content()
