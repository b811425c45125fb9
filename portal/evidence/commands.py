"""`portal check-funds`: read statements in the sandbox, judge the account side of the funds rule, and print it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, TextIO, TypeAlias

from portal.core.funds_rule import READINGS, Fact, FundsCheck, Question, Reading, check
from portal.core.money import MINOR_DIGITS, format_major, parse_major
from portal.core.statement import Statement
from portal.evidence.file_kinds import MAX_FILE_BYTES
from portal.evidence.funds_words import missing_words, reading_word, result_word, signal_words, unread_words
from portal.evidence.picture_sandbox import with_pictures_read
from portal.evidence.sandbox import UnknownColumns, Want, read_upload
from portal.evidence.statements.headers import MEANINGS
from portal.platform.cli import Failed, say

Format: TypeAlias = Literal["text", "json"]

DEFAULT_CURRENCY = "CNY"
"""Whose digits an amount has where nothing names a currency."""

_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command as typed."""

    due: date
    amount: str
    currency: str = ""
    account: str = ""
    holder: str = ""
    reading: Reading = "closing"
    columns: Sequence[str] = ()


def run_check_funds(files: Sequence[Path], asked: Asked, *, format: Format, out: TextIO) -> int:
    """Print what the statements say; `Failed` where none could be read."""
    currency = _currency(asked.currency)
    _minor(asked.amount, currency or DEFAULT_CURRENCY)
    statements, unread = _read_all(files, Want(False, True, _columns(asked.columns), currency))
    if not statements:
        raise Failed(f"check-funds: {'; '.join(unread.values())}")
    for reason in unread.values():
        say(f"check-funds: {reason}")
    shown = currency or next((each.currency for each in statements if each.currency), "")
    question = Question(
        due=asked.due,
        amount=_minor(asked.amount, shown or DEFAULT_CURRENCY),
        currency=shown,
        account=asked.account.strip(),
        holder=asked.holder.strip(),
        reading=asked.reading,
    )
    found = check(statements, question)
    left_out = tuple(Fact("file_unread", {"file": file, "reason": code}) for file, code in unread.codes.items())
    document = as_document(replace(found, signals=(*found.signals, *left_out)))
    if format == "json":
        out.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        out.writelines(f"{line}\n" for line in _text(document))
    return 0


# --- What was typed -------------------------------------------------------------------------------------------


def _currency(typed: str) -> str:
    code = typed.strip().upper()
    if code and code not in MINOR_DIGITS:
        raise Failed(f"check-funds: {typed!r} is not an ISO 4217 currency")
    return code


def _minor(typed: str, currency: str) -> int:
    plain = typed.strip()
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        return parse_major(plain, currency)
    except ValueError as wrong:
        raise Failed(f"check-funds: --amount {wrong}") from None


def _columns(typed: Sequence[str]) -> Mapping[str, str] | None:
    """NAME=MEANING, several with commas between them or given one by one."""
    told: dict[str, str] = {}
    for piece in (piece for each in typed for piece in re.split(r",(?=[^,=]*=)", each)):
        name, _, meaning = piece.rpartition("=")
        if not name.strip() or meaning.strip() not in MEANINGS:
            raise Failed(f"check-funds: --columns {piece!r}: write NAME=MEANING; meanings are {', '.join(MEANINGS)}")
        told[name.strip()] = meaning.strip()
    return told or None


# --- Reading --------------------------------------------------------------------------------------------------


