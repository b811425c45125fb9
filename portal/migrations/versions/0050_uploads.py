"""Files on their way: what was announced, and the parts of it that have arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0020"
branch_labels = None
depends_on = None

OPEN = sa.text("file_code IS NULL")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "evidence_upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("draft", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("file_code", sa.String(), nullable=True),
        sa.CheckConstraint("size BETWEEN 1 AND 20000000", name=op.f("ck_evidence_upload_size")),
        sa.CheckConstraint("received BETWEEN 0 AND size", name=op.f("ck_evidence_upload_received")),
        sa.CheckConstraint("file_code IS NULL OR received = size", name=op.f("ck_evidence_upload_whole")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_evidence_upload_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_upload")),
        sa.UniqueConstraint("code", name=op.f("uq_evidence_upload_code")),
    )
    op.create_index(op.f("ix_evidence_upload_person_id"), "evidence_upload", ["person_id"])
    op.create_index(op.f("ix_evidence_upload_last_at"), "evidence_upload", ["last_at"])
    op.create_index(
        "uq_evidence_upload_content",
        "evidence_upload",
        ["draft", "person_id", "sha256"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "evidence_upload_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("store_key", sa.String(), nullable=False),
        sa.CheckConstraint("start >= 0 AND size > 0", name=op.f("ck_evidence_upload_part_stretch")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["evidence_upload.id"], name=op.f("fk_evidence_upload_part_upload_id_evidence_upload")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_upload_part")),
        sa.UniqueConstraint("store_key", name=op.f("uq_evidence_upload_part_store_key")),
        sa.UniqueConstraint("upload_id", "start", name=op.f("uq_evidence_upload_part_upload_id_start")),
    )


def downgrade() -> None:
    """Take them away; what had not arrived is sent again."""
    op.drop_table("evidence_upload_part")
    op.drop_table("evidence_upload")
