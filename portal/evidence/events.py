"""What the audit log keeps of files: who put one in, who looked at it, when it went. Never its name or content."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FileAdded:
    """A file was put into a case, by the borrower or by staff (`shared`: the borrower sees it)."""

    kind: ClassVar[str] = "evidence.file_added"
    subject: str
    case: str
    sha256: str
    shared: bool


@dataclass(frozen=True)
class FileRead:
    """The sandbox has read a file: `problem` is empty where a view copy was made."""

    kind: ClassVar[str] = "evidence.file_read"
    subject: str
    problem: str
    pages: int


@dataclass(frozen=True)
class PicturesRead:
    """The reader of pictures is done with a file: how many `statements` stand beside it now."""

    kind: ClassVar[str] = "evidence.pictures_read"
    subject: str
    statements: int


@dataclass(frozen=True)
class FileOpened:
    """Somebody opened a page of the view copy, or downloaded the file (`page` 0)."""

    kind: ClassVar[str] = "evidence.file_opened"
    subject: str
    case: str
    page: int


@dataclass(frozen=True)
class FileRemoved:
    """A file was taken out: by the borrower before sending, or because its keeping time was over."""

    kind: ClassVar[str] = "evidence.file_removed"
    subject: str
    case: str
    because: str


@dataclass(frozen=True)
class FileBlocked:
    """The malware scanner found something in a file: `finding` is the name that it gives it. Nobody can open it."""

    kind: ClassVar[str] = "evidence.file_blocked"
    subject: str
    finding: str


@dataclass(frozen=True)
class ColumnsNamed:
    """Somebody said what the columns of a file mean; of staff `for_everybody`, for every file with this header."""

    kind: ClassVar[str] = "evidence.columns_named"
    subject: str
    fingerprint: str
    for_everybody: bool


@dataclass(frozen=True)
class FileDamaged:
    """Somebody asked for a file that is not there any more (`missing`) or not what was sent (`damaged`)."""

    kind: ClassVar[str] = "evidence.file_damaged"
    subject: str
    case: str
    what: str


@dataclass(frozen=True)
class FilesPutTogether:
    """Several photos of a form that was not sent yet became one document: `parts` in this order."""

    kind: ClassVar[str] = "evidence.files_put_together"
    subject: str
    case: str
    parts: tuple[str, ...]
    pages: int


@dataclass(frozen=True)
class FileCovered:
    """Parts of a file were marked before it was sent: on sending they are burnt in, `sha256` is then what was sent.

    Empty where the marks were taken back.
    """

    kind: ClassVar[str] = "evidence.file_covered"
    subject: str
    case: str
    sha256: str
