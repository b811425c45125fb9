"""Complaints with the triggers that keep them from whom they are about, and stopped reminders."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None

FILED_UNDER = ("evidence_file", "evidence_case")
"""The tables whose `case_kind` may be a complaint from now on."""

BEFORE = ("draft", "dispute", "plan")

# Alembic sees no triggers, so they stand here as they were released.
OWN_NUMBER = "(SELECT number FROM complaint WHERE id = NEW.complaint_id)"
IS_SHUT_OUT = """EXISTS (
    SELECT 1 FROM shut_out
    JOIN staff_account AS named ON named.id = shut_out.account_id
    JOIN staff_account AS acting ON acting.identity = named.identity
    WHERE shut_out.until_at IS NULL AND shut_out.case_number = {number} AND acting.id = {actor})"""
GUARDED = {
    "complaint": IS_SHUT_OUT.format(number="NEW.number", actor="NEW.held_by"),
    # What they wrote before it came to be about them stands, and a backup brings it back.
    "complaint_message": IS_SHUT_OUT.format(number=OWN_NUMBER, actor="NEW.staff_id AND shut_out.from_at < NEW.at"),
    "complaint_answer": IS_SHUT_OUT.format(number=OWN_NUMBER, actor="NEW.answered_by"),
    "shut_out": """NEW.until_at IS NULL AND EXISTS (
    SELECT 1 FROM complaint
    JOIN staff_account AS holder ON holder.id = complaint.held_by
    JOIN staff_account AS named ON named.identity = holder.identity
    WHERE complaint.number = NEW.case_number AND named.id = NEW.account_id)""",
}


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "complaint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("happening", sa.String(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("is_rough", sa.Boolean(), nullable=False),
        sa.Column("about_time", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("wishes", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("filed_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("late_told_at", sa.BigInteger(), nullable=True),
        sa.Column("held_by", sa.Integer(), nullable=True),
        sa.Column("held_since", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('', 'call', 'text', 'chat', 'email', 'letter', 'in_person', 'other')",
            name=op.f("ck_complaint_channel"),
        ),
        sa.CheckConstraint(
            "happening IN ('too_often', 'told_others', 'pressure', 'through_others', 'odd_request', 'other')",
            name=op.f("ck_complaint_happening"),
        ),
        sa.CheckConstraint("state IN ('open', 'waiting', 'answered', 'withdrawn')", name=op.f("ck_complaint_state")),
        sa.CheckConstraint("(held_by IS NULL) = (held_since IS NULL)", name=op.f("ck_complaint_held")),
        sa.CheckConstraint("answer_by >= filed_on", name=op.f("ck_complaint_promise")),
        sa.CheckConstraint("happened_on <= filed_on", name=op.f("ck_complaint_happened")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_complaint_version")),
        sa.ForeignKeyConstraint(["held_by"], ["staff_account.id"], name=op.f("fk_complaint_held_by_staff_account")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_complaint_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("number", name=op.f("uq_complaint_number")),
    )
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_complaint_state_answer_by", ["state", "answer_by"], unique=False)

    op.create_table(
        "shut_out",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("(because = 'picked') = (by_id IS NOT NULL)", name=op.f("ck_shut_out_by")),
        sa.CheckConstraint("because IN ('words', 'picked')", name=op.f("ck_shut_out_because")),
        sa.CheckConstraint("(until_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_shut_out_lifted")),
        sa.CheckConstraint("lifted_by <> account_id", name=op.f("ck_shut_out_not_by_oneself")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["staff_account.id"], name=op.f("fk_shut_out_account_id_staff_account")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["staff_account.id"], name=op.f("fk_shut_out_by_id_staff_account")),
        sa.ForeignKeyConstraint(["lifted_by"], ["staff_account.id"], name=op.f("fk_shut_out_lifted_by_staff_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shut_out")),
    )
    with op.batch_alter_table("shut_out", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shut_out_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            "uq_shut_out_running",
            ["case_number", "account_id"],
            unique=True,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )

    op.create_table(
        "complaint_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("outcome = 'not_founded' OR changed <> ''", name=op.f("ck_complaint_answer_changed")),
        sa.CheckConstraint("outcome IN ('founded', 'partly', 'not_founded')", name=op.f("ck_complaint_answer_outcome")),
        sa.CheckConstraint(
            "reason IN ('outside_hours', 'too_many', 'third_party', 'conduct', 'wrong_facts', 'not_ours', 'within_rules', 'no_record', 'other')",
            name=op.f("ck_complaint_answer_reason"),
        ),
        sa.CheckConstraint("words <> ''", name=op.f("ck_complaint_answer_words")),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["staff_account.id"], name=op.f("fk_complaint_answer_answered_by_staff_account")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_answer_complaint_id_complaint")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_answer")),
        sa.UniqueConstraint("complaint_id", name=op.f("uq_complaint_answer_complaint_id")),
    )
    op.create_table(
        "complaint_consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_consent_complaint_id_complaint")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_complaint_consent_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_consent")),
    )
    with op.batch_alter_table("complaint_consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_consent_complaint_id"), ["complaint_id"], unique=False)

    op.create_table(
        "complaint_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind <> 'question' OR staff_id IS NOT NULL", name=op.f("ck_complaint_message_question")),
        sa.CheckConstraint("kind IN ('message', 'question', 'file_refused')", name=op.f("ck_complaint_message_kind")),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_message_complaint_id_complaint")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_account.id"], name=op.f("fk_complaint_message_staff_id_staff_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_message")),
    )
    with op.batch_alter_table("complaint_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_message_complaint_id"), ["complaint_id"], unique=False)

    op.create_table(
        "reminder_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_stop_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_stop")),
    )
    with op.batch_alter_table("reminder_stop", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_stop_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_reminder_stop_running",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )

    _allow_case_kinds((*BEFORE, "complaint"))
    for table, never in GUARDED.items():
        _guard(table, never)


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_table("reminder_stop")
    with op.batch_alter_table("complaint_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_message_complaint_id"))

    op.drop_table("complaint_message")
    with op.batch_alter_table("complaint_consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_consent_complaint_id"))

    op.drop_table("complaint_consent")
    op.drop_table("complaint_answer")
    with op.batch_alter_table("shut_out", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_shut_out_running",
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_shut_out_account_id"))

    op.drop_table("shut_out")
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.drop_index("ix_complaint_state_answer_by")
        batch_op.drop_index(batch_op.f("ix_complaint_person_id"))

    op.drop_table("complaint")
    if op.get_bind().dialect.name == "postgresql":
        for table in GUARDED:
            op.execute(f"DROP FUNCTION {table}_not_to_the_named()")
    _forget_files()
    _allow_case_kinds(BEFORE)


def _forget_files() -> None:
    """No table before this revision can say whose case the files of a complaint are."""
    file, case = (sa.table(name, sa.column("id"), sa.column("case_kind")) for name in FILED_UNDER)
    page = sa.table("evidence_page", sa.column("file_id"))
    ours = sa.select(file.c.id).where(file.c.case_kind == "complaint")
    op.execute(sa.delete(page).where(page.c.file_id.in_(ours)))
    for table in (file, case):
        op.execute(sa.delete(table).where(table.c.case_kind == "complaint"))


def _guard(table: str, never: str) -> None:
    told = f"{table}: the complaint is about this member of staff"
    if op.get_bind().dialect.name == "sqlite":
        for when in ("INSERT", "UPDATE"):
            op.execute(
                f"""CREATE TRIGGER {table}_not_to_the_named_{when.lower()} BEFORE {when} ON {table}
    WHEN {never}
    BEGIN SELECT RAISE(ABORT, '{told}'); END"""
            )
        return
    op.execute(
        f"""CREATE FUNCTION {table}_not_to_the_named() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {never} THEN
            RAISE EXCEPTION '{told}' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END $$"""
    )
    op.execute(
        f"""CREATE TRIGGER {table}_not_to_the_named BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_not_to_the_named()"""
    )


def _allow_case_kinds(kinds: tuple[str, ...]) -> None:
    allowed = f"case_kind IN ({', '.join(repr(kind) for kind in kinds)})"
    for table in FILED_UNDER:
        if op.get_bind().dialect.name == "sqlite":
            _rebuild(table, allowed)
        else:
            op.drop_constraint(op.f(f"ck_{table}_case_kind"), table, type_="check")
            op.create_check_constraint(op.f(f"ck_{table}_case_kind"), table, allowed)


def _rebuild(table: str, allowed: str) -> None:
    """Change one check of a table, whatever else it has by now: SQLite cannot, and Alembic would lose the others."""
    connection = op.get_bind()
    parts = connection.exec_driver_sql(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (table,)
    ).all()
    (old,) = (sql for kind, sql in parts if kind == "table")
    renamed, changed = re.subn(rf'^CREATE TABLE "?{table}"?', f"CREATE TABLE new_{table}", old)
    new, found = re.subn(r"case_kind IN \([^)]*\)", allowed, renamed)
    if (changed, found) != (1, 1):
        raise RuntimeError(f"{table} is not the table that this revision knows")
    connection.exec_driver_sql(new)
    names = [column["name"] for column in sa.inspect(connection).get_columns(table)]
    before, after = (sa.table(name, *map(sa.column, names)) for name in (table, f"new_{table}"))
    connection.execute(sa.insert(after).from_select(names, sa.select(before)))
    connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.exec_driver_sql(f"ALTER TABLE new_{table} RENAME TO {table}")
    for kind, sql in parts:
        if kind != "table":
            connection.exec_driver_sql(sql)
