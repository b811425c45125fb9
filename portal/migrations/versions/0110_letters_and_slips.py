"""Letters of paid settlements as PDF, the promise that a payment is said to be for, what staff granted alone, counter-offers that
staff take back, and questions for a settlement on the phone."""

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
    _granted()
    _taken_back()
    _written_down()


def _granted() -> None:
    op.create_table(
        "granted_alone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("object_number", sa.String(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_granted_alone_amount")),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_account.id"], name=op.f("fk_granted_alone_staff_id_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_granted_alone")),
    )
    op.create_index("ix_granted_alone_day", "granted_alone", ["staff_id", "granted_on"], unique=False)
    for alone in (  # so that the day of the upgrade counts too
        (
            "SELECT decided_by, decided_on, made.currency, made.amount, dispute.number, decided_at FROM dispute_decision AS made"
            " JOIN dispute ON dispute.id = made.dispute_id"
            " WHERE decided_by IS NOT NULL AND confirmed_by IS NULL AND made.amount > 0"
        ),
        (
            "SELECT decided_by, decided_on, currency, freeze_forecast, number, decided_at FROM plan"
            " WHERE decided_by IS NOT NULL AND confirmed_by IS NULL AND freeze_forecast > 0"
        ),
        (
            "SELECT offered_by, offered_on, currency, most, number, quoted_at FROM settlement"
            " WHERE offered_by IS NOT NULL AND confirmed_by IS NULL AND most > 0"
        ),
    ):
        op.execute(
            f"INSERT INTO granted_alone (staff_id, granted_on, currency, amount, object_number, granted_at) {alone}"
        )


def _taken_back() -> None:
    with op.batch_alter_table("plan_counter") as batch_op:
        batch_op.add_column(sa.Column("taken_back_by", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_plan_counter_taken_back_by_staff_account"), "staff_account", ["taken_back_by"], ["id"]
        )
        batch_op.drop_constraint(op.f("ck_plan_counter_outcome"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_plan_counter_outcome"), "outcome IN ('', 'accepted', 'withdrawn', 'lapsed', 'void', 'taken_back')"
        )
        batch_op.create_check_constraint(
            op.f("ck_plan_counter_taken_back"), "(outcome = 'taken_back') = (taken_back_by IS NOT NULL)"
        )


_STATES = "'asked', 'offered', 'refused', 'withdrawn', 'ended'"
_WAITS = "state IN ('written', 'asked')"


def _written_down() -> None:
    op.drop_index("uq_settlement_request_asked", "settlement_request")
    with op.batch_alter_table("settlement_request") as batch_op:
        batch_op.add_column(sa.Column("drafted_by", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_settlement_request_drafted_by_staff_account"), "staff_account", ["drafted_by"], ["id"]
        )
        for name, rule in (
            ("state", f"state IN ('written', {_STATES})"),
            ("ended", f"({_WAITS}) = (ended_at IS NULL)"),
        ):
            batch_op.drop_constraint(op.f(f"ck_settlement_request_{name}"), type_="check")
            batch_op.create_check_constraint(op.f(f"ck_settlement_request_{name}"), rule)
        batch_op.create_check_constraint(
            op.f("ck_settlement_request_written"), "state <> 'written' OR drafted_by IS NOT NULL"
        )
        batch_op.create_check_constraint(op.f("ck_settlement_request_not_by_its_writer"), "drafted_by <> answered_by")
    _one_that_waits(_WAITS)


def _one_that_waits(rule: str) -> None:
    op.create_index(
        "uq_settlement_request_asked",
        "settlement_request",
        ["loan_id"],
        unique=True,
        sqlite_where=sa.text(rule),
        postgresql_where=sa.text(rule),
    )


def downgrade() -> None:
    """Take all of it back."""
    op.execute("DELETE FROM settlement_request WHERE state = 'written'")
    op.drop_index("uq_settlement_request_asked", "settlement_request")
    with op.batch_alter_table("settlement_request") as batch_op:
        for name in ("not_by_its_writer", "written", "ended", "state"):
            batch_op.drop_constraint(op.f(f"ck_settlement_request_{name}"), type_="check")
        batch_op.create_check_constraint(op.f("ck_settlement_request_state"), f"state IN ({_STATES})")
        batch_op.create_check_constraint(op.f("ck_settlement_request_ended"), "(state = 'asked') = (ended_at IS NULL)")
        batch_op.drop_constraint(op.f("fk_settlement_request_drafted_by_staff_account"), type_="foreignkey")
        batch_op.drop_column("drafted_by")
    _one_that_waits("state = 'asked'")
    op.execute("UPDATE plan_counter SET outcome = 'void', taken_back_by = NULL WHERE outcome = 'taken_back'")
    with op.batch_alter_table("plan_counter") as batch_op:
        batch_op.drop_constraint(op.f("ck_plan_counter_taken_back"), type_="check")
        batch_op.drop_constraint(op.f("ck_plan_counter_outcome"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_plan_counter_outcome"), "outcome IN ('', 'accepted', 'withdrawn', 'lapsed', 'void')"
        )
        batch_op.drop_constraint(op.f("fk_plan_counter_taken_back_by_staff_account"), type_="foreignkey")
        batch_op.drop_column("taken_back_by")
    op.drop_table("granted_alone")
    op.drop_column("payment_notice", "promise_number")
    op.drop_table("settlement_paper")
