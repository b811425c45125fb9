"""What a borrower chooses while a plan runs, and what staff decide about one that was evaluated."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from portal.plans import running_words
from portal.platform.forms import Form, NoEntries

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


class MoveInput(BaseModel):
    """The new day of a payment."""

    to_day: date


class MovePaymentForm(Form[MoveInput]):
    """Moves a payment."""

    purpose = "move_plan_payment"
    refusals = running_words.REFUSALS


class SkipPaymentForm(Form[NoEntries]):
    """Leaves a payment out."""

    purpose = "skip_plan_payment"
    refusals = running_words.REFUSALS


class CannotForm(Form[NoEntries]):
    """Says that a payment cannot be made."""

    purpose = "cannot_pay_plan"
    refusals = running_words.REFUSALS


class SayInput(BaseModel):
    """Words to whoever looks at the plan."""

    words: Said


class SayForm(Form[SayInput]):
    """Writes to us about a plan."""

    purpose = "say_on_plan"
    outlives = True
    refusals = running_words.REFUSALS


class EvaluationInput(BaseModel):
    """Staff end a plan or let it go on: on which trace, and words to the borrower."""

    answer: Literal["end", "go_on"]
    seen: Annotated[str, StringConstraints(max_length=64)] = ""
    words: Words = ""


class EvaluationForm(Form[EvaluationInput]):
    """Decides about an evaluated plan."""

    purpose = "decide_evaluation"
    outlives = True
    refusals = running_words.REFUSALS
