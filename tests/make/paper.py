"""Statements on paper and on screens, of banks that do not exist: printed by Chromium, then photographed badly.

Every layout shows the same bookings, so that what is read can be held against one truth.
"""

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser

STYLE = """<meta charset="utf-8"><style>
@page { size: A4; margin: 14mm 12mm }
body { font: 9.5px/1.35 "Noto Sans CJK SC", sans-serif; margin: 0 }
h1 { font-size: 15px; text-align: center }
table { border-collapse: collapse; width: 100% }
td, th { padding: 3px 6px; text-align: left; vertical-align: top; font-weight: normal }
.n { text-align: right } .m { vertical-align: middle } .line td { border-top: 1px solid #999 }
.boxed td, .boxed th { border: 1px solid #666 }
.dark th { background: #2b4a7b; color: #fff }
.app { width: 360px; padding: 12px; font-size: 15px } .app small { color: #888; font-size: 11px }
.app .row { display: flex; justify-content: space-between; margin-bottom: 16px }
.app .row > div:last-child { text-align: right }
.app .head { background: #f3f3f3; padding: 6px; margin: 0 -12px 10px; font-size: 13px }
</style>"""


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking of the invented account."""

    day: date
    at: time
    amount: int
    balance: int
    text: str
    other: str


Layout: TypeAlias = Callable[[Sequence[Booking]], str]


def bookings(
    count: int = 18, *, seed: int = 1, start: int = 1_250_037, first: date = date(2026, 2, 26)
) -> list[Booking]:
    """Bookings in the order of happening; the balance may go below zero and days may have several."""
    chance = random.Random(seed)
    balance, day, found = start, first, []
    texts = ("工资", "消费", "转账汇款", "快捷支付", "结息", "还款扣款")
    others = ("财付通支付科技有限公司", "张三", "支付宝（中国）网络技术有限公司", "", "李四")
    for _ in range(count):
        amount = chance.choice((-1, -1, 1)) * chance.randrange(100, 400_000)
        balance += amount
        day += timedelta(days=chance.choice((0, 1, 1, 2, 3)))
        at = time(chance.randrange(8, 22), chance.randrange(60), chance.randrange(60))
        found.append(Booking(day, at, amount, balance, chance.choice(texts), chance.choice(others)))
    return found


def money(amount: int) -> str:
    """1,234.56, with a dash before it below zero."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100:,}.{abs(amount) % 100:02}"


def _row(cells: Sequence[str], classes: str = "") -> str:
    return (
        f'<tr class="{classes}">'
        + "".join(
            f'<td class="n">{cell}</td>' if cell[-1:].isdigit() and "." in cell else f"<td>{cell}</td>"
            for cell in cells
        )
        + "</tr>"
    )


def _names(*names: str) -> str:
    return "<thead><tr>" + "".join(f"<th>{name}</th>" for name in names) + "</tr></thead>"


# --- Layouts --------------------------------------------------------------------------------------------------


def two_columns(rows: Sequence[Booking]) -> str:
    """A Chinese bank: money out and in apart, the other side's name, totals at the end of the page."""
    body = "".join(
        _row(
            [
                str(at),
                row.day.isoformat(),
                row.text,
                money(-row.amount) if row.amount < 0 else "",
                money(row.amount) if row.amount > 0 else "",
                money(row.balance),
                row.other,
            ],
            "line",
        )
        for at, row in enumerate(rows, 1)
    )
    out, into = (money(sum(abs(row.amount) for row in rows if (row.amount < 0) is way)) for way in (True, False))
    return f"""{STYLE}<h1>个人活期账户交易明细</h1>
    <p>户名：林一 &emsp; 账号：6222 **** **** 4803 &emsp; 币种：人民币
    &emsp; 起止日期：{rows[0].day} 至 {rows[-1].day}</p>
    <table>{_names("序号", "记账日期", "摘要", "支出", "收入", "账户余额", "对方户名")}{body}</table>
    <p>本页合计：支出 {out} &emsp; 收入 {into}</p><p style="text-align:center">第 1 页 共 1 页</p>"""


def signed_newest_first(rows: Sequence[Booking]) -> str:
    """A Chinese bank with boxes, newest first, date and time in one cell over two lines, two languages in the head."""
    body = "".join(
        _row([f"{row.day}<br>{row.at}", row.text, "CNY", money(row.amount), money(row.balance), row.other])
        for row in reversed(rows)
    )
    names = _names(
        "交易时间<br>Date",
        "摘要<br>Description",
        "币种<br>Currency",
        "交易金额<br>Amount",
        "余额<br>Balance",
        "对方<br>Payee",
    )
    return f"""{STYLE}<h1>历史交易明细</h1><p>客户姓名：林一</p><p>卡号：6222********4803</p>
    <table class="boxed dark">{names}{body}</table>"""


def english_grouped(rows: Sequence[Booking]) -> str:
    """A bank that prints each date once, long descriptions over two lines, and the balance brought forward."""
    body, last = "", None
    for row in rows:
        shown = f"{row.day:%d %b %Y}" if row.day != last else ""
        last = row.day
        words = f"Card payment to a shop with a long name<br>REF {row.at:%H%M%S}"
        out, into = (money(abs(row.amount)) if (row.amount < 0) is way else "" for way in (True, False))
        body += _row([shown, words, out, into, money(row.balance)])
    opening = money(rows[0].balance - rows[0].amount)
    return f"""{STYLE}<h1>Your statement</h1><p>Account number: 12344803</p><p>Currency: CNY</p>
    <p>Statement period: {rows[0].day:%d %b %Y} to {rows[-1].day:%d %b %Y}</p>
    <table>{_names("Date", "Details", "Paid out", "Paid in", "Balance")}
    {_row(["", "Balance brought forward", "", "", opening])}{body}
    {_row(["", "Balance carried forward", "", "", money(rows[-1].balance)])}</table>"""


