"""Counter-offers, proposals written down on the phone, pauses of reminders, limits of a role for a product, and the rules that a decision about a plan was judged by."""

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = "0090"
branch_labels = None
depends_on = None


# Alembic sees no triggers, so they stand here as they were released.
_SAME_PERSON = """NEW.drafted_by IS NOT NULL AND EXISTS (
    SELECT 1 FROM staff_account AS writer, staff_account AS decider
    WHERE writer.id = NEW.drafted_by AND decider.id IN (NEW.decided_by, NEW.confirmed_by)
    AND writer.identity = decider.identity)"""
SQLITE_TRIGGERS = (
    f"""CREATE TRIGGER plan_not_by_its_writer BEFORE UPDATE ON plan
    WHEN {_SAME_PERSON}
    BEGIN SELECT RAISE(ABORT, 'plan: who wrote a proposal down decides nothing about it'); END""",
)
POSTGRESQL_TRIGGERS = (
    f"""CREATE FUNCTION plan_not_by_its_writer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {_SAME_PERSON} THEN
            RAISE EXCEPTION 'plan: who wrote a proposal down decides nothing about it' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER plan_not_by_its_writer BEFORE UPDATE ON plan
    FOR EACH ROW EXECUTE FUNCTION plan_not_by_its_writer()""",
)


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.add_column("plan", sa.Column("rules", sa.Text(), nullable=False, server_default="{}"))
    with op.batch_alter_table("plan") as batch_op:
        batch_op.add_column(sa.Column("drafted_by", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_plan_drafted_by_staff_account"), "staff_account", ["drafted_by"], ["id"])
    _counters()
    _phone()
    _hardship()
    _limits()


def _hardship() -> None:
    running = sa.text("ended_on IS NULL")
    op.create_table(
        "hardship",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("consent_text", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.String(), nullable=False),
        sa.Column("consent_language", sa.String(), nullable=False),
        sa.CheckConstraint("change IN ('', 'work', 'illness', 'accident', 'other')", name=op.f("ck_hardship_change")),
        sa.CheckConstraint("until >= from_day", name=op.f("ck_hardship_until")),
        sa.CheckConstraint("(ended_on IS NULL) = (ended_at IS NULL)", name=op.f("ck_hardship_ended")),
        sa.CheckConstraint("(change = '' AND words = '') OR consent_version <> ''", name=op.f("ck_hardship_consent")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hardship_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hardship")),
        sa.UniqueConstraint("number", name=op.f("uq_hardship_number")),
    )
    op.create_index(op.f("ix_hardship_person_id"), "hardship", ["person_id"])
    op.create_index(
        "uq_hardship_running",
        "hardship",
        ["person_id"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    _replace_hold_kinds(lambda kinds: [*kinds, "hardship"])


def _replace_hold_kinds(change: Callable[[list[str]], list[str]]) -> None:
    """The kinds that revisions before this one allowed, with one more or one less, in whatever order they came."""
    checks = {each["name"]: each["sqltext"] for each in sa.inspect(op.get_bind()).get_check_constraints("hold")}
    kinds = change(re.findall(r"'(\w+)'", checks["ck_hold_kind"]))
    with op.batch_alter_table("hold") as batch_op:
        batch_op.drop_constraint(op.f("ck_hold_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_hold_kind"), f"kind IN ({', '.join(map(repr, kinds))})")


def _phone() -> None:
    waiting = sa.text("state = 'waiting'")
    op.create_table(
        "phone_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("plan_number", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'confirmed', 'declined', 'withdrawn', 'lapsed')", name=op.f("ck_phone_proposal_state")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_phone_proposal_version")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_phone_proposal_ended")),
        sa.CheckConstraint(
            "(state = 'confirmed') = (plan_number IS NOT NULL)", name=op.f("ck_phone_proposal_confirmed")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phone_proposal_person_id_person")),
        sa.ForeignKeyConstraint(
            ["made_by"], ["staff_account.id"], name=op.f("fk_phone_proposal_made_by_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_proposal")),
        sa.UniqueConstraint("number", name=op.f("uq_phone_proposal_number")),
    )
    op.create_index(op.f("ix_phone_proposal_person_id"), "phone_proposal", ["person_id"])
    op.create_index(op.f("ix_phone_proposal_state"), "phone_proposal", ["state"])
    op.create_index(
        "uq_phone_proposal_waiting",
        "phone_proposal",
        ["person_id", "currency"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for trigger in SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS:
        op.execute(trigger)


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
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER plan_not_by_its_writer ON plan")
        op.execute("DROP FUNCTION plan_not_by_its_writer()")
    else:
        op.execute("DROP TRIGGER plan_not_by_its_writer")
    op.execute("DELETE FROM hold WHERE kind = 'hardship'")
    _replace_hold_kinds(lambda kinds: [kind for kind in kinds if kind != "hardship"])
    for table in ("hardship", "phone_proposal", "role_limit", "limit_change", "plan_counter"):
        op.drop_table(table)
    with op.batch_alter_table("plan") as batch_op:
        batch_op.drop_constraint(op.f("fk_plan_drafted_by_staff_account"), type_="foreignkey")
        batch_op.drop_column("drafted_by")
    op.drop_column("plan", "rules")
