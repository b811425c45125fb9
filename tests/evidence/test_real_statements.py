"""Statements that nobody here wrote: what real exports and other projects' samples say, and what follows from them."""

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.core.balance_chain import Chain
from portal.core.funds_rule import FundsCheck, Question, check
from portal.core.statement import Statement
from portal.evidence.file_kinds import readable_kind_of
from portal.evidence.statements.outcomes import NotAStatement
from portal.evidence.statements.reading import read_statements

DATA = Path(__file__).parents[3] / "shared" / "data"
STATEMENTS = DATA / "statements"
SAME = STATEMENTS / "same_facts_many_formats"
TRUTH = {"opening": "by_opening", "closing": "by_closing", "all_day": "all_day", "any_moment": "any_time"}
BEYOND_DOUBT = ("utf8.csv", "gb18030.csv", "xlsx", "ofx")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not beside the repository")


def minor(amount: str) -> int:
    return int(Decimal(amount) * 100)


def read(path: Path, data: bytes | None = None, currency: str = "") -> list[Statement]:
    data = path.read_bytes() if data is None else data
    kind = readable_kind_of(path.name, data)
    assert kind, path
    return read_statements(path.name, kind, data, currency=currency)


def differs(found: FundsCheck, enough: dict[str, bool]) -> list[tuple[str, str]]:
    """The readings that are not the truth: undecided or opposite."""
    right = {reading: "met" if enough[name] else "not_met" for reading, name in TRUTH.items()}
    return [
        (reading, "undecided" if found.readings[reading].result == "cannot_tell" else "opposite")  # type: ignore[index]
        for reading, result in right.items()
        if found.readings[reading].result != result  # type: ignore[index]
    ]


# --- 182 disputes made of real account rows -------------------------------------------------------------------


def disputes() -> list[dict[str, Any]]:
    path = DATA / "berka" / "dispute_cases.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["cases"]) if path.is_file() else []


def as_csv(rows: list[dict[str, str]]) -> list[str]:
    told = [f"{row['date']},x,{'-' if row['type'] == 'debit' else ''}{row['amount']},{row['balance']}" for row in rows]
    return ["date,description,amount,balance", *told]


def dispute(case: dict[str, Any], lines: list[str]) -> FundsCheck:
    read_as = read(Path("a.csv"), "\n".join(lines).encode(), "CZK")
    return check(read_as, Question(date.fromisoformat(case["due_date"]), minor(case["amount_due"]), "CZK"))


def test_disputes_made_of_real_rows_are_decided_as_they_are() -> None:
    """The two left open: a statement that ends with the due date, and one cent beside a balance rounded to ten."""
    open_cases = {}
    for case in disputes():
        found = dispute(case, as_csv(case["statement_rows"]))
        if case["enough"] is None:
            assert {each.result for each in found.readings.values()} == {"cannot_tell"}, case["id"]
            assert [fact.code for fact in found.missing] == ["not_covered"]
            continue
        wrong = differs(found, case["enough"])
        assert all(how == "undecided" for _, how in wrong), (case["id"], wrong)
        if not wrong:
            facts = case["facts"]
            told = (found.opening, found.closing, found.lowest, found.highest)
            assert told == tuple(minor(facts[name]) for name in ("opening", "closing", "min_in_day", "max_in_day"))
        else:
            open_cases[case["id"]] = [fact.code for fact in found.missing]
    assert open_cases == {"BK-0210": ["not_covered"], "BK-0290": ["chain_broken"]}


def alterations(lines: list[str], *, every: int) -> Iterator[tuple[str, list[str]]]:
    """Copies with one thing changed: an amount, a balance, a sign; a row gone, moved; a page twice."""
    for place in range(1, len(lines), every):
        cells = lines[place].split(",")
        before, after = lines[:place], lines[place + 1 :]
        yield "dropped", before + after
        for column in (2, 3):
            for by in ("0.01", "5000"):
                changed = [*cells]
                changed[column] = str(Decimal(cells[column]) + Decimal(by))
                yield "changed", [*before, ",".join(changed), *after]
        yield "sign", [*before, ",".join([*cells[:2], str(-Decimal(cells[2])), *cells[3:]]), *after]
        yield "swapped", [*before, *after[:1], lines[place], *after[1:]]
        yield "page twice", [*lines[: place + 6], *lines[place:]]


def hold(every: int) -> None:
    for case in disputes():
        if case["enough"] is None:
            continue
        for how, lines in alterations(as_csv(case["statement_rows"]), every=every):
            wrong = differs(dispute(case, lines), case["enough"])
            assert all(kind == "undecided" for _, kind in wrong), (case["id"], how, wrong)


def test_altered_copies_never_turn_the_answer_round() -> None:
    hold(every=11)


