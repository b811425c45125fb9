"""What the script of an upload sends: one form for every act, so that a page needs one token for all of them."""

from pydantic import BaseModel, Field

from portal.evidence.file_kinds import MAX_FILE_BYTES
from portal.platform.forms import Form, NoEntries


class AnnouncedInput(BaseModel):
    """A file that is about to come. Too large a size is refused with words, not as a mistake of the form."""

    draft: str = Field(pattern=r"^[a-z2-9]{16}$")
    place: str = Field(default="", max_length=200)
    name: str = Field(min_length=1, max_length=1_000)
    size: int = Field(ge=0, le=2**53)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class AnnouncedForm(Form[AnnouncedInput]):
    """Announces a file."""

    purpose = "upload"


class DraftFilesForm(Form[NoEntries]):
    """Adds whole files to a draft, without a script."""

    purpose = "draft_files"


class TogetherInput(BaseModel):
    """The photos of a draft in their order, those that are chosen, and a button: `together`, `up:…` or `down:…`."""

    photo: list[str] = Field(default=[], max_length=50)
    chosen: list[str] = Field(default=[], max_length=50)
    act: str = Field(default="together", max_length=50)


class TogetherForm(Form[TogetherInput]):
    """Orders photos, and puts them together."""

    purpose = "together"


class PartInput(BaseModel):
    """Where a part begins, and the hash of its bytes."""

    start: int = Field(ge=0, le=MAX_FILE_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class PartForm(Form[PartInput]):
    """Sends a part of a file."""

    purpose = "upload"
