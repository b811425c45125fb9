"""What is typed about a file: the password of a PDF, used once and kept nowhere, and what its columns mean."""

from typing import ClassVar

from pydantic import BaseModel, Field, field_validator

from portal.evidence.column_facts import fault_of
from portal.evidence.statements.headers import Meaning
from portal.platform.forms import Form
from portal.platform.i18n import gettext as _
from portal.platform.i18n import lazy


class PasswordInput(BaseModel):
    """The password of one PDF."""

    password: str = Field(min_length=1, max_length=128)


class PasswordForm(Form[PasswordInput]):
    """Unlocks a PDF."""

    purpose = "unlock_file"


class ColumnsInput(BaseModel):
    """What each column means, in the order in which they were asked; staff can say so for every such file."""

    meaning: list[Meaning] = Field(max_length=80)
    for_everybody: bool = False

    @field_validator("meaning")
    @classmethod
    def _enough(cls, meanings: list[Meaning]) -> list[Meaning]:
        fault = fault_of(meanings)
        if fault:
            raise ValueError(_FAULTS[fault]())
        return meanings


class ColumnsForm(Form[ColumnsInput]):
    """Names the columns of a statement."""

    purpose = "name_columns"
    refusals: ClassVar = {
        "columns_changed": lazy("These are not the columns of this file any more. Look at the page anew."),
        "columns_password": lazy(
            "This PDF has a password, which we did not keep. Send it again: what you said of its columns is kept."
        ),
        "columns_unfit": lazy("With these columns the file cannot be read. Look at them once more."),
    }


_FAULTS = {
    "choice": lambda: _("Choose one of the answers."),
    "date": lambda: _("Say which column has the date."),
    "amount": lambda: _("Say which column has the amount, or which two have money in and money out."),
    "both": lambda: _("An amount with a sign and money in or out say the same. Choose one of the two ways."),
    "twice": lambda: _("Only the description can stand in more than one column."),
}
