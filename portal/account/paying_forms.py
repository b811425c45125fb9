"""What people send about paying: what they have paid, an amount to share, and what staff answer."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from portal.core.refusal import Refusal
from portal.evidence.uploads import ask_consent, draft_of, has_files
from portal.platform import formats
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import Lazy, lazy
from portal.platform.i18n import gettext as _
from portal.platform.typed import read_amount

BODY_LIMIT = 64_000_000
"""Bytes of a request with slips: 60 MB of them and the rest of the form (EV-01)."""

Short = Annotated[str, StringConstraints(max_length=40)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]

CHANNELS: Mapping[str, Lazy] = {
    "transfer": lazy("Bank transfer"),
    "card": lazy("Card"),
    "app": lazy("Payment app"),
    "cash": lazy("Cash at a counter"),
    "somebody_else": lazy("Somebody paid for me"),
    "other": lazy("Another way"),
}

STATES: Mapping[str, Lazy] = {
    "waiting": lazy("Not here yet"),
    "found": lazy("Arrived"),
    "not_found": lazy("Not found"),
    "withdrawn": lazy("Taken back"),
}
STATE_KINDS: Mapping[str, str] = {"waiting": "wait", "found": "ok"}
"""The look of a state's tag; the others are plain."""


def _answered(data: Mapping[str, Any]) -> str:
    if data.get("by"):
        return _("%(name)s has answered this already: %(state)s.", name=data["by"], state=str(STATES[data["state"]]))
    return _("This has been answered already: %(state)s.", state=str(STATES[data["state"]]))


def _too_much(data: Mapping[str, Any]) -> str:
    if not data["most"]:
        return _("Nothing is left to pay, so there is no amount to share.")
    most, until = formats.money(data["most"], data["currency"]), formats.long_date(data["until"])
    return _(
        "Type %(amount)s or less. That pays off everything up to %(date)s; more is not needed.", amount=most, date=until
    )


REFUSALS: Mapping[str, Any] = {
    "notice.sold": lazy("This contract now belongs to somebody else. Please ask the new owner."),
    "notice.twice": lazy("You told us of this payment already: %(number)s. You need do nothing more."),
    "notice.answered": _answered,
    "notice.changed": lazy("This has changed since you opened this page. Nothing was changed by you."),
    "notice.unknown_payment": lazy("This payment answers something else already. Choose another one."),
    "link.too_many": lazy("%(most)s links work at present. Take one back first."),
    "link.too_much": _too_much,
    "link.sold": lazy("This contract now belongs to somebody else. Please ask the new owner."),
    "link.not_yours": lazy("Only the borrower can share this."),
    "files_too_many": lazy("These are too many files. At most %(limit)s."),
    "files_too_large": lazy("These files are too large together."),
}


class PaidInput(BaseModel):
    """What was paid: how much, when, which way; slips need the consent to read them."""

    amount: Short
    paid_on: date
    channel: Literal["transfer", "card", "app", "cash", "somebody_else", "other"]
    words: Words = ""
    consent: bool = False
    has_draft: bool = False
    draft: str = ""


class PaidForm(Form[PaidInput]):
    """Says that one has paid."""

    purpose = "say_paid"
    outlives = True
    refusals = REFUSALS

    def check(self, currency: str, today: date) -> int:
        """What the model cannot say by itself; the amount in minor units, 0 where it is none."""
        amount = _amount(self, currency)
        if self._value is not None and self._value.paid_on > today:
            self.add_error("paid_on", _("This day is still to come. Type the day on which you paid."))
        ask_consent(self, has_files(self))
        return amount

    @property
    def draft(self) -> str:
        """The name under which files wait for the form to be right."""
        return draft_of(self.raw)


class TakeBackForm(Form[NoEntries]):
    """Takes back what one said."""

    purpose = "take_back_paid"
    refusals = REFUSALS


class ConsentForm(Form[NoEntries]):
    """Takes back the consent to read one's slips."""

    purpose = "slip_consent"


class ShareInput(BaseModel):
    """The amount that somebody who pays will see."""

    amount: Short


class ShareForm(Form[ShareInput]):
    """Makes a link for somebody who pays."""

    purpose = "share_payment"
    outlives = True
    refusals = REFUSALS

    def check(self, currency: str) -> int:
        """The amount in minor units, 0 with a mistake where it is none."""
        return _amount(self, currency)

    def refuse(self, refusal: Refusal) -> None:
        """An amount above all that is owed is a mistake of its field."""
        if refusal.code == "link.too_much":
            self.add_error("amount", _too_much(refusal.data))
        else:
            super().refuse(refusal)


class RevokeForm(Form[NoEntries]):
    """Takes a link back."""

    purpose = "revoke_payment_link"
    refusals = REFUSALS


class AnswerInput(BaseModel):
    """What staff answer: the payment it was, empty for none, and words to the person."""

    version: int = Field(ge=1, le=2**31 - 1)
    found: Literal["yes", "no"]
    payment_ref: Annotated[str, StringConstraints(max_length=200)] = ""
    words: Words = ""


class AnswerForm(Form[AnswerInput]):
    """Answers what somebody said to have paid."""

    purpose = "answer_paid"
    outlives = True
    refusals = REFUSALS

    def check(self) -> None:
        """A payment is named where one was found, and words say what is missing where none was."""
        if self.raw.get("found") == "yes" and not self.raw.get("payment_ref"):
            self.add_error("payment_ref", _("Choose the payment."))
        if self.raw.get("found") == "no" and not str(self.raw.get("words", "")).strip():
            self.add_error("words", _("The borrower reads these words. Please write them."))


def _amount(form: Form[Any], currency: str) -> int:
    if not form.raw.get("amount"):
        return 0  # said by the model
    try:
        return read_amount(str(form.raw["amount"]), currency)
    except ValueError as mistake:
        form.add_error("amount", str(mistake))
        return 0
