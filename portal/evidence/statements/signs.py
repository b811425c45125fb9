"""Money in or money out: read from columns, marks and words, and where a file shows none, from its balances."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from portal.core.balance_chain import disorder, in_order
from portal.core.statement import StatementRow

Direction: TypeAlias = Literal["in", "out", "neither"]

_IN = frozenset(
    """
        收入 收 入 贷 贷方 贷cr 贷(cr) 存 存入 转入 入账 进账 來賬 来账 cr c credit crédit credito in incoming
        deposit h haben bij + kredyt crdt gutschrift abono avere income received
    """.split()
)
_OUT = frozenset(
    """
        支出 支 付 出 借 借方 借dr 借(dr) 取 支取 转出 出账 往账 dr d debit débit debito out outgoing withdrawal s
        soll af - debet dbit lastschrift cargo dare expense paid payment spent
    """.split()
)
_NEITHER = frozenset("不计收支 中性交易 其他 / 不计 neutral other".split())


def direction(text: str) -> Direction | None:
    """What a word says of the money's way; None where it is no such word."""
    word = "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(".'\"")
    if word in _IN:
        return "in"
    if word in _OUT:
        return "out"
    return "neither" if word in _NEITHER else None


def settled(
    rows: Sequence[StatementRow], opening: int | None = None, *, are_unsigned: bool
) -> tuple[StatementRow, ...]:
    """The rows, oldest first, with the signs that their balances prove. Where the file's own do that, they stand.

    `are_unsigned`: the file shows no sign at all, so a plain amount may be money in or out. That of the first
    row stays open without an opening balance; nothing rests on it, since no row lies before it.
    """
    unproven = any(row.balance is None and not row.covered for row in rows)
    if len(rows) < 2 or unproven or not disorder(_ordered(rows), opening):
        return tuple(rows)
    if are_unsigned:
        return _by_balances(rows, opening)
    turned = [replace(row, amount=-row.amount) for row in rows]
    return tuple(turned if len(rows) > 3 and not disorder(_ordered(turned), opening) else rows)


def _ordered(rows: Sequence[StatementRow]) -> list[StatementRow]:
    return [rows[place] for place in in_order(rows)]


def _by_balances(rows: Sequence[StatementRow], opening: int | None) -> tuple[StatementRow, ...]:
    signed = []
    before = opening
    for row in rows:
        moved = None if before is None or row.covered else (row.balance or 0) - before
        signed.append(replace(row, amount=-row.amount) if moved == -row.amount else row)
        before = row.balance  # None after a covered line: what follows it is not proven
    return tuple(signed)
