"""What a piece of text on a statement looks like: a date, an amount, the name of a column, a total.

Only the look is judged here, to put words into the right cells; `grid.py` reads what the cells say.
"""

import re
import unicodedata

from portal.evidence.statements.headers import meaning_ranks

MONEY = frozenset(("amount", "debit", "credit", "balance"))
"""The meanings of columns that hold amounts."""

_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec"
_MONTH_NAME = rf"(?:{_MONTH})[a-z]*\.?"
_FULL_DATE = re.compile(
    r"(?<!\d)(?:"
    r"(?:19|20)\d\d ?[-/.年] ?\d{1,2} ?[-/.月] ?\d{1,2} ?日?"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}[-/.]\d{1,2}[-/.](?:(?:19|20)\d\d|\d\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[ -]?{_MONTH_NAME}[ -,]{{0,2}}(?:(?:19|20)\d\d|\d\d)"
    rf"|{_MONTH_NAME} ?\d{{1,2}},? ?(?:19|20)\d\d"
    r")(?!\d)",
    re.IGNORECASE,
)
_SHORT_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}月\d{1,2}日?|\d{1,2}[-/]\d{1,2}"
    rf"|\d{{1,2}} ?{_MONTH_NAME}|{_MONTH_NAME} ?\d{{1,2}})(?!\d)",
    re.IGNORECASE,
)
_TIME = re.compile(r"(?<!\d)(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?!\d)")
_CURRENCY = r"(?:[¥￥$€£]|[A-Z]{2}\$|CNY|RMB|USD|HKD|EUR|GBP|SGD|人民币)"
_FIGURES = r"(?:\d{1,3}(?:[,.' ]\d{3})+|\d+)"
_AMOUNT = re.compile(
    rf"[(]?(?:[-+] ?)?{_CURRENCY}? ?(?:[-+] ?)?{_FIGURES}[.,]\d{{2}} ?[)]?(?: ?{_CURRENCY})?[-+]? ?(?:CR|DR|元|借|贷)?",
    re.IGNORECASE,
)
_WHOLE_AMOUNT = re.compile(rf"[(]?(?:[-+] ?)?{_CURRENCY}? ?(?:[-+] ?)?{_FIGURES}[)]?", re.IGNORECASE)
_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "－": "-", "﹣": "-", "‐": "-", "‑": "-", "﹢": "+"})

# Names as banks print them: a picture's name that differs from one of these by one sign is that name.
_USUAL_NAMES = frozenset(
    """交易日期 交易时间 交易金额 交易摘要 交易类型 交易余额 交易渠道 交易地点 交易说明 交易对手 记账日期 入账日期
    记账日 交易日 本次余额 账户余额 联机余额 发生金额 发生额 收入金额 支出金额 借方金额 贷方金额 借方发生额 贷方发生额
    对方户名 对方账号 对方账户 对方信息 对手信息 摘要 余额 币种 货币 备注 附言 用途 收入 支出 流水号 凭证号 收/支 序号
    借贷标志 业务类型""".split()
)
DATE_NAMES = frozenset("交易日期 记账日期 入账日期 记账日 交易日 交易时间".split())
"""Names by which the line of names is known on a picture."""

_TOTALS = re.compile(
    r"合计|总计|小计|承前|过次|过此|转下|接上|期初|期末|上期|上页|本页|本期|总收入|总支出|收入笔数|支出笔数"
    r"|brought ?forward|carried ?forward|opening|closing|balance ?b/?f|balance ?c/?f|total|subtotal|previous ?balance"
    r"|start(?:ing)? ?balance|end(?:ing)? ?balance|balance ?from|balance ?to",
    re.IGNORECASE,
)
_BALANCE_LABEL = re.compile(
    r"^(?:账户|当前|可用|本次|交易后|卡内|联机)?(?:余额|结余|餘額)(?:为|是)?|^(?:balance|bal\.?)\b", re.IGNORECASE
)


