"""What a person types about a promise: an amount and a day, and another day."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from portal.core.refusal import Refusal
from portal.platform.forms import Form, NoEntries
from portal.platform.typed import read_amount
from portal.promises import words

Short = Annotated[str, StringConstraints(max_length=40)]

_FIELDS = {"promise.amount": "amount", "promise.date": "due_on"}


class PromiseInput(BaseModel):
    """What is promised: for what, how much, by when, and how it will be paid."""

    about: Short = ""
    amount: Short
    due_on: date
    channel: Literal["transfer", "debit", "counter", "other"]


class PromiseForm(Form[PromiseInput]):
    """Makes a promise."""

    purpose = "promise"
    outlives = True
    refusals = words.REFUSALS

    def minor(self, currency: str) -> int:
        """The amount in minor units; 0 with words beside the field where it is none."""
        try:
            return read_amount(str(self.raw["amount"]), currency)
        except ValueError as mistake:
            self.add_error("amount", str(mistake))
            return 0

    def refuse(self, refusal: Refusal) -> None:
        """Say why it cannot be promised, beside the field that it is about, or above the form."""
        name = _FIELDS.get(refusal.code)
        if name:
            self.add_error(name, words.say(refusal))
        else:
            self.form_errors.append(words.say(refusal))


class MoveInput(BaseModel):
    """The new day."""

    to_day: date


class MoveForm(Form[MoveInput]):
    """Moves a promise."""

    purpose = "move_promise"
    refusals = words.REFUSALS


class TakeBackForm(Form[NoEntries]):
    """Takes a promise back."""

    purpose = "take_back_promise"
    refusals = words.REFUSALS
