"""What a person types about a promise: an amount and a day, and another day."""

import unicodedata
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from portal.core.money import parse_major
from portal.core.refusal import Refusal
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import gettext as _
from portal.promises import words

Short = Annotated[str, StringConstraints(max_length=40)]

LARGEST = 10**15
"""More than any amount here, in minor units; what is typed beyond it is a slip."""

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
        typed = unicodedata.normalize("NFKC", str(self.raw["amount"])).replace(" ", "").replace(",", "").strip()
        try:
            amount = parse_major(typed, currency)
        except ValueError:
            self.add_error("amount", _("Type an amount in digits, for example 1000 or 1000.50."))
            return 0
        if not 0 < amount <= LARGEST:
            self.add_error("amount", _("Type an amount above zero."))
            return 0
        return amount

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
