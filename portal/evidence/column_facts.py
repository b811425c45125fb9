"""The columns of a statement about which a person is asked, as rows keep them, and what an answer makes of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from portal.core.card_numbers import without_numbers
from portal.evidence.sandbox import UnknownColumns
from portal.evidence.statements.headers import Meaning, meanings_of, plain_name

CHOICES: tuple[Meaning, ...] = ("date", "amount", "credit", "debit", "balance", "text", "ignore")
"""What a person can say of a column; `credit` is money in, `debit` money out, both without a sign."""

LONGEST_NAME = 60
"""A name of this length was cut, and is not found again in the file."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` as the file has it, `key` by which the reader finds it, `guess` what it may mean."""

    key: str
    name: str
    samples: tuple[str, ...]
    guess: Meaning | None


@dataclass(frozen=True, slots=True)
class Header:
    """The columns that are asked about, in the order of the file; what the reader knows of others stays as it is."""

    fingerprint: str
    columns: tuple[Column, ...]


def header_text(columns: UnknownColumns | None) -> str:
    """The header as a row keeps it; empty where the reader knew the columns."""
    if columns is None:
        return ""
    told = {"fingerprint": columns.fingerprint, "names": columns.header, "samples": columns.samples}
    return json.dumps(told, ensure_ascii=False)


def without_samples(text: str) -> str:
    """The header that `header_text` wrote, without the values below it."""
    return json.dumps(json.loads(text) | {"samples": []}, ensure_ascii=False) if text else ""


def read_header(text: str) -> Header | None:
    """The header that `header_text` wrote."""
    if not text:
        return None
    told = json.loads(text)
    names, samples = told["names"], told["samples"]
    guesses = meanings_of(names)
    columns = (
        Column(_key(names, place), name, _samples(samples, place), guesses.get(place))
        for place, name in enumerate(names)
    )
    asked = [column for column in columns if _is_asked(column)]
    return Header(told["fingerprint"], tuple(asked))


def without_numbers_in(header: Header) -> Header:
    """The header as staff see it: its first values without the numbers of accounts (EV-16)."""
    columns = (
        replace(column, samples=tuple(without_numbers(sample) for sample in column.samples))
        for column in header.columns
    )
    return replace(header, columns=tuple(columns))


def mapping_of(header: Header, meanings: Sequence[Meaning]) -> dict[str, Meaning]:
    """An answer by the names of columns: what means nothing is named only where the reader would take it for more."""
    return {
        column.key: meaning
        for column, meaning in zip(header.columns, meanings, strict=True)
        if meaning != "ignore" or column.guess is not None
    }


def meanings_by(header: Header, mapping: Mapping[str, Meaning]) -> list[str]:
    """What was said of each column, or where nothing was, what it may mean by its name."""
    return [mapping.get(column.key, column.guess or "ignore") for column in header.columns]


def _is_asked(column: Column) -> bool:
    if column.guess is not None:
        return column.guess in CHOICES
    return bool(column.name or any(column.samples))


def _samples(rows: Sequence[Sequence[str]], place: int) -> tuple[str, ...]:
    return tuple(row[place] for row in rows if place < len(row) and row[place])


def _key(names: Sequence[str], place: int) -> str:
    """The name of a column, or its number where it has none of its own, or one that is not kept whole."""
    name = names[place]
    plain = plain_name(name)
    is_own = sum(plain_name(each) == plain for each in names) == 1
    is_whole = len(name) < LONGEST_NAME and "…" not in name
    return name if plain and is_own and is_whole else str(place + 1)


def fault_of(meanings: Sequence[Meaning]) -> str:
    """Why an answer is none: `choice`, `date`, `amount`, `both` or `twice`; empty for one that will do."""
    told = set(meanings)
    if not told <= set(CHOICES):
        return "choice"
    if "date" not in told:
        return "date"
    if "amount" not in told and not told >= {"credit", "debit"}:
        return "amount"
    if "amount" in told and told & {"credit", "debit"}:
        return "both"
    single = [meaning for meaning in meanings if meaning not in ("text", "ignore")]
    return "twice" if len(single) > len(set(single)) else ""
