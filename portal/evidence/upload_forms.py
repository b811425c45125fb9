"""What the script of an upload sends: one form for every act, so that a page needs one token for all of them."""

import re
from typing import Literal

from pydantic import BaseModel, Field, field_validator

from portal.evidence.cover_actions import BANDS, WHOLE
from portal.evidence.file_kinds import MAX_FILE_BYTES
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import gettext as _

_LINE = re.compile(r"[0-9]{1,3}-[0-9]{1,8}")
_BOX = re.compile(r"\d{1,4},\d{1,4},\d{1,4},\d{1,4}")


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


class CoverInput(BaseModel):
    """What is covered of one page: bands by number from the top, and boxes `left,top,width,height` in thousandths."""

    band: list[int] = Field(default=[], max_length=BANDS)
    box: list[str] = Field(default=[], max_length=100)
    act: Literal["cover", "undo"] = "cover"

    @field_validator("band")
    @classmethod
    def _bands(cls, given: list[int]) -> list[int]:
        if not all(0 <= band < BANDS for band in given):
            raise ValueError(_("Choose one of the answers."))
        return sorted(set(given))

    @field_validator("box")
    @classmethod
    def _boxes(cls, given: list[str]) -> list[str]:
        if not all(_BOX.fullmatch(box) and _fits(box) for box in given):
            raise ValueError(_("Choose one of the answers."))
        return given


def _fits(box: str) -> bool:
    left, top, width, height = map(int, box.split(","))
    return width > 0 and height > 0 and left + width <= WHOLE and top + height <= WHOLE


class CoverForm(Form[CoverInput]):
    """Covers parts of a page."""

    purpose = "cover"


class LinesInput(BaseModel):
    """The lines of one page that are sent, as `statement-line`; the others that it lists are covered."""

    line: list[str] = Field(default=[], max_length=100)
    act: Literal["cover", "undo", "next", "before"] = "cover"

    @field_validator("line")
    @classmethod
    def _lines(cls, given: list[str]) -> list[str]:
        if not all(_LINE.fullmatch(line) for line in given):
            raise ValueError(_("Choose one of the answers."))
        return given

    @property
    def places(self) -> list[tuple[int, int]]:
        """Which statement of the file, and the number of the line in it."""
        return [(int(at), int(line)) for at, line in (each.split("-") for each in self.line)]


class LinesForm(Form[LinesInput]):
    """Chooses the lines of a statement that are sent."""

    purpose = "cover_lines"


class PartInput(BaseModel):
    """Where a part begins, and the hash of its bytes."""

    start: int = Field(ge=0, le=MAX_FILE_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class PartForm(Form[PartInput]):
    """Sends a part of a file."""

    purpose = "upload"
