"""The rows of files that are on their way: what was announced, and the parts of it that have arrived."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from portal.evidence.file_kinds import MAX_FILE_BYTES
from portal.platform.db import Instant


class EvidenceUpload(SQLModel, table=True):
    """One file on its way into a draft. `received` is how much of it lies in the store, and the one truth about it.

    Its room is reserved when it is announced. `place` is the page on which it was chosen, so that somebody who comes
    back there finds it. Once it is whole, `file_code` is the file that it became and its parts are gone.
    """

    __tablename__ = "evidence_upload"
    __table_args__ = (
        CheckConstraint(f"size BETWEEN 1 AND {MAX_FILE_BYTES}", name="size"),
        CheckConstraint("received BETWEEN 0 AND size", name="received"),
        CheckConstraint("file_code IS NULL OR received = size", name="whole"),
        Index(
            "uq_evidence_upload_content",
            "draft",
            "person_id",
            "sha256",
            unique=True,
            sqlite_where=text("file_code IS NULL"),
            postgresql_where=text("file_code IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    draft: str
    place: str
    name: str
    size: int
    sha256: str
    received: int = 0
    begun_at: datetime = Field(sa_type=Instant)
    last_at: datetime = Field(sa_type=Instant, index=True)
    file_code: str | None = None


class EvidenceUploadPart(SQLModel, table=True):
    """One stretch of a file on its way, stored encrypted like any file."""

    __tablename__ = "evidence_upload_part"
    __table_args__ = (
        UniqueConstraint("upload_id", "start"),
        CheckConstraint("start >= 0 AND size > 0", name="stretch"),
    )

    id: int | None = Field(default=None, primary_key=True)
    upload_id: int = Field(foreign_key="evidence_upload.id")
    start: int
    size: int
    store_key: str = Field(unique=True)
