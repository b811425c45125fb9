"""Files as banks give them, all of one account in March 2026: 500.00, +1,200.00, -500.00, +10.50, 1,210.50."""

import io
import zipfile
from collections.abc import Sequence

IBAN = "DE02120300000000202051"
PERIOD = "<FrToDt><FrDtTm>2026-03-01T00:00:00</FrDtTm><ToDtTm>2026-03-31T23:59:59</ToDtTm></FrToDt>"
MOVEMENTS = ((5, "1200.00"), (6, "-500.00"), (9, "10.50"))


def camt_entry(day: int, amount: str, *, currency: str = "EUR", status: str = "<Sts>BOOK</Sts>") -> str:
    """One booking of an XML statement."""
    way = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount.lstrip("-")}</Amt><CdtDbtInd>{way}</CdtDbtInd>{status}'
        f"<BookgDt><Dt>2026-03-{day:02}</Dt></BookgDt><AddtlNtryInf>booking</AddtlNtryInf></Ntry>"
    )


def _camt_balance(code: str, amount: str, day: str) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def camt(
    version: str = "053.001.08",
    *,
    root: str = "BkToCstmrStmt",
    element: str = "",
    period: str = PERIOD,
    more: str = "",
) -> str:
    """An XML statement of this version, or another message of the family."""
    element = element or ("Rpt" if version.startswith("052") else "Stmt")
    entries = "".join(camt_entry(day, amount) for day, amount in MOVEMENTS) + more
    balances = _camt_balance("OPBD", "500.00", "2026-03-01") + _camt_balance("CLBD", "1210.50", "2026-03-31")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}"><{root}>'
        f"<{element}><Id>1</Id>{period}<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{entries}"
        f"</{element}></{root}></Document>"
    )


def mt940(entries: Sequence[tuple[str, str, str]] = (), *, kind: str = "NMSC", envelope: bool = False) -> str:
    """One message; entries are (value date with or without entry date, mark, amount)."""
    listed = entries or [("2603050305", "C", "1200,00"), ("2603060306", "D", "500,00"), ("2603090309", "C", "10,50")]
    lines = [f":61:{day}{mark}{amount}{kind}REF\n:86:booking" for day, mark, amount in listed]
    body = "\n".join((":20:STMT", f":25:{IBAN}", ":28C:1/1", ":60F:C260301EUR500,00", *lines, ":62F:C260331EUR1210,50"))
    return f"{{1:F01BANKDEFFAXXX}}{{4:\n{body}\n-}}\n" if envelope else f"{body}\n-\n"


def mt940_pages() -> str:
    """The same on two pages."""
    first = ":20:A\n:25:1\n:28C:1/1\n:60F:C260301EUR500,00\n:61:260305C1200,00NMSCX\n:61:260306D500,00NMSCX\n"
    second = ":20:B\n:25:1\n:28C:1/2\n:60M:C260306EUR1200,00\n:61:260309C10,50NMSCX\n:62F:C260331EUR1210,50\n-\n"
    return f"{first}:62M:C260306EUR1200,00\n-\n{second}"


def ofx(version: int, *, as_of: str = "20260331", balance: str = "1210.50", repeat: bool = False) -> str:
    """An OFX file of version 1 without end tags, or of version 2."""

    def leaf(name: str, value: str) -> str:
        return f"<{name}>{value}\n" if version == 1 else f"<{name}>{value}</{name}>"

    listed = [*MOVEMENTS, *(MOVEMENTS[-1:] if repeat else ())]
    bookings = "".join(
        "<STMTTRN>"
        + leaf("TRNTYPE", "OTHER")
        + leaf("DTPOSTED", f"202603{day:02}")
        + leaf("TRNAMT", amount)
        + leaf("FITID", str(MOVEMENTS.index((day, amount))))
        + leaf("NAME", "shop &amp; café")
        + "</STMTTRN>"
        for day, amount in listed
    )
    head = {1: "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:UTF-8\n\n", 2: '<?xml version="1.0"?>\n<?OFX?>\n'}
    return (
        f"{head[version]}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>{leaf('CURDEF', 'EUR')}<BANKACCTFROM>"
        f"{leaf('ACCTID', IBAN)}</BANKACCTFROM><BANKTRANLIST>{leaf('DTSTART', '20260301')}{leaf('DTEND', '20260331')}"
        f"{bookings}</BANKTRANLIST><LEDGERBAL>{leaf('BALAMT', balance)}{leaf('DTASOF', as_of)}</LEDGERBAL>"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>'
    "</Relationships>"
)
_BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>'
)


def workbook(*, more: dict[str, bytes] | None = None) -> bytes:
    """A workbook whose numbers are binary fractions, as spreadsheets store them."""
    rows = [["Account statement"], ["Date", "Text", "Amount", "Balance"]]
    table: list[list[object]] = [list(row) for row in rows]
    table += [["2026-03-05", "in", 1200, 1700.0], ["2026-03-06", "out", -500, 1199.9999999999998]]
    table += [["2026-03-09", "in", 10.5, 1210.5000000000001]]
    cells = "".join(f"<row>{''.join(_cell(value) for value in row)}</row>" for row in table)
    sheet = (
        f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", _BOOK)
        archive.writestr(
            "xl/_rels/workbook.xml.rels", _RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml")
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet + "</worksheet>")
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value!r}</v></c>"
