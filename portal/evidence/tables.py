"""The rows of uploaded files: what was sent for which case, the pages of its view copy, the bank statements that were
read in it, and what a case holds."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from portal.evidence.file_kinds import MAX_CASE_BYTES, MAX_CASE_FILES, PROBLEMS, READABLE_KINDS
from portal.platform.db import Instant

CASE_KINDS = ("draft", "dispute", "plan", "complaint", "payment")
"""Where a file belongs. A draft is a form that was not sent yet; its number is known to its writer alone."""

STATES = ("being_checked", "ready", "unreadable", "blocked", "deleted")
"""`ready`: scanned where there is a scanner, and read. `blocked`: the scanner found something."""


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class EvidenceFile(SQLModel, table=True):
    """One file of a case. The original lies encrypted under `store_key`; `name` is text to show, never a path.

    `person_id` is whose case it is, `added_by_staff` who of the staff put it in; an unshared file is the staff's
    own. A deleted file keeps its row, so that the history of the case stays true, but neither name nor content.
    """

    __tablename__ = "evidence_file"
    __table_args__ = (
        _one_of("case_kind", CASE_KINDS),
        _one_of("kind", READABLE_KINDS),
        _one_of("state", STATES),
        _one_of("problem", ("", *PROBLEMS)),
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("(state = 'unreadable') = (problem <> '')", name="reason"),
        CheckConstraint("(state = 'deleted') = (deleted_at IS NOT NULL)", name="deleted"),
        Index("ix_evidence_file_case", "case_kind", "case_number"),
        Index("ix_evidence_file_sha256", "sha256"),
        Index(
            "uq_evidence_file_content",
            "case_kind",
            "case_number",
            "sha256",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    case_kind: str
    case_number: str
    person_id: int = Field(foreign_key="person.id", index=True)
    added_by_staff: int | None = Field(default=None, foreign_key="staff_account.id")
    shared: bool = True
    name: str
    kind: str
    size: int
    sha256: str
    state: str = "being_checked"
    problem: str = ""
    store_key: str = Field(unique=True)
    created_at: datetime = Field(sa_type=Instant)
    tries: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    read_at: datetime | None = Field(default=None, sa_type=Instant)
    delete_after: date | None = Field(default=None, index=True)
    deleted_at: datetime | None = Field(default=None, sa_type=Instant)


class EvidencePage(SQLModel, table=True):
    """One page of a file's view copy: a plain JPEG, stored encrypted; sizes in pixels and bytes."""

    __tablename__ = "evidence_page"
    __table_args__ = (
        UniqueConstraint("file_id", "number"),
        CheckConstraint("number > 0 AND width > 0 AND height > 0 AND size > 0", name="positive"),
    )

    id: int | None = Field(default=None, primary_key=True)
    file_id: int = Field(foreign_key="evidence_file.id", index=True)
    number: int
    width: int
    height: int
    size: int
    store_key: str = Field(unique=True)


class EvidenceStatement(SQLModel, table=True):
    """The bank statements that a reader found in a file, as JSON without whole card numbers.

    `notes` (JSON) says why there are none; `header` (JSON) the columns that a person is asked about, empty where the
    reader knew them, with its `fingerprint`, and `answer_id` the answer by which they were read. `marks` (JSON) is
    what the borrower covered of its pages, so that the reader of pictures knows where something was.
    `pictures_wait`: that slow reader is still to read the file, in few tries, each under a lease; what the first
    reader found stands until then. The row goes with its file.
    """

    __tablename__ = "evidence_statement"

    id: int | None = Field(default=None, primary_key=True)
    file_id: int = Field(foreign_key="evidence_file.id", unique=True)
    reader: str
    statements: str = Field(sa_type=Text)
    notes: str = Field(sa_type=Text)
    header: str = Field(default="", sa_type=Text)
    fingerprint: str = Field(default="", index=True)
    answer_id: int | None = Field(default=None, foreign_key="statement_columns.id", index=True)
    marks: str = Field(default="", sa_type=Text)
    read_at: datetime = Field(sa_type=Instant)
    pictures_wait: bool = False
    picture_tries: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=Instant)


class StatementColumns(SQLModel, table=True):
    """An answer to what the columns of a statement mean: `mapping` (JSON) of a column's name to its meaning.

    It counts for the files of `person_id` with this header, or, where that is empty, for everybody's: only staff say
    so, `staff_id`. The newest answer counts; a header names no person's data.
    """

    __tablename__ = "statement_columns"
    __table_args__ = (CheckConstraint("person_id IS NOT NULL OR staff_id IS NOT NULL", name="said_by"),)

    id: int | None = Field(default=None, primary_key=True)
    fingerprint: str = Field(index=True)
    mapping: str = Field(sa_type=Text)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    staff_id: int | None = Field(default=None, foreign_key="staff_account.id")
    created_at: datetime = Field(sa_type=Instant)


class EvidenceCase(SQLModel, table=True):
    """How much a case holds. Room is reserved here first, in one guarded update, so the limit holds at any speed."""

    __tablename__ = "evidence_case"
    __table_args__ = (
        UniqueConstraint("case_kind", "case_number"),
        _one_of("case_kind", CASE_KINDS),
        CheckConstraint(f"files BETWEEN 0 AND {MAX_CASE_FILES}", name="files"),
        CheckConstraint(f"bytes BETWEEN 0 AND {MAX_CASE_BYTES}", name="bytes"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_kind: str
    case_number: str
    person_id: int = Field(foreign_key="person.id")
    files: int = 0
    bytes: int = 0


class EvidenceScan(SQLModel, table=True):
    """The last word of the malware scanner on a file: what it found, if anything, and with which signatures."""

    __tablename__ = "evidence_scan"

    file_id: int = Field(foreign_key="evidence_file.id", primary_key=True)
    signatures: str
    finding: str = ""
    scanned_at: datetime = Field(sa_type=Instant)


class EvidenceTotal(SQLModel, table=True):
    """How many bytes are kept of all persons together: one row, made when the first of them come."""

    __tablename__ = "evidence_total"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"), CheckConstraint("bytes >= 0", name="not_negative"))

    id: int = Field(primary_key=True)
    bytes: int = Field(sa_type=BigInteger)


class EvidenceQuota(SQLModel, table=True):
    """How much of a person is kept, and how much came on the last day on which something came."""

    __tablename__ = "evidence_quota"
    __table_args__ = (
        CheckConstraint("files >= 0 AND bytes >= 0 AND day_files >= 0 AND day_bytes >= 0", name="not_negative"),
    )

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    files: int = 0
    bytes: int = Field(default=0, sa_type=BigInteger)
    day: date | None = None
    day_files: int = 0
    day_bytes: int = Field(default=0, sa_type=BigInteger)
