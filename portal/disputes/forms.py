"""What borrowers and staff send about disputes, and the words for what is refused."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from portal.disputes.queue_queries import QueueFilter
from portal.disputes.tables import DECISION_REASONS, REASONS, UNDECIDED
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import gettext as _
from portal.platform.i18n import lazy

MAX_WORDS = 4_000
BODY_LIMIT = 64_000_000
"""Bytes of a request with files: 60 MB of them and the rest of the form (EV-01)."""

_NOT_OPEN = lazy("This dispute has been answered or withdrawn meanwhile. Nothing was sent.")


class AddInput(BaseModel):
    """More words or files on a dispute."""

    words: str = Field(default="", max_length=MAX_WORDS)
    consent: bool = False
    has_consent: bool = False


class AddForm(Form[AddInput]):
    """Adds to an open dispute."""

    purpose = "dispute_add"
    outlives = True
    refusals = {"not_open": _NOT_OPEN, "changed_meanwhile": _NOT_OPEN, "already_decided": _NOT_OPEN}

    def check(self, consented: bool) -> None:
        """Words or files are there; files need the consent once."""
        if not self.raw.get("words") and not self.files.get("files"):
            self.add_error("words", _("Write something or choose a file."))
        if self.files.get("files") and not consented and not self.raw.get("consent"):
            self.add_error(
                "consent",
                _("Tick this so that we may read your files, and choose them again; or leave the files out."),
            )


class WithdrawForm(Form[NoEntries]):
    """Withdraws a dispute."""

    purpose = "dispute_withdraw"
    refusals = AddForm.refusals


class ConsentForm(Form[NoEntries]):
    """Takes back the consent to read files."""

    purpose = "dispute_consent"


# Staff


class DecideInput(BaseModel):
    """A decision: the act, the ticked rows, why, and the words that the borrower reads."""

    act: Literal["uphold", "not_upheld", "ask", "update"]
    row: list[str] = Field(default=[], max_length=2_000)
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
        if act == "uphold" and not self.raw.get("row"):
            self.add_error("row", _("Tick what is upheld, or choose Not upheld."))
        if act in ("uphold", "not_upheld") and self.raw.get("reason") not in DECISION_REASONS:
            self.add_error("reason", _("Choose a reason."))
        if act in ("uphold", "not_upheld", "ask") and not str(self.raw.get("words", "")).strip():
            self.add_error("words", _("The borrower reads these words. Please write them."))

    @property
    def ticked(self) -> tuple[str, ...]:
        """The rows that are ticked, whatever else is wrong."""
        return tuple(self.raw.get("row") or ())


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


def queue_filter(query: Mapping[str, str]) -> QueueFilter:
    """The filter in an address; what it does not know is left out."""
    reason, state, held = (query.get(name, "") for name in ("reason", "state", "held"))
    page = query.get("page", "1")
    return QueueFilter(
        reason if reason in REASONS else "",
        state if state in UNDECIDED else "",
        held if held in ("me", "nobody") else "",
        min(int(page[:9]), 10_000) if page.isascii() and page.isdigit() and int(page[:9]) > 0 else 1,
    )
