"""Files on their way and the parts of them that have arrived; what was covered in a file before it is sent."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0040"
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
    op.create_table(
        "evidence_cover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("grown", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("store_key", sa.String(), nullable=False),
        sa.Column("covered_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("size > 0 AND grown >= 0", name=op.f("ck_evidence_cover_size")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["evidence_file.id"], name=op.f("fk_evidence_cover_file_id_evidence_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_cover")),
        sa.UniqueConstraint("file_id", name=op.f("uq_evidence_cover_file_id")),
        sa.UniqueConstraint("store_key", name=op.f("uq_evidence_cover_store_key")),
    )
    op.create_table(
        "evidence_cover_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cover_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("store_key", sa.String(), nullable=False),
        sa.CheckConstraint(
            "number > 0 AND width > 0 AND height > 0 AND size > 0", name=op.f("ck_evidence_cover_page_positive")
        ),
        sa.ForeignKeyConstraint(
            ["cover_id"], ["evidence_cover.id"], name=op.f("fk_evidence_cover_page_cover_id_evidence_cover")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_cover_page")),
        sa.UniqueConstraint("cover_id", "number", name=op.f("uq_evidence_cover_page_cover_id_number")),
        sa.UniqueConstraint("store_key", name=op.f("uq_evidence_cover_page_store_key")),
    )
    op.create_table(
        "evidence_leftover",
        sa.Column("store_key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("store_key", name=op.f("pk_evidence_leftover")),
    )


def downgrade() -> None:
    """Take them away; what had not arrived is sent again, what was to be covered is covered again."""
    op.drop_table("evidence_leftover")
    op.drop_table("evidence_cover_page")
    op.drop_table("evidence_cover")
    op.drop_table("evidence_upload_part")
    op.drop_table("evidence_upload")
