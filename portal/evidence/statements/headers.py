"""What the columns of the world's statements are called: a header cell becomes a meaning.

The order of the names within a meaning is their rank: where a table has several dates or amounts, the booking's
own comes before the trade's.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

Meaning: TypeAlias = Literal[
    "date", "time", "amount", "credit", "debit", "direction", "balance", "text", "currency", "account", "holder",
    "status", "ignore",
]  # fmt: skip
"""What a column can mean. `credit` and `debit` are unsigned amounts in columns of their own."""

MEANINGS: tuple[Meaning, ...] = get_args(Meaning)

_NAMES: Mapping[Meaning, str] = {
    "date": """
        记账日期 记账日 入账日期 入账日 银行记账日 会计日期 账务日期 过账日期 交易日期 交易日 交易时间 日期
        业务日期 发生日期 发生日 交收日期 交易创建时间 创建时间 付款时间 记账时间 入账时间 交易日期时间
        交易日期/时间 時間 日期時間 過賬日期 記賬日期 交易日期及時間 bookingdate bookeddate booked posteddate
        postingdate postdate dateposted posted entrydate processdate processingdate dateprocessed completeddate
        completedat datecompleted transactiondate transdate trandate txndate txdate transactiondatetime
        transactiontime datetime dateandtime timestamp date day buchungstag buchungsdatum buchung datum
        datumbuchung boekdatum fecha fechadeoperacion fechaoperacion fechacontable data datacontabile
        dataoperazione datadooperacao dataoperacji datalançamento datelopération dateopération dateoperation
        datecomptable dato bokfort bokföringsdag bokføringsdato kirjauspäivä datumzaúčtování datumzpracování
        startdate starteddate 成交日期 起息日 valuedate valuta valutadatum wertstellung fechavalor datavaluta
        datedevaleur rentedatum
        foperación foperacion fvalor 时间
    """,
    "time": """
        交易时间 记账时间 入账时间 时间 交易时刻 成交时间 発生時刻 time transactiontime bookingtime posttime
        uhrzeit hora heure ora
    """,
    "amount": """
        记账金额 入账金额 人民币金额 交易金额 金额 发生额 交易额 实付金额 发生金额 交易发生额 收支金额 变动金额
        收付金额 清算金额 交易币种/金额 入账币种/金额 订单金额 金額 交易金額 amountinaccountcurrency bookedamount
        billingamount transactionamount txnamount trnamt amount amt netamount value amounteur betrag umsatz bedrag
        importe importo valor montant kwota belopp beløp suma summe částka amountlocal sum money gross
        paymentamount movement
    """,
    "credit": """
        收入金额 收入 贷方发生额 贷方金额 贷方 贷记金额 存入金额 存入 转入金额 转入 收方金额 收入额 进账 贷
        贷方发生额/收入 贷方(收入) 收方发生额 记账金额收入 交易金额收入 贷方发生额收入 存入金額 存款 收入金額 入账
        credit credits creditamount creditamt cramount cramt cr deposit deposits depositamount depositamt paidin
        moneyin in incoming receipts received lodgements haben gutschrift gutschriften crédit credito crédito
        abono abonos ingresos entrate accrediti avere bij uznania amountcredited amountin valuein payin
        creditsales
    """,
    "debit": """
        支出金额 支出 借方发生额 借方金额 借方 借记金额 支取金额 支取 转出金额 转出 付方金额 支出额 出账 借
        借方发生额/支出 借方(支出) 付方发生额 记账金额支出 交易金额支出 借方发生额支出 取出金额 提取 支出金額 提款
        debit debits debitamount debitamt dramount dramt dr withdrawal withdrawals withdrawalamount withdrawalamt
        withdraw paidout moneyout out outgoing payments paid soll lastschrift lastschriften belastung débit debito
        débito cargo cargos gastos uscite addebiti dare af obciążenia amountdebited amountout valueout payout
        charges
    """,
    "direction": """
        收/支 收支 收支标志 收支类型 收支方向 收付标志 借贷 借贷标志 借/贷 借贷方向 借贷标识 借贷标记 交易方向
        资金流向 资金方向 方向 收付方向 收/付 credit/debit creditdebit debit/credit debitcredit
        debitcreditindicator creditdebitindicator cr/dr crdr dr/cr drcr d/c c/d dc cdtdbtind soll/haben s/h
        sollhaben afbij direction sign
    """,
    "balance": """
        余额 账户余额 本次余额 联机余额 交易后余额 当前余额 账面余额 资金本次余额 本次结余 结余 结存 结存余额
        账号余额 交易余额 卡余额 余额(元) 活期余额 實時結餘 結餘 餘額 账户结余 balance bal runningbalance
        runningbal accountbalance closingbalance ledgerbalance bookbalance balanceafter balanceaftertransaction
        balafter newbalance currentbalance remainingbalance endbalance endingbalance cumulativebalance
        accountrunningbalance saldo saldonachbuchung kontostand saldonamutatie saldodisponible saldocontabile
        solde saldopooperacji saldopo zůstatek bilanz eindsaldo 可用余额 availablebalance available
    """,
    "currency": """
        记账币种 入账货币 入账币种 币种 币别 货币 交易币种 交易货币 货币类型 货币种类 幣種 貨幣 accountcurrency
        billingcurrency currency currencycode ccy cur währung waehrung moneda divisa devise valutacode muntsoort
        waluta balancecurrency transactioncurrency měna
        munt
    """,
    "account": """
        卡号 账号 账户 账户号 卡号/账号 账号/卡号 本方账号 本方账户 我方账号 借记卡号 交易卡号 卡号末四位
        卡号后四位 查询账号 客户账号 付款账号 account accountnumber accountno accountnr acctno acctnumber
        accountid cardnumber cardno cardlast4 iban kontonummer konto rekening rekeningnummer eigenrekening cuenta
        conto compte auftragskonto numerrachunku
        iban/bban
    """,
    "holder": """
        户名 本方户名 账户名 账户名称 客户姓名 我方户名 accountname accountholder accountholdername holder
        kontoinhaber titular cardholder accountowner customername
    """,
    "status": """
        交易状态 当前状态 状态 订单状态 处理状态 交易结果 status transactionstatus state paymentstatus
        umsatzstatus
    """,
    "text": """
        摘要 交易摘要 交易说明 交易描述 交易类型 交易名称 附言 交易附言 用途 备注 商品 商品说明 交易对方 对方户名
        对手信息 对方信息 客户摘要 交易地点 交易详情 业务名称 description details detail transactiondetails
        transactiondescription narrative narration particulars memo payee name text reference remarks note notes
        merchant verwendungszweck buchungstext concepto causale descrizione libellé libelle omschrijving
        mededelingen tytuł opis popis type transactiontype category
    """,
}
RANKS: dict[Meaning, dict[str, int]] = {
    meaning: {name: rank for rank, name in enumerate(names.split())} for meaning, names in _NAMES.items()
}
FUZZY_RANK = 900
_NOT_OURS = re.compile(r"对方|对手|手续费|工本费|利息|积分|优惠|counter|fee|tax|number|exchange|original amount")
_SHAPES: tuple[tuple[Meaning, re.Pattern[str]], ...] = (
    ("balance", re.compile(r"余额|结余|餘額|結餘|残高|잔액|balance|^saldo|^solde|zůstatek|остаток|баланс")),
    ("amount", re.compile(r"(?:收入|存入|贷).*(?:支出|支取|借)|(?:支出|支取|借).*(?:收入|存入|贷)|入出金")),
    (
        "credit",
        re.compile(
            r"收入|存入|贷方|转入|收方|入金|입금|^credit|^deposit|^paidin|^moneyin|^crédit|^haben|金额贷$|额贷$"
        ),
    ),
    (
        "debit",
        re.compile(
            r"支出|支取|借方|转出|付方|出金|출금|^debit|^withdraw|^paidout|^moneyout|^débit|^soll|金额借$|额借$"
        ),
    ),
    ("amount", re.compile(r"金额|金額|发生额|^amount|^betrag|^сумма")),
    ("date", re.compile(r"日期|取引日|日付|거래일|^дата|^bookingdate|^transactiondate|^postingdate|^datum|^fecha")),
)
"""What names that are not in the list are made of, the first that fits."""

_UNITS = re.compile(
    r"[(\[](?:元|人民币|人民币元|本币|单位:?元|[+-]?元?|¥|￥|\$|€|£|円|yyyy.*|dd.*|mm.*|hh.*|(?:in)?[a-z]{3}|in€)[)\]]"
)
_CODE_BEHIND = re.compile(r"(?<=[a-zéà])(?:in)?(?:cny|rmb|hkd|usd|euros?|eur|gbp|chf|aud|nzd|cad|sgd|inr|jpy|czk|pln)$")
_SIDE = re.compile(r"[(](收入|支出|支取|存入|借方?|贷方?)[)]")


def plain_name(cell: str) -> str:
    """A header cell without what differs from one export to the next: width, case, spaces, units."""
    name = unicodedata.normalize("NFKC", cell).casefold().strip().strip('="\ufeff*')
    name = _UNITS.sub("", re.sub(r"\s+", "", name)).replace("/元", "").replace("帐", "账")
    return _SIDE.sub(r"\1", re.sub(r"[_.:：'\"\-]+", "", name))


def meaning_ranks(cell: str) -> dict[Meaning, int]:
    """What a header cell may mean, each with its rank; empty for a cell that is no name of ours."""
    name = plain_name(cell)
    if not name or len(name) > 40:
        return {}
    found = {meaning: ranks[name] for meaning, ranks in RANKS.items() if name in ranks}
    if not found:
        bare = _CODE_BEHIND.sub("", name)
        found = {meaning: ranks[bare] for meaning, ranks in RANKS.items() if bare in ranks}
    if not found and not _NOT_OURS.search(name):
        shaped = next((meaning for meaning, shape in _SHAPES if shape.search(name)), None)
        found = {shaped: FUZZY_RANK} if shaped else {}
    return found


def meanings_of(header: Sequence[str]) -> dict[int, Meaning]:
    """The meaning of each column that has one; no meaning but `text` is given twice.

    The names that can mean one thing only are settled first, so that 交易时间 beside 交易日期 is the time.
    """
    ranked = {place: meaning_ranks(cell) for place, cell in enumerate(header)}
    chosen: dict[int, Meaning] = {}
    for meaning in ("date", "balance", "credit", "debit", "amount", "direction", "currency", "account", "holder",
                    "status", "time", "text"):  # fmt: skip
        free = [(ranks[meaning], place) for place, ranks in ranked.items() if meaning in ranks and place not in chosen]
        if meaning == "text":
            chosen |= dict.fromkeys((place for _, place in free), "text")
        elif free:
            chosen[min(free)[1]] = meaning
    return _settled(chosen)


def _settled(chosen: dict[int, Meaning]) -> dict[int, Meaning]:
    """Separate columns for money in and out say more than an amount without a sign beside them."""
    told = set(chosen.values())
    if {"credit", "debit"} <= told and "amount" in told:
        return {place: meaning for place, meaning in chosen.items() if meaning != "amount"}
    if ("credit" in told) != ("debit" in told) and "amount" in told:
        return {place: meaning for place, meaning in chosen.items() if meaning not in {"credit", "debit"}}
    return chosen


def is_header(meanings: Mapping[int, Meaning]) -> bool:
    """Do these columns make a table of bookings?"""
    told = set(meanings.values())
    return "date" in told and ("amount" in told or {"credit", "debit"} <= told)


def lacking(meanings: Mapping[int, Meaning]) -> tuple[str, ...]:
    """What a table still needs for that."""
    told = set(meanings.values())
    has_amount = "amount" in told or {"credit", "debit"} <= told
    return (*(() if "date" in told else ("date",)), *(() if has_amount else ("amount",)))


# --- Currencies -----------------------------------------------------------------------------------------------

_CURRENCY_NAMES = {
    "人民币": "CNY", "人民币元": "CNY", "人民幣": "CNY", "rmb": "CNY", "cnh": "CNY", "本币": "CNY",
    "港币": "HKD", "港元": "HKD", "港幣": "HKD", "美元": "USD", "欧元": "EUR", "日元": "JPY", "英镑": "GBP",
    "澳元": "AUD", "加元": "CAD", "新加坡元": "SGD", "瑞士法郎": "CHF", "新台币": "TWD", "澳门元": "MOP",
    "韩元": "KRW", "€": "EUR", "$": "", "£": "GBP", "¥": "CNY", "￥": "CNY", "euro": "EUR", "156": "CNY",
    "01": "CNY",
}  # fmt: skip


def currency_code(text: str, known: Mapping[str, int]) -> str:
    """The ISO 4217 code of a currency's name, empty for anything else."""
    name = unicodedata.normalize("NFKC", text).strip().strip("=\"'()[]").casefold()
    if name.upper() in known:
        return name.upper()
    if name in _CURRENCY_NAMES:
        return _CURRENCY_NAMES[name]
    inside = re.search(r"[(/\s-]([a-z]{3})\)?$|^([a-z]{3})[\s(/-]", name)
    code = (inside[1] or inside[2]).upper() if inside else ""
    return code if code in known else ""
