"""What borrowers and staff send about settlements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, StringConstraints

from portal.core.money import format_major
from portal.core.refusal import Refusal
from portal.platform.forms import Form
from portal.platform.i18n import gettext as _
from portal.platform.typed import read_amount
from portal.settlements import words
from portal.settlements.offering_queries import DAYS_MOST, OfferPage, Typed

Seen = Annotated[str, StringConstraints(max_length=64)]
Short = Annotated[str, StringConstraints(max_length=40)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
Value = TypeVar("Value", bound=BaseModel)


class SeenInput(BaseModel):
    """A button on figures that were shown."""

    seen: Seen = ""


class QuoteForm(Form[SeenInput]):
    """Gets the quote of the rules."""

    purpose = "get_settlement"
    refusals = words.REFUSALS


class AcceptForm(Form[SeenInput]):
    """Accepts a quote."""

    purpose = "accept_settlement"
    refusals = words.REFUSALS


class AskInput(BaseModel):
    """What one could pay at once, and words beside it."""

    could_pay: Short
    words: Words = ""


_OF_THE_AMOUNT = frozenset({"settlement.below_least", "settlement.enough"})


class AmountForm(Form[Value]):
    """Names what somebody could pay at once, in the field `could_pay`."""

    refusals = words.REFUSALS

    def amount(self, currency: str) -> int:
        """What could be paid, in minor units; 0 with a mistake beside the field where it is no amount."""
        try:
            return read_amount(str(self.raw["could_pay"]), currency)
        except ValueError as mistake:
            self.add_error("could_pay", str(mistake))
            return 0

    def refuse(self, refusal: Refusal) -> None:
        """Say why not, beside the amount if that is it."""
        if refusal.code in _OF_THE_AMOUNT:
            self.add_error("could_pay", words.say(refusal))
        else:
            super().refuse(refusal)


class AskForm(AmountForm[AskInput]):
    """Asks staff for less."""

    purpose = "ask_settlement"
    outlives = True


class ConfirmForm(Form[SeenInput]):
    """Confirms what was written down on the phone."""

    purpose = "confirm_settlement_question"
    refusals = words.REFUSALS


class TakeBackForm(Form[SeenInput]):
    """Takes a request back."""

    purpose = "take_back_settlement"
    refusals = words.REFUSALS


# Staff


@dataclass
class Question:
    """What staff would offer as typed into the address, what it means, and what is wrong with it by field."""

    raw: dict[str, str]
    typed: Typed | None = None
    errors: dict[str, str] = field(default_factory=dict)
    form_errors: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, page: OfferPage) -> "Question":
        """The fields as they begin: with what would meet the request, or what awaits a second person."""
        amount = format_major(page.typed.amount, page.request.currency)
        raw = {"amount": amount, "days": str(page.typed.days), "stops": "1" if page.typed.stops else ""}
        return cls(raw, page.typed)


def read_question(given: Mapping[str, str], currency: str, today: date) -> Question:
    """What is typed; the amount in major units, zero for none."""
    question = Question({name: str(given.get(name, "")) for name in ("amount", "days", "stops")})
    amount, days = 0, question.raw["days"].strip()
    if question.raw["amount"].strip(" 0.,"):
        try:
            amount = read_amount(question.raw["amount"], currency)
        except ValueError as mistake:
            question.errors["amount"] = str(mistake)
    if not (days.isascii() and days.isdigit() and len(days) < 4 and 1 <= int(days) <= DAYS_MOST):
        question.errors["days"] = _("Choose a number from %(first)s to %(last)s.", first=1, last=DAYS_MOST)
    if not question.errors:
        question.typed = Typed(today, amount, int(days), question.raw["stops"] == "1")
    return question


class OfferInput(BaseModel):
    """Staff offer: what is typed once more, on which figures, why, and words to the borrower."""

    amount: Short = ""
    days: Short = ""
    stops: Literal["", "1"] = ""
    seen: Seen = ""
    reason: Literal["hardship", "paid_at_once", "after_dispute", "other_for"]
    words: Words = ""


class OfferForm(Form[OfferInput]):
    """Makes an offer."""

    purpose = "offer_settlement"
    outlives = True
    refusals = words.REFUSALS


class RefuseInput(BaseModel):
    """Staff answer that no more can be taken off: why, and words to the borrower."""

    reason: Literal["too_far_off", "plan_fits_better", "other_against"]
    words: Words = ""


class RefuseForm(Form[RefuseInput]):
    """Says that no more can be taken off."""

    purpose = "refuse_settlement"
    outlives = True
    refusals = words.REFUSALS


class SecondInput(BaseModel):
    """The second person's answer, on the figures seen."""

    seen: Seen = ""
    answer: Literal["confirm", "decline", "take_back"]


class SecondForm(Form[SecondInput]):
    """Settles what awaits a second person."""

    purpose = "second_person_settlement"
    refusals = words.REFUSALS
