"""What `portal import` takes, refuses, keeps and says, on both databases."""

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, update
from sqlmodel import Session

from portal.core.interactions import Part
from portal.core.refusal import Refusal
from portal.loans import actions, queries
from portal.loans.actions import IMPORT_RUN
from portal.loans.applying import VERSIONS
from portal.loans.commands import run_export, run_import
from portal.loans.facts import loan_facts_by_ref
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from portal.platform.gate import Viewer
from tests.loans.explained import explained
from tests.make import loans as make

APRIL_17 = date(2026, 4, 17)


class Importer:
    """Imports tables from a folder of its own each time and keeps what was said."""

    def __init__(self, doors: Doors, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.doors = doors
        self.folder = folder
        self.capsys = capsys
        self.runs = 0

    def __call__(self, tables: make.Tables, day: date = APRIL_17, **options: bool) -> int:
        self.runs += 1
        self.last = make.write_folder(self.folder / f"import-{self.runs}", tables)
        return self.again(day, **options)

    def again(self, day: date = APRIL_17, **options: bool) -> int:
        self.capsys.readouterr()
        data_dir = self.folder / "data"
        code = run_import(self.doors, self.last, day, currency="CNY", data_dir=data_dir, **options)
        said = self.capsys.readouterr()
        self.out, self.err = said.out, said.err
        return code

    @property
    def problems(self) -> list[tuple[str, ...]]:
        """(file, line, column, value, reason) of each bad row."""
        lines = self.out.splitlines()
        start = lines.index("file\tline\tcolumn\tvalue\treason") + 1
        return [tuple(line.split("\t")) for line in lines[start:] if line.count("\t") == 4]


@pytest.fixture
def importer(doors: Doors, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Importer:
    return Importer(doors, tmp_path, capsys)


def count(doors: Doors) -> dict[str, int]:
    """How many rows each table has."""

    def counts(connection: Connection, viewer: Viewer) -> dict[str, int]:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in VERSIONS.items()
        }

    return doors.read_as(doors.system(), counts)


# Again and changed


def test_importing_the_same_folder_twice_changes_nothing_and_says_so(importer: Importer) -> None:
    assert importer(make.lin_yi(waivers=[make.waiver("W1")])) == 0
    before = count(importer.doors)
    assert importer.again() == 0
    assert "Nothing changed." in importer.out
    assert count(importer.doors) == before


def test_the_same_rows_written_otherwise_are_the_same_rows(importer: Importer) -> None:
    importer(make.lin_yi())
    tables = make.lin_yi()
    for row in tables["instalments"]:
        row["principal"], row["fee"] = "1120", "0.00"
    tables["penalty_rates"][0]["daily_rate"] = "0.05/100"
    tables["instalments"].reverse()
    assert importer(tables) == 0
    assert "Nothing changed." in importer.out


def test_a_changed_row_is_a_new_version_and_the_old_figure_can_be_reproduced(
    importer: Importer, clock: FixedClock
) -> None:
    importer(make.lin_yi())
    shown_at = clock.now()
    before = explained(importer.doors, APRIL_17)
    clock.advance(days=1)
    tables = make.lin_yi()
    tables["payments"][2]["reversed"] = "1"
    assert importer(tables, date(2026, 4, 18)) == 0
    assert "payments.csv: 3 rows: 0 new, 1 changed, 2 as before" in importer.out
    assert explained(importer.doors, APRIL_17)["due"]["total"] > before["due"]["total"]
    assert explained(importer.doors, APRIL_17, known_at=shown_at) == before


def test_nothing_is_deleted_by_absence(importer: Importer) -> None:
    importer(make.lin_yi())
    before = explained(importer.doors, APRIL_17)
    assert importer({"payments": [make.payment("A4", "2026-04-17", "1.00")]}) == 0
    assert explained(importer.doors, APRIL_17)["due"]["total"] == before["due"]["total"] - 100


def test_changes_of_past_due_dates_are_listed(importer: Importer) -> None:
    importer(make.lin_yi())
    moved = [make.instalment(3, "2026-03-15"), make.instalment(9, "2026-09-15")]
    assert importer({"instalments": moved}) == 0
    assert "past due date changed: loan L1, instalment 3: 2026-03-05 is now 2026-03-15" in importer.out
    assert "instalment 9" not in importer.out


def test_a_dry_run_shows_what_would_change_and_changes_nothing(importer: Importer) -> None:
    assert importer(make.lin_yi(), dry_run=True) == 0
    assert "instalments.csv: 12 rows: 12 new" in importer.out
    assert sum(count(importer.doors).values()) == 0


def test_an_earlier_data_date_than_the_last_is_refused(importer: Importer) -> None:
    importer(make.lin_yi())
    assert importer.again(date(2026, 4, 16)) == 1
    assert importer.err == "import: the data date 2026-04-16 is before that of the last import, 2026-04-17\n"


def test_a_later_data_date_counts_although_nothing_changed(importer: Importer) -> None:
    importer(make.lin_yi())
    assert importer.again(date(2026, 4, 18)) == 0
    day = importer.doors.read_as(importer.doors.system(), lambda connection, viewer: queries.data_date(connection))
    assert day == date(2026, 4, 18)


def test_a_new_number_is_a_new_contact_point_and_the_borrower_stays_a_party(importer: Importer) -> None:
    importer(make.lin_yi())
    assert importer({"borrowers": [make.borrower(mobile="+86 139 0013 9000")]}) == 0
    person = person_of(importer.doors)
    assert person.mobile == "+8613900139000"
    assert by_mobile(importer.doors, "+8613800138000") == ()
    assert by_mobile(importer.doors, "+8613900139000") == (person,)


def test_another_borrower_of_a_loan_takes_the_place_of_the_first(importer: Importer) -> None:
    importer(make.lin_yi(parties=[]))
    tables = {
        "borrowers": [make.borrower(borrower_ref="B2", name="Wang")],
        "loans": [make.loan(borrower_ref="B2")],
        "parties": [
            {"loan_ref": "L1", "borrower_ref": "B1", "role": "guarantor"},
            {"loan_ref": "L1", "borrower_ref": "B2", "role": "borrower"},
        ],
    }
    assert importer(tables) == 0
    assert loans_seen_by(importer.doors, "B1") == [("L1", "guarantor")]
    assert loans_seen_by(importer.doors, "B2") == [("L1", "borrower")]
    assert importer.again() == 0
    assert "Nothing changed." in importer.out


def person_of(doors: Doors, ref: str = "B1") -> queries.PersonRecord:
    found = doors.read_as(doors.system(), lambda connection, viewer: queries.person_by_ref(connection, ref))
    assert found is not None
    return found


def by_mobile(doors: Doors, number: str) -> tuple[queries.PersonRecord, ...]:
    return doors.read_as(doors.system(), lambda connection, viewer: queries.persons_by_mobile(connection, number))


def borrower_viewer(doors: Doors, ref: str = "B1") -> Viewer:
    system = doors.system()
    return Viewer("borrower", system.now, system.today, person_id=person_of(doors, ref).id)


def loans_seen_by(doors: Doors, ref: str) -> list[tuple[str, str | None]]:
    account = doors.read_as(borrower_viewer(doors, ref), queries.account)
    return [(loan.ref, loan.role) for loan in account.loans]


# Refused


def one_bad(table: str, row: make.Row) -> make.Tables:
    return make.lin_yi(**{table: [row]})


BAD_ROWS = [
    ("products", make.product(penalty_base="whole_loan"), "penalty_base", "whole loan"),
    ("products", make.product(penalty_base="penalty"), "penalty_base", "penalty on penalty"),
    ("products", make.product(penalty_base="late_fee"), "penalty_base", "late fee"),
    ("products", make.product(penalty_base="interest"), "penalty_base", "separate rate"),
    ("products", make.product(contract_type="gift"), "contract_type", "is not known: one of bank_loan"),
    ("products", make.product(component_order="fee>penalty"), "component_order", "once"),
    ("products", make.product(currency="XXX"), "currency", "ISO 4217"),
    ("penalty_rates", make.rate(daily_rate="0.05"), "daily_rate", "percentage"),
    ("penalty_rates", make.rate(daily_rate="0.05%"), "daily_rate", "percentage"),
    ("penalty_rates", make.rate(annual_ceiling="24"), "annual_ceiling", "percentage"),
    ("penalty_rates", make.rate(product_ref="P9"), "product_ref", "unknown"),
    ("borrowers", make.borrower(birth_date="", id_last4=""), "birth_date", "neither"),
    ("borrowers", make.borrower(id_last4="123"), "id_last4", "spreadsheet"),
    ("borrowers", make.borrower(mobile="1.38E+10"), "mobile", "spreadsheet"),
    ("borrowers", make.borrower(mobile="12345"), "mobile", "digits"),
    ("borrowers", make.borrower(birth_date="1990-02-30"), "birth_date", "calendar"),
    ("borrowers", make.borrower(time_zone="Mars/Olympus"), "time_zone", "not a time zone"),
    ("loans", make.loan(currency="JPY", principal="1"), "currency", "CNY"),
    ("loans", make.loan(borrower_ref="B9"), "borrower_ref", "unknown"),
    ("loans", make.loan(principal="-1"), "principal", "negative"),
    ("instalments", make.instalment(1, "2025-11-05"), "due_on", "before the loan was disbursed"),
    ("instalments", make.instalment(1, "05/01/2026"), "due_on", "2026-03-05"),
    ("payments", make.payment("A1", "2026-01-05", "1.005"), "amount", "more than 2 digits"),
    ("payments", make.payment("A1", "2026-01-05", "1,000.00"), "amount", "plain decimal"),
    ("payments", make.payment("A1", "2026-01-05", "1", reversed="yes"), "reversed", "neither 0 nor 1"),
    ("payments", make.payment("A1", "2026-01-05", "1", loan_ref="L9"), "loan_ref", "unknown"),
    ("debit_attempts", make.debit_attempt("D1", 3, "2026-03-05T08:12:00"), "attempted_at", "offset"),
    ("debit_attempts", make.debit_attempt("D1", 99, "2026-03-05T08:12:00Z"), "instalment_number", "no such"),
    ("waivers", make.waiver("W1", instalment_number="99"), "instalment_number", "no such"),
    ("waivers", make.waiver("W1", to_day="2026-03-01"), "to_day", "before from_day"),
    ("waivers", make.waiver("W1", kind="amount"), "on_day", "needs it"),
    ("waivers", make.waiver("W1", portal_number="ABC-DEF"), "portal_number", "has not given"),
    (
        "authority",
        {
            "role": "boss",
            "currency": "CNY",
            "effective_from": "2026-01-01",
            "waiver_max": "1",
            "waiver_day_max": "1",
            "plan_max": "1",
        },
        "role",
        "not known",
    ),
    (
        "product_rules",
        {"product_ref": "P1", "effective_from": "2026-01-01", "rule": "mood", "value": "1"},
        "rule",
        "not known",
    ),
    (
        "product_rules",
        {"product_ref": "P1", "effective_from": "2026-01-01", "rule": "freeze", "value": "x"},
        "value",
        "neither 0 nor 1",
    ),
]


@pytest.mark.parametrize(("table", "row", "column", "reason"), BAD_ROWS)
def test_a_bad_row_is_named_by_file_line_column_value_and_reason(
    sqlite_importer: Importer, table: str, row: make.Row, column: str, reason: str
) -> None:
    assert sqlite_importer(one_bad(table, row)) == 1
    found = [problem for problem in sqlite_importer.problems if problem[0] == f"{table}.csv"]
    assert found[0][:4] == (f"{table}.csv", "2", column, row[column])
    assert reason in found[0][4]
    assert sum(count(sqlite_importer.doors).values()) == 0
    assert sqlite_importer.err.count("\n") == 1


@pytest.fixture
def sqlite_importer(sqlite_doors: Doors, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Importer:
    return Importer(sqlite_doors, tmp_path, capsys)


def test_every_bad_row_is_listed_not_only_the_first(sqlite_importer: Importer) -> None:
    tables = make.lin_yi()
    tables["payments"] = [make.payment(f"A{number}", "2026-13-01", "-1") for number in range(2500)]
    assert sqlite_importer(tables) == 1
    assert len(sqlite_importer.problems) == 5000
    assert sqlite_importer.problems[-1][:3] == ("payments.csv", "2501", "amount")


def test_all_mistakes_of_a_row_are_named_with_the_cells_as_they_stand(sqlite_importer: Importer) -> None:
    tables = make.lin_yi(
        debit_attempts=[make.debit_attempt("D1", 99, "yesterday")],
        waivers=[make.waiver("W1", amount="5.00", component="tax")],
    )
    assert sqlite_importer(tables) == 1
    assert [problem[:4] for problem in sqlite_importer.problems] == [
        ("debit_attempts.csv", "2", "attempted_at", "yesterday"),
        ("debit_attempts.csv", "2", "instalment_number", "99"),
        ("waivers.csv", "2", "component", "tax"),
        ("waivers.csv", "2", "amount", "5.00"),
    ]


def test_a_file_that_can_not_be_read_hides_no_bad_row_of_another(sqlite_importer: Importer) -> None:
    tables = make.lin_yi()
    tables["payments"][0]["amount"] = "1.005"
    tables["borrowers"] = [{"person_ref": "B1"}]
    sqlite_importer.last = make.write_folder(sqlite_importer.folder / "import", tables)
    loans = sqlite_importer.last / "loans.csv"
    loans.write_bytes(loans.read_text(encoding="utf-8").replace("active", "在").encode("gbk"))
    assert sqlite_importer.again() == 1
    named = {problem[0] for problem in sqlite_importer.problems}
    assert named == {"borrowers.csv", "loans.csv"}, "and no row is said to name an unknown loan or person"
    loans.write_text("\n".join(loans.read_text(encoding="gbk").replace("在", "active").splitlines()), encoding="utf-8")
    assert sqlite_importer.again() == 1
    assert [problem[0] for problem in sqlite_importer.problems][-1] == "payments.csv"


def test_a_bad_rate_or_a_repeated_loan_is_not_named_again_for_every_row_that_needs_it(
    sqlite_importer: Importer,
) -> None:
    tables = make.lin_yi(penalty_rates=[make.rate(daily_rate="0.05"), make.rate(effective_from="2026-04-01")])
    tables["loans"].append(make.loan())
    tables["payments"][0]["amount"] = "1.005"
    assert sqlite_importer(tables) == 1
    assert [problem[:4] for problem in sqlite_importer.problems] == [
        ("penalty_rates.csv", "2", "daily_rate", "0.05"),
        ("loans.csv", "2", "loan_ref", "L1"),
        ("loans.csv", "3", "loan_ref", "L1"),
        ("payments.csv", "2", "amount", "1.005"),
    ]


def test_duplicates_within_a_file_are_both_named(sqlite_importer: Importer) -> None:
    tables = make.lin_yi()
    tables["payments"].append(make.payment("A1", "2026-01-06", "1.00"))
    assert sqlite_importer(tables) == 1
    assert [problem[1] for problem in sqlite_importer.problems] == ["2", "5"]


def test_rates_with_and_without_a_ceiling_do_not_mix_with_those_imported_before(importer: Importer) -> None:
    importer(make.lin_yi())
    assert importer({"penalty_rates": [make.rate(effective_from="2026-06-01", annual_ceiling="")]}) == 1
    assert "with and without a ceiling" in importer.problems[0][4]
    mixed = [make.rate(product_ref="P2"), make.rate(product_ref="P2", effective_from="2026-06-01", annual_ceiling="")]
    assert importer({"products": [make.product(product_ref="P2")], "penalty_rates": mixed}) == 1
    assert [problem[1:4] for problem in importer.problems] == [
        ("2", "annual_ceiling", "0.24"),
        ("3", "annual_ceiling", ""),
    ]


@pytest.mark.parametrize("rates_apply", ["by_night", "by_contract_date"])
def test_a_rate_that_does_not_cover_a_penalty_night_is_refused(sqlite_importer: Importer, rates_apply: str) -> None:
    tables = make.lin_yi(
        products=[make.product(rates_apply=rates_apply)], penalty_rates=[make.rate(effective_from="2026-02-06")]
    )
    assert sqlite_importer(tables) == 1
    named = [problem[:3] for problem in sqlite_importer.problems]
    if rates_apply == "by_night":
        assert named == [("instalments.csv", "2", "due_on")]
    else:
        assert named == [("loans.csv", "2", "disbursed_on")]


def test_a_product_can_not_turn_to_contract_dates_without_rates_for_them(importer: Importer) -> None:
    importer(make.lin_yi(penalty_rates=[make.rate(effective_from="2026-01-06")]))
    assert importer({"products": [make.product(rates_apply="by_contract_date")]}) == 1
    assert "2025-12-05" in importer.problems[0][4]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("gb18030", "GB18030"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-32", "UTF-32"), ("big5", "Big5")],
)
def test_another_encoding_is_named(sqlite_importer: Importer, encoding: str, name: str) -> None:
    sqlite_importer.last = make.write_folder(sqlite_importer.folder / "import", make.lin_yi())
    path = sqlite_importer.last / "borrowers.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert sqlite_importer.again() == 1
    assert name in sqlite_importer.problems[0][4]


def test_a_byte_order_mark_and_spaces_around_cells_are_fine(sqlite_importer: Importer) -> None:
    sqlite_importer.last = make.write_folder(sqlite_importer.folder / "import", make.lin_yi())
    path = sqlite_importer.last / "borrowers.csv"
    path.write_text("\ufeff" + path.read_text(encoding="utf-8").replace(",", " , "), encoding="utf-8")
    assert sqlite_importer.again() == 0


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("amount", "amuont", "did you mean amount?"),
        ("amount,", "", "missing from the header"),
        ("amount", "channel", "twice"),
        (",", ";", "separated by commas"),
    ],
)
def test_an_unknown_missing_or_repeated_column_is_named(
    sqlite_importer: Importer, old: str, new: str, reason: str
) -> None:
    sqlite_importer.last = make.write_folder(sqlite_importer.folder / "import", make.lin_yi())
    path = sqlite_importer.last / "payments.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join((header.replace(old, new), *rows)), encoding="utf-8")
    assert sqlite_importer.again() == 1
    assert reason in " ".join(problem[4] for problem in sqlite_importer.problems)


