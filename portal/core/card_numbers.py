"""Card and account numbers in what a statement says.

Card numbers are found by length and check digit, and kept as their first six and last four. For people who only look,
other numbers by which an account could be found go too: those of other banks and countries, and of telephones.
"""

import re

_WHOLE = re.compile(r"(?<![0-9])[0-9]{13,19}(?![0-9])")
_GAP = r"[ \-\u00a0\u2009\u202f]"
_GROUPED = re.compile(
    rf"(?<![0-9])[0-9]{{4}}({_GAP})[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{1,4}}(?:\1[0-9]{{1,3}})?(?![0-9])"
    rf"|(?<![0-9])[0-9]{{4}}({_GAP})[0-9]{{6}}\2[0-9]{{5}}(?![0-9])"
)


_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_LONG = re.compile(r"(?<![0-9.,…])[0-9]{10,34}(?![0-9]|[.,][0-9])")
_IN_GROUPS = re.compile(rf"(?<![0-9.,])[0-9]{{4}}({_GAP})[0-9]{{4}}(?:\1[0-9]{{4}})+(?:\1[0-9]{{1,3}})?(?![0-9])")


def without_numbers(text: str) -> str:
    """The text for whoever only looks at it: of card numbers first six and last four, of other long ones the last four.

    Amounts, days and times stay; a long reference of a booking goes as an account's would, since nothing tells them
    apart.
    """
    cards = masked(text)
    for pattern in (_IBAN, _IN_GROUPS, _LONG):
        cards = pattern.sub(_tail, cards)
    return cards


def _tail(found: re.Match[str]) -> str:
    return f"…{found[0].replace(' ', '')[-4:]}"


def masked(text: str) -> str:
    """The text with every card number reduced to its first six and last four digits (EV-16)."""
    return _GROUPED.sub(_masked, _WHOLE.sub(_masked, text))


def _masked(found: re.Match[str]) -> str:
    digits = "".join(char for char in found[0] if char.isdigit())
    if is_card_number(digits):
        return f"{digits[:6]}…{digits[-4:]}"
    # The last group of four may be followed by figures that are not of the number.
    shorter, gap, rest = found[0].rpartition(" ")
    digits = "".join(char for char in shorter if char.isdigit())
    return f"{digits[:6]}…{digits[-4:]}{gap}{rest}" if gap and is_card_number(digits) else found[0]


def is_card_number(digits: str) -> bool:
    """Whether 13 to 19 digits end in the check digit that card numbers have."""
    if not 13 <= len(digits) <= 19:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
