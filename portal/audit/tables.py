"""The audit log: rows that are only ever added, each chained to the one before, its end, and its last check."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Table, Text, event
from sqlalchemy.schema import DDL
from sqlmodel import Field, SQLModel

from portal.platform.columns import Instant


class AuditLog(SQLModel, table=True):
    """One event. `hash` is a keyed hash of everything in the row and of the hash before it; ids have no gaps."""

    __tablename__ = "audit_log"
    __table_args__ = (CheckConstraint("actor_kind IN ('anonymous', 'borrower', 'staff', 'system')", name="actor_kind"),)

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Instant, index=True)
    actor_kind: str
    actor_id: int | None = None
    kind: str = Field(index=True)
    subject: str = Field(index=True)
    payload: str = Field(sa_type=Text)
    previous_hash: str
    hash: str


class AuditHead(SQLModel, table=True):
    """Where the chain ends: one row, locked by whoever adds to it. The log itself is the proof, not this."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_id: int
    last_hash: str


class AuditCheck(SQLModel, table=True):
    """What the last look through the whole log found: one row, for who must know at once and cannot look itself.

    `fault` is empty where the log was whole.
    """

    __tablename__ = "audit_check"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    checked_at: datetime = Field(sa_type=Instant)
    fault: str = Field(sa_type=Text)


LOG: Table = SQLModel.metadata.tables["audit_log"]
HEAD: Table = SQLModel.metadata.tables["audit_head"]
CHECK: Table = SQLModel.metadata.tables["audit_check"]

GENESIS = "0" * 64
"""What stands where the first row's previous hash would."""

TRIGGERS: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER audit_log_no_{act.lower()} BEFORE {act} ON audit_log "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
        for act in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        (
            "CREATE FUNCTION audit_log_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$"
        ),
        (
            "CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log "
            "FOR EACH ROW EXECUTE FUNCTION audit_log_is_fixed()"
        ),
        (
            "CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_fixed()"
        ),
    ),
}
"""What keeps the rows as they are, for the migration that makes the table (ST-13)."""


def _ddl(statement: str, dialect: str) -> DDL:
    made: DDL = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
    return made


for _dialect, _statements in TRIGGERS.items():
    for _statement in _statements:
        event.listen(LOG, "after_create", _ddl(_statement, _dialect))
