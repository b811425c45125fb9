"""What a person may say of a hard time, none of which is needed."""

from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from portal.plans import words
from portal.platform.forms import Form, NoEntries


class PauseInput(BaseModel):
    """What has changed, in words if wished, and the consent to keep that."""

    change: Literal["none", "work", "illness", "accident", "other"] = "none"
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""
    consent: Literal["", "yes"] = ""


class PauseForm(Form[PauseInput]):
    """Pauses reminders."""

    purpose = "pause_reminders"
    outlives = True
    refusals = words.REFUSALS


class GoOnForm(Form[NoEntries]):
    """Ends the pause."""

    purpose = "reminders_go_on"
    refusals = words.REFUSALS


class DeleteForm(Form[NoEntries]):
    """Deletes what was said."""

    purpose = "delete_hardship_said"
    refusals = words.REFUSALS
