"""Settlements and what is asked for; what people say to have paid, with its slip; links for who pays for them."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0080"
branch_labels = None
depends_on = None

FILED_UNDER = ("evidence_file", "evidence_case")
"""The tables whose `case_kind` may be a payment from now on."""

BEFORE = ("draft", "dispute", "plan", "complaint")


def upgrade() -> None:
    """Add the tables."""
    _settlements()
    _paying()
    _allow_case_kinds((*BEFORE, "payment"))


def downgrade() -> None:
    """Take them away, with the files of what people said to have paid."""
    _forget_files()
    _allow_case_kinds(BEFORE)
    for table in ("settlement_request", "settlement", "payment_notice", "pay_link"):
        op.drop_table(table)


def _settlements() -> None:
    op.create_table(
        "settlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("quoted_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("evening", sa.Date(), nullable=False),
        sa.Column("reductions", sa.Text(), nullable=False),
        sa.Column("stops_penalty", sa.Boolean(), nullable=False),
        sa.Column("payoff_interest", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("lender", sa.Text(), nullable=False),
        sa.Column("request_number", sa.String(), nullable=True),
        sa.Column("offered_by", sa.Integer(), nullable=True),
        sa.Column("offered_on", sa.Date(), nullable=True),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("quoted_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("taken_off", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("ending", sa.String(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'lapsed') = (ending <> '')", name=op.f("ck_settlement_lapsed")),
        sa.CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name=op.f("ck_settlement_paid")),
        sa.CheckConstraint("(state IN ('lapsed', 'paid')) = (ended_at IS NOT NULL)", name=op.f("ck_settlement_ended")),
        sa.CheckConstraint("ending IN ('', 'date', 'dispute', 'loan', 'replaced')", name=op.f("ck_settlement_ending")),
        sa.CheckConstraint("state IN ('quoted', 'accepted', 'paid', 'lapsed')", name=op.f("ck_settlement_state")),
        sa.CheckConstraint("most >= 0 AND taken_off >= 0", name=op.f("ck_settlement_not_negative")),
        sa.CheckConstraint(
            "offered_by IS NULL OR confirmed_by IS NULL OR offered_by <> confirmed_by",
            name=op.f("ck_settlement_two_people"),
        ),
        sa.CheckConstraint("until >= quoted_on AND evening < quoted_on", name=op.f("ck_settlement_until")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_settlement_version")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["staff_account.id"], name=op.f("fk_settlement_confirmed_by_staff_account")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_settlement_loan_id_loan")),
        sa.ForeignKeyConstraint(
            ["offered_by"], ["staff_account.id"], name=op.f("fk_settlement_offered_by_staff_account")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_settlement_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint("number", name=op.f("uq_settlement_number")),
    )
    op.create_index(op.f("ix_settlement_loan_id"), "settlement", ["loan_id"], unique=False)
    op.create_index(op.f("ix_settlement_person_id"), "settlement", ["person_id"], unique=False)
    op.create_index(op.f("ix_settlement_state"), "settlement", ["state"], unique=False)
    op.create_index(
        "uq_settlement_open",
        "settlement",
        ["loan_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('quoted', 'accepted')"),
        postgresql_where=sa.text("state IN ('quoted', 'accepted')"),
    )
    op.create_table(
        "settlement_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("could_pay", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("settlement_number", sa.String(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name=op.f("ck_settlement_request_ended")),
        sa.CheckConstraint(
            "state IN ('asked', 'offered', 'refused', 'withdrawn', 'ended')", name=op.f("ck_settlement_request_state")
        ),
        sa.CheckConstraint("could_pay > 0 AND whole >= 0", name=op.f("ck_settlement_request_amounts")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_settlement_request_version")),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["staff_account.id"], name=op.f("fk_settlement_request_answered_by_staff_account")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_settlement_request_loan_id_loan")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_settlement_request_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_request")),
        sa.UniqueConstraint("number", name=op.f("uq_settlement_request_number")),
    )
    op.create_index(op.f("ix_settlement_request_person_id"), "settlement_request", ["person_id"], unique=False)
    op.create_index(op.f("ix_settlement_request_state"), "settlement_request", ["state"], unique=False)
    op.create_index(
        "uq_settlement_request_asked",
        "settlement_request",
        ["loan_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )


def _paying() -> None:
    op.create_table(
        "payment_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("consent_text", sa.Text(), nullable=False),
        sa.Column("consent_language", sa.String(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("payment_ref", sa.String(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'found') = (payment_ref IS NOT NULL)", name=op.f("ck_payment_notice_found")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_payment_notice_ended")),
        sa.CheckConstraint(
            "channel IN ('transfer', 'card', 'app', 'cash', 'somebody_else', 'other')",
            name=op.f("ck_payment_notice_channel"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'found', 'not_found', 'withdrawn')", name=op.f("ck_payment_notice_state")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_notice_amount")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_payment_notice_version")),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["staff_account.id"], name=op.f("fk_payment_notice_answered_by_staff_account")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_payment_notice_loan_id_loan")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_payment_notice_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_notice")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_notice_number")),
    )
    op.create_index(op.f("ix_payment_notice_loan_id"), "payment_notice", ["loan_id"], unique=False)
    op.create_index(op.f("ix_payment_notice_person_id"), "payment_notice", ["person_id"], unique=False)
    op.create_index(op.f("ix_payment_notice_state"), "payment_notice", ["state"], unique=False)
    op.create_index(
        "uq_payment_notice_payment",
        "payment_notice",
        ["payment_ref"],
        unique=True,
        sqlite_where=sa.text("payment_ref IS NOT NULL"),
        postgresql_where=sa.text("payment_ref IS NOT NULL"),
    )
    op.create_table(
        "pay_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("ref_hash", sa.String(), nullable=False),
        sa.Column("sealed_ref", sa.Text(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("revoked_at IS NULL OR sealed_ref = ''", name=op.f("ck_pay_link_wiped")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_pay_link_amount")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_pay_link_loan_id_loan")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pay_link_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_link")),
        sa.UniqueConstraint("code", name=op.f("uq_pay_link_code")),
        sa.UniqueConstraint("ref_hash", name=op.f("uq_pay_link_ref_hash")),
    )
    op.create_index(op.f("ix_pay_link_expires_at"), "pay_link", ["expires_at"], unique=False)
    op.create_index(op.f("ix_pay_link_person_id"), "pay_link", ["person_id"], unique=False)


def _forget_files() -> None:
    """Rows of files that no kind before knew; their content is swept away as nobody's."""
    file, case = (sa.table(name, sa.column("id"), sa.column("case_kind")) for name in FILED_UNDER)
    ours = sa.select(file.c.id).where(file.c.case_kind == "payment")
    cover = sa.table("evidence_cover", sa.column("id"), sa.column("file_id"))
    covers = sa.select(cover.c.id).where(cover.c.file_id.in_(ours))
    cover_page = sa.table("evidence_cover_page", sa.column("cover_id"))
    op.execute(sa.delete(cover_page).where(cover_page.c.cover_id.in_(covers)))
    for name in ("evidence_cover", "evidence_page", "evidence_scan", "evidence_statement"):
        child = sa.table(name, sa.column("file_id"))
        op.execute(sa.delete(child).where(child.c.file_id.in_(ours)))
    for table in (file, case):
        op.execute(sa.delete(table).where(table.c.case_kind == "payment"))


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
