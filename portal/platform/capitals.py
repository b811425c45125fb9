"""Amounts in Chinese capitals, as papers write them once beside the figures (words.md 4)."""

from portal.core.money import minor_digits

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿", "亿亿")


def in_capitals(amount: int, currency: str) -> str:
    """人民币壹仟壹佰捌拾元整 for 118000 fen; empty for a currency that is not written so, and for less than nothing."""
    if currency != "CNY" or amount < 0:
        return ""
    whole, part = divmod(amount, 10 ** minor_digits(currency))
    jiao, fen = divmod(part, 10)
    said = f"{_whole(whole)}元" if whole or not part else ""
    if not part:
        return f"人民币{said}整"
    if jiao:
        said += f"{_DIGITS[jiao]}角"
    elif whole:
        said += "零"
    return f"人民币{said}{_DIGITS[fen]}分" if fen else f"人民币{said}整"


def _whole(number: int) -> str:
    """A whole number; a zero is said once between digits and never at the end of a group."""
    if not number:
        return _DIGITS[0]
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    said, skipped = "", False
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            skipped = True
            continue
        if said and (skipped or group < 1_000):
            said += _DIGITS[0]
        said += _group(group) + _GROUPS[place]
        skipped = False
    return said


def _group(group: int) -> str:
    said, zero = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit:
            said += ("零" if zero and said else "") + _DIGITS[digit] + _PLACES[place]
            zero = False
        else:
            zero = True
    return said
