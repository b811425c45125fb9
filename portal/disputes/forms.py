"""What borrowers and staff send about disputes, and the words for what is refused."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from portal.core.money import MINOR_DIGITS
from portal.disputes.queue_queries import QueueFilter
from portal.disputes.tables import DECISION_REASONS, READINGS, REASONS, UNDECIDED
from portal.evidence.uploads import ask_consent, draft_of, has_files
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import gettext as _
from portal.platform.i18n import lazy
from portal.platform.typed import read_amount

MAX_WORDS = 4_000
BODY_LIMIT = 64_000_000
"""Bytes of a request with files: 60 MB of them and the rest of the form (EV-01)."""

_NOT_OPEN = lazy("This dispute has been answered or withdrawn meanwhile. Nothing was sent.")


class AddInput(BaseModel):
    """More words or files on a dispute."""

    words: str = Field(default="", max_length=MAX_WORDS)
    consent: bool = False
    has_consent: bool = False
    has_draft: bool = False
    draft: str = ""


class AddForm(Form[AddInput]):
    """Adds to an open dispute."""

    purpose = "dispute_add"
    outlives = True
    refusals = {"not_open": _NOT_OPEN, "changed_meanwhile": _NOT_OPEN, "already_decided": _NOT_OPEN}

    def check(self, consented: bool) -> None:
        """Words or files are there; files need the consent once."""
        if not self.raw.get("words") and not has_files(self):
            self.add_error("words", _("Write something or choose a file."))
        ask_consent(self, has_files(self) and not consented)

    @property
    def draft(self) -> str:
        """The name under which uploaded files wait to be sent."""
        return draft_of(self.raw)


class WithdrawForm(Form[NoEntries]):
    """Withdraws a dispute."""

    purpose = "dispute_withdraw"


class ConsentForm(Form[NoEntries]):
    """Takes back the consent to read files."""

    purpose = "dispute_consent"


# Staff


class DecideInput(BaseModel):
    """A decision: the act, the ticked rows or an amount instead, why, and the words that the borrower reads.

    `need` are codes of what the borrower is asked for.
    """

    act: Literal["uphold", "not_upheld", "ask", "update"]
    row: list[str] = Field(default=[], max_length=2_000)
    less: str = Field(default="", max_length=30)
    currency: str = ""
    need: list[str] = Field(default=[], max_length=20)
    reason: str = ""
    words: str = Field(default="", max_length=MAX_WORDS)
    seen: str
    told: str = ""
    version: int = Field(ge=0, le=2**31 - 1)


def _decided_by(data: Mapping[str, Any]) -> str:
    outcomes = {
        "upheld": _("%(name)s decided this a moment before you: upheld. Nothing was changed by you."),
        "partly": _("%(name)s decided this a moment before you: partly upheld. Nothing was changed by you."),
        "not_upheld": _("%(name)s decided this a moment before you: not upheld. Nothing was changed by you."),
    }
    return outcomes[data["outcome"]] % {"name": data["by"]}


_STAFF_CHANGED = lazy("The figures changed since you opened this page. Nothing was decided; below they are new.")

STAFF_REFUSALS: Mapping[str, Any] = {
    "figures_changed": _STAFF_CHANGED,
    "already_decided": _decided_by,
    "already_proposed": lazy("%(by)s has already sent a decision to a second person. Nothing was changed by you."),
    "changed_meanwhile": lazy("This dispute changed since you opened this page. Nothing was changed by you."),
    "sold": lazy("This contract has a new owner; nothing can be decided here."),
    "more_than_payable": lazy("This is more than the penalty that is still to pay. Nothing was decided."),
    "took_part": lazy("You had a part in the first decision. Another supervisor reviews it."),
    "not_yours": lazy("A supervisor reviews this."),
    "not_open": lazy("Nothing more can be asked about this dispute."),
    "not_the_same": lazy("Something new has come to this dispute. Look at it once more."),
    "own_act": lazy("A second person has to confirm this. You proposed it."),
    "seen_differs": lazy("What you saw is not what was proposed. Please look at it once more."),
    "already_settled": lazy("A second person has already answered this."),
    "already_waiting": lazy("%(by)s has already sent a decision to a second person. Nothing was changed by you."),
}


class DecideForm(Form[DecideInput]):
    """Decides a dispute."""

    purpose = "dispute_decide"
    outlives = True
    refusals = STAFF_REFUSALS

    def check(self) -> None:
        """A decision has rows, a reason and words; a question has words."""
        act = self.raw.get("act")
        less = str(self.raw.get("less", "")).strip()
        if act == "uphold" and not self.raw.get("row") and not less:
            self.add_error("row", _("Tick what is upheld, or choose Not upheld."))
        if act == "uphold" and less and self.less == 0:
            self.add_error("less", _("Type an amount in digits, for example 1000 or 1000.50."))
        if act in ("uphold", "not_upheld") and self.raw.get("reason") not in DECISION_REASONS:
            self.add_error("reason", _("Choose a reason."))
        asks_by_list = act == "ask" and bool(self.raw.get("need"))
        if act in ("uphold", "not_upheld", "ask") and not asks_by_list and not str(self.raw.get("words", "")).strip():
            self.add_error("words", _("The borrower reads these words. Please write them."))

    @property
    def ticked(self) -> tuple[str, ...]:
        """The rows that are ticked, whatever else is wrong."""
        return tuple(self.raw.get("row") or ())

    @property
    def less(self) -> int:
        """The amount that is to be waived instead of nights, in minor units; 0 without one, or one that is none."""
        currency = str(self.raw.get("currency", ""))
        return read_less(str(self.raw.get("less", "")), currency) if currency in MINOR_DIGITS else 0


def read_less(typed: str, currency: str) -> int:
    """An amount as typed, `1,000.00` or `1000`, in minor units; 0 for anything else."""
    try:
        return read_amount(typed, currency)
    except ValueError:
        return 0


class SeenInput(BaseModel):
    """What the second person saw, and what they answer."""

    seen: str = ""
    act: Literal["confirm", "decline"]


class ConfirmForm(Form[SeenInput]):
    """Answers what awaits a second person."""

    purpose = "dispute_confirm"
    refusals = STAFF_REFUSALS


class HeldInput(BaseModel):
    """Take the dispute, or give it back."""

    held: bool = False


class HoldForm(Form[HeldInput]):
    """Takes a dispute to work on it."""

    purpose = "dispute_hold"


class StaffFilesInput(BaseModel):
    """Whether the borrower sees what is attached."""

    shared: bool = False


class StaffFilesForm(Form[StaffFilesInput]):
    """Attaches documents."""

    purpose = "dispute_files"


class NoteInput(BaseModel):
    """A note for colleagues, and to whom the dispute goes with it."""

    words: str = Field(min_length=1, max_length=MAX_WORDS)
    to: int = Field(default=0, ge=0, le=2**31 - 1)


class NoteForm(Form[NoteInput]):
    """Writes a note that only staff see."""

    purpose = "dispute_note"

    def check(self) -> None:
        """A note has words; its page has several small forms, so what is wrong names this one."""
        if not str(self.raw.get("words", "")).strip():
            self.errors["words"] = _("Write the note before you keep it.")


class HandOverForm(Form[NoteInput]):
    """Hands a dispute over to a colleague."""

    purpose = "dispute_hand_over"
    refusals = {"no_such_colleague": lazy("Choose somebody who may decide this dispute.")}

    def check(self) -> None:
        """Somebody is chosen: no colleague is taken for granted."""
        if not self.raw.get("to"):
            self.add_error("to", _("Choose to whom it goes."))


class ReferenceInput(BaseModel):
    """The answer by reference to an earlier one: to which, and the words that the borrower reads."""

    refers_to: str
    words: str = Field(default="", max_length=MAX_WORDS)
    seen: str
    version: int = Field(ge=0, le=2**31 - 1)


class ReferenceForm(Form[ReferenceInput]):
    """Answers a dispute by reference to an earlier one."""

    purpose = "dispute_reference"
    refusals = STAFF_REFUSALS


def queue_filter(query: Mapping[str, str], queue: str = "disputes") -> QueueFilter:
    """The filter in an address; what it does not know is left out."""
    reason, state, held, result = (query.get(name, "") for name in ("reason", "state", "held", "result"))
    page = query.get("page", "1")
    return QueueFilter(
        reason if reason in REASONS else "",
        state if state in UNDECIDED else "",
        held if held in ("me", "nobody") else "",
        min(int(page[:9]), 10_000) if page.isascii() and page.isdigit() and int(page[:9]) > 0 else 1,
        result if result in READINGS else "",
        queue,
    )