def test_a_slip_in_a_file_name_is_named_and_other_files_are_passed_over(sqlite_importer: Importer) -> None:
    tables = make.lin_yi()
    tables["payment"] = tables.pop("payments")
    assert sqlite_importer(tables) == 1
    assert "did you mean payments.csv?" in sqlite_importer.problems[0][4]
    tables["our_own_list"] = tables.pop("payment")
    assert sqlite_importer(tables) == 0


# Keeping the good rows


def test_keep_good_applies_good_rows_and_writes_the_others_with_why(importer: Importer) -> None:
    tables = make.lin_yi()
    tables["payments"][0]["amount"] = "1.005"
    assert importer(tables, keep_good=True) == 1
    assert count(importer.doors)["payments"] == 2
    rejects = importer.folder / "data" / "rejects" / "payments.csv"
    rows = list(csv.DictReader(rejects.open(encoding="utf-8")))
    assert [row["payment_ref"] for row in rows] == ["A1"]
    assert "more than 2 digits" in rows[0]["rejected_because"]
    rejects.write_text(rejects.read_text(encoding="utf-8").replace("1.005", "1180.00"), encoding="utf-8")
    importer.last = rejects.parent
    assert importer.again() == 0
    assert count(importer.doors)["payments"] == 3


def test_rejects_that_are_still_bad_are_kept_when_they_are_imported_from_where_they_are(importer: Importer) -> None:
    tables = make.lin_yi()
    tables["payments"][0]["amount"] = "1.005"
    tables["payments"][1]["amount"] = "-1"
    assert importer(tables, keep_good=True) == 1
    rejects = importer.folder / "data" / "rejects" / "payments.csv"
    rejects.write_text(rejects.read_text(encoding="utf-8").replace("1.005", "1180.00"), encoding="utf-8")
    importer.last = rejects.parent
    assert importer.again(keep_good=True) == 1
    rows = list(csv.DictReader(rejects.open(encoding="utf-8")))
    assert [(row["payment_ref"], row["rejected_because"]) for row in rows] == [("A2", "amount is negative")]
    assert None not in rows[0]
    assert importer(make.lin_yi(payments=[])) == 0
    assert rejects.exists(), "an import that rejects nothing by itself leaves those of an earlier one"


