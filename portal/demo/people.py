"""Who is in the demo: invented borrowers with what the recipient check asks of them, and invented staff.

The secrets of staff stand here in the clear, since they open nothing but a demo on a developer's own machine.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A borrower of the demo; `mobile` is national, as the lender's system would write it."""

    ref: str
    name: str
    mobile: str
    birth_date: date | None
    id_last4: str
    language: str = "zh"
    payday: int | None = None


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """A member of staff of the demo, who signs in with `password` and the present code of `totp`."""

    name: str
    display_name: str
    roles: tuple[str, ...]
    password: str
    totp: str


LIN_YI = DemoPerson("DEMO-LIN", "林一", "13800000001", date(1991, 8, 24), "302X", payday=12)
LIN_YI_IN_ENGLISH = DemoPerson("DEMO-LIN-EN", "Lin Yi", "13800000002", date(1991, 8, 24), "302X", "en", payday=12)
PAID_UP = DemoPerson("DEMO-WEN", "温竹", "13800000003", date(1988, 2, 29), "1187", payday=15)
DUE_TOMORROW = DemoPerson("DEMO-HE", "何青", "13800000004", date(1995, 11, 3), "4420")
FIVE_DAYS_LATE = DemoPerson("DEMO-BAI", "白川", "13800000005", date(1983, 6, 17), "0916", payday=10)
RATE_CHANGE = DemoPerson("DEMO-XIA", "夏禾", "13800000006", date(1979, 12, 8), "6645", payday=25)
NOT_DEBITED = DemoPerson("DEMO-GU", "顾岩", "13800000007", date(1992, 4, 30), "2038", payday=5)
CEILING = DemoPerson("DEMO-LUO", "罗小满", "13800000008", date(1998, 5, 21), "551X")
GRACE = DemoPerson("DEMO-LU", "陆遥", "13800000009", date(1986, 9, 14), "7302", payday=20)
REVERSED = DemoPerson("DEMO-FANG", "方舟", "13800000010", date(1990, 1, 1), "3356")
WAIVED = DemoPerson("DEMO-SU", "苏木", "13800000011", None, "8091")
TWO_CURRENCIES = DemoPerson("DEMO-JIANG", "江南", "13800000012", date(1981, 7, 7), "1274", payday=28)
CREDIT = DemoPerson("DEMO-YE", "叶子", "13800000013", date(1999, 10, 10), "6010")
CLOSED = DemoPerson("DEMO-QIN", "秦川", "13800000014", date(1975, 3, 19), "")
LONG_NAME = DemoPerson(
    "DEMO-LONG",
    "Anastasia-Wilhelmina Featherstonehaugh-Cholmondeley Rodrigue",
    "13800000015",
    date(1987, 8, 8),
    "9A27",
    "en",
)
GUARANTOR = DemoPerson("DEMO-AN", "安宁", "13800000016", date(1977, 11, 26), "4083")
SOLD = DemoPerson("DEMO-DING", "丁一舟", "13800000017", date(1984, 4, 4), "5529")

COMPLAINS = FIVE_DAYS_LATE
"""Who has complained about how they were contacted."""

PEOPLE = (
    LIN_YI,
    LIN_YI_IN_ENGLISH,
    DUE_TOMORROW,
    FIVE_DAYS_LATE,
    RATE_CHANGE,
    NOT_DEBITED,
    CEILING,
    GRACE,
    REVERSED,
    WAIVED,
    TWO_CURRENCIES,
    CREDIT,
    PAID_UP,
    CLOSED,
    SOLD,
    GUARANTOR,
    LONG_NAME,
)

STAFF = (
    DemoStaff("qiaomu", "乔木", ("dispute_handler",), "demo-spring-river", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXA"),
    DemoStaff("taoan", "陶安", ("plan_approver",), "demo-green-bamboo", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXB"),
    DemoStaff("shenruo", "沈若", ("supervisor",), "demo-quiet-harbour", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXC"),
    DemoStaff("hesong", "贺松", ("supervisor",), "demo-wooden-bridge", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXD"),
    DemoStaff("yuejin", "岳瑾", ("auditor",), "demo-morning-bell", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXE"),
    DemoStaff("guanyu", "管宇", ("administrator",), "demo-river-lantern", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXF"),
)
