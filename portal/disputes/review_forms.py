"""What a borrower sends to have a decision reviewed."""

from pydantic import BaseModel, Field

from portal.disputes.forms import MAX_WORDS, AddForm
from portal.evidence.uploads import ask_consent, draft_of, has_files
from portal.platform.forms import Form
from portal.platform.i18n import gettext as _
from portal.platform.i18n import lazy


class ReviewInput(BaseModel):
    """Why a decision should be looked at again, in own words, and the consent that files need."""

    words: str = Field(default="", max_length=MAX_WORDS)
    consent: bool = False
    has_draft: bool = False
    draft: str = ""


class ReviewForm(Form[ReviewInput]):
    """Asks for the review of a decision."""

    purpose = "dispute_review"
    outlives = True
    refusals = {
        "no_review": lazy("A review of this decision can no longer be asked for. Nothing was sent."),
        **AddForm.refusals,
    }

    def check(self, consented: bool) -> None:
        """Words are there; files need the consent once."""
        if not str(self.raw.get("words", "")).strip():
            self.add_error("words", _("Write what we should look at again."))
        ask_consent(self, has_files(self) and not consented)

    @property
    def draft(self) -> str:
        """The name under which uploaded files wait to be sent."""
        return draft_of(self.raw)
