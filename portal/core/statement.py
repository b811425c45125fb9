"""A bank statement as values: what a file says of one account, its rows in the order in which they happened.

Readers make them, the funds rule judges them (domain.md 7). Amounts are integer minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import TypeAlias

NoteData: TypeAlias = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One booking. `line` as a person counts it in the file; a covered row shows that something was there.

    Of a covered row only its place and day are known: its amount is 0 and it has no balance.
    """

    line: int
    day: date
    at: time | None
    amount: int
    balance: int | None
    text: str = ""
    covered: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What reading found, as a code and its data; worded elsewhere.

    Facts that may be missing for an answer: `rows_unreadable` (`count`, `lines`, and `from` and `to`, the days
    between which they lie, absent where that is open), `image_unclear`, `mixed` (`what`: accounts or
    currencies), `no_balance`, `dates_ambiguous` (`example`). Anything else is a signal for the handler.
    """

    code: str
    data: NoteData = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """One account in one file, rows oldest first.

    `from_day` and `to_day` are the whole days that the file itself says it covers (None: not said), `opening`
    the balance before the first row, `closing` the one after the last. `account`, `holder` and `currency` are
    empty where the file does not show them; an account may be masked.
    """

    file: str
    account: str
    holder: str
    currency: str
    rows: tuple[StatementRow, ...]
    from_day: date | None = None
    to_day: date | None = None
    opening: int | None = None
    closing: int | None = None
    notes: tuple[Note, ...] = ()
