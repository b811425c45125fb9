"""What the last look through the audit log found."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "audit_check",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_check_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_check")),
    )


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_table("audit_check")
