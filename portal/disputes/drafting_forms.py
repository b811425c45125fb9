"""What a borrower answers, step by step, before a dispute is sent: nights, reason, its facts, files, consent."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from portal.disputes import particulars as facts
from portal.disputes.particulars import Channel, Figure, Line, Particulars, Passage
from portal.disputes.ticks import Ticks
from portal.evidence.uploads import ask_consent
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import gettext as _
from portal.platform.i18n import lazy
from portal.platform.typed import plain_entry, read_amount

MAX_WORDS = 4_000

Reason = Literal["funds", "paid", "amount", "not_mine", "lent", "explained", "claim", "hardship", "other"]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]


def _open_dispute(data: Mapping[str, Any]) -> str:
    return _(
        "Some of this is already disputed under number %(number)s. Tick other lines, or add to that dispute.",
        number=data["number"],
    )


REFUSALS: Mapping[str, Any] = {
    "figures_changed": lazy(
        "The figures changed while you were writing: a day ended, or new bookings came in. "
        "What you typed is kept; nothing has been sent."
    ),
    "draft_changed": lazy("This was changed meanwhile. Nothing was sent. Please look it over once more."),
    "draft_incomplete": lazy("Something is still missing. Nothing was sent."),
    "drafts_too_many": lazy("You have %(limit)s disputes that are not sent yet. Send or delete one of them first."),
    "nothing_ticked": lazy("Tick what you see differently."),
    "file_dispute.dispute": _open_dispute,
    "disputed_by_another": lazy("Some of this cannot be chosen at present. Tick other lines."),
    "file_dispute.incapacity": lazy("At present only the representative can do this. Please ring us."),
    "file_dispute.sold": lazy("This contract has a new owner. Please turn to them."),
}


class NightsInput(BaseModel):
    """What is ticked, and the figures that were seen beside it."""

    stretch: list[str] = Field(default=[], max_length=2_000)
    night: list[str] = Field(default=[], max_length=400)
    late_fee: bool = False
    seen: str = ""
    told: str = ""
    version: Version = 0


class NightsForm(Form[NightsInput]):
    """Which nights?"""

    purpose = "dispute_nights"
    outlives = True
    refusals = REFUSALS

    def check(self) -> None:
        """Something is ticked."""
        if not (self.raw.get("stretch") or self.raw.get("night") or self.raw.get("late_fee")):
            self.add_error("stretch", _("Tick what you see differently."))

    @property
    def ticks(self) -> Ticks:
        """What is ticked, whatever else is wrong."""
        stretch, night = self.raw.get("stretch") or [], self.raw.get("night") or []
        return Ticks(tuple(stretch), tuple(night), bool(self.raw.get("late_fee")))


class ReasonInput(BaseModel):
    """Why."""

    reason: Reason
    version: Version = 0


class ReasonForm(Form[ReasonInput]):
    """Why is it seen differently?"""

    purpose = "dispute_reason"
    outlives = True
    refusals = REFUSALS

    def check(self) -> None:
        """A reason is chosen."""
        if "reason" in self.errors:
            self.errors["reason"] = _("Choose the reason that fits best.")


class DetailsInput(BaseModel):
    """Own words; the facts of each reason are read apart, from the same entries."""

    words: str = Field(default="", max_length=MAX_WORDS)
    version: Version = 0


class DetailsForm(Form[DetailsInput]):
    """What does this reason need?"""

    purpose = "dispute_details"
    outlives = True
    refusals = REFUSALS

    def check(self, reason: str, currency: str, today: date) -> None:
        """The facts of the reason are right; a reason that asks for none needs words."""
        self.errors.update(read_facts(reason, self.raw, currency, today).errors)
        if reason == "other" and not str(self.raw["words"]).strip():
            self.add_error("words", _("Write in your own words what you see differently."))


class FilesInput(NoEntries):
    """Only files."""


class FilesForm(Form[FilesInput]):
    """What shows it?"""

    purpose = "dispute_files"
    outlives = True
    refusals = REFUSALS


class SendInput(BaseModel):
    """What was looked over, and the consent that files need."""

    version: Version
    seen: str = ""
    told: str = ""
    files: str = ""
    consent: bool = False


class SendForm(Form[SendInput]):
    """Sends the dispute."""

    purpose = "dispute_send"
    outlives = True
    refusals = REFUSALS

    def check(self, has_files: bool) -> None:
        """Files need the consent."""
        ask_consent(self, has_files)


class DiscardForm(Form[NoEntries]):
    """Throws a draft away."""

    purpose = "dispute_discard"


# --- The facts of each reason -------------------------------------------------------------------------------------

Value = TypeVar("Value", bound=BaseModel)


Tail = Annotated[str, BeforeValidator(plain_entry), StringConstraints(pattern=r"^[0-9]{4}$")]
Typed = Annotated[str, StringConstraints(max_length=40)]
NeededLine = Annotated[Line, Field(min_length=1)]


class Facts(Form[Value]):
    """The entries about one reason. They are typed among those of `DetailsForm` and come in no form of their own."""

    purpose = DetailsForm.purpose

    def check(self, currency: str, today: date) -> None:
        """What the model cannot say by itself."""

    def particulars(self, currency: str) -> Particulars:
        """What is kept; only of entries that are ok."""
        raise NotImplementedError

    def minor(self, name: str, currency: str) -> int | None:
        """An amount in minor units; what is wrong with it is said beside it."""
        if not plain_entry(str(self.raw[name])):
            return None
        try:
            return read_amount(str(self.raw[name]), currency, zero=True)
        except ValueError as mistake:
            self.errors[name] = str(mistake)
            return None

    def not_after(self, name: str, today: date) -> None:
        """A day that has been, whatever else is wrong; one that is no day is said already."""
        if name in self.errors:
            return
        try:
            day = date(*(int(str(self.raw[f"{name}_{part}"])) for part in ("year", "month", "day")))
        except ValueError:  # left empty
            return
        if day > today:
            self.add_error(name, _("This day is still to come."))

    def needed(self, **words: str) -> None:
        """Say of each entry that is missing what it is."""
        for name, said in words.items():
            if name in self.errors and not str(self.raw[name]).strip():
                self.errors[name] = said

    def in_order(self) -> None:
        """What is wrong, in the order of the entries."""
        places = {name: place for place, name in enumerate(self.model.model_fields)}
        self.errors = dict(sorted(self.errors.items(), key=lambda each: places.get(each[0], len(places))))


class FundsInput(BaseModel):
    """Which account."""

    tail: Tail
    holder: Line = ""


class FundsFacts(Facts[FundsInput]):
    """The money was there."""

    def check(self, currency: str, today: date) -> None:
        """Four digits, however they were typed."""
        if "tail" in self.errors:
            self.errors["tail"] = _("Type the last four digits of the account.")

    def particulars(self, currency: str) -> Particulars:
        """The account."""
        return facts.Funds(tail=self.value.tail, holder=self.value.holder)


class PaidInput(BaseModel):
    """When, how much, by which way."""

    paid_on: date
    paid: Typed = Field(min_length=1)
    channel: Channel


class PaidFacts(Facts[PaidInput]):
    """It was paid."""

    def check(self, currency: str, today: date) -> None:
        """A payment that has been made."""
        if self.minor("paid", currency) == 0:
            self.add_error("paid", _("Type an amount above zero."))
        if "channel" in self.errors:
            self.errors["channel"] = _("Choose the way by which you paid.")
        self.not_after("paid_on", today)

    def particulars(self, currency: str) -> Particulars:
        """The payment."""
        value = self.value
        return facts.Paid(paid_on=value.paid_on, amount=self.minor("paid", currency) or 0, channel=value.channel)


class AmountInput(BaseModel):
    """Which figure, and what it should be."""

    figure: Figure
    should_be: Typed = ""


class AmountFacts(Facts[AmountInput]):
    """A figure is wrong."""

    def check(self, currency: str, today: date) -> None:
        """A figure is chosen, and the right one is an amount."""
        self.minor("should_be", currency)
        if "figure" in self.errors:
            self.errors["figure"] = _("Choose the figure that is wrong.")

    def particulars(self, currency: str) -> Particulars:
        """The figure."""
        return facts.WrongAmount(figure=self.value.figure, should_be=self.minor("should_be", currency))


class NotMineInput(BaseModel):
    """Since when it is known, and where it was reported."""

    noticed_on: date | None = None
    report: Line = ""


class NotMineFacts(Facts[NotMineInput]):
    """The name was misused."""

    def check(self, currency: str, today: date) -> None:
        """A day that has been."""
        self.not_after("noticed_on", today)

    def particulars(self, currency: str) -> Particulars:
        """The misuse."""
        return facts.NotMine(noticed_on=self.value.noticed_on, report=self.value.report)


class ExplainedInput(BaseModel):
    """What was said, when, by whom."""

    told_you: Passage = Field(min_length=1)
    told_when: Line = ""
    told_by: Line = ""


class ExplainedFacts(Facts[ExplainedInput]):
    """Something was never explained."""

    def check(self, currency: str, today: date) -> None:
        """What was said is needed."""
        self.needed(told_you=_("Write what you were told."))

    def particulars(self, currency: str) -> Particulars:
        """What was said."""
        value = self.value
        return facts.Explained(told=value.told_you, told_when=value.told_when, told_by=value.told_by)


class ClaimInput(BaseModel):
    """The claim's number, the insurer, the last answer."""

    claim_number: NeededLine
    insurer: NeededLine
    last_answer: Passage = ""


