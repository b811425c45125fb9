"""What staff type to find something: a number, or a name or phone with the reason for looking."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from portal.platform.forms import Form
from portal.platform.i18n import gettext as _

SearchReason = Literal["person_asks", "open_request", "check"]


class NumberInput(BaseModel):
    """A request number, as typed."""

    number: str = Field(default="", max_length=40)


class NumberForm(Form[NumberInput]):
    """The search in the bar of every staff page."""

    purpose = "search"


class PersonInput(BaseModel):
    """Who is looked for, by name, phone or both, and why."""

    name: str = Field(default="", max_length=120)
    mobile: str = Field(default="", max_length=32)
    because: SearchReason

    @model_validator(mode="after")
    def _says_who(self) -> "PersonInput":
        if not self.name and not self.mobile:
            raise ValueError(_("Type a name or a mobile number."))
        return self


class PersonForm(Form[PersonInput]):
    """Finds people; posted, so that neither name nor phone stands in an address."""

    purpose = "staff_people"
