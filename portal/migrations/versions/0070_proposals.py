"""Plans that were not sent yet, what a borrower said of income and spending, and agreements as PDF."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables, and two columns of plans."""
    op.create_table(
        "plan_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
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
        sa.CheckConstraint("version > 0", name=op.f("ck_plan_draft_version")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_plan_draft_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_draft")),
        sa.UniqueConstraint("code", name=op.f("uq_plan_draft_code")),
        sa.UniqueConstraint("person_id", "form_key", name=op.f("uq_plan_draft_person_id_form_key")),
    )
    op.create_index(op.f("ix_plan_draft_keep_until"), "plan_draft", ["keep_until"], unique=False)
    op.create_index(op.f("ix_plan_draft_person_id"), "plan_draft", ["person_id"], unique=False)
    op.create_table(
        "plan_paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_paper_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_paper")),
        sa.UniqueConstraint("plan_id", "language", name=op.f("uq_plan_paper_plan_id_language")),
    )
    op.add_column("plan", sa.Column("said", sa.Text(), nullable=False, server_default=""))
    op.add_column("plan", sa.Column("draft", sa.String(), nullable=True))
    op.create_index("uq_plan_draft", "plan", ["draft"], unique=True)


def downgrade() -> None:
    """Take all of it back."""
    op.drop_index("uq_plan_draft", table_name="plan")
    op.drop_column("plan", "draft")
    op.drop_column("plan", "said")
    op.drop_table("plan_paper")
    op.drop_table("plan_draft")
