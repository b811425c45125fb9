"""A table of texts becomes a statement: CSV, workbooks, PDF tables and pictures all end here."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from portal.core.statement import Statement

Meaning: TypeAlias = Literal[
    "date", "time", "amount", "credit", "debit", "direction", "balance", "text", "currency", "account", "holder",
    "status", "ignore",
]  # fmt: skip
"""What a column can mean. `credit` and `debit` are unsigned amounts in columns of their own."""


def statement_of(
    grid: Sequence[Sequence[str]],
    *,
    file: str,
    lines: Sequence[int] | None = None,
    columns: Mapping[str, Meaning] | None = None,
    currency: str = "",
    unclear: frozenset[int] = frozenset(),
) -> Statement:
    """Read a table with whatever stands above and below it; the header row is found by its names.

    `lines` numbers the grid's rows as a person counts them (by default from 1), `columns` says what the named
    columns mean where a person was asked, `currency` is taken where the file names none, `unclear` are the
    lines that a picture shows too badly to trust. Raises `ColumnsUnknown` and `NotAStatement`.
    """
    raise NotImplementedError
