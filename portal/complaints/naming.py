"""Whom a complaint names, by its own words. Pure: texts and the staff's names come in, account ids go out.

A complaint must never reach the person it names, so this reads widely: whoever is found by mistake is let in again by
another supervisor, but what was read once cannot be unread.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TITLES = "经理|主管|主任|组长|客服|专员|老师|先生|女士|小姐|总监|总|某|工"
_HAN = re.compile(r"[\u3400-\u9fff]{2,5}")
_LATIN_TITLES = r"(?<![a-z])(?:mr|mrs|ms|miss|mx|manager|supervisor)\.? "
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "司徒", "东方", "慕容", "令狐", "皇甫", "尉迟", "夏侯", "端木")
_LEAST, _LEAST_IN_TEXT = 2, 4
"""Letters that one Latin word of a name needs to be looked for by itself: where a name is asked for, and in a text."""
_WORDS_TOO = frozenset(("he", "an", "me", "she", "you", "so", "man", "men", "her", "him", "my", "we", "no", "yes"))
"""Words of a sentence that are names as well; alone they name somebody only as the whole of an entry."""


@dataclass(frozen=True, slots=True)
class Name:
    """A member of staff as a person may name them: by the name shown, or by that of the account."""

    account_id: int
    shown: str
    account: str


def named(who: str, texts: Iterable[str], staff: Iterable[Name]) -> tuple[int, ...]:
    """The accounts that are named: in `who`, which holds nothing but a person, already by a part of their name."""
    asked, told = _plain(who), [_plain(text) for text in (who, *texts)]
    return tuple(
        each.account_id
        for each in staff
        if any(re.search(pattern, asked) for pattern in _parts(each))
        or any(re.search(pattern, text) for text in told if _may_be_in(each, text) for pattern in _wholes(each))
    )


def _may_be_in(name: Name, text: str) -> bool:
    """Narrows only, since patterns are slow in a long text: no pattern is found without one of these."""
    shown = _plain(name.shown)
    keys = [_family(shown)] if _HAN.fullmatch(shown) else _latin_parts(shown) or [shown]
    return any(key in text for key in (_plain(name.account), *keys) if key)


def _plain(text: str) -> str:
    """Small letters, full-width ones as plain, no space or mark between Han characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    closed = re.sub(r"(?<=[\u3400-\u9fff])[\s·・*_.\-]+(?=[\u3400-\u9fff])", "", folded)
    return " ".join(re.sub(r"(?<=[a-z])[,;.](?=[ a-z])", " ", closed).split())


def _wholes(name: Name) -> Iterator[str]:
    """Patterns that name this person anywhere: the whole name, the account's, the family name with a title."""
    shown = _plain(name.shown)
    yield from (_word(one) for one in (_plain(name.account),) if len(one) >= _LEAST_IN_TEXT)
    if _HAN.fullmatch(shown):
        family = _family(shown)
        yield re.escape(shown)
        yield rf"姓{family}|{family}(?:{TITLES})|[老小]{family}(?![\u3400-\u9fff])"
        return
    if len(shown) >= _LEAST_IN_TEXT:
        yield _word(shown)
    if shown:
        yield from (_LATIN_TITLES + _word(part) for part in _latin_parts(shown))
        yield from (_word(f"{last} {first}") for first, last in _turned(shown))


def _parts(name: Name) -> Iterator[str]:
    """Patterns that name this person where nothing but a name is asked for: the family name or a given one alone."""
    shown = _plain(name.shown)
    if _HAN.fullmatch(shown):
        family = _family(shown)
        yield rf"^{family}$|{family}(?:某|\*|x)"
        yield rf"(?<![\u3400-\u9fff]){re.escape(shown[len(family) :])}(?![\u3400-\u9fff])"
        return
    yield from (rf"^{part}$" if part in _WORDS_TOO else _word(part) for part in _latin_parts(shown))


def _family(shown: str) -> str:
    return shown[:2] if shown[:2] in _COMPOUND and len(shown) > _LEAST else shown[0]


def _latin_parts(shown: str) -> list[str]:
    return [part for part in re.findall(r"[^\W\d_]+", shown) if len(part) >= _LEAST]


def _turned(shown: str) -> Iterator[tuple[str, str]]:
    match _latin_parts(shown):
        case [first, last]:
            yield first, last


def _word(text: str) -> str:
    return rf"(?<![a-z0-9]){re.escape(text)}(?![a-z0-9])"
