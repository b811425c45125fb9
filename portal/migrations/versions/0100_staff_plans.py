"""Counter-offers, limits of a role for a product, and the rules that a decision about a plan was judged by."""

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.add_column("plan", sa.Column("rules", sa.Text(), nullable=False, server_default="{}"))
    _counters()
    _limits()


def _limits() -> None:
    op.create_table(
        "limit_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('product', 'role', 'authority')", name=op.f("ck_limit_change_kind")),
        sa.CheckConstraint("made_by <> confirmed_by", name=op.f("ck_limit_change_two_people")),
        sa.CheckConstraint("(kind = 'authority') = (product_id IS NULL)", name=op.f("ck_limit_change_product")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_limit_change_product_id_product")),
        sa.ForeignKeyConstraint(["made_by"], ["staff_account.id"], name=op.f("fk_limit_change_made_by_staff_account")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["staff_account.id"], name=op.f("fk_limit_change_confirmed_by_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_change")),
        sa.UniqueConstraint("number", name=op.f("uq_limit_change_number")),
    )
    op.create_index(op.f("ix_limit_change_product_id"), "limit_change", ["product_id"])
    op.create_table(
        "role_limit",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("first_payment_min", sa.BigInteger(), nullable=False),
        sa.Column("payment_min", sa.BigInteger(), nullable=False),
        sa.Column("payments_max", sa.Integer(), nullable=False),
        sa.Column("days_max", sa.Integer(), nullable=False),
        sa.Column("waiver_max", sa.BigInteger(), nullable=False),
        sa.Column("freeze", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "first_payment_min >= 0 AND payment_min >= 0 AND payments_max >= 0 AND days_max >= 0 AND waiver_max >= 0",
            name=op.f("ck_role_limit_not_negative"),
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_role_limit_import_id_import_run")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_role_limit_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_limit")),
    )
    op.create_index(op.f("ix_role_limit_product_id"), "role_limit", ["product_id"])
    in_force = sa.text("superseded_at IS NULL")
    op.create_index(
        "uq_role_limit_current",
        "role_limit",
        ["product_id", "role", "effective_from"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )


def _counters() -> None:
    stands = sa.text("outcome = ''")
    op.create_table(
        "plan_counter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("schedules", sa.Text(), nullable=False),
        sa.Column("is_frozen", sa.Boolean(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("forecast", sa.BigInteger(), nullable=False),
        sa.Column("within_limits", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("lapses_on", sa.Date(), nullable=False),
        sa.Column("lapsed_before", sa.Date(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("consent_text", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.String(), nullable=False),
        sa.Column("consent_language", sa.String(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('', 'accepted', 'withdrawn', 'lapsed', 'void')", name=op.f("ck_plan_counter_outcome")
        ),
        sa.CheckConstraint("(outcome = '') = (ended_at IS NULL)", name=op.f("ck_plan_counter_ended")),
        sa.CheckConstraint("(outcome = 'accepted') = (consent_version <> '')", name=op.f("ck_plan_counter_consent")),
        sa.CheckConstraint("confirmed_by IS NULL OR confirmed_by <> made_by", name=op.f("ck_plan_counter_two_people")),
        sa.CheckConstraint("due > 0 AND forecast >= 0", name=op.f("ck_plan_counter_not_negative")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_counter_plan_id_plan")),
        sa.ForeignKeyConstraint(["made_by"], ["staff_account.id"], name=op.f("fk_plan_counter_made_by_staff_account")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["staff_account.id"], name=op.f("fk_plan_counter_confirmed_by_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_counter")),
        sa.UniqueConstraint("plan_id", "mark", name=op.f("uq_plan_counter_plan_id_mark")),
    )
    op.create_index(op.f("ix_plan_counter_plan_id"), "plan_counter", ["plan_id"])
    op.create_index(
        "uq_plan_counter_stands",
        "plan_counter",
        ["plan_id"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )


def downgrade() -> None:
    """Back to the revision before."""
    for table in ("role_limit", "limit_change", "plan_counter"):
        op.drop_table(table)
    op.drop_column("plan", "rules")