class ClaimFacts(Facts[ClaimInput]):
    """A claim is open."""

    def check(self, currency: str, today: date) -> None:
        """The claim has a number and an insurer."""
        self.needed(claim_number=_("Type the number of the claim."), insurer=_("Type the name of the insurer."))

    def particulars(self, currency: str) -> Particulars:
        """The claim."""
        return facts.Claim(**self.value.model_dump())


class NoFacts(Facts[NoEntries]):
    """A reason that asks for nothing."""

    kept: ClassVar[Particulars] = facts.Other()

    def particulars(self, currency: str) -> Particulars:
        """The reason alone."""
        return self.kept


class LentFacts(NoFacts):
    """Someone else used the money."""

    kept = facts.Lent()


class HardshipFacts(NoFacts):
    """It cannot be paid at present."""

    kept = facts.Hardship()


FACTS: Mapping[str, type[Facts[Any]]] = {
    "funds": FundsFacts,
    "paid": PaidFacts,
    "amount": AmountFacts,
    "not_mine": NotMineFacts,
    "lent": LentFacts,
    "explained": ExplainedFacts,
    "claim": ClaimFacts,
    "hardship": HardshipFacts,
    "other": NoFacts,
}


def read_facts(reason: str, entries: Mapping[str, Any], currency: str, today: date) -> Facts[Any]:
    """The entries about a reason, looked at: right, or with what is wrong beside each."""
    read = FACTS[reason].taken(entries)
    read.check(currency, today)
    read.in_order()
    return read


def typed_facts(reason: str, entries: Mapping[str, Any]) -> dict[str, str]:
    """Of the entries those about a reason, as they were typed."""
    parts = ("", "_day", "_month", "_year")
    names = (f"{name}{part}" for name in FACTS[reason].model.model_fields for part in parts)
    return {name: str(entries[name])[:1_000] for name in names if name in entries}
