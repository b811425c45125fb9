"""Statements beside files, the review of a decision, who had a part in it, and what lists say of the funds rule."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0030"
branch_labels = None
depends_on = None

KIND = "kind IN ('pdf', 'jpeg', 'png', 'heic', 'csv', 'xlsx', 'xls', 'xml', 'mt940', 'ofx')"
KIND_BEFORE = "kind IN ('pdf', 'jpeg', 'png', 'heic')"
MESSAGES = "kind IN ('message', 'question', 'file_refused', 'note', 'handover')"
MESSAGES_BEFORE = "kind IN ('message', 'question', 'file_refused')"
_REASONS = (
    "'funds_met', 'funds_not_met', 'payment_found', 'payment_not_found', 'computed_wrongly', 'computed_rightly', "
    "'not_the_borrower', 'is_the_borrower', 'not_explained', 'explained', 'goodwill'"
)
REASON = f"reason IN ({_REASONS}, 'answered_before', 'other')"
REASON_BEFORE = f"reason IN ({_REASONS}, 'other')"
BY_PROGRAM = "decided_by IS NOT NULL OR (round = 'first' AND outcome = 'upheld' AND confirmed_by IS NULL)"
REFERENCE = "(reason = 'answered_before') = (refers_to IS NOT NULL)"

# Whoever had decided, confirmed, held or written until now had a part in the first round.
PARTICIPANTS = """INSERT INTO dispute_participant (dispute_id, staff_id, round, since)
SELECT dispute_id, staff_id, 'first', min(since) FROM (
    SELECT dispute_id, decided_by AS staff_id, decided_at AS since FROM dispute_decision
    UNION ALL SELECT dispute_id, confirmed_by, decided_at FROM dispute_decision WHERE confirmed_by IS NOT NULL
    UNION ALL SELECT id, held_by, held_since FROM dispute WHERE held_by IS NOT NULL
    UNION ALL SELECT dispute_id, staff_id, at FROM dispute_message WHERE staff_id IS NOT NULL
    UNION ALL SELECT dispute.id, maker_id, asked_at FROM second_person
        JOIN dispute ON dispute.number = object_number WHERE act = 'decide_dispute'
    UNION ALL SELECT dispute.id, checker_id, asked_at FROM second_person
        JOIN dispute ON dispute.number = object_number WHERE act = 'decide_dispute' AND checker_id IS NOT NULL
) AS parts GROUP BY dispute_id, staff_id"""

# Alembic sees no triggers, so they stand here as they were released.
_EARLIER_PART = """NEW.round = 'review' AND EXISTS (
    SELECT 1 FROM dispute_participant AS part
    JOIN staff_account AS earlier ON earlier.id = part.staff_id
    JOIN staff_account AS reviewer ON reviewer.id = NEW.decided_by OR reviewer.id = NEW.confirmed_by
    WHERE part.dispute_id = NEW.dispute_id AND part.round = 'first' AND earlier.identity = reviewer.identity)"""
SQLITE_TRIGGERS = tuple(
    f"""CREATE TRIGGER dispute_review_{when.lower()} BEFORE {when} ON dispute_decision
        WHEN {_EARLIER_PART}
        BEGIN SELECT RAISE(ABORT, 'dispute_decision: a reviewer had an earlier part'); END"""
    for when in ("INSERT", "UPDATE")
)
POSTGRESQL_TRIGGERS = (
    f"""CREATE FUNCTION dispute_review_by_others() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {_EARLIER_PART} THEN
            RAISE EXCEPTION 'dispute_decision: a reviewer had an earlier part' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER dispute_review_by_others BEFORE INSERT OR UPDATE ON dispute_decision
    FOR EACH ROW EXECUTE FUNCTION dispute_review_by_others()""",
)


def upgrade() -> None:
    """Bring the tables to this revision."""
    _statements()
    _replace_check("evidence_file", "kind", KIND)
    _replace_check("dispute_message", "kind", MESSAGES)
    _decisions()
    _disputes()
    op.execute(PARTICIPANTS)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for trigger in SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS:
        op.execute(trigger)


def _statements() -> None:
    op.create_table(
        "evidence_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("statements", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("pictures_wait", sa.Boolean(), nullable=False),
        sa.Column("picture_tries", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"], ["evidence_file.id"], name=op.f("fk_evidence_statement_file_id_evidence_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_statement")),
        sa.UniqueConstraint("file_id", name=op.f("uq_evidence_statement_file_id")),
    )
    op.create_index("ix_evidence_file_sha256", "evidence_file", ["sha256"], unique=False)


def _decisions() -> None:
    with op.batch_alter_table("dispute_decision") as batch_op:
        batch_op.add_column(sa.Column("round", sa.String(), nullable=False, server_default="first"))
        batch_op.add_column(sa.Column("judged", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("refers_to", sa.String(), nullable=True))
        batch_op.alter_column("decided_by", existing_type=sa.Integer(), nullable=True)
        batch_op.drop_constraint(op.f("uq_dispute_decision_dispute_id"), type_="unique")
        batch_op.drop_constraint(op.f("ck_dispute_decision_reason"), type_="check")
    with op.batch_alter_table("dispute_decision") as batch_op:
        batch_op.alter_column("round", existing_type=sa.String(), server_default=None)
        batch_op.alter_column("judged", existing_type=sa.Text(), server_default=None)
        batch_op.create_unique_constraint(op.f("uq_dispute_decision_dispute_id_round"), ["dispute_id", "round"])
        batch_op.create_check_constraint(op.f("ck_dispute_decision_reason"), REASON)
        batch_op.create_check_constraint(op.f("ck_dispute_decision_round"), "round IN ('first', 'review')")
        batch_op.create_check_constraint(op.f("ck_dispute_decision_by_program"), BY_PROGRAM)
        batch_op.create_check_constraint(op.f("ck_dispute_decision_reference"), REFERENCE)


def _disputes() -> None:
    op.create_table(
        "dispute_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dispute_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("late_told_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_review_dispute_id_dispute")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_review")),
        sa.UniqueConstraint("dispute_id", name=op.f("uq_dispute_review_dispute_id")),
    )
    op.create_index(op.f("ix_dispute_review_answer_by"), "dispute_review", ["answer_by"], unique=False)
    op.create_table(
        "dispute_participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dispute_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("round IN ('first', 'review')", name=op.f("ck_dispute_participant_round")),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_participant_dispute_id_dispute")),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_account.id"], name=op.f("fk_dispute_participant_staff_id_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_participant")),
        sa.UniqueConstraint(
            "dispute_id", "staff_id", "round", name=op.f("uq_dispute_participant_dispute_id_staff_id_round")
        ),
    )
    op.create_table(
        "dispute_reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dispute_id", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("last_file", sa.Integer(), nullable=True),
        sa.Column("files_read", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "result IN ('met', 'not_met', 'cannot_tell', 'being_read', 'none')", name=op.f("ck_dispute_reading_result")
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_reading_dispute_id_dispute")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_reading")),
        sa.UniqueConstraint("dispute_id", name=op.f("uq_dispute_reading_dispute_id")),
    )


def downgrade() -> None:
    """Back to the revision before; refused by the constraints where a decision could not be kept."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER dispute_review_by_others ON dispute_decision")
        op.execute("DROP FUNCTION dispute_review_by_others()")
    else:
        op.execute("DROP TRIGGER dispute_review_insert")
        op.execute("DROP TRIGGER dispute_review_update")
    for table in ("dispute_reading", "dispute_participant", "dispute_review", "evidence_statement"):
        op.drop_table(table)
    op.drop_index("ix_evidence_file_sha256", "evidence_file")
    with op.batch_alter_table("dispute_decision") as batch_op:
        for name in ("reference", "by_program", "round", "reason"):
            batch_op.drop_constraint(op.f(f"ck_dispute_decision_{name}"), type_="check")
        batch_op.drop_constraint(op.f("uq_dispute_decision_dispute_id_round"), type_="unique")
        batch_op.drop_column("refers_to")
        batch_op.drop_column("judged")
        batch_op.drop_column("round")
        batch_op.alter_column("decided_by", existing_type=sa.Integer(), nullable=False)
        batch_op.create_unique_constraint(op.f("uq_dispute_decision_dispute_id"), ["dispute_id"])
        batch_op.create_check_constraint(op.f("ck_dispute_decision_reason"), REASON_BEFORE)
    op.execute("DELETE FROM dispute_message WHERE kind IN ('note', 'handover')")
    _replace_check("dispute_message", "kind", MESSAGES_BEFORE)
    _replace_check("evidence_file", "kind", KIND_BEFORE)


def _replace_check(table: str, column: str, condition: str) -> None:
    name = op.f(f"ck_{table}_{column}")
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(name, type_="check")
        batch_op.create_check_constraint(name, condition)