def test_what_depends_on_a_rejected_row_is_rejected_with_it(importer: Importer) -> None:
    tables = make.lin_yi()
    tables["borrowers"].append(make.borrower(borrower_ref="B2", mobile="1.38E+10"))
    tables["loans"].append(make.loan(loan_ref="L2", borrower_ref="B2"))
    tables["instalments"].append(make.instalment(1, "2026-01-05", loan_ref="L2"))
    tables["waivers"] = [make.waiver("W1", loan_ref="L2", instalment_number="1")]
    assert importer(tables, keep_good=True) == 1
    reasons = {problem[0]: problem[4] for problem in importer.problems}
    assert reasons["loans.csv"] == "depends on a rejected row (borrowers.csv line 3)"
    assert reasons["instalments.csv"] == "depends on a rejected row (loans.csv line 3)"
    assert reasons["waivers.csv"].startswith("depends on a rejected row")
    assert count(importer.doors)["loans"] == 1


def test_all_or_nothing_names_each_mistake_once(sqlite_importer: Importer) -> None:
    tables = make.lin_yi()
    tables["borrowers"][0]["mobile"] = "1.38E+10"
    assert sqlite_importer(tables) == 1
    assert [problem[0] for problem in sqlite_importer.problems] == ["borrowers.csv"]


