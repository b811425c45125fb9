"""SWIFT MT940 through the mt-940 library, one statement for each message."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from mt940.models import Transactions

from portal.core.money import MINOR_DIGITS
from portal.core.statement import Note, Statement, StatementRow
from portal.evidence.statements.delimited import decoded
from portal.evidence.statements.outcomes import NotAStatement

_MESSAGE = re.compile(r"^:20:", re.MULTILINE)
_ENTRY = re.compile(r"^:61:")
_ENVELOPE_END = re.compile(r"^-\}.*$", re.MULTILINE)
_MINUS = frozenset(("D", "RC"))
"""A debit, and a credit taken back."""


def read(name: str, data: bytes, *, currency: str = "") -> list[Statement]:
    """Every message of the file; raises `NotAStatement` where there is none, or one is malformed."""
    text = decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    starts = [match.start() for match in _MESSAGE.finditer(text)]
    if not starts:
        raise NotAStatement("no_rows")
    parts = zip(starts, [*starts[1:], len(text)], strict=True)
    return [_statement(name, text[start:end], text.count("\n", 0, start), currency) for start, end in parts]


def _statement(name: str, message: str, lines_before: int, hint: str) -> Statement:
    parsed = Transactions()
    try:
        parsed.parse(_ENVELOPE_END.sub("", message))
    except (RuntimeError, ValueError, KeyError, ArithmeticError, TypeError, AttributeError):
        raise NotAStatement("broken") from None
    opening, closing = _balance(parsed, "opening"), _balance(parsed, "closing")
    currency = (opening or closing or {}).get("currency", "") or hint
    currency = currency if currency in MINOR_DIGITS else hint
    rows, notes = _rows(parsed, message, lines_before, MINOR_DIGITS.get(currency, 2))
    if opening and closing and opening["currency"] != closing["currency"]:
        notes.append(Note("mixed", {"what": "currencies"}))
    if not opening and not closing:
        notes.append(Note("no_balance"))
    digits = MINOR_DIGITS.get(currency, 2)
    from_day, to_day = _period(rows, opening, closing)
    return Statement(
        file=name,
        account=str(parsed.data.get("account_identification") or "").strip(),
        holder="",
        currency=currency,
        rows=tuple(sorted(rows, key=lambda row: row.day)),
        from_day=from_day,
        to_day=to_day,
        opening=_signed(opening["amount"], opening["status"], digits) if opening else None,
        closing=_signed(closing["amount"], closing["status"], digits) if closing else None,
        notes=tuple(notes),
    )


def _balance(parsed: Transactions, side: str) -> dict[str, Any] | None:
    for kind in ("final", "intermediate", ""):
        balance = parsed.data.get(f"{kind}_{side}_balance".lstrip("_"))
        if balance is not None and balance.amount is not None and balance.date is not None:
            amount = balance.amount
            return {
                "amount": Decimal(amount.amount),
                "status": balance.status,
                "currency": amount.currency or "",
                "day": date(balance.date.year, balance.date.month, balance.date.day),
                "is_final": kind != "intermediate",
            }
    return None


def _rows(parsed: Transactions, message: str, lines_before: int, digits: int) -> tuple[list[StatementRow], list[Note]]:
    lines = [number for number, line in enumerate(message.split("\n"), 1) if _ENTRY.match(line)]
    if len(lines) != len(parsed.transactions):
        return [], [Note("rows_unreadable", {"count": len(lines)})]
    rows: list[StatementRow] = []
    notes: list[Note] = []
    for number, transaction in zip(lines, parsed.transactions, strict=True):
        row = _row(transaction.data, lines_before + number, digits)
        if row is None:
            notes.append(Note("rows_unreadable", {"count": 1, "lines": str(lines_before + number)}))
        else:
            rows.append(row)
    return rows, notes


def _row(data: dict[str, Any], line: int, digits: int) -> StatementRow | None:
    booked = data.get("entry_date") or data.get("date")
    amount = data.get("amount")
    if booked is None or amount is None:
        return None
    value = _signed(Decimal(amount.amount), str(data.get("status")), digits)
    if value is None:
        return None
    told = data.get("transaction_details") or data.get("purpose") or data.get("extra_details") or ""
    text = " ".join(str(told).split())[:200]
    return StatementRow(line, date(booked.year, booked.month, booked.day), None, value, None, text)


def _signed(amount: Decimal, status: str, digits: int) -> int | None:
    """Minor units with the sign that the mark says; None for more decimals than the currency has."""
    scaled = abs(amount) * 10**digits
    if not scaled.is_finite() or scaled != scaled.to_integral_value() or scaled >= 10**18:
        return None
    return -int(scaled) if status in _MINUS else int(scaled)


def _period(
    rows: list[StatementRow], opening: dict[str, Any] | None, closing: dict[str, Any] | None
) -> tuple[date | None, date | None]:
    """An opening balance may be of the day before or of the day itself: that day counts only if it has a row.
    An intermediate closing balance leaves its own day open."""
    days = {row.day for row in rows}
    from_day = to_day = None
    if opening and opening["is_final"]:
        from_day = opening["day"] if opening["day"] in days else opening["day"] + timedelta(days=1)
    if closing:
        to_day = closing["day"] if closing["is_final"] else closing["day"] - timedelta(days=1)
    return (from_day, to_day) if not (from_day and to_day and from_day > to_day) else (None, to_day)
