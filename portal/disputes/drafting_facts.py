"""The entries of a dispute that was not sent yet, as its draft keeps them between the steps."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from portal.disputes.ticks import Ticks


class Content(BaseModel):
    """What was ticked, chosen and typed so far; `typed` are the facts of the reasons as they were typed.

    `refused` says of each file of the last upload that could not be taken why; `through` that every step was passed
    once, so that changing an answer leads back to where it is looked over.
    """

    model_config = ConfigDict(frozen=True)

    stretch: tuple[str, ...] | None = None
    night: tuple[str, ...] = ()
    late_fee: bool = False
    reason: str = ""
    typed: dict[str, str] = {}
    words: str = ""
    refused: tuple[dict[str, Any], ...] = ()
    through: bool = False

    @property
    def ticks(self) -> Ticks:
        return Ticks(self.stretch, self.night, self.late_fee)

    def with_changes(self, **changes: Any) -> "Content":
        """The same with what one step says; what was typed for another reason is kept."""
        typed = {**self.typed, **changes.pop("typed", {})}
        return self.model_copy(update={**changes, "typed": typed})


def read_content(text: str) -> Content:
    """The entries of a draft, none where they cannot be read."""
    try:
        return Content.model_validate_json(text)
    except ValidationError:
        return Content()
