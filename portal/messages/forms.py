"""What a person chooses about texts to them."""

from typing import Literal

from pydantic import BaseModel

from portal.platform.forms import Form


class ReminderInput(BaseModel):
    """Whether reminders come by text."""

    reminders: Literal["stop", "resume"]


class ReminderForm(Form[ReminderInput]):
    """Stops reminders, or lets them come again."""

    purpose = "reminders"
