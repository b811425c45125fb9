"""What borrowers and supervisors send about complaints, and the words for what is refused."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from portal.complaints.queries import QueueFilter
from portal.complaints.tables import HAPPENINGS, OUTCOMES, REASONS, STATES
from portal.evidence.uploads import ask_consent, draft_of, has_files
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import gettext as _
from portal.platform.i18n import lazy

MAX_WORDS = 4_000
MAX_LINE = 200
BODY_LIMIT = 64_000_000
"""Bytes of a request with files: 60 MB of them and the rest of the form (EV-01)."""


class ComplaintInput(BaseModel):
    """A new complaint: what happened, and as much more as the person remembers and wants to say."""

    happening: Literal["too_often", "told_others", "pressure", "through_others", "odd_request", "other"]
    words: str = Field(default="", max_length=MAX_WORDS)
    happened_on: date | None = None
    is_rough: bool = False
    about_time: str = Field(default="", max_length=60)
    channel: Literal["", "call", "text", "chat", "email", "letter", "in_person", "other"] = ""
    sender: str = Field(default="", max_length=MAX_LINE)
    who: str = Field(default="", max_length=MAX_LINE)
    wish: list[Literal["stop", "apology", "correction", "know"]] = Field(default=[], max_length=4)
    stop_reminders: bool = False
    consent: bool = False
    has_draft: bool = False
    draft: str = ""


class ComplaintForm(Form[ComplaintInput]):
    """Sends a complaint."""

    purpose = "complaint"
    outlives = True

    def check(self, today: date) -> None:
        """What the model cannot say by itself: something happened, not in the future, and files need consent."""
        if "happening" in self.errors:
            self.errors["happening"] = _("Choose what comes closest.")
        if self.raw.get("happening") == "other" and not str(self.raw.get("words", "")).strip():
            self.add_error("words", _("Tell us in your own words what happened."))
        if self._value is not None and self._value.happened_on is not None and self._value.happened_on > today:
            self.add_error("happened_on", _("This day is still to come. Type the day on which it happened."))
        if _is_no_time(str(self.raw.get("about_time", ""))):
            self.add_error("about_time", _("A day has no such time. Type it as 21:40, or in words."))
        ask_consent(self, has_files(self))

    @property
    def draft(self) -> str:
        """The name under which files wait for the form to be right."""
        return draft_of(self.raw)


def _is_no_time(typed: str) -> bool:
    """Whether something is written as a clock shows it and no clock does; words say what they like."""
    read = re.fullmatch(r"\s*(\d{1,2})\s*[:：]\s*(\d{1,2})\s*", typed)
    if read is None:
        return False
    hour, minute = map(int, read.groups())
    return minute > 59 or hour * 60 + minute > 24 * 60


_NOT_OPEN = lazy("This complaint has been answered or withdrawn meanwhile. Nothing was sent.")


class AddInput(BaseModel):
    """More words or files on a complaint."""

    words: str = Field(default="", max_length=MAX_WORDS)
    consent: bool = False
    has_draft: bool = False
    draft: str = ""


class AddForm(Form[AddInput]):
    """Adds to an open complaint."""

    purpose = "complaint_add"
    outlives = True
    refusals = {
        "not_open": _NOT_OPEN,
        "already_answered": _NOT_OPEN,
        "changed_meanwhile": lazy("We wrote to you meanwhile; see below. What you typed is kept. Send it once more."),
    }

    def check(self, consented: bool) -> None:
        """Words or files are there; files need the consent once."""
        if not str(self.raw.get("words", "")).strip() and not has_files(self):
            self.add_error("words", _("Write something or choose a file."))
        ask_consent(self, has_files(self) and not consented)

    @property
    def draft(self) -> str:
        """The name under which uploaded files wait to be sent."""
        return draft_of(self.raw)


class WithdrawForm(Form[NoEntries]):
    """Withdraws a complaint."""

    purpose = "complaint_withdraw"


class ConsentForm(Form[NoEntries]):
    """Takes back the consent to read files."""

    purpose = "complaint_consent"


# Supervisors


def _answered_by(data: Mapping[str, Any]) -> str:
    return _("%(name)s answered this a moment before you. Nothing was changed by you.", name=data["by"])


STAFF_REFUSALS: Mapping[str, Any] = {
    "already_answered": _answered_by,
    "changed_meanwhile": lazy("This complaint changed since you opened this page. Nothing was changed by you."),
    "not_open": lazy("This complaint was withdrawn meanwhile. Nothing was changed by you."),
    "unknown_staff": lazy("Choose somebody of the staff."),
}


class ReplyInput(BaseModel):
    """An answer or a question: the act, whether it is founded, why, and the words that the person reads."""

    act: Literal["reply", "ask"]
    outcome: str = ""
    reason: str = ""
    words: str = Field(default="", max_length=MAX_WORDS)
    changed: str = Field(default="", max_length=MAX_WORDS)
    version: int = Field(ge=0, le=2**31 - 1)


class ReplyForm(Form[ReplyInput]):
    """Answers a complaint, or asks for more."""

    purpose = "complaint_reply"
    outlives = True
    refusals = STAFF_REFUSALS

    def check(self) -> None:
        """An answer has an outcome, a reason, words, and says what was changed where it is founded."""
        if not str(self.raw.get("words", "")).strip():
            self.add_error("words", _("The person reads these words. Please write them."))
        if self.raw.get("act") != "reply":
            return
        outcome = self.raw.get("outcome")
        if outcome not in OUTCOMES:
            self.add_error("outcome", _("Choose whether it is founded."))
        if self.raw.get("reason") not in REASONS:
            self.add_error("reason", _("Choose a reason."))
        if outcome in ("founded", "partly") and not str(self.raw.get("changed", "")).strip():
            self.add_error("changed", _("Say what was changed because of this complaint."))


class ConcernsInput(BaseModel):
    """Whom of the staff it is about, or is not about after all."""

    account: int = Field(ge=1, le=2**31 - 1)
    version: int = Field(ge=0, le=2**31 - 1)
    act: Literal["shut_out", "let_in"]


class ConcernsForm(Form[ConcernsInput]):
    """Keeps a complaint from somebody, or shows it to them again."""

    purpose = "complaint_concerns"
    refusals = STAFF_REFUSALS


class HeldInput(BaseModel):
    """Take the complaint, or give it back."""

    held: bool = False


class HoldForm(Form[HeldInput]):
    """Takes a complaint to work on it."""

    purpose = "complaint_hold"


def queue_filter(query: Mapping[str, str]) -> QueueFilter:
    """The filter in an address; what it does not know is left out."""
    happening, state, held = (query.get(name, "") for name in ("happening", "state", "held"))
    page = query.get("page", "1")
    return QueueFilter(
        happening if happening in HAPPENINGS else "",
        state if state in STATES else "",
        held if held in ("me", "nobody") else "",
        min(int(page[:9]), 10_000) if page.isascii() and page.isdigit() and int(page[:9]) > 0 else 1,
    )
