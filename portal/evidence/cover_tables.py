"""The rows of what somebody covered in a file before sending it, and of stored files that are to be deleted."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from portal.platform.db import Instant


class EvidenceCover(SQLModel, table=True):
    """The covered version of a file, ready to take its place on sending; until then it can be undone.

    `marks` (JSON) are the covered rectangles by page, in thousandths of it. `grown` is by how many bytes it is larger
    than what it replaces, reserved already. Of a table `marks` are its covered lines, `kind` what it becomes, and
    `statements` (JSON) what was read in the covered version.
    """

    __tablename__ = "evidence_cover"
    __table_args__ = (CheckConstraint("size > 0 AND grown >= 0", name="size"),)

    id: int | None = Field(default=None, primary_key=True)
    file_id: int = Field(foreign_key="evidence_file.id", unique=True)
    marks: str = Field(sa_type=Text)
    size: int
    grown: int
    sha256: str
    kind: str = "pdf"
    statements: str = Field(default="", sa_type=Text)
    store_key: str = Field(unique=True)
    covered_at: datetime = Field(sa_type=Instant)


class EvidenceCoverPage(SQLModel, table=True):
    """One page of a covered version, with what was covered burnt in."""

    __tablename__ = "evidence_cover_page"
    __table_args__ = (
        UniqueConstraint("cover_id", "number"),
        CheckConstraint("number > 0 AND width > 0 AND height > 0 AND size > 0", name="positive"),
    )

    id: int | None = Field(default=None, primary_key=True)
    cover_id: int = Field(foreign_key="evidence_cover.id")
    number: int
    width: int
    height: int
    size: int
    store_key: str = Field(unique=True)


class EvidenceLeftover(SQLModel, table=True):
    """A stored file that nobody may see any more: its key is noted in the transaction that replaced it."""

    __tablename__ = "evidence_leftover"

    store_key: str = Field(primary_key=True)
