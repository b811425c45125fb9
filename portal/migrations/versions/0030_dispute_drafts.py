"""Disputes that were not sent yet, and the facts that a reason asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of drafts, and two columns of disputes."""
    op.create_table(
        "dispute_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("instalment", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("seen", sa.String(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("writer", sa.String(), nullable=False),
        sa.Column("beside", sa.String(), nullable=True),
        sa.Column("form_key", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_dispute_draft_version")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_dispute_draft_loan_id_loan")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dispute_draft_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_draft")),
        sa.UniqueConstraint("code", name=op.f("uq_dispute_draft_code")),
        sa.UniqueConstraint("person_id", "form_key", name=op.f("uq_dispute_draft_person_id_form_key")),
    )
    op.create_index(op.f("ix_dispute_draft_keep_until"), "dispute_draft", ["keep_until"], unique=False)
    op.create_index(op.f("ix_dispute_draft_person_id"), "dispute_draft", ["person_id"], unique=False)
    op.add_column("dispute", sa.Column("particulars", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("dispute", sa.Column("draft", sa.String(), nullable=True))
    op.create_index("uq_dispute_draft", "dispute", ["draft"], unique=True)


def downgrade() -> None:
    """Take both back."""
    op.drop_index("uq_dispute_draft", table_name="dispute")
    op.drop_column("dispute", "draft")
    op.drop_column("dispute", "particulars")
    op.drop_table("dispute_draft")
