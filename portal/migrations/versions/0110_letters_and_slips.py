"""Letters of paid settlements as PDF, and the promise that a payment is said to be for."""

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "settlement_paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("settlement_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.id"], name=op.f("fk_settlement_paper_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_paper")),
        sa.UniqueConstraint("settlement_id", "language", name=op.f("uq_settlement_paper_settlement_id_language")),
    )
    op.add_column("payment_notice", sa.Column("promise_number", sa.String(), nullable=True))
    op.execute(
        # A promise is being checked while such a word waits; those without one are judged by what arrives, as before.
        "UPDATE promise SET state = CASE WHEN due_on = first_due_on THEN 'open' ELSE 'moved' END,"
        " version = version + 1 WHERE state = 'being_verified'"
    )


def downgrade() -> None:
    """Take all of it back."""
    op.drop_column("payment_notice", "promise_number")
    op.drop_table("settlement_paper")
