"""Is this the account that the lender debits? By its last digits and its holder's name (domain.md 7)."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from portal.core.statement import Statement

Match: TypeAlias = Literal["yes", "no", "unknown"]

_LAST_RUN = re.compile(r"([0-9]+)[A-Za-z]{0,2}$")
_TITLES = frozenset("mr mrs ms miss dr herr frau 先生 女士 小姐".split())
_COVERS = frozenset("*＊×xX●•")


@dataclass(frozen=True, slots=True)
class AccountMatch:
    """Whether the statement's account is the debited one, and what it shows of itself."""

    match: Match
    last_digits: str | None
    holder: str | None


def last_digits(account: str) -> str:
    """The last four digits that an account number shows, masked or not; fewer than three say nothing."""
    plain = re.sub(r"[\s\-–.·/]", "", unicodedata.normalize("NFKC", account))
    run = _LAST_RUN.search(plain)
    return run[1][-4:] if run and len(run[1]) >= 3 else ""


def match_of(statement: Statement, account: str, holder: str) -> Match:
    """What one statement says to the wanted last digits and holder, either of which may be empty."""
    shown = last_digits(statement.account)
    wanted = last_digits(account) if len(account.strip()) > 4 else account.strip()
    if wanted and shown and not (shown.endswith(wanted) or wanted.endswith(shown)):
        return "no"
    by_name = holder and statement.holder and same_holder(statement.holder, holder)
    if by_name is False:
        return "no"
    if wanted:
        return "yes" if shown else "unknown"
    return "yes" if by_name else "unknown"


def same_holder(shown: str, wanted: str) -> bool:
    """One person's name twice? Spacing, case, titles and order aside; a masked part stands for any letters."""
    left, right = _words(shown), _words(wanted)
    if sorted(left) == sorted(right):
        return True
    one, other = "".join(left), "".join(right)
    if one == other:
        return True
    return _fits(one, other) or _fits(other, one)


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", name).casefold()
    words = re.split(r"[\s,.·・/]+", plain)
    return [stripped for word in words if (stripped := _without_title(word))]


def _without_title(word: str) -> str:
    if word in _TITLES:
        return ""
    for title in ("先生", "女士", "小姐"):
        word = word.removesuffix(title)
    return word


def _fits(masked: str, whole: str) -> bool:
    if not _COVERS.intersection(masked) or len(masked) - masked.count("*") < 1:
        return False
    pattern = "".join(".+" if mark in "*＊●•×" else re.escape(mark) for mark in re.sub(r"[*＊●•×]+", "*", masked))
    return re.fullmatch(pattern, whole) is not None


def accounts_of(statements: Sequence[Statement]) -> set[str]:
    """The different accounts that these statements show."""
    return {digits for statement in statements if (digits := last_digits(statement.account))}
