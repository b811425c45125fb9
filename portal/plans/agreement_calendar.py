"""The dates of a plan as a calendar file (RFC 5545).

A calendar is often shared: no word, amount, name or address in it tells that anything is owed, or to whom.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256

_FOLD_AT = 75
_ONE_DAY = timedelta(days=1)


def calendar_file(number: str, days: Iterable[date], made_at: datetime, words: str) -> bytes:
    """One all-day entry a day, called `words`, with a sound at nine on the morning before; the same every time.

    The entries of a plan keep their identity (of its number and the day), so that reading the file again doubles none.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calendar//dates//EN", "CALSCALE:GREGORIAN"]
    for day in sorted(set(days)):
        lines += _entry(number, day, made_at, _escaped(words))
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line)).encode()


def _entry(number: str, day: date, made_at: datetime, words: str) -> list[str]:
    identity = sha256(f"{number} {day.isoformat()}".encode()).hexdigest()[:32]
    return [
        "BEGIN:VEVENT",
        f"UID:{identity}",
        f"DTSTAMP:{made_at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + _ONE_DAY:%Y%m%d}",
        f"SUMMARY:{words}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{words}",
        "TRIGGER:-PT15H",
        "END:VALARM",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets, no character cut, the later ones begun by a space."""
    piece = ""
    for sign in line:
        if len((piece + sign).encode()) > _FOLD_AT:
            yield piece
            piece = " "
        piece += sign
    yield piece
