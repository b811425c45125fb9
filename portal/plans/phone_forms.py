"""What staff write down on the phone, and what the borrower says about it."""

from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from portal.plans import words
from portal.plans.forms import Short
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import gettext as _


class WriteInput(BaseModel):
    """The answers of a borrower on the phone, and the figures seen beside them."""

    person: Annotated[str, StringConstraints(max_length=64)]
    seen: Annotated[str, StringConstraints(max_length=64)] = ""
    currency: Short = ""


class WriteForm(Form[WriteInput]):
    """Writes a proposal down."""

    purpose = "write_phone_proposal"
    outlives = True
    refusals = words.REFUSALS


class ConfirmInput(BaseModel):
    """The figures seen, and the consent."""

    seen: Annotated[str, StringConstraints(max_length=64)] = ""
    told: Annotated[str, StringConstraints(max_length=200)] = ""
    consent: Literal["yes"]


class ConfirmForm(Form[ConfirmInput]):
    """Confirms a proposal that was written down on the phone."""

    purpose = "confirm_phone_proposal"
    outlives = True
    refusals = words.REFUSALS

    def _validate(self) -> None:
        super()._validate()
        if "consent" in self.errors:
            self.errors["consent"] = _("Tick this if you agree. Nothing is sent without it.")


class DeclineForm(Form[NoEntries]):
    """Declines one."""

    purpose = "decline_phone_proposal"
    refusals = words.REFUSALS


class TakeBackForm(Form[NoEntries]):
    """Takes one back."""

    purpose = "take_back_phone_proposal"
    refusals = words.REFUSALS