class _Unread(dict[str, str]):
    """Files that gave nothing, each with a line that says why; `codes` are the reasons as codes."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, str] = {}

    def add(self, file: str, code: str, line: str) -> None:
        self[file] = line
        self.codes[file] = code


def _read_all(files: Sequence[Path], want: Want) -> tuple[list[Statement], _Unread]:
    found: list[Statement] = []
    unread = _Unread()
    names = [path.name for path in files]
    for path in files:
        name = path.name if names.count(path.name) == 1 else str(path)
        try:
            data = _content(path)
        except OSError as error:
            unread.add(name, "missing", f"{name}: {(error.strerror or 'cannot be read').lower()}")
            continue
        if len(data) > MAX_FILE_BYTES:
            unread.add(name, "too_large", f"{name}: {unread_words('too_large')}")
            continue
        reading = with_pictures_read(read_upload(path.name, data, want=want), path.name, data, want=want)
        found += [replace(each, file=name) for each in reading.statements]
        if reading.columns is not None:
            unread.add(name, reading.no_statement, _ask(name, reading.columns))
        elif not reading.statements:
            code = reading.problem or reading.no_statement
            unread.add(name, code, f"{name}: {unread_words(code)}")
    return found, unread


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _ask(name: str, columns: UnknownColumns) -> str:
    header = ", ".join(cell for cell in columns.header if cell)
    needed = " and ".join(columns.missing)
    first = next((cell for cell in columns.header if cell), "1")
    how = f'--columns "{first}=date,…=amount,…=balance"'
    return f"{name}: no column is known to be the {needed} among: {header}. Say what they mean: {how}"


# --- Writing --------------------------------------------------------------------------------------------------


def as_document(found: FundsCheck) -> dict[str, Any]:
    """The answer as plain values; amounts are minor units."""
    asked = found.question
    return {
        "result": found.result,
        "reading": asked.reading,
        "readings": {
            reading: {"result": found.readings[reading].result, "balance": found.readings[reading].balance}
            for reading in READINGS
        },
        "due": asked.due.isoformat(),
        "amount": asked.amount,
        "currency": found.currency or None,
        "account": {
            "match": found.account.match,
            "last_digits": found.account.last_digits,
            "holder": found.account.holder,
        },
        "coverage": {
            "from": found.coverage.from_day and found.coverage.from_day.isoformat(),
            "to": found.coverage.to_day and found.coverage.to_day.isoformat(),
            "covers_due": found.coverage.covers_due,
        },
        "opening": found.opening,
        "lowest": found.lowest,
        "highest": found.highest,
        "closing": found.closing,
        "missing": [{"code": fact.code, "text": missing_words(fact, found.currency)} for fact in found.missing],
        "rows": [
            {
                "file": row.file,
                "row": row.line,
                "date": row.day.isoformat(),
                "amount": row.amount,
                "balance": row.balance,
            }
            for row in found.rows
        ],
        "signals": [{"code": fact.code, "text": signal_words(fact, found.currency)} for fact in found.signals],
    }


def _text(told: Mapping[str, Any]) -> Iterator[str]:
    currency = told["currency"] or DEFAULT_CURRENCY

    def money(amount: int | None) -> str:
        return "-" if amount is None else format_major(amount, currency)

    account, coverage = told["account"], told["coverage"]
    yield f"Funds on {told['due']}: {result_word(told['result'])}, by the balance {reading_word(told['reading'])}"
    yield f"Instalment {money(told['amount'])} {told['currency'] or '(no currency named)'}"
    shown = f"ending {account['last_digits']}" if account["last_digits"] else "not shown"
    holder = f", {account['holder']}" if account["holder"] else ""
    yield f"Account {shown}{holder}; the debited one: {account['match']}"
    reaches = "reaches" if coverage["covers_due"] else "does not reach"
    yield f"Statement from {coverage['from'] or '?'} to {coverage['to'] or '?'}, {reaches} the due date on both sides"
    for reading in READINGS:
        each = told["readings"][reading]
        mark = "  <- counts" if reading == told["reading"] else ""
        yield f"  {reading_word(reading):<18}{money(each['balance']):>16}  {result_word(each['result'])}{mark}"
    if told["missing"]:
        yield "Missing:"
        yield from (f"  {fact['text']}" for fact in told["missing"])
    if told["rows"]:
        yield "Rows:"
        for row in told["rows"]:
            where = f"{row['file']}, line {row['row']}"
            yield f"  {row['date']}  {money(row['amount']):>14}  balance {money(row['balance']):>14}  {where}"
    if told["signals"]:
        yield "To look at:"
        yield from (f"  {fact['text']}" for fact in told["signals"])
