"""What a borrower answers about a plan, page by page: pay now, income and spending, days, and how much each time."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from portal.plans import words
from portal.plans.drafting_content import HOUSEHOLD
from portal.plans.forms import Question, read_amounts, read_days, read_first
from portal.plans.proposing_queries import NewPage
from portal.platform import formats
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import gettext as _

Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Short = Annotated[str, StringConstraints(max_length=40)]


class NowInput(BaseModel):
    """What can be paid now, and when that would be."""

    currency: Short = ""
    first: Short = ""
    when: Literal["today", "pay_day"] = "today"
    version: Version = 0


class NowForm(Form[NowInput]):
    """What can you pay now?"""

    purpose = "plan_now"
    outlives = True
    refusals = words.REFUSALS

    def check(self, currency: str, due: int) -> None:
        """An amount that leaves something of what is `due` (minor units) for a plan, or nothing."""
        first, errors = read_first(self.raw, currency)
        self.errors.update(errors)
        if due and first >= due:
            all_of_it = formats.money(due, currency)
            self.add_error(
                "first",
                _(
                    "In all %(amount)s is due. If you can pay that now, you need no plan; else type less.",
                    amount=all_of_it,
                ),
            )


class HouseholdInput(BaseModel):
    """What comes in and goes out each month."""

    income: Short = ""
    spending: Short = ""
    others: Short = ""
    version: Version = 0


class HouseholdForm(Form[HouseholdInput]):
    """What comes in and goes out?"""

    purpose = "plan_household"
    outlives = True
    refusals = words.REFUSALS

    def check(self, currency: str) -> None:
        """Amounts; the income is needed as soon as anything is said."""
        self.errors.update(read_amounts(self.raw, HOUSEHOLD, currency)[1])
        if not str(self.raw["income"]).strip():
            self.add_error("income", _("Type what comes in, or skip this page."))


class DaysInput(BaseModel):
    """How often, and on which day."""

    rhythm: Literal["monthly", "two_weekly", "weekly"]
    pay_day: Short = ""
    first_on: Short = ""
    version: Version = 0


class DaysForm(Form[DaysInput]):
    """When would you like to pay?"""

    purpose = "plan_days"
    outlives = True
    refusals = words.REFUSALS

    def check(self, page: NewPage) -> None:
        """A day that there is."""
        question = Question({name: str(self.raw[name]) for name in ("rhythm", "pay_day", "first_on")})
        read_days(question, page.payday, page.today)
        self.errors.update(question.errors)


class AmountInput(BaseModel):
    """One of the suggestions, or `own`."""

    amount: Short
    version: Version = 0


class AmountForm(Form[AmountInput]):
    """How much each time?"""

    purpose = "plan_amount"
    outlives = True
    refusals = words.REFUSALS


class OwnInput(BaseModel):
    """An amount of one's own, or a number of payments."""

    way: Literal["monthly", "equal"] = "monthly"
    monthly: Short = ""
    payments: Short = ""
    version: Version = 0


class OwnForm(Form[OwnInput]):
    """Which amount of your own?"""

    purpose = "plan_own"
    outlives = True
    refusals = words.REFUSALS


class SendInput(BaseModel):
    """What was looked over, and the consent."""

    version: Version
    seen: Annotated[str, StringConstraints(max_length=64)] = ""
    told: Annotated[str, StringConstraints(max_length=200)] = ""
    consent: Literal["yes"]


class SendForm(Form[SendInput]):
    """Sends a proposal."""

    purpose = "propose_plan"
    outlives = True
    refusals = words.REFUSALS

    def _validate(self) -> None:
        super()._validate()
        if "consent" in self.errors:
            self.errors["consent"] = _("Tick this if you agree. Nothing is sent without it.")


class AgainInput(BaseModel):
    """A plan that ended, offered again: the same, with the smallest change that passes, or with more paid first."""

    which: Literal["same", "change", "larger"] = "same"


class AgainForm(Form[AgainInput]):
    """Offers a plan again."""

    purpose = "plan_again"
    refusals = words.REFUSALS


class DiscardForm(Form[NoEntries]):
    """Throws a draft away."""

    purpose = "plan_discard"
