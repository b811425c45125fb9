"""What the columns of a statement mean, asked of a person once for each header, and kept; covered lines of tables;
what is covered on pages that are to be read again; and how much is kept of everybody together;
and since when a review waits for the person who asked for it."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "statement_columns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("person_id IS NOT NULL OR staff_id IS NOT NULL", name=op.f("ck_statement_columns_said_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_statement_columns_person_id_person")),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_account.id"], name=op.f("fk_statement_columns_staff_id_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_columns")),
    )
    for column in ("fingerprint", "person_id"):
        op.create_index(op.f(f"ix_statement_columns_{column}"), "statement_columns", [column], unique=False)
    with op.batch_alter_table("evidence_statement") as batch_op:
        batch_op.add_column(sa.Column("header", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("fingerprint", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("answer_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_evidence_statement_answer_id_statement_columns"), "statement_columns", ["answer_id"], ["id"]
        )
        for column in ("answer_id", "fingerprint"):
            batch_op.create_index(op.f(f"ix_evidence_statement_{column}"), [column], unique=False)
    with op.batch_alter_table("evidence_statement") as batch_op:
        batch_op.alter_column("header", existing_type=sa.Text(), server_default=None)
        batch_op.alter_column("fingerprint", existing_type=sa.String(), server_default=None)

    _add_covered()
    _add_total()
    with op.batch_alter_table("dispute_review") as batch_op:
        batch_op.add_column(sa.Column("waits_since", sa.BigInteger(), nullable=True))


def _add_covered() -> None:
    with op.batch_alter_table("evidence_cover") as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="pdf"))
        batch_op.add_column(sa.Column("statements", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("evidence_statement") as batch_op:
        batch_op.add_column(sa.Column("marks", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("evidence_cover") as batch_op:
        batch_op.alter_column("kind", existing_type=sa.String(), server_default=None)
        batch_op.alter_column("statements", existing_type=sa.Text(), server_default=None)
    with op.batch_alter_table("evidence_statement") as batch_op:
        batch_op.alter_column("marks", existing_type=sa.Text(), server_default=None)


def _add_total() -> None:
    op.create_table(
        "evidence_total",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_evidence_total_only_one")),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_evidence_total_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_total")),
    )
    op.execute(
        "INSERT INTO evidence_total (id, bytes) SELECT 1, sum(bytes) FROM evidence_quota HAVING coalesce(sum(bytes), 0) > 0"
    )


def downgrade() -> None:
    """Back to the revision before; what was said of columns is forgotten, what was read by it stays."""
    with op.batch_alter_table("dispute_review") as batch_op:
        batch_op.drop_column("waits_since")
    op.drop_table("evidence_total")
    with op.batch_alter_table("evidence_cover") as batch_op:
        batch_op.drop_column("statements")
        batch_op.drop_column("kind")
    with op.batch_alter_table("evidence_statement") as batch_op:
        batch_op.drop_column("marks")
    with op.batch_alter_table("evidence_statement") as batch_op:
        for column in ("answer_id", "fingerprint"):
            batch_op.drop_index(op.f(f"ix_evidence_statement_{column}"))
        batch_op.drop_constraint(op.f("fk_evidence_statement_answer_id_statement_columns"), type_="foreignkey")
        batch_op.drop_column("answer_id")
        batch_op.drop_column("fingerprint")
        batch_op.drop_column("header")
    op.drop_table("statement_columns")
