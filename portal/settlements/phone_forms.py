"""What staff write down on the phone about a settlement."""

from pydantic import BaseModel

from portal.platform.forms import Form, NoEntries
from portal.settlements import words
from portal.settlements.forms import AmountForm, Short, Words


class WriteInput(BaseModel):
    """Whose loan, what they could pay at once, and words beside it."""

    person: Short
    loan: Short
    could_pay: Short
    words: Words = ""


class WriteForm(AmountForm[WriteInput]):
    """Writes a question down."""

    purpose = "write_settlement_question"
    outlives = True


class WrittenBackForm(Form[NoEntries]):
    """Takes one back before it is confirmed."""

    purpose = "take_back_settlement_question"
    refusals = words.REFUSALS