@pytest.mark.drill
def test_no_altered_copy_of_any_row_turns_the_answer_round() -> None:
    hold(every=1)


# --- The same facts in many formats ---------------------------------------------------------------------------


def same_facts() -> list[dict[str, Any]]:
    path = SAME / "index.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["cases"]) if path.is_file() else []


@pytest.mark.parametrize("ending", [*BEYOND_DOUBT, "mt940.sta", "camt053.xml"])
def test_the_answer_does_not_depend_on_the_format(ending: str) -> None:
    """MT940 and CAMT state two balances. Where a file's own bookings do not lead from one to the other, and the amount
    lies between what either says of that evening, the file contradicts itself: nobody can tell (1 of 8)."""
    contradicting = 0
    for case in same_facts():
        statements = read(SAME / f"{case['id']}.{ending}")
        asked = Question(date.fromisoformat(case["due_date"]), minor(case["amount_due"]), "CNY")
        wrong = differs(check(statements, asked), case["enough"])
        is_open = contradicts_itself(statements, asked)
        contradicting += is_open
        assert wrong == ([("closing", "undecided"), ("any_moment", "undecided")] if is_open else []), case["id"]
    assert contradicting == (0 if ending in BEYOND_DOUBT or not same_facts() else 1)


def contradicts_itself(statements: list[Statement], asked: Question) -> bool:
    """Do the balance that opens the file and the one that closes it say different things of that evening?"""
    [statement] = statements
    if statement.opening is None or statement.closing is None:
        return False
    before = statement.opening + sum(row.amount for row in statement.rows if row.day <= asked.due)
    after = statement.closing - sum(row.amount for row in statement.rows if row.day > asked.due)
    return (before >= asked.amount) is not (after >= asked.amount)


@pytest.mark.parametrize(
    ("ending", "entry"), [("mt940.sta", r":61:.*\n:86:.*\n"), ("camt053.xml", r"(?s)<Ntry>.*?</Ntry>\n")]
)
def test_a_booking_more_or_less_between_two_balances_is_never_overlooked(ending: str, entry: str) -> None:
    for case in same_facts():
        path = SAME / f"{case['id']}.{ending}"
        text = path.read_bytes().decode().replace("\r\n", "\n")
        asked = Question(date.fromisoformat(case["due_date"]), minor(case["amount_due"]), "CNY")
        for match in re.finditer(entry, text):
            for copy in (text[: match.start()] + text[match.end() :], text[: match.end()] + text[match.start() :]):
                wrong = differs(check(read(path, copy.encode()), asked), case["enough"])
                assert all(how == "undecided" for _, how in wrong), (case["id"], match[0])


# --- Exports of Chinese banks and wallets ---------------------------------------------------------------------

CHINESE = {
    "abc_debit.csv": (5, {"chain_broken"}),
    "boc_debit.csv": (17, set()),
    "bocom_debit.csv": (6, {"chain_broken"}),
    "ccb_debit.xls": (6, {"chain_broken"}),
    "cmb_debit.csv": (5, {"chain_broken"}),
    "hsbchk_debit.csv": (10, {"mixed"}),
    "spdb_debit.xls": (4, set()),
    "icbc_credit.csv": (9, {"chain_broken"}),
    "hxsec_broker.xls": (13, {"chain_broken"}),
    "htsec_broker.xlsx": (10, {"chain_broken"}),
    "boc_credit.csv": (14, {"mixed", "no_balance"}),
    "hsbchk_credit.csv": (11, {"mixed", "no_balance"}),
    **dict.fromkeys(("icbc_debit_v1.csv", "icbc_debit_v2.csv"), (11, {"no_balance"})),
    "bocom_credit.csv": (8, {"no_balance"}),
    "cgb_credit.csv": (4, {"no_balance"}),
    "citic_credit.xls": (13, {"no_balance"}),
    "cmb_credit.csv": (6, {"no_balance"}),
    "alipay_gbk.csv": (4, {"no_balance"}),
    "jd.csv": (16, {"no_balance"}),
    "meituan.csv": (29, {"no_balance"}),
    "wechat.csv": (16, {"no_balance"}),
    "wechat.xlsx": (16, {"no_balance"}),
    "wechat_2020_old_layout.csv": (7, {"no_balance"}),
}


@pytest.mark.parametrize("name", CHINESE)
def test_exports_of_chinese_banks_and_wallets_are_read(name: str) -> None:
    """Most samples were edited by those who published them, so that their balances do not add up: that is seen."""
    statements = read(STATEMENTS / "cn" / name)
    first = statements[0]
    rows, expected = CHINESE[name]
    noted = {note.code for note in first.notes} & {"mixed", "no_balance", "rows_unreadable"}
    broken = not all(link.holds for link in Chain(first.rows, first.opening, first.closing).links())
    assert (len(first.rows), noted | ({"chain_broken"} if broken and not noted else set())) == (rows, expected)


