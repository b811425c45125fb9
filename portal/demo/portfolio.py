"""The demo's loans as the rows of an import folder. Pure: a day comes in, rows come out.

Dates are relative to the day on which the demo was first loaded; the invented case of Lin Yi alone stands on its
own dates. What would happen after the data date is left out, so that later loads bring it when its day has come.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from portal.core.days import add_months
from portal.core.money import format_major
from portal.demo import people
from portal.demo.people import DemoPerson

Row: TypeAlias = Mapping[str, object]
Tables: TypeAlias = Mapping[str, Sequence[Row]]

LONG_AGO = date(2020, 1, 1)
DEBITED_AT = time(8, 12)
FROM_2026 = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class DemoPayment:
    """Money that came in beside the instalments paid on their day."""

    day: date
    amount: int
    reversed: bool = False
    channel: str = "transfer"


@dataclass(frozen=True, slots=True)
class DemoLoan:
    """A loan whose instalment `number` is due on `due_on`, the others in the months around it.

    Amounts are minor units of the currency, `parts` principal, interest and fee of each instalment. The first
    `paid` instalments were debited on their day; of later ones a debit was tried, with `result`.
    """

    ref: str
    borrower: DemoPerson
    product: str
    due_on: date
    number: int
    count: int
    parts: tuple[int, int, int]
    paid: int
    payments: tuple[DemoPayment, ...] = ()
    result: str = "insufficient_funds"
    currency: str = "CNY"
    debit_last4: str = "6021"
    status: str = "active"
    status_on: date | None = None
    new_owner: str = ""
    new_owner_phone: str = ""

    def due(self, number: int) -> date:
        """The due date of an instalment."""
        return add_months(self.due_on, number - self.number)


def portfolio(day: date, data_date: date, zone: str) -> Tables:
    """All files of the import folder for a demo first loaded on `day`, as booked up to `data_date`."""
    loans = (*lin_yis_loans(people.LIN_YI, "DEMO-JD", ""), *lin_yis_loans(people.LIN_YI_IN_ENGLISH, "DEMO-HA", "-en"))
    loans += other_loans(day)
    rows = _Rows(loans, data_date, ZoneInfo(zone))
    return {
        "products": list(_products()),
        "product_rules": [
            {"product_ref": f"demo-home{tail}", "effective_from": LONG_AGO, "rule": "freeze", "value": "1"}
            for tail in ("", "-en")
        ]
        + [
            {
                "product_ref": f"demo-home{tail}",
                "effective_from": LONG_AGO,
                "rule": "settlement_percent",
                "value": "50",
            }
            for tail in ("", "-en")
        ],
        "penalty_rates": list(_rates(day)),
        "plan_limits": list(_plan_limits()),
        "authority": list(_authority()),
        "borrowers": [_borrower(person) for person in people.PEOPLE],
        "loans": [_loan(loan) for loan in loans],
        "parties": [{"loan_ref": "DEMO-XF-3306", "borrower_ref": people.GUARANTOR.ref, "role": "guarantor"}],
        "instalments": list(rows.instalments()),
        "payments": list(rows.payments()),
        "debit_attempts": list(rows.debit_attempts()),
        "waivers": list(_waivers(day)),
    }


def write_folder(tables: Tables, folder: Path) -> None:
    """Write the files of an import folder."""
    for name, rows in tables.items():
        if not rows:
            continue
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows({column: "" if cell is None else cell for column, cell in row.items()} for row in rows)


# --- Loans ----------------------------------------------------------------------------------------------------


def lin_yis_loans(person: DemoPerson, ref: str, tail: str) -> tuple[DemoLoan, ...]:
    """The invented case: instalment 3 unpaid but for 300.00, and a course whose instalments were all paid."""
    home = DemoLoan(
        f"{ref}-0718",
        person,
        f"demo-home{tail}",
        date(2026, 3, 5),
        3,
        12,
        (112_000, 6_000, 0),
        paid=2,
        payments=(DemoPayment(date(2026, 3, 20), 30_000),),
    )
    course = DemoLoan(f"{ref}-0512", person, f"demo-course{tail}", date(2026, 5, 12), 3, 6, (44_000, 2_000, 0), paid=6)
    return home, course


def other_loans(day: date) -> tuple[DemoLoan, ...]:
    """The loans that stand relative to the day."""

    def ago(days: int) -> date:
        return day - timedelta(days=days)

    return (
        DemoLoan("DEMO-XF-3303", people.PAID_UP, "demo-cash", ago(10), 4, 12, (85_000, 3_500, 0), paid=12),
        DemoLoan("DEMO-XF-3304", people.DUE_TOMORROW, "demo-cash", ago(-1), 3, 6, (96_000, 4_000, 0), paid=2),
        DemoLoan("DEMO-XF-3305", people.FIVE_DAYS_LATE, "demo-cash", ago(5), 5, 12, (70_000, 3_000, 0), paid=4),
        DemoLoan(
            "DEMO-XF-3306",
            people.RATE_CHANGE,
            "demo-cash",
            ago(45),
            4,
            12,
            (150_000, 7_500, 0),
            paid=3,
            payments=(DemoPayment(ago(30), 40_000), DemoPayment(ago(8), 25_000)),
        ),
        DemoLoan(
            "DEMO-JD-3307",
            people.NOT_DEBITED,
            "demo-home",
            ago(12),
            2,
            10,
            (100_000, 5_000, 0),
            paid=1,
            result="not_presented",
            debit_last4="4417",
        ),
        DemoLoan("DEMO-ZZ-3308", people.CEILING, "demo-steep", ago(60), 2, 12, (90_000, 2_700, 0), paid=1),
        DemoLoan("DEMO-ZL-3309", people.GRACE, "demo-lease", ago(2), 3, 24, (200_000, 10_000, 1_000), paid=2),
        DemoLoan(
            "DEMO-XF-3310",
            people.REVERSED,
            "demo-cash",
            ago(15),
            4,
            12,
            (80_000, 4_000, 0),
            paid=3,
            payments=(DemoPayment(ago(15), 84_000, reversed=True, channel="debit"),),
            result="collected",
        ),
        DemoLoan("DEMO-XF-3311", people.WAIVED, "demo-cash", ago(25), 3, 12, (120_000, 6_000, 0), paid=2),
        DemoLoan("DEMO-XF-3312", people.TWO_CURRENCIES, "demo-cash", ago(9), 3, 12, (60_000, 2_400, 0), paid=2),
        DemoLoan(
            "DEMO-QC-4412",
            people.TWO_CURRENCIES,
            "demo-car",
            ago(20),
            5,
            36,
            (31_000, 2_250, 0),
            paid=4,
            currency="USD",
            debit_last4="9035",
        ),
        DemoLoan(
            "DEMO-XF-3313",
            people.CREDIT,
            "demo-cash",
            ago(-12),
            3,
            6,
            (90_000, 4_500, 0),
            paid=2,
            payments=(DemoPayment(ago(3), 150_000),),
        ),
        DemoLoan(
            "DEMO-XF-3314",
            people.CLOSED,
            "demo-cash",
            ago(40),
            6,
            6,
            (50_000, 2_000, 0),
            paid=6,
            status="closed",
            status_on=ago(40),
        ),
        DemoLoan("DEMO-PL-3315", people.LONG_NAME, "demo-cash-en", ago(33), 2, 12, (1_250_000, 62_500, 0), paid=1),
        DemoLoan(
            "DEMO-XF-3317",
            people.SOLD,
            "demo-cash",
            ago(120),
            2,
            6,
            (60_000, 3_000, 0),
            paid=1,
            status="sold",
            status_on=ago(10),
            new_owner="示例资产管理有限公司",
            new_owner_phone="400-000-0001",
        ),
    )


class _Rows:
    """What became of the loans, as booked up to the data date."""

    def __init__(self, loans: Sequence[DemoLoan], data_date: date, zone: ZoneInfo) -> None:
        self._loans = loans
        self._data_date = data_date
        self._zone = zone

    def instalments(self) -> Iterator[Row]:
        for loan in self._loans:
            principal, interest, fee = (format_major(part, loan.currency) for part in loan.parts)
            for number in range(1, loan.count + 1):
                row = {"loan_ref": loan.ref, "number": number, "due_on": loan.due(number)}
                yield row | {"principal": principal, "interest": interest, "fee": fee}

    def payments(self) -> Iterator[Row]:
        for loan in self._loans:
            debited = [DemoPayment(loan.due(number), sum(loan.parts), channel="debit") for number in _paid(loan)]
            for place, payment in enumerate((*debited, *loan.payments), start=1):
                if payment.day <= self._data_date:
                    yield {
                        "payment_ref": f"{loan.ref}-P{place:02}",
                        "loan_ref": loan.ref,
                        "received_on": payment.day,
                        "amount": format_major(payment.amount, loan.currency),
                        "channel": payment.channel,
                        "reversed": int(payment.reversed),
                    }

    def debit_attempts(self) -> Iterator[Row]:
        for loan in self._loans:
            for number in range(1, loan.count + 1):
                if loan.due(number) <= self._data_date:
                    yield self._attempt(loan, number)

    def _attempt(self, loan: DemoLoan, number: int) -> Row:
        result = "collected" if number in _paid(loan) else loan.result
        codes = {"collected": "00", "insufficient_funds": "51", "not_presented": ""}
        return {
            "attempt_ref": f"{loan.ref}-D{number:02}",
            "loan_ref": loan.ref,
            "instalment_number": number,
            "attempted_at": datetime.combine(loan.due(number), DEBITED_AT, self._zone).isoformat(),
            "amount": format_major(sum(loan.parts), loan.currency),
            "result": result,
            "result_code": codes[result],
        }


def _paid(loan: DemoLoan) -> range:
    return range(1, loan.paid + 1)


def _waivers(day: date) -> Iterator[Row]:
    yield {
        "waiver_ref": "DEMO-W-0001",
        "loan_ref": "DEMO-XF-3311",
        "instalment_number": 3,
        "kind": "days",
        "from_day": day - timedelta(days=20),
        "to_day": day - timedelta(days=11),
        "on_day": None,
        "amount": None,
        "reason": "系统升级，无法还款",
    }


def _loan(loan: DemoLoan) -> Row:
    return {
        "loan_ref": loan.ref,
        "borrower_ref": loan.borrower.ref,
        "product_ref": loan.product,
        "currency": loan.currency,
        "principal": format_major(loan.parts[0] * loan.count, loan.currency),
        "disbursed_on": loan.due(0),
        "status": loan.status,
        "status_on": loan.status_on,
        "debit_last4": loan.debit_last4,
        "debit_holder": loan.borrower.name,
        "new_owner": loan.new_owner,
        "new_owner_phone": loan.new_owner_phone,
    }


def _borrower(person: DemoPerson) -> Row:
    return {
        "borrower_ref": person.ref,
        "name": person.name,
        "mobile": f"+86{person.mobile}",
        "birth_date": person.birth_date,
        "id_last4": person.id_last4,
        "language": person.language,
        "payday": person.payday,
    }


# --- Products, limits -----------------------------------------------------------------------------------------


def _products() -> Iterator[Row]:
    plain = {
        "currency": "CNY",
        "contract_type": "sales_credit",
        "penalty_base": "overdue_instalment",
        "grace_days": 0,
        "late_fee": "0",
        "late_fee_after_days": 0,
        "allocation_strategy": "by_instalment",
        "component_order": "fee>penalty>interest>principal",
        "accrues_while_disputed": 0,
        "rates_apply": "by_night",
    }
    lent = {"contract_type": "bank_loan", "penalty_base": "overdue_principal", "accrues_while_disputed": 1}
    yield {"product_ref": "demo-home", "name": "家电分期", **plain}
    yield {"product_ref": "demo-home-en", "name": "Home appliances", **plain}
    yield {"product_ref": "demo-course", "name": "职业培训分期", **plain}
    yield {"product_ref": "demo-course-en", "name": "Training course", **plain}
    yield {"product_ref": "demo-cash", "name": "消费贷款", **plain, **lent}
    yield {"product_ref": "demo-cash-en", "name": "Personal loan", **plain, **lent}
    yield {"product_ref": "demo-car", "name": "汽车贷款", **plain, **lent, "currency": "USD"}
    yield {"product_ref": "demo-steep", "name": "周转贷款", **plain, **lent, "rates_apply": "by_contract_date"}
    lease = {"contract_type": "finance_lease", "grace_days": 5, "late_fee": "20.00", "late_fee_after_days": 6}
    yield {"product_ref": "demo-lease", "name": "汽车租赁", **plain, **lease}


def _rates(day: date) -> Iterator[Row]:
    for tail in ("", "-en"):
        yield _rate(f"demo-home{tail}", LONG_AGO, "0.0005", "0.24")
        yield _rate(f"demo-home{tail}", date(2026, 4, 1), "0.00045", "0.24")
        yield _rate(f"demo-course{tail}", LONG_AGO, "0.0005", "0.24")
        yield _rate(f"demo-cash{tail}", LONG_AGO, "0.0005", "0.24")
        yield _rate(f"demo-cash{tail}", day - timedelta(days=20), "0.0004", "0.24")
    yield _rate("demo-car", LONG_AGO, "0.1095/365", "0.18")
    yield _rate("demo-steep", LONG_AGO, "0.008", "0.12")
    yield _rate("demo-lease", LONG_AGO, "0.0005", "0.24")


def _rate(product: str, since: date, rate: str, ceiling: str) -> Row:
    return {"product_ref": product, "effective_from": since, "daily_rate": rate, "annual_ceiling": ceiling}


def _plan_limits() -> Iterator[Row]:
    columns = ("product_ref", "effective_from", "first_payment_min", "payment_min", "payments_max", "days_max")
    for tail in ("", "-en"):
        yield dict(zip(columns, (f"demo-home{tail}", FROM_2026, "200.00", "200.00", 6, 180), strict=True))
        yield dict(zip(columns, (f"demo-course{tail}", FROM_2026, "100.00", "100.00", 6, 180), strict=True))
        yield dict(zip(columns, (f"demo-cash{tail}", LONG_AGO, "100.00", "200.00", 12, 366), strict=True))
    for product in ("demo-car", "demo-steep", "demo-lease"):
        yield dict(zip(columns, (product, LONG_AGO, "0", "50.00", 12, 366), strict=True))


def _authority() -> Iterator[Row]:
    limits = {
        "dispute_handler": ("500.00", "2000.00", "0"),
        "plan_approver": ("500.00", "2000.00", "5000.00"),
        "supervisor": ("5000.00", "20000.00", "50000.00"),
    }
    for currency in ("CNY", "USD"):
        for role, (waiver, waiver_day, plan) in limits.items():
            row = {"role": role, "currency": currency, "effective_from": LONG_AGO}
            yield row | {"waiver_max": waiver, "waiver_day_max": waiver_day, "plan_max": plan}
