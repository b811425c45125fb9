"""ISO 20022 account statements (camt.053) and reports (camt.052) of every version, by the elements' own names.

Read with defusedxml: document types and entities are refused before anything is expanded.
"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from portal.core.money import MINOR_DIGITS
from portal.core.statement import Note, Statement, StatementRow
from portal.evidence.statements.dates import written
from portal.evidence.statements.numbers import minor_units
from portal.evidence.statements.outcomes import NotAStatement
from portal.evidence.statements.periods import whole_days

OPENING_CODES = ("OPBD", "PRCD")
CLOSING_CODES = ("CLBD",)


def read(name: str, data: bytes, *, currency: str = "") -> list[Statement]:
    """Every statement or report of the message; raises `NotAStatement` for other messages."""
    root = fromstring(data, forbid_dtd=True)
    found = [_statement(name, each, currency) for each in root.iter() if _name(each) in {"Stmt", "Rpt"}]
    if not found:
        raise NotAStatement("notification" if any(_name(each) == "Ntfctn" for each in root.iter()) else "no_rows")
    return found


# --- Elements -------------------------------------------------------------------------------------------------


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Element | None, name: str) -> Iterator[Element]:
    return (child for child in (element if element is not None else ()) if _name(child) == name)


def _at(element: Element | None, path: str) -> Element | None:
    for name in path.split("/"):
        element = next(_children(element, name), None)
    return element


def _text(element: Element | None, *paths: str) -> str:
    for path in paths:
        found = _at(element, path)
        if found is not None and found.text and found.text.strip():
            return found.text.strip()
    return ""


def _moment(element: Element | None) -> tuple[date | None, time | None]:
    """A Dt or DtTm below an element."""
    each = written(_text(element, "Dt", "DtTm"))
    if each is None or not each.by_order:
        return None, None
    return next(iter(each.by_order.values())), each.at


# --- A statement ----------------------------------------------------------------------------------------------


def _statement(name: str, element: Element, hint: str) -> Statement:
    balances = [_Balance(each) for each in _children(element, "Bal")]
    currency = _text(element, "Acct/Ccy") or next((each.currency for each in balances if each.currency), "")
    first = next((_at(each, "Amt") for each in _children(element, "Ntry")), None)
    currency = currency or (first.get("Ccy", "") if first is not None else "")
    currency = currency if currency in MINOR_DIGITS else hint
    entries = _Entries(currency)
    for number, entry in enumerate(_children(element, "Ntry"), 1):
        entries.take(number, entry)
    opening = next((each for each in balances if each.code in OPENING_CODES), None)
    closing = next((each for each in balances if each.code in CLOSING_CODES), None)
    interim = [each for each in balances if each.code == "ITBD"]
    if opening is None and len(interim) > 1:
        opening = min(interim, key=lambda each: each.day or date.max)
    is_final = closing is not None
    if closing is None and interim:
        closing = max(interim, key=lambda each: each.day or date.min)
    stated = [each for each in (opening, closing) if each is not None]
    if any(each.currency not in {"", currency} for each in stated):
        entries.notes.append(Note("mixed", {"what": "currencies"}))
    rows = tuple(sorted(entries.rows, key=lambda row: row.day))
    from_day, to_day = _period(element, rows, opening, closing if is_final else None)
    if not stated:
        entries.notes.append(Note("no_balance"))
    return Statement(
        file=name,
        account=_text(element, "Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id", "Acct/Id/BBAN"),
        holder=_text(element, "Acct/Ownr/Nm", "Acct/Ownr/Pty/Nm"),
        currency=currency,
        rows=rows,
        from_day=from_day,
        to_day=to_day,
        opening=opening.minor(currency) if opening else None,
        closing=closing.minor(currency) if closing else None,
        notes=tuple(entries.notes),
    )


class _Balance:
    """One Bal element."""

    def __init__(self, element: Element) -> None:
        self.code = _text(element, "Tp/CdOrPrtry/Cd", "Tp/Cd")
        amount = _at(element, "Amt")
        self.currency = amount.get("Ccy", "") if amount is not None else ""
        self._amount = _text(element, "Amt")
        self._is_debit = _text(element, "CdtDbtInd") == "DBIT"
        self.day, _ = _moment(_at(element, "Dt"))

    def minor(self, currency: str) -> int | None:
        """In minor units, negative where the account is overdrawn."""
        value = minor_units(self._amount, ".", MINOR_DIGITS.get(currency, 2))
        return -value if value is not None and self._is_debit else value


class _Entries:
    """The Ntry elements that are booked; pending and informational ones move nothing."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self.rows: list[StatementRow] = []
        self.notes: list[Note] = []

    def take(self, number: int, entry: Element) -> None:
        status = _text(entry, "Sts/Cd", "Sts") or "BOOK"
        if status != "BOOK":
            return
        day, at = _moment(_at(entry, "BookgDt"))
        if day is None:
            day, at = _moment(_at(entry, "ValDt"))
        amount = _at(entry, "Amt")
        value = minor_units(_text(entry, "Amt"), ".", MINOR_DIGITS.get(self._currency, 2))
        way = _text(entry, "CdtDbtInd")
        if amount is not None and amount.get("Ccy", self._currency) != self._currency:
            self.notes.append(Note("mixed", {"what": "currencies"}))
        if day is None or value is None or way not in {"CRDT", "DBIT"}:
            said = {"from": day.isoformat(), "to": day.isoformat()} if day else {}
            self.notes.append(Note("rows_unreadable", {"count": 1, "lines": str(number), **said}))
            return
        signed = value if way == "CRDT" else -value
        self.rows.append(StatementRow(number, day, at, signed, None, _words(entry)))


def _words(entry: Element) -> str:
    told = _text(entry, "AddtlNtryInf")
    if not told:
        told = next((each.text for each in entry.iter() if _name(each) in {"Ustrd", "AddtlTxInf"} and each.text), "")
    return " ".join(told.split())[:200]


def _period(
    element: Element, rows: tuple[StatementRow, ...], opening: _Balance | None, closing: _Balance | None
) -> tuple[date | None, date | None]:
    """The whole days of FrToDt where the rows lie within them, else from the opening to the final closing balance."""
    start, starts_at = _boundary(element, "Fr")
    end, ends_at = _boundary(element, "To")
    from_day, to_day = whole_days(start, starts_at, end, ends_at)
    days = [row.day for row in rows]
    if days and from_day and to_day and not (from_day <= days[0] and days[-1] <= to_day):
        from_day = to_day = None
    if from_day is None and opening and opening.day:
        from_day = opening.day if opening.day in days else opening.day + timedelta(days=1)
    if closing and closing.day:
        to_day = max(to_day, closing.day) if to_day else closing.day
    return (from_day, to_day) if not (from_day and to_day and from_day > to_day) else (None, to_day)


def _boundary(element: Element, side: str) -> tuple[date | None, time | None]:
    each = written(_text(element, f"FrToDt/{side}DtTm", f"FrToDt/{side}Dt"))
    if each is None or not each.by_order:
        return None, None
    return next(iter(each.by_order.values())), each.at
