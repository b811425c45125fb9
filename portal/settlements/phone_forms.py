"""What staff write down on the phone about a settlement."""

from pydantic import BaseModel

from portal.platform.forms import Form, NoEntries
from portal.platform.typed import read_amount
from portal.settlements import words
from portal.settlements.forms import Short, Words


class WriteInput(BaseModel):
    """Whose loan, what they could pay at once, and words beside it."""

    person: Short
    loan: Short
    could_pay: Short
    words: Words = ""


class WriteForm(Form[WriteInput]):
    """Writes a question down."""

    purpose = "write_settlement_question"
    outlives = True
    refusals = words.REFUSALS

    def amount(self, currency: str) -> int:
        """What could be paid, in minor units; 0 with a mistake beside the field where it is no amount."""
        try:
            return read_amount(str(self.raw["could_pay"]), currency)
        except ValueError as mistake:
            self.add_error("could_pay", str(mistake))
            return 0


class WrittenBackForm(Form[NoEntries]):
    """Takes one back before it is confirmed."""

    purpose = "take_back_settlement_question"
    refusals = words.REFUSALS
