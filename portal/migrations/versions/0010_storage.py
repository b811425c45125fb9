"""Malware scans and quotas of uploaded files, and the state of a file in which something was found."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0002"
branch_labels = None
depends_on = None

STATE = "state IN ('being_checked', 'ready', 'unreadable', 'blocked', 'deleted')"
STATE_BEFORE = "state IN ('being_checked', 'ready', 'unreadable', 'deleted')"

# What borrowers had sent before there was a quota counts for it; what staff had put in does not.
COUNTED = """INSERT INTO evidence_quota (person_id, files, bytes, day_files, day_bytes)
SELECT person_id, count(*), sum(size), 0, 0 FROM evidence_file
WHERE deleted_at IS NULL AND added_by_staff IS NULL GROUP BY person_id"""


def upgrade() -> None:
    """Add the tables, and the state."""
    op.create_table(
        "evidence_scan",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("signatures", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("scanned_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["evidence_file.id"], name=op.f("fk_evidence_scan_file_id_evidence_file")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_evidence_scan")),
    )
    op.create_table(
        "evidence_quota",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("day_files", sa.Integer(), nullable=False),
        sa.Column("day_bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "files >= 0 AND bytes >= 0 AND day_files >= 0 AND day_bytes >= 0",
            name=op.f("ck_evidence_quota_not_negative"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_evidence_quota_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_evidence_quota")),
    )
    op.execute(COUNTED)
    _allow(STATE)


def downgrade() -> None:
    """Take them away; a file in which something was found is being checked again."""
    op.execute("UPDATE evidence_file SET state = 'being_checked' WHERE state = 'blocked'")
    _allow(STATE_BEFORE)
    op.drop_table("evidence_quota")
    op.drop_table("evidence_scan")


def _allow(states: str) -> None:
    name = op.f("ck_evidence_file_state")
    with op.batch_alter_table("evidence_file") as batch_op:
        batch_op.drop_constraint(name, type_="check")
        batch_op.create_check_constraint(name, states)
