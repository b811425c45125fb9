"""What stands above and below a table: whose account it is, its currency, the days it covers, its balances."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from portal.core.money import MINOR_DIGITS
from portal.evidence.statements.dates import Order, dates_in
from portal.evidence.statements.headers import currency_code
from portal.evidence.statements.numbers import Figure, figure

_ACCOUNT = re.compile(
    r"(?:^|[\s,;|(])(?:(?:银行|客户|查询|本方|交易|借记|活期|结算|付款)?(?:卡号|账号|帐号|账户号码|账户号|账户)"
    r"|卡号/账号|户口号码|賬戶號碼|賬號|(?:account|card|a/c|acct)(?:\s+(?:number|no\.?|nr\.?|id))?"
    r"|iban|kontonummer|konto|rekeningnummer|cuenta|conto|compte|sort code)"
    r"\s*[:：]?\s*(?P<value>[A-Z]{0,2}[0-9*＊•xX][0-9A-Za-z*＊•\s-]{2,40})",
    re.IGNORECASE,
)
_HOLDER = re.compile(
    r"(?:^|[\s,;|])(?:(?:客户|账户|帐户)?(?:户名|姓名|名称)|戶名|賬戶名稱|account\s+(?:holder|name|owner)|card\s?holder|holder"
    r"|customer(?:\s+name)?|name|kontoinhaber|titular|titulaire|intestatario)\s*[:：\t]\s*(?P<value>[^\s:：].*?)(?=\t|\s{2,}|$)",
    re.IGNORECASE,
)
_CURRENCY = re.compile(
    r"(?:币种|币别|货币(?:种类|类型)?|幣種|貨幣|currency|ccy|währung|moneda|devise|valuta|waluta)\s*[:：]?\s*(?P<value>[^\s,，;:：]{1,8})",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"起止|期间|期間|区间|查询时间|查询日期段|时间范围|日期范围|时间段|账单周期|对账周期|起始|period|statement\s+from|date\s+range"
    r"|zeitraum|periodo|période|periode|from.{1,40}to|between|okres",
    re.IGNORECASE,
)
_FROM = re.compile(r"(?:起始|开始)(?:日期|时间)?|(?:from|start)\s*(?:date)?|date\s+from|von|desde", re.IGNORECASE)
_TO = re.compile(r"(?:终止|结束|截止|截至)(?:日期|时间)?|(?:to|end)\s*(?:date)?|date\s+to|bis|hasta", re.IGNORECASE)
_EXPORTED = re.compile(
    r"导出时间|导出日期|打印时间|打印日期|下载时间|下载日期|申请时间|申请日期|生成时间|生成日期|制表日期|出单日期|开立日期"
    r"|(?:printed|generated|exported|created|downloaded|issued)(?:\s+(?:on|at|date))?|(?:print|export|download)\s+(?:date|time)"
    r"|erstellt\s+am",
    re.IGNORECASE,
)
OPENING = re.compile(
    r"期初余额|上期余额|上期结余|上页余额|承前余额|承前页|承上页|初始余额|期初结余|上日余额|承上結餘|opening\s+(?:book\s+)?balance"
    r"|beginning\s+balance|start(?:ing)?\s+balance|previous\s+balance|(?:balance\s+)?brought\s+forward|balance\s+b/?f"
    r"|anfangssaldo|alter\s+(?:konto)?(?:saldo|stand)|saldo\s+(?:inicial|iniziale|anterior)|ancien\s+solde|solde\s+initial"
    r"|beginsaldo|saldo\s+początkowe|počáteční\s+zůstatek",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"期末余额|本期余额|本期结余|期末结余|过次页|转下页|closing\s+(?:book\s+)?balance|ending\s+balance|(?:balance\s+)?carried\s+forward"
    r"|balance\s+c/?f|endsaldo|neuer\s+(?:konto)?(?:saldo|stand)|saldo\s+(?:final|finale)|nouveau\s+solde|solde\s+final"
    r"|eindsaldo|saldo\s+końcowe|konečný\s+zůstatek",
    re.IGNORECASE,
)
TOTAL = re.compile(
    r"合计|总计|小计|累计|總計|合計|^共\s*[0-9]+|笔数|\btotals?\b|\bsubtotal\b|\bsumme\b|\bgesamt|\bsuma\b|\btotale\b|\btotaal\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"共[:：]?\s*(?P<value>[0-9]{1,6})\s*[笔条]|(?:总笔数|记录数|总条数|交易笔数)\s*[:：]?\s*(?P<other>[0-9]{1,6})"
)
_LOOSE_YEAR = re.compile(r"((?:19|20)[0-9]{2})\s*(?:年|[-/.])\s*([01]?[0-9])(?![0-9])")


@dataclass(slots=True)
class Preamble:
    """What was found; empty and None where nothing was."""

    account: str = ""
    holder: str = ""
    currency: str = ""
    from_day: date | None = None
    to_day: date | None = None
    year_hint: tuple[date, date] | None = None
    opening: Figure | None = None
    closing: Figure | None = None
    count: int | None = None
    accounts: set[str] = field(default_factory=set)


def around(rows: Iterable[Sequence[str]], order: Order | None = None) -> Preamble:
    """Read the lines around a table; numeric dates by the order that the table's own showed."""
    found = Preamble()
    exported: date | None = None
    for row in rows:
        text = _line(row)
        if not text:
            continue
        _identity(found, text)
        exported = _days(found, text, order) or exported
        _balances(found, text)
        if count := _COUNT.search(text):
            found.count = found.count or int(count["value"] or count["other"])
        if found.year_hint is None and (year := _LOOSE_YEAR.search(text)):
            month = min(max(int(year[2]), 1), 12)
            found.year_hint = (date(int(year[1]), month, 1), date(int(year[1]), month, 28))
    if exported and found.to_day and exported <= found.to_day:
        # The day on which it was written was not over yet.
        found.to_day = exported - timedelta(days=1)
    if found.from_day and found.to_day:
        found.year_hint = (found.from_day, found.to_day)
        if found.from_day > found.to_day:
            found.from_day = found.to_day = None
    return found