# Two at once


def test_of_two_imports_at_once_the_second_is_told(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    importer(make.lin_yi())
    genuine = actions.apply_import

    def late(session: Session, viewer: Viewer, *args: object, after: int, **more: object) -> int:
        return genuine(session, viewer, *args, after=after - 1, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(actions, "apply_import", late)
    assert importer({"payments": [make.payment("A9", "2026-04-01", "5")]}) == 1
    assert "another import" in importer.err
    assert count(importer.doors)["payments"] == 3


def test_a_write_that_fails_half_way_leaves_nothing(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*args: object, **more: object) -> None:
        raise Refusal("test.cut")

    monkeypatch.setattr("portal.loans.actions.audit.record", cut)
    assert importer(make.lin_yi()) == 1
    assert sum(count(importer.doors).values()) == 0


# The portal's own decisions, there and back


def decide(doors: Doors) -> None:
    """What an upheld dispute and a plan write."""
    lin = person_of(doors)

    def write(session: Session, viewer: Viewer) -> None:
        connection = session.connection()
        record = queries.loans_of(connection, lin.id, viewer.today)[0]
        actions.waive_nights(
            session,
            viewer,
            loan_id=record.id,
            instalment=3,
            from_day=date(2026, 3, 6),
            to_day=date(2026, 3, 20),
            cause="=dispute",
            number="4K7-2GH",
        )
        actions.waive_amount(
            session,
            viewer,
            loan_id=record.id,
            instalment=None,
            on_day=date(2026, 4, 17),
            amount=123,
            cause="goodwill",
            number="4K7-2GH",
        )
        actions.open_hold(
            session,
            viewer,
            kind="plan",
            loan_id=record.id,
            person_id=lin.id,
            from_day=viewer.today,
            until=None,
            number="7QX-M3D",
            path="/plans/7QX-M3D",
            data={"payments": [["2026-05-12", 36400]]},
        )
        actions.open_hold(
            session,
            viewer,
            kind="dispute",
            loan_id=record.id,
            person_id=lin.id,
            from_day=viewer.today,
            until=None,
            number="4K7-2GH",
            path="/disputes/4K7-2GH",
            parts=[Part(3, date(2026, 3, 6), None, "nights")],
        )

    doors.write_as(doors.system(), write)


def test_what_the_portal_decided_comes_back_and_changes_no_balance(
    importer: Importer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    importer(make.lin_yi())
    decide(importer.doors)
    before = explained(importer.doors, APRIL_17)
    rows = count(importer.doors)
    assert run_export(importer.doors, tmp_path / "out") == 0
    assert capsys.readouterr().out.endswith("Next time: --since 4\n")
    importer.last = tmp_path / "out"
    assert importer.again() == 0
    assert "waivers.csv: 2 rows: 0 new, 0 changed, 0 as before, 2 confirmed" in importer.out
    assert explained(importer.doors, APRIL_17) == before
    assert count(importer.doors) == rows
    assert importer.again() == 0
    assert "Nothing changed." in importer.out


def test_a_decision_that_comes_back_changed_or_without_its_number_is_an_error(
    importer: Importer, tmp_path: Path
) -> None:
    importer(make.lin_yi())
    decide(importer.doors)
    run_export(importer.doors, tmp_path / "out")
    with (tmp_path / "out" / "waivers.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    rows[0]["to_day"] = "2026-03-21"
    rows[1]["portal_number"] = ""
    assert importer({"waivers": rows}) == 1
    assert "differs" in importer.problems[0][4]
    assert "is missing" in importer.problems[1][4]


def test_references_that_a_spreadsheet_would_take_for_formulas_come_back(importer: Importer, tmp_path: Path) -> None:
    tables = make.lin_yi()
    for table in ("loans", "instalments", "payments", "debit_attempts"):
        for row in tables[table]:
            row["loan_ref"] = "=1+1"
    assert importer(tables) == 0
    decide(importer.doors)
    run_export(importer.doors, tmp_path / "out")
    assert "'=1+1" in (tmp_path / "out" / "waivers.csv").read_text(encoding="utf-8")
    importer.last = tmp_path / "out"
    assert importer.again() == 0
    assert "2 confirmed" in importer.out


def test_the_lender_may_give_a_reference_of_its_own(importer: Importer, tmp_path: Path) -> None:
    importer(make.lin_yi())
    decide(importer.doors)
    run_export(importer.doors, tmp_path / "out")
    with (tmp_path / "out" / "waivers.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for place, row in enumerate(rows):
        row["waiver_ref"] = f"core-{place}"
    assert importer({"waivers": rows}) == 0
    for row in rows:
        row["portal_number"] = ""
    assert importer({"waivers": rows}) == 1
    assert "is missing" in importer.problems[0][4]


def test_an_ended_waiver_goes_out_again_and_an_older_state_still_confirms(importer: Importer, tmp_path: Path) -> None:
    importer(make.lin_yi())
    doors = importer.doors
    lin = person_of(doors)

    def suspend(session: Session, viewer: Viewer) -> str:
        record = queries.loans_of(session.connection(), lin.id, viewer.today)[0]
        return actions.waive_nights(
            session,
            viewer,
            loan_id=record.id,
            instalment=3,
            from_day=APRIL_17,
            to_day=None,
            cause="dispute",
            number="4K7-2GH",
        )

    ref = doors.write_as(doors.system(), suspend)
    run_export(doors, tmp_path / "open")
    doors.write_as(
        doors.system(),
        lambda session, viewer: actions.end_days_waiver(session, viewer, ref=ref, to_day=date(2026, 4, 21)),
    )
    run_export(doors, tmp_path / "ended", since=1)
    assert "2026-04-21" in (tmp_path / "ended" / "waivers.csv").read_text(encoding="utf-8")
    for folder in ("open", "ended"):
        importer.last = tmp_path / folder
        assert importer.again() == 0, importer.out


def test_holds_show_on_the_account_until_they_end(importer: Importer) -> None:
    importer(make.lin_yi())
    doors = importer.doors
    decide(doors)
    viewer = borrower_viewer(doors)
    record = doors.read_as(viewer, queries.account).loans[0]
    assert [hold.kind for hold in record.holds] == ["dispute", "plan"]
    assert record.holds[0].parts == (Part(3, date(2026, 3, 6), None, "nights"),)
    assert record.name == "Household loan"
    assert record.data_date == APRIL_17
    doors.write_as(
        doors.system(), lambda session, system: actions.end_hold(session, system, "4K7-2GH", APRIL_17, "upheld")
    )
    again = doors.read_as(viewer, queries.loan_by_code, record.code)
    assert again is not None
    assert [hold.kind for hold in again.holds] == ["plan"]
    stranger = Viewer("borrower", viewer.now, viewer.today, person_id=10_000)
    assert doors.read_as(stranger, queries.loan_by_code, record.code) is None
    assert doors.read_as(doors.system(), queries.loan_by_code, record.code) is not None


def test_a_hold_on_a_person_is_on_every_loan_of_that_person_and_on_no_other(importer: Importer) -> None:
    guaranteed = {"loan_ref": "L1", "borrower_ref": "B2", "role": "guarantor"}
    people = [make.borrower(), make.borrower(borrower_ref="B2"), make.borrower(borrower_ref="B3")]
    loans = [make.loan(), make.loan(loan_ref="L3", borrower_ref="B3")]
    assert importer(make.lin_yi(borrowers=people, loans=loans, parties=[guaranteed])) == 0
    doors = importer.doors
    guarantor = person_of(doors, "B2").id
    doors.write_as(
        doors.system(),
        lambda session, viewer: actions.open_hold(
            session,
            viewer,
            kind="incapacity",
            loan_id=None,
            person_id=guarantor,
            from_day=viewer.today,
            until=None,
            number="HHH-222",
            path="",
        ),
    )
    for person, kinds in (("B1", ["incapacity"]), ("B2", ["incapacity"]), ("B3", [])):
        (record,) = doors.read_as(borrower_viewer(doors, person), queries.account).loans
        assert [hold.kind for hold in record.holds] == kinds, person


def test_rules_and_limits_are_those_of_the_day(importer: Importer) -> None:
    rules = [
        {"product_ref": "P1", "effective_from": "2026-01-01", "rule": "auto_uphold_max", "value": "50.00"},
        {"product_ref": "P1", "effective_from": "2026-02-01", "rule": "freeze", "value": "1"},
        {"product_ref": "P1", "effective_from": "2027-01-01", "rule": "freeze", "value": "0"},
    ]
    limits = [
        {
            "product_ref": "P1", "effective_from": "2026-01-01", "first_payment_min": "100.00",
            "payment_min": "50.00", "payments_max": "6", "days_max": "183",
        }
    ]  # fmt: skip
    authority = [
        {
            "role": "supervisor", "currency": "CNY", "effective_from": "2026-01-01", "waiver_max": "1000",
            "waiver_day_max": "5000", "plan_max": "20000",
        }
    ]  # fmt: skip
    assert importer(make.lin_yi(product_rules=rules, plan_limits=limits, authority=authority)) == 0
    doors = importer.doors
    record = doors.read_as(borrower_viewer(doors), queries.account).loans[0]
    assert record.rules.freeze is True
    assert record.rules.auto_uphold_max == 5000
    assert record.rules.cure_days == 3

    def limits_on(connection: Connection, viewer: Viewer, day: date) -> int:
        return queries.plan_limits(connection, record.product_id, day).payments_max

    assert doors.read_as(doors.system(), limits_on, APRIL_17) == 6
    assert doors.read_as(doors.system(), limits_on, date(2025, 12, 31)) == 12
    granted = doors.read_as(
        doors.system(), lambda connection, _: queries.authority(connection, "supervisor", "CNY", APRIL_17)
    )
    assert (granted.waiver_max, granted.plan_max) == (100_000, 2_000_000)


def test_rows_of_an_import_were_not_known_while_it_was_written(importer: Importer, clock: FixedClock) -> None:
    importer(make.lin_yi())
    began = clock.now()

    def stretch(session: Session, viewer: Viewer) -> None:
        later = datetime(2026, 4, 17, 3, 0, tzinfo=UTC)
        session.connection().execute(update(IMPORT_RUN).values(applied_at=later))

    importer.doors.write_as(importer.doors.system(), stretch)
    with pytest.raises(LookupError):
        importer.doors.read_as(
            importer.doors.system(), lambda connection, _: loan_facts_by_ref(connection, "L1", began)
        )
    after = datetime(2026, 4, 17, 3, 0, tzinfo=UTC)
    importer.doors.read_as(importer.doors.system(), lambda connection, _: loan_facts_by_ref(connection, "L1", after))


def test_what_is_said_of_an_import_is_kept(importer: Importer) -> None:
    importer(make.lin_yi())

    def summary(connection: Connection, viewer: Viewer) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = json.loads(connection.execute(select(IMPORT_RUN.c.summary)).scalar_one())
        return found

    assert importer.doors.read_as(importer.doors.system(), summary)["instalments.csv"]["new"] == 12
