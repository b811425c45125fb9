"""OFX and QFX, version 1 (SGML) and 2 (XML), read by one small tokeniser of our own.

The readers that exist are under the GPL, unmaintained, or bring an HTML parser for what is a flat list of tags;
and reading XML as tags means that no entity is ever expanded.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time

from portal.core.money import MINOR_DIGITS
from portal.core.statement import Note, Statement, StatementRow
from portal.evidence.statements.numbers import Figure, Mark, decimal_mark, figure, minor_units
from portal.evidence.statements.outcomes import NotAStatement
from portal.evidence.statements.periods import whole_days

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_.]{0,40})(?:\s[^<>]*)?(/?)>([^<]*)")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_STATEMENTS = ("STMTRS", "CCSTMTRS")
_DAY = re.compile(r"([12][0-9]{3})([01][0-9])([0-3][0-9])(?:([0-2][0-9])([0-5][0-9])([0-5][0-9])?)?")
MOST_DEPTH = 40


@dataclass(slots=True)
class Element:
    """A tag with its text and what stands in it."""

    name: str
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> Iterator["Element"]:
        """Every element of that name below this one. An empty tag without an end may have swallowed its siblings."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)

    def value(self, name: str) -> str:
        """The text of the first element of that name that has any."""
        return next((each.text for each in self.all(name) if each.text), "")

    def first(self, name: str) -> "Element":
        """The first element of that name, an empty one where there is none."""
        return next(self.all(name), Element(name))


def read(name: str, data: bytes, *, currency: str = "") -> list[Statement]:
    """Every account of the file that has bookings or a balance."""
    root = _tree(_decoded(data))
    found = [_statement(name, each, currency) for kind in _STATEMENTS for each in root.all(kind)]
    kept = [each for each in found if each.rows or each.closing is not None]
    if not kept:
        raise NotAStatement("no_rows")
    return kept


def _decoded(data: bytes) -> str:
    head = data[:600].upper()
    wanted = "utf-8"
    if b"ENCODING:USASCII" in head or b"CHARSET:1252" in head:
        wanted = "cp1252"
    if re.search(rb"CHARSET:(?:936|GBK|GB2312|GB18030)", head):
        wanted = "gb18030"
    for encoding in ("utf-8-sig", wanted, "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", errors="replace")


def _tree(text: str) -> Element:
    start = text.upper().find("<OFX>")
    if start < 0:
        raise NotAStatement("no_rows")
    body = _CDATA.sub(lambda match: html.escape(match[1], quote=False), text[start:])
    root = Element("")
    stack = [root]
    for match in _TAG.finditer(body):
        closes, name, is_empty, said = match[1], match[2].upper(), match[3], html.unescape(match[4]).strip()
        if closes:
            _close(stack, name)
            continue
        if len(stack) > MOST_DEPTH:
            raise NotAStatement("broken")
        element = Element(name, said)
        stack[-1].children.append(element)
        if not said and not is_empty:
            stack.append(element)
    return root


def _close(stack: list[Element], name: str) -> None:
    """End an aggregate, and with it every empty tag that was left open inside."""
    if any(element.name == name for element in stack[1:]):
        while stack.pop().name != name:
            pass


# --- A statement ----------------------------------------------------------------------------------------------


def _statement(name: str, element: Element, hint: str) -> Statement:
    code = element.value("CURDEF").upper()
    currency = code if code in MINOR_DIGITS else hint
    digits = MINOR_DIGITS.get(currency, 2)
    listed = list(element.all("STMTTRN"))
    figures = [figure(each.value("TRNAMT")) for each in listed]
    ledger = element.first("LEDGERBAL")
    stated = figure(ledger.value("BALAMT"))
    mark = decimal_mark([*figures, stated])
    rows, notes = _rows(listed, figures, mark, digits)
    dates = element.first("BANKTRANLIST")
    from_day, to_day = whole_days(*_moment(dates.value("DTSTART")), *_moment(dates.value("DTEND")))
    balance = _minor(stated, mark, digits)
    as_of, _ = _moment(ledger.value("DTASOF"))
    last_listed = _moment(dates.value("DTEND"))[0] or (rows[-1].day if rows else None)
    if balance is not None and (as_of is None or (last_listed is not None and as_of > last_listed)):
        notes.append(Note("balance_of_later_day", {"date": as_of.isoformat() if as_of else ""}))
        balance = None
    if balance is None:
        notes.append(Note("no_balance"))
    placed = _with_balance(rows, balance, as_of)
    return Statement(
        file=name,
        account=element.value("ACCTID"),
        holder="",
        currency=currency,
        rows=tuple(placed),
        from_day=from_day,
        to_day=to_day,
        closing=balance if placed == rows else None,
        notes=tuple(notes),
    )


def _moment(text: str) -> tuple[date | None, time | None]:
    found = _DAY.match(text.strip())
    if found is None:
        return None, None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        return day, time(int(found[4]), int(found[5]), int(found[6] or 0)) if found[4] else None
    except ValueError:
        return None, None


def _minor(number: Figure | None, mark: Mark, digits: int) -> int | None:
    value = minor_units(number.body, mark, digits) if number else None
    return -value if value is not None and number is not None and number.sign == "-" else value


def _rows(
    listed: list[Element], figures: list[Figure | None], mark: Mark, digits: int
) -> tuple[list[StatementRow], list[Note]]:
    """The bookings oldest first; one that occurs twice under the bank's own id counts once."""
    rows: list[StatementRow] = []
    notes: list[Note] = []
    known: set[tuple[str, date, int]] = set()
    for number, (element, amount) in enumerate(zip(listed, figures, strict=True), 1):
        day, _ = _moment(element.value("DTPOSTED"))
        value = _minor(amount, mark, digits)
        if day is None or value is None:
            said = {"from": day.isoformat(), "to": day.isoformat()} if day else {}
            notes.append(Note("rows_unreadable", {"count": 1, "lines": str(number), **said}))
            continue
        identity = (element.value("FITID"), day, value)
        if identity[0] and identity in known:
            notes.append(Note("rows_repeated", {"row": number}))
            continue
        known.add(identity)
        told = f"{element.value('NAME')} {element.value('MEMO')}".strip()
        rows.append(StatementRow(number, day, None, value, None, " ".join(told.split())[:200]))
    if rows and rows[0].day > rows[-1].day:
        rows.reverse()
    return sorted(rows, key=lambda row: row.day), notes


def _with_balance(rows: list[StatementRow], balance: int | None, as_of: date | None) -> list[StatementRow]:
    """The balance stands after the last booking of its day; after all of them, it is the closing one."""
    if balance is None or as_of is None or not rows or rows[-1].day <= as_of:
        return rows
    before = [row for row in rows if row.day <= as_of]
    after = rows[len(before) :]
    if not before:
        return rows
    last = before[-1]
    marked = StatementRow(last.line, last.day, last.at, last.amount, balance, last.text)
    return [*before[:-1], marked, *after]