def _line(row: Sequence[str]) -> str:
    cells = (unicodedata.normalize("NFKC", cell).strip().strip('"') for cell in row)
    return "\t".join(cell for cell in cells if cell)


def _identity(found: Preamble, text: str) -> None:
    for match in _ACCOUNT.finditer(text):
        value = re.sub(r"[^0-9A-Za-z*]+$", "", match["value"].split("\t")[0].strip())
        if sum(mark.isdigit() for mark in value) >= 3:
            found.account = found.account or value
            found.accounts.add(value)
    holder = _HOLDER.search(text)
    if holder and not found.holder:
        found.holder = holder["value"].strip()[:80]
    currency = _CURRENCY.search(text)
    if currency and not found.currency:
        found.currency = currency_code(currency["value"], MINOR_DIGITS)


def _days(found: Preamble, text: str, order: Order | None) -> date | None:
    """Takes the period from a line; returns the day of export where the line tells that."""
    dates = [day for day, _ in dates_in(text, order)]
    if not dates:
        return None
    if _EXPORTED.search(text) and len(dates) == 1:
        return dates[0]
    if len(dates) == 2 and (_PERIOD.search(text) or _is_a_range(text)):
        if found.from_day is None and found.to_day is None:
            found.from_day, found.to_day = min(dates), max(dates)
    elif len(dates) == 1:
        if _TO.match(text) and found.to_day is None:
            found.to_day = dates[0]
        elif _FROM.match(text) and found.from_day is None:
            found.from_day = dates[0]
    return None


def _is_a_range(text: str) -> bool:
    return (
        re.search(r"[0-9日\])]\s*(?:-{1,2}|–|—|~|至|到|to|bis|until|until)\s*[\[(]?[0-9]", text, re.IGNORECASE)
        is not None
    )


def _balances(found: Preamble, text: str) -> None:
    for pattern, name in ((OPENING, "opening"), (CLOSING, "closing")):
        match = pattern.search(text)
        if match and getattr(found, name) is None:
            behind = re.sub(r"^[\s:：\t]+", "", text[match.end() :])
            value = figure(_first_figure(behind))
            if value is not None:
                setattr(found, name, value)


def _first_figure(text: str) -> str:
    match = re.match(
        r"(?:[A-Za-z¥￥$€£]{0,4}\s*)?\(?[-+−]?[0-9][0-9.,' ]*[0-9]?\)?-?(?:\s?(?:CR|DR))?", text, re.IGNORECASE
    )
    return match[0] if match else ""


def cells_with_text(row: Sequence[str]) -> Iterator[str]:
    """The cells of a row that hold anything."""
    return (cell for cell in row if cell.strip())