def plain(text: str) -> str:
    """The text in plain widths and dashes, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_DASHES).split())


def is_amount(text: str) -> bool:
    """Is it money, with its two decimals?"""
    return _AMOUNT.fullmatch(plain(text)) is not None


def is_figure(text: str) -> bool:
    """Is it money, or a whole number that money may be in a column of amounts?"""
    return is_amount(text) or _WHOLE_AMOUNT.fullmatch(plain(text)) is not None


def is_unit(text: str) -> bool:
    """Is it what may stand behind an amount: a currency, a side?"""
    return re.fullmatch(rf"{_CURRENCY}|CR\.?|DR\.?|元|借|贷|[-+]", plain(text), re.IGNORECASE) is not None


def is_date(text: str) -> bool:
    """Is it a date with a year and nothing else?"""
    return _FULL_DATE.fullmatch(plain(text)) is not None


def full_date(text: str) -> str:
    """The first date with a year in the text, empty when there is none."""
    return _found(_FULL_DATE, text)


def full_dates(text: str) -> list[str]:
    """All dates with a year in the text."""
    return [match.group() for match in _FULL_DATE.finditer(plain(text))]


def short_date(text: str) -> str:
    """The first day and month without a year, empty when there is none or the date is a full one."""
    return "" if full_date(text) or is_amount(text) else _found(_SHORT_DATE, text)


def time_of_day(text: str) -> str:
    """The first time of day in the text, empty when there is none."""
    return _found(_TIME, text)


def has_date(text: str) -> bool:
    """Is there a date in it, with a year or without?"""
    return bool(full_date(text) or short_date(text))


def is_total(text: str) -> bool:
    """Does it name a sum, a page's carry or the balance at an end, rather than a transaction?"""
    return _TOTALS.search(plain(text)) is not None


def labelled_balance(text: str) -> str:
    """The amount behind the word balance ("余额 40,287.80"), empty when it is no such thing."""
    words = plain(text)
    label = _BALANCE_LABEL.match(words)
    rest = words[label.end() :].lstrip(" :") if label else ""
    return rest if is_amount(rest) else ""


def is_balance_label(text: str) -> bool:
    """Is it the word balance alone, its amount being the next word?"""
    words = plain(text)
    label = _BALANCE_LABEL.match(words)
    return label is not None and not words[label.end() :].strip(" :")


def column_name(text: str) -> str:
    """The name of a column as `headers.py` knows it, out of one that adds a unit or a second language."""
    words = plain(text)
    bare = re.sub(r"[(\[][^()\[\]]*[)\]]", "", words).strip()
    chinese = "".join(re.findall(r"[\u4e00-\u9fff/]+", bare)).strip("/")
    latin = re.sub(r"[^\x20-\x7e]+", " ", bare).strip(" /")
    tried = (words, bare, chinese, latin, *re.split(r" ?/ ?", bare))
    return next((name for name in tried if meaning_ranks(name)), words)


def names_column(text: str) -> bool:
    """Does it name a column that `headers.py` knows?"""
    return bool(meaning_ranks(column_name(text)))


def usual_name(text: str) -> str:
    """The usual name of a column from which the text differs by one sign at most, empty when there is no one such."""
    words = plain(text).replace(" ", "")
    if words in _USUAL_NAMES:
        return words
    near = [name for name in _USUAL_NAMES if len(name) == len(words) > 2 and _differing(name, words) == 1]
    return near[0] if len(near) == 1 else ""


def usual_names(text: str) -> tuple[str, ...]:
    """The usual names of columns that the text is made of, one or two; empty where it is anything else."""
    whole = usual_name(text)
    if whole:
        return (whole,)
    words = plain(text).replace(" ", "")
    pairs = [(words[:at], words[at:]) for at in range(2, len(words) - 1)]
    return next(((left, right) for left, right in pairs if left in _USUAL_NAMES and right in _USUAL_NAMES), ())


def _differing(left: str, right: str) -> int:
    return sum(a != b for a, b in zip(left, right, strict=True))


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(plain(text))
    return match.group() if match else ""


def digits(text: str) -> str:
    """Its digits alone."""
    return "".join(sign for sign in plain(text) if sign.isdigit())


def has_figures(text: str) -> bool:
    """Is there a digit in it?"""
    return any(sign.isdigit() for sign in text)


def mended_figure(text: str) -> str:
    """A figure as the model may have garbled it, tidied: a point for a comma, letters for digits, a long dash."""
    words = plain(text).replace(" ", "")
    match = _GARBLED.fullmatch(words)
    if match is None:
        return text
    digits = match["digits"].translate(_LETTERS)
    whole, _, part = digits[:-3], digits[-3], digits[-2:]
    whole = re.sub(r"[.,]", "", whole)
    return f"{'-' if match['sign'] in _MINUS else match['sign']}{whole}.{part}"


_MINUS = frozenset("-一~_")
_LETTERS = str.maketrans("OoQlI|", "000111")
_GARBLED = re.compile(
    r"(?P<sign>[-+一~_]?)[¥￥]?(?P<digits>[\dOoQlI|]{1,3}(?:[.,]?[\dOoQlI|]{3})*[.,][\dOoQ]{2})[.,:]?"
)
