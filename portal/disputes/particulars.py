"""The facts that a reason asks for, each typed: what is kept with a dispute, shown to its person and to staff.

Amounts are minor units of the dispute's currency. Nothing here is asked of everybody (domain.md 7).
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

CHANNELS = ("bank", "app", "wechat", "alipay", "counter", "other")
FIGURES = ("penalty", "late_fee", "instalment", "payment")

Channel = Literal["bank", "app", "wechat", "alipay", "counter", "other"]
Figure = Literal["penalty", "late_fee", "instalment", "payment"]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
Passage = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True)


class Funds(_Facts):
    """The money was there: in which account, by its last four digits and its holder."""

    reason: Literal["funds"] = "funds"
    tail: str = ""
    holder: str = ""


class Paid(_Facts):
    """It was paid: when, how much, by which way."""

    reason: Literal["paid"] = "paid"
    paid_on: date
    amount: int
    channel: Channel


class WrongAmount(_Facts):
    """A figure is wrong: which, and what it should be, where that is known."""

    reason: Literal["amount"] = "amount"
    figure: Figure
    should_be: int | None = None


class NotMine(_Facts):
    """Somebody misused the name: since when it is known, and under which number it was reported."""

    reason: Literal["not_mine"] = "not_mine"
    noticed_on: date | None = None
    report: str = ""


class Lent(_Facts):
    """Someone else used the money. Nothing is asked: least of all who it was."""

    reason: Literal["lent"] = "lent"


class Explained(_Facts):
    """Something was never explained: what was said instead, when, by whom."""

    reason: Literal["explained"] = "explained"
    told: str
    told_when: str = ""
    told_by: str = ""


class Claim(_Facts):
    """An insurer has not decided: its number, its name, its last answer."""

    reason: Literal["claim"] = "claim"
    claim_number: str
    insurer: str
    last_answer: str = ""


class Hardship(_Facts):
    """It cannot be paid at present. No reason is asked for."""

    reason: Literal["hardship"] = "hardship"


class Other(_Facts):
    """What fits nothing else is said in one's own words."""

    reason: Literal["other"] = "other"


Particulars = Funds | Paid | WrongAmount | NotMine | Lent | Explained | Claim | Hardship | Other

_ANY: TypeAdapter[Particulars] = TypeAdapter(Annotated[Particulars, Field(discriminator="reason")])


def particulars_text(particulars: Particulars) -> str:
    """As they are kept with a dispute."""
    return particulars.model_dump_json()


def read_particulars(text: str) -> Particulars | None:
    """As they were kept; None of a dispute from before they were asked for."""
    try:
        return _ANY.validate_json(text)
    except ValidationError:
        return None
