"""Amounts as banks write them: 1,234.56, 1.234,56, 1 234,56-, (12.00), ¥12.00, 12.00 DR become minor units.

Which mark is the decimal one is a matter of the whole file, never of one cell.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

Mark: TypeAlias = Literal[".", ","]

EMPTY = frozenset(("", "-", "--", "---", "/", "—", "——", "n/a", "na", "nil", "无", "\\n"))
COVERED = "███"
"""Stands in the cells of a line that the borrower covered before sending."""

MOST_DIGITS = 18

_SIMPLE = re.compile(r"(?P<sign>[+-]?)(?P<body>[0-9]+(?:[.,][0-9]+)*)", re.ASCII)
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’_]")
_AFTERWARDS = re.compile(r"(?<=[0-9])\s*[(][^0-9()]+[^()]*[)]$")
_BODY = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[.,][0-9]+")
_UNIT = re.compile(
    r"[¥￥$€£₹₩₽]|人民币|港币|港元|美元|欧元|日元|英镑|元|圆|rmb|hk\$|us\$|(?<![a-z])[a-z]{3}(?![a-z])", re.IGNORECASE
)
_SIDE_WORD = re.compile(r"(?<![a-z])(?:cr|dr|[cd])\.?$|^(?:cr|dr)(?=[.\s])|[借贷貸]")
_MINUS = str.maketrans(dict.fromkeys("−–—－﹣‐‑", "-"))
CREDIT_SIDE = frozenset(("cr", "c", "贷", "貸"))


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it stands in a cell: digits and marks, the sign written with it, and a Cr or Dr beside it."""

    body: str
    sign: Literal["", "+", "-"]
    side: Literal["", "credit", "debit"]


def is_empty(text: str) -> bool:
    """Does the cell say nothing, as a bank writes nothing?"""
    return text.strip().casefold() in EMPTY


@lru_cache(maxsize=8192)
def figure(text: str) -> Figure | None:
    """The number in a cell, None where there is none or more than one."""
    simple = _SIMPLE.fullmatch(text)
    if simple and len(text) <= MOST_DIGITS:
        return Figure(simple["body"], "-" if simple["sign"] == "-" else "+" if simple["sign"] else "", "")
    plain = unicodedata.normalize("NFKC", text).translate(_MINUS).strip().casefold()
    plain = plain.removeprefix("=").strip('"')
    plain = _AFTERWARDS.sub("", plain.strip()).strip()
    plain, side = _without_side(plain)
    plain = _SPACES.sub("", _UNIT.sub("", plain))
    sign: Literal["", "+", "-"] = ""
    if plain.startswith("(") and plain.endswith(")"):
        plain, sign = plain[1:-1], "-"
    elif plain[:1] in {"+", "-"}:
        sign = "+" if plain[0] == "+" else "-"
        plain = plain[1:]
    elif plain[-1:] in {"+", "-"}:
        sign = "+" if plain[-1] == "+" else "-"
        plain = plain[:-1]
    if _BODY.fullmatch(plain) is None or len(plain) > MOST_DIGITS + 8:
        return None
    return Figure(plain, sign, side)


def _without_side(plain: str) -> tuple[str, Literal["", "credit", "debit"]]:
    found = _SIDE_WORD.search(plain)
    if found is None:
        return plain, ""
    word = found[0].strip(" .")
    rest = f"{plain[: found.start()]} {plain[found.end() :]}".strip()
    return rest, "credit" if word in CREDIT_SIDE else "debit"


def decimal_mark(figures: Iterable[Figure | None]) -> Mark:
    """The decimal mark of a file, by those of its numbers that leave no doubt."""
    votes = {".": 0, ",": 0}
    for each in figures:
        mark = _clear_mark(each.body) if each else None
        if mark:
            votes[mark] += 1
    return "," if votes[","] > votes["."] else "."


def _clear_mark(body: str) -> Mark | None:
    marks = [mark for mark in body if mark in ".,"]
    if not marks:
        return None
    last: Mark = "," if marks[-1] == "," else "."
    other: Mark = "." if last == "," else ","
    if len(set(marks)) > 1:
        return last
    if len(marks) > 1:
        return other
    whole, _, part = body.partition(last)
    return None if len(part) == 3 and 1 <= len(whole) <= 3 else last


def minor_units(body: str, mark: Mark, digits: int) -> int | None:
    """Digits and marks as minor units; None where groups are odd or there are more decimals than money has."""
    whole, point, part = body.rpartition(mark)
    if not point:
        whole, part = body, ""
    group = "," if mark == "." else "."
    if group in part or mark in whole:
        return None
    if group in whole and not _are_groups(whole.split(group)):
        return None
    if len(part) > digits:
        if part[digits:].strip("0"):
            return None
        part = part[:digits]
    figures = whole.replace(group, "") + part.ljust(digits, "0")
    return int(figures) if 0 < len(figures) <= MOST_DIGITS else None


def _are_groups(groups: list[str]) -> bool:
    """Thousands, or lakhs as in India: 12,34,567."""
    head, *rest = groups
    if not 1 <= len(head) <= 3 or not rest or len(rest[-1]) != 3:
        return False
    return all(len(each) == 3 for each in rest) or all(len(each) == 2 for each in rest[:-1])