def directions(rows: Sequence[Booking]) -> str:
    """A bank that writes amounts without a sign and says debit or credit beside them; wrapped cells."""
    body = "".join(
        '<tr class="line">'
        + "".join(
            f'<td class="m {css}">{cell}</td>'
            for css, cell in (
                ("", row.day.strftime("%Y%m%d")),
                ("", row.at.isoformat()),
                ("", "借" if row.amount < 0 else "贷"),
                ("n", money(abs(row.amount))),
                ("n", money(row.balance)),
                ("", f'<div style="width:52px">{row.other or "柜面"}</div>'),
                ("", row.text),
            )
        )
        + "</tr>"
        for row in rows
    )
    return f"""{STYLE}<h1>银行卡客户交易查询/打印</h1><p>卡号：6222********4803 &emsp; 户名：林一</p>
    <table>{_names("交易日期", "交易时间", "借贷标志", "交易金额", "账户余额", "对方户名", "交易摘要")}{body}</table>"""


def app_list(rows: Sequence[Booking]) -> str:
    """A bank's app: newest first, a head for each month with its sums, the day without a year."""
    body, month = "", ""
    for row in reversed(rows):
        if f"{row.day:%Y年%m月}" != month:
            month = f"{row.day:%Y年%m月}"
            body += f'<div class="head">{month} &emsp; 支出 ¥12,345.67 收入 ¥8,765.43</div>'
        sign = "+" if row.amount > 0 else ""
        body += (
            f'<div class="row"><div>{row.text}<br><small>{row.day:%m-%d} {row.at:%H:%M}</small></div>'
            f"<div>{sign}{money(row.amount)}<br><small>余额 {money(row.balance)}</small></div></div>"
        )
    return f'{STYLE}<div class="app"><h1>交易明细</h1><p>储蓄卡（4803）</p>{body}</div>'


def app_by_day(rows: Sequence[Booking]) -> str:
    """Another app: a head for each day, the time beside the text, the balance behind a colon."""
    body, last = "", None
    for row in rows:
        if row.day != last:
            last = row.day
            body += f'<div class="head">{row.day:%Y年%m月%d日} 星期{"一二三四五六日"[row.day.weekday()]}</div>'
        sign = "+" if row.amount > 0 else ""
        body += (
            f'<div class="row"><div>{row.text}<br><small>{row.at:%H:%M:%S}</small></div>'
            f"<div>{sign}{money(row.amount)}<br><small>余额：{money(row.balance)}</small></div></div>"
        )
    return f'{STYLE}<div class="app"><h1>收支明细</h1><p>尾号4803</p>{body}</div>'


TABLES: dict[str, Layout] = {
    "two columns": two_columns,
    "newest first": signed_newest_first,
    "english": english_grouped,
    "directions": directions,
}
LISTS: dict[str, Layout] = {"app": app_list, "app by day": app_by_day}


# --- Paper and screens ----------------------------------------------------------------------------------------


def printed(browser: Browser, html: str) -> bytes:
    """The page as a PDF with a text layer."""
    page = browser.new_page()
    page.set_content(html)
    data = page.pdf(prefer_css_page_size=True, print_background=True)
    page.close()
    return data


def screenshot(browser: Browser, html: str, *, scale: float = 2) -> bytes:
    """A long screenshot of the whole page on a phone."""
    page = browser.new_page(viewport={"width": 384, "height": 800}, device_scale_factor=scale)
    page.set_content(html)
    data = page.screenshot(full_page=True)
    page.close()
    return data


def picture_of_page(pdf: bytes, *, dots: int = 200, number: int = 0) -> Image.Image:
    """A page of a PDF as a picture, as a scanner gives it."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        picture: Image.Image = document[number].render(scale=dots / 72).to_pil().convert("RGB")
    return picture


def photographed(
    page: Image.Image,
    *,
    skew: float = 2.0,
    blur: float = 0.8,
    shadow: float = 0.4,
    quality: int = 60,
    turned: int = 0,
    seed: int = 1,
) -> Image.Image:
    """The page on a dark table: leaning, a little blurred, half in shadow, with noise and a hard JPEG."""
    width, height = page.size
    table = Image.new("RGB", (int(width * 1.12), int(height * 1.1)), (70, 66, 60))
    table.paste(page, (int(width * 0.06), int(height * 0.05)))
    table = table.rotate(skew, Image.Resampling.BICUBIC, fillcolor=(70, 66, 60))
    dark = Image.new("L", (64, 64))
    pencil = ImageDraw.Draw(dark)
    for column in range(64):
        pencil.line((column, 0, column, 63), fill=int(255 * shadow * column / 63))
    table = Image.composite(Image.new("RGB", table.size, (20, 20, 24)), table, dark.resize(table.size))
    noise = Image.effect_noise(table.size, 18).convert("RGB")
    table = Image.blend(table.filter(ImageFilter.GaussianBlur(blur)), noise, 0.06)
    out = io.BytesIO()
    table.rotate(turned, expand=True).save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def saved(picture: Image.Image, kind: str = "JPEG", **options: int) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def scan(pictures: Sequence[Image.Image]) -> bytes:
    """Pictures as a PDF without a text layer."""
    out = io.BytesIO()
    pictures[0].save(out, "PDF", save_all=True, append_images=list(pictures[1:]), resolution=200)
    return out.getvalue()
