"""All tables of the first release, and the triggers that keep the audit log and four eyes as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Alembic sees no triggers, so they stand here as they were released.
SQLITE_TRIGGERS = (
    """CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END""",
    """CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END""",
    """CREATE TRIGGER second_person_insert BEFORE INSERT ON second_person
        WHEN EXISTS (
    SELECT 1 FROM staff_account AS maker, staff_account AS checker
    WHERE maker.id = NEW.maker_id AND checker.id = NEW.checker_id AND maker.identity = checker.identity)
        BEGIN SELECT RAISE(ABORT, 'second_person: maker and checker are one person'); END""",
    """CREATE TRIGGER second_person_update BEFORE UPDATE ON second_person
        WHEN EXISTS (
    SELECT 1 FROM staff_account AS maker, staff_account AS checker
    WHERE maker.id = NEW.maker_id AND checker.id = NEW.checker_id AND maker.identity = checker.identity)
        BEGIN SELECT RAISE(ABORT, 'second_person: maker and checker are one person'); END""",
    """CREATE TRIGGER staff_account_identity BEFORE UPDATE OF identity ON staff_account
    WHEN NEW.identity <> OLD.identity
    BEGIN SELECT RAISE(ABORT, 'staff_account: identity is fixed'); END""",
)

POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION audit_log_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$""",
    """CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_fixed()""",
    """CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_fixed()""",
    """CREATE FUNCTION second_person_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (
    SELECT 1 FROM staff_account AS maker, staff_account AS checker
    WHERE maker.id = NEW.maker_id AND checker.id = NEW.checker_id AND maker.identity = checker.identity) THEN
            RAISE EXCEPTION 'second_person: maker and checker are one person' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER second_person_four_eyes BEFORE INSERT OR UPDATE ON second_person
    FOR EACH ROW EXECUTE FUNCTION second_person_four_eyes()""",
    """CREATE FUNCTION staff_account_identity() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.identity <> OLD.identity THEN
            RAISE EXCEPTION 'staff_account: identity is fixed' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER staff_account_identity BEFORE UPDATE ON staff_account
    FOR EACH ROW EXECUTE FUNCTION staff_account_identity()""",
)


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("last_hash", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('anonymous', 'borrower', 'staff', 'system')", name=op.f("ck_audit_log_actor_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_log_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_log_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_log_subject"), ["subject"], unique=False)

    op.create_table(
        "decision_export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('waiver', 'plan', 'hold')", name=op.f("ck_decision_export_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_export")),
    )
    op.create_table(
        "idempotency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency")),
        sa.UniqueConstraint("actor", "action", "key", name=op.f("uq_idempotency_actor_action_key")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_recorded_at"), ["recorded_at"], unique=False)

    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.Integer(), nullable=False),
        sa.Column("data_date", sa.Date(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("previous_id", name=op.f("uq_import_run_previous_id")),
    )
    op.create_table(
        "job_run",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_run")),
    )
    op.create_table(
        "link_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sealed_number", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_request")),
    )
    op.create_table(
        "loan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan")),
        sa.UniqueConstraint("code", name=op.f("uq_loan_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_loan_ref")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("code", name=op.f("uq_person_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_person_ref")),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("ref", name=op.f("uq_product_ref")),
    )
    op.create_table(
        "staff_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("sealed_totp", sa.String(), nullable=False),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_account")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_account_name")),
    )
    with op.batch_alter_table("staff_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_account_identity"), ["identity"], unique=False)

    op.create_table(
        "throttle",
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.Column("window_end", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_throttle")),
    )
    with op.batch_alter_table("throttle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_throttle_window_end"), ["window_end"], unique=False)

    op.create_table(
        "authority",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("waiver_max", sa.BigInteger(), nullable=False),
        sa.Column("waiver_day_max", sa.BigInteger(), nullable=False),
        sa.Column("plan_max", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "waiver_max >= 0 AND waiver_day_max >= 0 AND plan_max >= 0", name=op.f("ck_authority_not_negative")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_authority_import_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority")),
    )
    with op.batch_alter_table("authority", schema=None) as batch_op:
        batch_op.create_index(
            "uq_authority_current",
            ["role", "currency", "effective_from"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "contact_point",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('mobile')", name=op.f("ck_contact_point_kind")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_contact_point_import_id_import_run")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contact_point_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point")),
    )
    with op.batch_alter_table("contact_point", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_point_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_point_value"), ["value"], unique=False)
        batch_op.create_index(
            "uq_contact_point_current",
            ["person_id", "kind"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "debit_attempt",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("instalment", sa.Integer(), nullable=False),
        sa.Column("attempted_at", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("result_code", sa.String(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "result IN ('collected', 'insufficient_funds', 'account_problem', 'not_presented')",
            name=op.f("ck_debit_attempt_result"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_debit_attempt_not_negative")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_debit_attempt_import_id_import_run")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_debit_attempt_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debit_attempt")),
    )
    with op.batch_alter_table("debit_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_debit_attempt_loan_id"), ["loan_id"], unique=False)
        batch_op.create_index(
            "uq_debit_attempt_current",
            ["ref"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "dispute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("instalment", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("disputed", sa.BigInteger(), nullable=False),
        sa.Column("unpaid", sa.BigInteger(), nullable=False),
        sa.Column("stays_payable", sa.BigInteger(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("filed_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("late_told_at", sa.BigInteger(), nullable=True),
        sa.Column("held_by", sa.Integer(), nullable=True),
        sa.Column("held_since", sa.BigInteger(), nullable=True),
        sa.Column("fraud_number", sa.String(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('funds', 'paid', 'amount', 'not_mine', 'lent', 'explained', 'claim', 'hardship', 'other')",
            name=op.f("ck_dispute_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'waiting', 'proposed', 'decided', 'in_review', 'closed', 'withdrawn')",
            name=op.f("ck_dispute_state"),
        ),
        sa.CheckConstraint("(held_by IS NULL) = (held_since IS NULL)", name=op.f("ck_dispute_held")),
        sa.CheckConstraint(
            "disputed >= 0 AND unpaid >= 0 AND stays_payable >= 0", name=op.f("ck_dispute_not_negative")
        ),
        sa.ForeignKeyConstraint(["held_by"], ["staff_account.id"], name=op.f("fk_dispute_held_by_staff_account")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_dispute_loan_id_loan")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dispute_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("number", name=op.f("uq_dispute_number")),
    )
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_loan_id"), ["loan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_dispute_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_dispute_state_answer_by", ["state", "answer_by"], unique=False)

    op.create_table(
        "evidence_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_kind", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.CheckConstraint("case_kind IN ('draft', 'dispute', 'plan')", name=op.f("ck_evidence_case_case_kind")),
        sa.CheckConstraint("bytes BETWEEN 0 AND 60000000", name=op.f("ck_evidence_case_bytes")),
        sa.CheckConstraint("files BETWEEN 0 AND 10", name=op.f("ck_evidence_case_files")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_evidence_case_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_case")),
        sa.UniqueConstraint("case_kind", "case_number", name=op.f("uq_evidence_case_case_kind_case_number")),
    )
    op.create_table(
        "evidence_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("case_kind", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("added_by_staff", sa.Integer(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("store_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("delete_after", sa.Date(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'deleted') = (deleted_at IS NOT NULL)", name=op.f("ck_evidence_file_deleted")),
        sa.CheckConstraint("(state = 'unreadable') = (problem <> '')", name=op.f("ck_evidence_file_reason")),
        sa.CheckConstraint("case_kind IN ('draft', 'dispute', 'plan')", name=op.f("ck_evidence_file_case_kind")),
        sa.CheckConstraint("kind IN ('pdf', 'jpeg', 'png', 'heic')", name=op.f("ck_evidence_file_kind")),
        sa.CheckConstraint(
            "problem IN ('', 'wrong_type', 'two_files', 'broken', 'too_large', 'too_long', 'moving', 'password', 'active')",
            name=op.f("ck_evidence_file_problem"),
        ),
        sa.CheckConstraint(
            "state IN ('being_checked', 'ready', 'unreadable', 'deleted')", name=op.f("ck_evidence_file_state")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_evidence_file_size")),
        sa.ForeignKeyConstraint(
            ["added_by_staff"], ["staff_account.id"], name=op.f("fk_evidence_file_added_by_staff_staff_account")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_evidence_file_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_file")),
        sa.UniqueConstraint("code", name=op.f("uq_evidence_file_code")),
        sa.UniqueConstraint("store_key", name=op.f("uq_evidence_file_store_key")),
    )
    with op.batch_alter_table("evidence_file", schema=None) as batch_op:
        batch_op.create_index("ix_evidence_file_case", ["case_kind", "case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_evidence_file_delete_after"), ["delete_after"], unique=False)
        batch_op.create_index(batch_op.f("ix_evidence_file_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_evidence_file_content",
            ["case_kind", "case_number", "sha256"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("parts", sa.Text(), server_default="[]", nullable=False),
        sa.Column("data", sa.Text(), server_default="{}", nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('dispute', 'plan', 'promise', 'settlement', 'fraud', 'incapacity', 'proposal', 'refund')",
            name=op.f("ck_hold_kind"),
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_hold_loan_id_loan")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hold_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_number"), ["number"], unique=False)
        batch_op.create_index(
            "ix_hold_open_loan",
            ["loan_id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "ix_hold_open_person",
            ["person_id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "instalment",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("interest", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.CheckConstraint("principal >= 0 AND interest >= 0 AND fee >= 0", name=op.f("ck_instalment_not_negative")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_instalment_import_id_import_run")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_instalment_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment")),
    )
    with op.batch_alter_table("instalment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instalment_loan_id"), ["loan_id"], unique=False)
        batch_op.create_index(
            "uq_instalment_current",
            ["loan_id", "number"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "kept_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("sealed_entries", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(person_id IS NULL) <> (account_id IS NULL)", name=op.f("ck_kept_entry_owner")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["staff_account.id"], name=op.f("fk_kept_entry_account_id_staff_account")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_entry_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_entry")),
    )
    with op.batch_alter_table("kept_entry", schema=None) as batch_op:
        batch_op.create_index("uq_kept_entry_account_id_form", ["account_id", "form"], unique=True)
        batch_op.create_index("uq_kept_entry_person_id_form", ["person_id", "form"], unique=True)

    op.create_table(
        "loan_party",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "role IN ('borrower', 'co_borrower', 'guarantor', 'representative')", name=op.f("ck_loan_party_role")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_loan_party_import_id_import_run")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_party_loan_id_loan")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_loan_party_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_party")),
    )
    with op.batch_alter_table("loan_party", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loan_party_loan_id"), ["loan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_loan_party_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_loan_party_current",
            ["loan_id", "person_id", "role"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "loan_version",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("borrower_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("disbursed_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_on", sa.Date(), nullable=True),
        sa.Column("debit_last4", sa.String(), nullable=True),
        sa.Column("debit_holder", sa.String(), nullable=True),
        sa.Column("new_owner", sa.String(), nullable=True),
        sa.Column("new_owner_phone", sa.String(), nullable=True),
        sa.CheckConstraint(
            "status IN ('active', 'called', 'closed', 'written_off', 'sold')", name=op.f("ck_loan_version_status")
        ),
        sa.CheckConstraint("principal >= 0", name=op.f("ck_loan_version_not_negative")),
        sa.ForeignKeyConstraint(["borrower_id"], ["person.id"], name=op.f("fk_loan_version_borrower_id_person")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_loan_version_import_id_import_run")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_version_loan_id_loan")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_loan_version_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_version")),
    )
    with op.batch_alter_table("loan_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loan_version_borrower_id"), ["borrower_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_loan_version_loan_id"), ["loan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_loan_version_product_id"), ["product_id"], unique=False)
        batch_op.create_index(
            "uq_loan_version_current",
            ["loan_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "nightly_figure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("penalty", sa.BigInteger(), nullable=False),
        sa.Column("not_yet_due", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.Column("days_past_due", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("risk_class", sa.String(), nullable=False),
        sa.Column("computed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_nightly_figure_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nightly_figure")),
        sa.UniqueConstraint("loan_id", name=op.f("uq_nightly_figure_loan_id")),
    )
    op.create_table(
        "payment",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reversed", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('payment', 'refund')", name=op.f("ck_payment_kind")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payment_not_negative")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_payment_import_id_import_run")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_payment_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_loan_id"), ["loan_id"], unique=False)
        batch_op.create_index(
            "uq_payment_current",
            ["ref"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "penalty_rate",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("daily_rate", sa.String(), nullable=False),
        sa.Column("annual_ceiling", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_penalty_rate_import_id_import_run")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_penalty_rate_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty_rate")),
    )
    with op.batch_alter_table("penalty_rate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_penalty_rate_product_id"), ["product_id"], unique=False)
        batch_op.create_index(
            "uq_penalty_rate_current",
            ["product_id", "effective_from"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "person_version",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("id_last4", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("payday", sa.Integer(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('natural', 'organisation')", name=op.f("ck_person_version_kind")),
        sa.CheckConstraint(
            "birth_date IS NOT NULL OR id_last4 IS NOT NULL", name=op.f("ck_person_version_can_be_checked")
        ),
        sa.CheckConstraint("payday IS NULL OR payday BETWEEN 1 AND 31", name=op.f("ck_person_version_payday")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_person_version_import_id_import_run")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_version_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_version")),
    )
    with op.batch_alter_table("person_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_version_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_person_version_current",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("lapses_on", sa.Date(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("within_limits", sa.Boolean(), nullable=False),
        sa.Column("consent_text", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.String(), nullable=False),
        sa.Column("consent_language", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("is_frozen", sa.Boolean(), nullable=False),
        sa.Column("freeze_forecast", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("replaced_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('refused', 'lapsed', 'withdrawn', 'cancelled', 'kept', 'replaced')) = (ended_at IS NOT NULL)",
            name=op.f("ck_plan_ended"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'countered', 'refused', 'lapsed', 'withdrawn', 'running', 'evaluated', 'cancelled', 'kept', 'replaced')",
            name=op.f("ck_plan_state"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR confirmed_by IS NULL OR decided_by <> confirmed_by", name=op.f("ck_plan_two_people")
        ),
        sa.CheckConstraint("due >= 0 AND freeze_forecast >= 0", name=op.f("ck_plan_not_negative")),
        sa.CheckConstraint("lapses_on >= start_on", name=op.f("ck_plan_lapses")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_plan_version")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["staff_account.id"], name=op.f("fk_plan_confirmed_by_staff_account")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff_account.id"], name=op.f("fk_plan_decided_by_staff_account")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_plan_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("number", name=op.f("uq_plan_number")),
    )
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_plan_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_plan_proposed",
            ["person_id", "currency"],
            unique=True,
            sqlite_where=sa.text("state = 'proposed'"),
            postgresql_where=sa.text("state = 'proposed'"),
        )

    op.create_table(
        "plan_limit",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("first_payment_min", sa.BigInteger(), nullable=False),
        sa.Column("payment_min", sa.BigInteger(), nullable=False),
        sa.Column("payments_max", sa.Integer(), nullable=False),
        sa.Column("days_max", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "first_payment_min >= 0 AND payment_min >= 0 AND payments_max >= 0 AND days_max >= 0",
            name=op.f("ck_plan_limit_not_negative"),
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_plan_limit_import_id_import_run")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_plan_limit_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_limit")),
    )
    with op.batch_alter_table("plan_limit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_limit_product_id"), ["product_id"], unique=False)
        batch_op.create_index(
            "uq_plan_limit_current",
            ["product_id", "effective_from"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "product_rule",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_product_rule_import_id_import_run")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_rule_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_rule")),
    )
    with op.batch_alter_table("product_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_rule_product_id"), ["product_id"], unique=False)
        batch_op.create_index(
            "uq_product_rule_current",
            ["product_id", "rule", "effective_from"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "product_version",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("contract_type", sa.String(), nullable=False),
        sa.Column("penalty_base", sa.String(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("late_fee", sa.BigInteger(), nullable=False),
        sa.Column("late_fee_after_days", sa.Integer(), nullable=False),
        sa.Column("allocation_strategy", sa.String(), nullable=False),
        sa.Column("component_order", sa.String(), nullable=False),
        sa.Column("accrues_while_disputed", sa.Boolean(), nullable=False),
        sa.Column("rates_apply", sa.String(), nullable=False),
        sa.Column("rule_pack", sa.String(), nullable=False),
        sa.CheckConstraint(
            "allocation_strategy IN ('by_instalment', 'by_component')",
            name=op.f("ck_product_version_allocation_strategy"),
        ),
        sa.CheckConstraint(
            "contract_type IN ('bank_loan', 'finance_lease', 'sales_credit')",
            name=op.f("ck_product_version_contract_type"),
        ),
        sa.CheckConstraint(
            "penalty_base IN ('overdue_principal', 'overdue_instalment')", name=op.f("ck_product_version_penalty_base")
        ),
        sa.CheckConstraint(
            "rates_apply IN ('by_night', 'by_contract_date')", name=op.f("ck_product_version_rates_apply")
        ),
        sa.CheckConstraint(
            "grace_days >= 0 AND late_fee >= 0 AND late_fee_after_days >= 0",
            name=op.f("ck_product_version_not_negative"),
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_product_version_import_id_import_run")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_version_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_version")),
    )
    with op.batch_alter_table("product_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_version_product_id"), ["product_id"], unique=False)
        batch_op.create_index(
            "uq_product_version_current",
            ["product_id"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("reason IN ('due_tomorrow', 'late')", name=op.f("ck_reminder_reason")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("person_id", "day", name=op.f("uq_reminder_person_id_day")),
    )
    op.create_table(
        "second_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("object_number", sa.String(), nullable=False),
        sa.Column("hash_seen", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("maker_id", sa.Integer(), nullable=False),
        sa.Column("checker_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('confirmed', 'declined')) = (checker_id IS NOT NULL) AND (state = 'waiting') = (settled_at IS NULL)",
            name=op.f("ck_second_person_settled"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'confirmed', 'declined', 'withdrawn', 'lapsed')", name=op.f("ck_second_person_state")
        ),
        sa.CheckConstraint("maker_id <> checker_id", name=op.f("ck_second_person_two_accounts")),
        sa.ForeignKeyConstraint(
            ["checker_id"], ["staff_account.id"], name=op.f("fk_second_person_checker_id_staff_account")
        ),
        sa.ForeignKeyConstraint(
            ["maker_id"], ["staff_account.id"], name=op.f("fk_second_person_maker_id_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_person")),
        sa.UniqueConstraint("code", name=op.f("uq_second_person_code")),
    )
    with op.batch_alter_table("second_person", schema=None) as batch_op:
        batch_op.create_index(
            "uq_second_person_waiting",
            ["act", "object_number"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "staff_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "role IN ('plan_approver', 'dispute_handler', 'supervisor', 'auditor', 'administrator')",
            name=op.f("ck_staff_role_role"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["staff_account.id"], name=op.f("fk_staff_role_account_id_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_role")),
    )
    with op.batch_alter_table("staff_role", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_role_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            "uq_staff_role_account_id_role_running",
            ["account_id", "role"],
            unique=True,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )

    op.create_table(
        "staff_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["staff_account.id"], name=op.f("fk_staff_session_account_id_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_session_token_hash")),
    )
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_session_account_id"), ["account_id"], unique=False)

    op.create_table(
        "waiver",
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("instalment", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("portal_number", sa.String(), nullable=True),
        sa.Column("case_number", sa.String(), nullable=True),
        sa.CheckConstraint(
            "component IN ('fee', 'penalty', 'interest', 'principal')", name=op.f("ck_waiver_component")
        ),
        sa.CheckConstraint(
            "kind = 'days' AND from_day IS NOT NULL AND on_day IS NULL AND amount IS NULL OR kind = 'amount' AND on_day IS NOT NULL AND amount > 0 AND from_day IS NULL AND to_day IS NULL",
            name=op.f("ck_waiver_shape"),
        ),
        sa.CheckConstraint("kind IN ('days', 'amount')", name=op.f("ck_waiver_kind")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_waiver_import_id_import_run")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_waiver_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiver_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiver_loan_id"), ["loan_id"], unique=False)
        batch_op.create_index(
            "uq_waiver_current",
            ["ref"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.create_index(
            "uq_waiver_portal_number",
            ["portal_number"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL AND portal_number IS NOT NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND portal_number IS NOT NULL"),
        )

    op.create_table(
        "waiver_confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("portal_number", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.id"], name=op.f("fk_waiver_confirmation_import_id_import_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_confirmation")),
        sa.UniqueConstraint("portal_number", name=op.f("uq_waiver_confirmation_portal_number")),
    )
    with op.batch_alter_table("waiver_confirmation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiver_confirmation_ref"), ["ref"], unique=False)

    op.create_table(
        "wrong_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_wrong_code_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrong_code")),
    )
    with op.batch_alter_table("wrong_code", schema=None) as batch_op:
        batch_op.create_index("ix_wrong_code_person_id_at", ["person_id", "at"], unique=False)

    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("wrong_checks", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("wrong_checks BETWEEN 0 AND 5", name=op.f("ck_device_wrong_checks")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_device_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_device_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("code", name=op.f("uq_device_code")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_token_hash")),
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_person_id"), ["person_id"], unique=False)

    op.create_table(
        "dispute_consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dispute_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_consent_dispute_id_dispute")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dispute_consent_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_consent")),
    )
    with op.batch_alter_table("dispute_consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_consent_dispute_id"), ["dispute_id"], unique=False)

    op.create_table(
        "dispute_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dispute_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("waivers", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("outcome <> 'not_upheld' OR amount = 0", name=op.f("ck_dispute_decision_not_upheld")),
        sa.CheckConstraint("outcome IN ('upheld', 'partly', 'not_upheld')", name=op.f("ck_dispute_decision_outcome")),
        sa.CheckConstraint(
            "reason IN ('funds_met', 'funds_not_met', 'payment_found', 'payment_not_found', 'computed_wrongly', 'computed_rightly', 'not_the_borrower', 'is_the_borrower', 'not_explained', 'explained', 'goodwill', 'other')",
            name=op.f("ck_dispute_decision_reason"),
        ),
        sa.CheckConstraint("decided_by <> confirmed_by", name=op.f("ck_dispute_decision_two_accounts")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["staff_account.id"], name=op.f("fk_dispute_decision_confirmed_by_staff_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff_account.id"], name=op.f("fk_dispute_decision_decided_by_staff_account")
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_decision_dispute_id_dispute")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_decision")),
        sa.UniqueConstraint("dispute_id", name=op.f("uq_dispute_decision_dispute_id")),
    )
    with op.batch_alter_table("dispute_decision", schema=None) as batch_op:
        batch_op.create_index("ix_dispute_decision_decided_by", ["decided_by", "decided_on"], unique=False)

    op.create_table(
        "dispute_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dispute_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('message', 'question', 'file_refused')", name=op.f("ck_dispute_message_kind")),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_message_dispute_id_dispute")),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_account.id"], name=op.f("fk_dispute_message_staff_id_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_message")),
    )
    with op.batch_alter_table("dispute_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_message_dispute_id"), ["dispute_id"], unique=False)

    op.create_table(
        "dispute_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dispute_id", sa.Integer(), nullable=False),
        sa.Column("instalment", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.CheckConstraint("(kind = 'nights') = (from_day IS NOT NULL)", name=op.f("ck_dispute_part_shape")),
        sa.CheckConstraint("kind IN ('nights', 'late_fee')", name=op.f("ck_dispute_part_kind")),
        sa.CheckConstraint("to_day IS NULL OR to_day >= from_day", name=op.f("ck_dispute_part_days")),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_part_dispute_id_dispute")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_part")),
    )
    with op.batch_alter_table("dispute_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_part_dispute_id"), ["dispute_id"], unique=False)

    op.create_table(
        "evidence_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("store_key", sa.String(), nullable=False),
        sa.CheckConstraint(
            "number > 0 AND width > 0 AND height > 0 AND size > 0", name=op.f("ck_evidence_page_positive")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["evidence_file.id"], name=op.f("fk_evidence_page_file_id_evidence_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_page")),
        sa.UniqueConstraint("file_id", "number", name=op.f("uq_evidence_page_file_id_number")),
        sa.UniqueConstraint("store_key", name=op.f("uq_evidence_page_store_key")),
    )
    with op.batch_alter_table("evidence_page", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_page_file_id"), ["file_id"], unique=False)

    op.create_table(
        "link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("wrong_checks", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("wrong_checks BETWEEN 0 AND 5", name=op.f("ck_link_wrong_checks")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_link_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_link_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("ref_hash", name=op.f("uq_link_ref_hash")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_person_id"), ["person_id"], unique=False)

    op.create_table(
        "number_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mobile", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_for", sa.String(), nullable=True),
        sa.CheckConstraint("ended_for IN ('undone', 'check_passed')", name=op.f("ck_number_stop_ended_for")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_number_stop_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_number_stop_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_stop")),
    )
    with op.batch_alter_table("number_stop", schema=None) as batch_op:
        batch_op.create_index(
            "uq_number_stop_mobile_running",
            ["mobile"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("sealed_text", sa.Text(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("is_contact", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'uncertain', 'sent', 'failed')", name=op.f("ck_outbox_state")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outbox_attempts")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_outbox_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_outbox_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("reference", name=op.f("uq_outbox_reference")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_open",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )
        batch_op.create_index("ix_outbox_person_id_created_at", ["person_id", "created_at"], unique=False)

    op.create_table(
        "plan_agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("agreed_at", sa.BigInteger(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_agreement_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_agreement")),
        sa.UniqueConstraint("plan_id", name=op.f("uq_plan_agreement_plan_id")),
    )
    op.create_table(
        "plan_loan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_plan_loan_loan_id_loan")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_loan_plan_id_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_loan")),
        sa.UniqueConstraint("plan_id", "loan_id", name=op.f("uq_plan_loan_plan_id_loan_id")),
    )
    with op.batch_alter_table("plan_loan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_loan_loan_id"), ["loan_id"], unique=False)

    op.create_table(
        "borrower_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_for", sa.String(), nullable=True),
        sa.CheckConstraint("stage IN ('link', 'check', 'code', 'full')", name=op.f("ck_borrower_session_stage")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_borrower_session_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_borrower_session_device_id_device")),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_borrower_session_link_id_link")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_borrower_session_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_borrower_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_borrower_session_token_hash")),
    )
    with op.batch_alter_table("borrower_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_borrower_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "diary_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("masked_number", sa.String(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("is_contact", sa.Boolean(), nullable=False),
        sa.CheckConstraint("segments > 0", name=op.f("ck_diary_entry_segments")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_diary_entry_outbox_id_outbox")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_diary_entry_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diary_entry")),
        sa.UniqueConstraint("outbox_id", name=op.f("uq_diary_entry_outbox_id")),
    )
    with op.batch_alter_table("diary_entry", schema=None) as batch_op:
        batch_op.create_index("ix_diary_entry_person_id_at", ["person_id", "at"], unique=False)

    op.create_table(
        "challenge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("word_one", sa.String(), nullable=False),
        sa.Column("word_two", sa.String(), nullable=False),
        sa.Column("words_language", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("wrong_tries BETWEEN 0 AND 5", name=op.f("ck_challenge_wrong_tries")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_challenge_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_challenge_person_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["borrower_session.id"], name=op.f("fk_challenge_session_id_borrower_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
    )
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_challenge_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_challenge_session_id"), ["session_id"], unique=False)

    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for trigger in SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """Take the tables back to the revision before."""
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_challenge_session_id"))
        batch_op.drop_index(batch_op.f("ix_challenge_person_id"))

    op.drop_table("challenge")
    with op.batch_alter_table("diary_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_diary_entry_person_id_at")

    op.drop_table("diary_entry")
    with op.batch_alter_table("borrower_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_borrower_session_person_id"))

    op.drop_table("borrower_session")
    with op.batch_alter_table("plan_loan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_loan_loan_id"))

    op.drop_table("plan_loan")
    op.drop_table("plan_agreement")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_person_id_created_at")
        batch_op.drop_index(
            "ix_outbox_open",
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )

    op.drop_table("outbox")
    with op.batch_alter_table("number_stop", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_number_stop_mobile_running",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("number_stop")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_person_id"))

    op.drop_table("link")
    with op.batch_alter_table("evidence_page", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_page_file_id"))

    op.drop_table("evidence_page")
    with op.batch_alter_table("dispute_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_part_dispute_id"))

    op.drop_table("dispute_part")
    with op.batch_alter_table("dispute_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_message_dispute_id"))

    op.drop_table("dispute_message")
    with op.batch_alter_table("dispute_decision", schema=None) as batch_op:
        batch_op.drop_index("ix_dispute_decision_decided_by")

    op.drop_table("dispute_decision")
    with op.batch_alter_table("dispute_consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_consent_dispute_id"))

    op.drop_table("dispute_consent")
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_person_id"))

    op.drop_table("device")
    with op.batch_alter_table("wrong_code", schema=None) as batch_op:
        batch_op.drop_index("ix_wrong_code_person_id_at")

    op.drop_table("wrong_code")
    with op.batch_alter_table("waiver_confirmation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waiver_confirmation_ref"))

    op.drop_table("waiver_confirmation")
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_waiver_portal_number",
            sqlite_where=sa.text("superseded_at IS NULL AND portal_number IS NOT NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND portal_number IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_waiver_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_waiver_loan_id"))
        batch_op.drop_index(batch_op.f("ix_waiver_case_number"))

    op.drop_table("waiver")
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_session_account_id"))

    op.drop_table("staff_session")
    with op.batch_alter_table("staff_role", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_staff_role_account_id_role_running",
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_staff_role_account_id"))

    op.drop_table("staff_role")
    with op.batch_alter_table("second_person", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_second_person_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.drop_table("second_person")
    op.drop_table("reminder")
    with op.batch_alter_table("product_version", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_product_version_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_product_version_product_id"))

    op.drop_table("product_version")
    with op.batch_alter_table("product_rule", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_product_rule_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_product_rule_product_id"))

    op.drop_table("product_rule")
    with op.batch_alter_table("plan_limit", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_plan_limit_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_plan_limit_product_id"))

    op.drop_table("plan_limit")
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_plan_proposed",
            sqlite_where=sa.text("state = 'proposed'"),
            postgresql_where=sa.text("state = 'proposed'"),
        )
        batch_op.drop_index(batch_op.f("ix_plan_state"))
        batch_op.drop_index(batch_op.f("ix_plan_person_id"))

    op.drop_table("plan")
    with op.batch_alter_table("person_version", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_person_version_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_person_version_person_id"))

    op.drop_table("person_version")
    with op.batch_alter_table("penalty_rate", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_penalty_rate_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_penalty_rate_product_id"))

    op.drop_table("penalty_rate")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_payment_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_payment_loan_id"))

    op.drop_table("payment")
    op.drop_table("nightly_figure")
    with op.batch_alter_table("loan_version", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_loan_version_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_loan_version_product_id"))
        batch_op.drop_index(batch_op.f("ix_loan_version_loan_id"))
        batch_op.drop_index(batch_op.f("ix_loan_version_borrower_id"))

    op.drop_table("loan_version")
    with op.batch_alter_table("loan_party", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_loan_party_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_loan_party_person_id"))
        batch_op.drop_index(batch_op.f("ix_loan_party_loan_id"))

    op.drop_table("loan_party")
    with op.batch_alter_table("kept_entry", schema=None) as batch_op:
        batch_op.drop_index("uq_kept_entry_person_id_form")
        batch_op.drop_index("uq_kept_entry_account_id_form")

    op.drop_table("kept_entry")
    with op.batch_alter_table("instalment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_instalment_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_instalment_loan_id"))

    op.drop_table("instalment")
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_hold_open_person",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_hold_open_loan", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_hold_number"))

    op.drop_table("hold")
    with op.batch_alter_table("evidence_file", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_evidence_file_content",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_evidence_file_person_id"))
        batch_op.drop_index(batch_op.f("ix_evidence_file_delete_after"))
        batch_op.drop_index("ix_evidence_file_case")

    op.drop_table("evidence_file")
    op.drop_table("evidence_case")
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_index("ix_dispute_state_answer_by")
        batch_op.drop_index(batch_op.f("ix_dispute_person_id"))
        batch_op.drop_index(batch_op.f("ix_dispute_loan_id"))

    op.drop_table("dispute")
    with op.batch_alter_table("debit_attempt", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_debit_attempt_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_debit_attempt_loan_id"))

    op.drop_table("debit_attempt")
    with op.batch_alter_table("contact_point", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_contact_point_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_contact_point_value"))
        batch_op.drop_index(batch_op.f("ix_contact_point_person_id"))

    op.drop_table("contact_point")
    with op.batch_alter_table("authority", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_authority_current",
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        )

    op.drop_table("authority")
    with op.batch_alter_table("throttle", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_throttle_window_end"))

    op.drop_table("throttle")
    with op.batch_alter_table("staff_account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_account_identity"))

    op.drop_table("staff_account")
    op.drop_table("product")
    op.drop_table("person")
    op.drop_table("loan")
    op.drop_table("link_request")
    op.drop_table("job_run")
    op.drop_table("import_run")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_recorded_at"))

    op.drop_table("idempotency")
    op.drop_table("decision_export")
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_log_subject"))
        batch_op.drop_index(batch_op.f("ix_audit_log_kind"))
        batch_op.drop_index(batch_op.f("ix_audit_log_at"))

    op.drop_table("audit_log")
    op.drop_table("audit_head")
    if op.get_bind().dialect.name == "postgresql":
        for function in ("audit_log_is_fixed", "second_person_four_eyes", "staff_account_identity"):
            op.execute(f"DROP FUNCTION {function}()")