@pytest.mark.parametrize("name", ["boc_debit.csv", "spdb_debit.xls", "ccb_debit.xls", "abc_debit.csv", "cmb_debit.csv"])
def test_the_balances_link_where_the_published_facts_say_so(name: str) -> None:
    facts = json.loads((STATEMENTS / "cn" / "_balance_chain_facts.json").read_text(encoding="utf-8"))
    known = next(each for each in facts if each["file"] == name)
    (found,) = read(STATEMENTS / "cn" / name)
    holding = sum(link.holds for link in Chain(found.rows).links())
    assert holding == max(known["chained_oldest_first"], known["chained_newest_first"])


LEDGERS = {
    "abc_debit.csv": "abc_debit", "bocom_debit.csv": "bocom_debit", "ccb_debit.xls": "ccb",
    "cmb_debit.csv": "cmb-debit",
    "icbc_debit_v1.csv": "icbc-debit-v1", "icbc_debit_v2.csv": "icbc-debit-v2", "hsbchk_debit.csv": "hsbchk-debit",
    "icbc_credit.csv": "icbc-credit", "wechat.csv": "wechat", "jd.csv": "jd",
}  # fmt: skip


@pytest.mark.parametrize("name", LEDGERS)
def test_every_booking_of_the_published_result_is_a_row(name: str) -> None:
    """By day and amount: the published ledgers leave out what a wallet's own list has, and state no sign."""
    text = (STATEMENTS / "cn" / f"_expected_example-{LEDGERS[name]}-output.ledger").read_text(encoding="utf-8")
    known: set[tuple[str, int]] = set()
    day = ""
    for line in text.splitlines():
        if re.match(r"[0-9]{4}/[0-9]{2}/[0-9]{2} ", line):
            day = line[:10].replace("/", "-")
        elif amount := re.match(r"\s+[A-Z][^;]*\s([0-9]+(?:\.[0-9]+)?) (?:CNY|HKD)", line):
            known.add((day, minor(amount[1])))
    statements = read(STATEMENTS / "cn" / name)
    rows = {(row.day.isoformat(), abs(row.amount)) for row in statements[0].rows}
    if name in {"wechat.csv", "jd.csv"}:  # their ledgers also have what a wallet counts as no movement
        assert len(rows - known) <= 2, sorted(rows - known)
    else:
        assert known - {("1970-01-01", 0)} <= rows, sorted(known - rows)


# --- Samples of other parsers ---------------------------------------------------------------------------------


def samples(folder: str, pattern: str = "*") -> list[Path]:
    return sorted((STATEMENTS / folder).glob(pattern)) if STATEMENTS.is_dir() else []


@pytest.mark.parametrize("path", samples("camt"), ids=lambda path: path.name)
def test_camt_samples_are_read_or_refused_for_a_reason(path: Path) -> None:
    if "camt054" in path.name or "wrong" in path.name:
        with pytest.raises(NotAStatement) as outcome:
            read(path)
        assert outcome.value.code == ("notification" if "camt054" in path.name else "no_rows")
        return
    statements = read(path)
    assert all(re.fullmatch(r"[A-Z]{2}[0-9A-Z]+", each.account) for each in statements)
    assert any(each.rows or each.opening is not None or each.closing is not None for each in statements) or any(
        note.code in {"rows_unreadable", "no_balance"} for each in statements for note in each.notes
    )


def test_daily_statements_follow_on_each_other() -> None:
    first, second = read(STATEMENTS / "camt" / "genkgo__camt053.v2.multi.statement.xml")
    assert (first.opening, first.closing, second.opening, second.closing) == (1815, 2700, 2700, 2000)


def test_the_mt940_sample_adds_up() -> None:
    (found,) = read(STATEMENTS / "mt940" / "bsp__sample.mt940")
    assert (found.opening, found.closing, [row.amount for row in found.rows]) == (100000, 217025, [125050, -8025])


@pytest.mark.parametrize("path", samples("ofx"), ids=lambda path: path.name)
def test_ofx_samples_are_read_or_refused_for_a_reason(path: Path) -> None:
    banks = {"bsp__sample.ofx": 2, "bsp__sample.qfx": 1, "ofxparse__anzcc.ofx": 1, "ofxparse__bank_medium.ofx": 3,
             "ofxparse__checking.ofx": 3, "ofxparse__suncorp.ofx": 1, "ofxparse__ofx-v102-empty-tags.ofx": 1,
             "ofxparse__multiple_accounts.ofx": 0, "ofxparse__multiple_accounts2.ofx": 0}  # fmt: skip
    if path.name not in banks:
        with pytest.raises(NotAStatement):
            read(path)
        return
    assert len(read(path)[0].rows) == banks[path.name]
