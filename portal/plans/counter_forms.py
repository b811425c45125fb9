"""What staff type for a counter-offer, and the borrower's tap that accepts one."""

from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from portal.plans import words
from portal.plans.forms import Short, Words
from portal.platform.forms import Form


class CounterInput(BaseModel):
    """Another plan: its terms as the proposal has them, whether the penalty stops, why, and words to the borrower."""

    currency: Short = ""
    first: Short = ""
    when: Short = ""
    way: Short = ""
    monthly: Short = ""
    payments: Short = ""
    pay_day: Short = ""
    seen: Annotated[str, StringConstraints(max_length=64)] = ""
    told: Annotated[str, StringConstraints(max_length=200)] = ""
    freeze: Literal["0", "1"] = "0"
    reason: Literal["within_limits", "small_excess", "hardship", "other_for"]
    words: Words = ""


class CounterForm(Form[CounterInput]):
    """Offers another plan."""

    purpose = "counter_plan"
    outlives = True
    refusals = words.REFUSALS


class OfferBackInput(BaseModel):
    """Which counter-offer was shown, and words to the borrower."""

    mark: Annotated[str, StringConstraints(max_length=64)] = ""
    words: Words = ""


class OfferBackForm(Form[OfferBackInput]):
    """Takes a counter-offer back."""

    purpose = "take_back_counter"
    outlives = True
    refusals = words.REFUSALS


class AcceptInput(BaseModel):
    """Which counter-offer was shown."""

    mark: Annotated[str, StringConstraints(max_length=64)] = ""


class AcceptForm(Form[AcceptInput]):
    """Accepts a counter-offer."""

    purpose = "accept_counter"
    refusals = words.REFUSALS
