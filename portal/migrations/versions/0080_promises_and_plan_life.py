"""Promises to pay; what is changed, said and told while a plan runs."""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0070"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")
PROMISE_STATES = "'open', 'moved', 'being_verified', 'kept', 'partly_kept', 'broken', 'withdrawn'"
PROMISE_ENDS = "'kept', 'partly_kept', 'broken', 'withdrawn'"
PROMISE_TOLD = "'reminder', 'missed', 'made_good', 'kept', 'partly_kept', 'broken', 'rejudged'"
PLAN_TOLD = "'reminder', 'missed', 'made_good', 'rejudged', 'evaluated', 'going_on', 'cancelled', 'kept', 'left'"


def upgrade() -> None:
    """Add the tables."""
    _promises()
    _plan_life()
    with op.batch_alter_table("plan") as batch_op:
        batch_op.add_column(sa.Column("judged_at", sa.BigInteger(), nullable=True))


def _promises() -> None:
    op.create_table(
        "promise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("instalment", sa.Integer(), nullable=True),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("cure_days", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("planned", sa.Text(), nullable=False),
        sa.Column("said_paid_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.CheckConstraint(f"state IN ({PROMISE_STATES})", name=op.f("ck_promise_state")),
        sa.CheckConstraint("channel IN ('transfer', 'debit', 'counter', 'other')", name=op.f("ck_promise_channel")),
        sa.CheckConstraint("ended_by IN ('', 'person', 'plan', 'loan', 'rule')", name=op.f("ck_promise_ended_by")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_promise_version")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_promise_amount")),
        sa.CheckConstraint("cure_days >= 0", name=op.f("ck_promise_cure_days")),
        sa.CheckConstraint("first_due_on >= made_on AND due_on >= first_due_on", name=op.f("ck_promise_days")),
        sa.CheckConstraint(f"(state IN ({PROMISE_ENDS})) = (ended_at IS NOT NULL)", name=op.f("ck_promise_ended")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_promise_person_id_person")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_promise_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise")),
        sa.UniqueConstraint("number", name=op.f("uq_promise_number")),
    )
    op.create_index(op.f("ix_promise_person_id"), "promise", ["person_id"])
    op.create_index(op.f("ix_promise_loan_id"), "promise", ["loan_id"])
    op.create_index(op.f("ix_promise_state"), "promise", ["state"])
    op.create_index("uq_promise_open", "promise", ["loan_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "promise_told",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("promise_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.CheckConstraint(f"what IN ({PROMISE_TOLD})", name=op.f("ck_promise_told_what")),
        sa.ForeignKeyConstraint(["promise_id"], ["promise.id"], name=op.f("fk_promise_told_promise_id_promise")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_told")),
        sa.UniqueConstraint("promise_id", "place", name=op.f("uq_promise_told_promise_id_place")),
    )


def _plan_life() -> None:
    op.create_table(
        "plan_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.Column("extra", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.CheckConstraint("kind IN ('moved', 'skipped', 'cannot')", name=op.f("ck_plan_change_kind")),
        sa.CheckConstraint("(kind = 'cannot') = (to_day IS NULL)", name=op.f("ck_plan_change_to_day")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_change_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_change")),
        sa.UniqueConstraint("plan_id", "agreed_on", "kind", name=op.f("uq_plan_change_plan_id_agreed_on_kind")),
    )
    op.create_table(
        "plan_told",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.CheckConstraint(f"what IN ({PLAN_TOLD})", name=op.f("ck_plan_told_what")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_told_plan_id_plan")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_account.id"], name=op.f("fk_plan_told_staff_id_staff_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_told")),
        sa.UniqueConstraint("plan_id", "place", name=op.f("uq_plan_told_plan_id_place")),
    )
    op.create_table(
        "plan_said",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_said_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_said")),
    )
    op.create_index(op.f("ix_plan_said_plan_id"), "plan_said", ["plan_id"])


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("plan") as batch_op:
        batch_op.drop_column("judged_at")
    for table in ("plan_said", "plan_told", "plan_change", "promise_told", "promise"):
        op.drop_table(table)
