"""Random portfolios as import folders, the same for the same seed, dense with what makes penalties hard."""

import csv
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from random import Random

from tests.model.oracle import COMPONENTS, MINOR_DIGITS

DATA_DATE = date(2026, 6, 30)
EARLIEST_DISBURSEMENT = date(2025, 1, 20)
FIRST_RATE_FROM = date(2024, 1, 1)
CURRENCIES = ("JPY", "CNY", "KWD")
COMPONENT_ORDERS = tuple(">".join(order) for order in permutations(COMPONENTS))
DAILY_RATES = (
    "0.0005",
    "0.00045",
    "0.0003",
    "0.001",
    "0.008",
    "0.01",
    "0.175/360",
    "0.24/365",
    "0.1485/360",
    "0",
)
ANNUAL_CEILINGS = ("0.24", "0.154", "0.36", "0.06", "0.138", "0.5/3", "1")
WAIVER_COMPONENTS = ("", "penalty", "fee", "interest", "principal")

COLUMNS = {
    "products": "product_ref name currency contract_type penalty_base grace_days late_fee "
    "late_fee_after_days allocation_strategy component_order accrues_while_disputed rates_apply",
    "penalty_rates": "product_ref effective_from daily_rate annual_ceiling",
    "borrowers": "borrower_ref name mobile birth_date id_last4 language payday",
    "loans": "loan_ref borrower_ref product_ref currency principal disbursed_on status",
    "instalments": "loan_ref number due_on principal interest fee void",
    "payments": "payment_ref loan_ref received_on amount channel reversed kind",
    "waivers": "waiver_ref loan_ref instalment_number kind from_day to_day on_day amount reason component void",
}

Row = dict[str, str]
Debt = tuple[int, date, int]


def write_portfolio(folder: Path, seed: int, loans: int) -> None:
    """Write `loans` random loans and all they need into `folder`, everything booked by `DATA_DATE`."""
    portfolio = Portfolio(Random(seed))
    portfolio.draw(loans)
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, columns.split(), restval="")
            writer.writeheader()
            writer.writerows(portfolio.tables[name])


class Portfolio:
    """The rows of one random portfolio while they are drawn, by file name."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.tables: dict[str, list[Row]] = {name: [] for name in COLUMNS}

    def draw(self, loans: int) -> None:
        for index in range(max(1, loans // 3)):
            self.draw_product(f"P{index}")
            self.draw_borrower(f"B{index}")
        for index in range(loans):
            self.draw_loan(f"L{index:05d}")

    def draw_product(self, reference: str) -> None:
        pick = self.random.choice
        currency = pick(CURRENCIES)
        self.tables["products"].append(
            {
                "product_ref": reference,
                "name": f"Product {reference}",
                "currency": currency,
                "contract_type": pick(("bank_loan", "finance_lease", "sales_credit")),
                "penalty_base": pick(("overdue_principal", "overdue_instalment")),
                "grace_days": str(pick((0, 0, 0, 1, 3, 5, 15))),
                "late_fee": self.money(pick((0, 0, 1, 1500, 20000)), currency),
                "late_fee_after_days": str(pick((0, 1, 3, 5, 30))),
                "allocation_strategy": pick(("by_instalment", "by_component")),
                "component_order": pick(COMPONENT_ORDERS),
                "accrues_while_disputed": pick("01"),
                "rates_apply": pick(("by_night", "by_night", "by_contract_date", "")),
            }
        )
        self.draw_rates(reference)

    def draw_rates(self, product: str) -> None:
        has_ceiling = self.random.random() < 0.6
        changes = {self.day(EARLIEST_DISBURSEMENT, DATA_DATE) for _ in range(self.random.choice((0, 0, 1, 2, 5)))}
        for effective_from in [FIRST_RATE_FROM, *sorted(changes)]:
            self.tables["penalty_rates"].append(
                {
                    "product_ref": product,
                    "effective_from": effective_from.isoformat(),
                    "daily_rate": self.random.choice(DAILY_RATES),
                    "annual_ceiling": self.random.choice(ANNUAL_CEILINGS) if has_ceiling else "",
                }
            )

    def draw_borrower(self, reference: str) -> None:
        self.tables["borrowers"].append(
            {
                "borrower_ref": reference,
                "name": f"Borrower {reference}",
                "mobile": f"+86139{self.random.randrange(10**8):08d}",
                "birth_date": self.day(date(1950, 1, 1), date(2004, 12, 31)).isoformat(),
                "id_last4": f"{self.random.randrange(1000):03d}{self.random.choice('0123456789X')}",
                "language": self.random.choice(("zh", "en")),
                "payday": self.random.choice(("", "1", "15", "28")),
            }
        )

    def draw_loan(self, reference: str) -> None:
        product = self.random.choice(self.tables["products"])
        currency = product["currency"]
        disbursed_on = self.day(EARLIEST_DISBURSEMENT, date(2025, 12, 20))
        debts = self.draw_instalments(reference, currency, disbursed_on)
        self.tables["loans"].append(
            {
                "loan_ref": reference,
                "borrower_ref": self.random.choice(self.tables["borrowers"])["borrower_ref"],
                "product_ref": product["product_ref"],
                "currency": currency,
                "principal": self.money(sum(amount for _, _, amount in debts) or 1, currency),
                "disbursed_on": disbursed_on.isoformat(),
                "status": "active",
            }
        )
        self.draw_payments(reference, currency, disbursed_on, debts)
        self.draw_waivers(reference, currency, disbursed_on, debts)

    def draw_instalments(self, loan: str, currency: str, disbursed_on: date) -> list[Debt]:
        """The instalments that stand (not void), as (number, due date, amount)."""
        numbers = list(range(1, self.random.randint(1, 6) + 1))
        if self.random.random() < 0.2:
            self.random.shuffle(numbers)
        debts = []
        due_on = disbursed_on + timedelta(days=self.random.randint(1, 40))
        for number in numbers:
            is_void = self.random.random() < 0.06
            parts = self.draw_parts()
            self.tables["instalments"].append(
                {
                    "loan_ref": loan,
                    "number": str(number),
                    "due_on": due_on.isoformat(),
                    **{part: self.money(amount, currency) for part, amount in parts.items()},
                    "void": str(int(is_void)),
                }
            )
            if not is_void:
                debts.append((number, due_on, sum(parts.values())))
            due_on += timedelta(days=self.random.choice((0, 1, 7, 28, 30, 31, 31, 60)))
        return debts

    def draw_parts(self) -> dict[str, int]:
        if self.random.random() < 0.08:
            return {"principal": 0, "interest": 0, "fee": self.random.randint(1, 50_000)}
        principal = self.random.choice((0, self.random.randint(1, 999), self.random.randint(1_000, 900_000)))
        return {
            "principal": principal,
            "interest": self.random.choice((0, self.random.randint(1, 30_000))) if principal else 1_250,
            "fee": self.random.choice((0, 0, self.random.randint(1, 9_999))),
        }

    def draw_payments(self, loan: str, currency: str, disbursed_on: date, debts: list[Debt]) -> None:
        days = [disbursed_on]
        for index in range(self.random.choice((0, 1, 2, 3, 5, 9))):
            received_on = self.event_day(disbursed_on, debts, days)
            days.append(received_on)
            is_refund = self.random.random() < 0.12
            self.tables["payments"].append(
                {
                    # A collation would sort these otherwise than code points do.
                    "payment_ref": f"{self.random.choice(('a', 'B', 'é', '-', '_', '付', ''))}{loan}-{index}",
                    "loan_ref": loan,
                    "received_on": received_on.isoformat(),
                    "amount": self.money(self.payment_amount(debts), currency),
                    "channel": "transfer",
                    "reversed": str(int(self.random.random() < 0.1)),
                    "kind": "refund" if is_refund else self.random.choice(("payment", "")),
                }
            )

    def payment_amount(self, debts: list[Debt]) -> int:
        owed = [amount for _, _, amount in debts] or [1000]
        amounts: tuple[Callable[[], int], ...] = (
            lambda: self.random.choice(owed),
            lambda: self.random.randint(1, max(owed)),
            lambda: self.random.choice(owed) + self.random.randint(1, 20_000),
            lambda: self.random.randint(1, sum(owed)),
            lambda: self.random.randint(1, 300),
        )
        return max(1, self.random.choice(amounts)())

    def draw_waivers(self, loan: str, currency: str, disbursed_on: date, debts: list[Debt]) -> None:
        for index in range(self.random.choice((0, 0, 0, 1, 2, 4))):
            number = self.random.choice([*(str(number) for number, _, _ in debts), ""])
            row = {
                "waiver_ref": f"{self.random.choice('aB_9')}{loan}-W{index}",
                "loan_ref": loan,
                "instalment_number": number,
                "void": str(int(self.random.random() < 0.1)),
            }
            day = self.event_day(disbursed_on, debts, [])
            is_days = self.random.random() < 0.5
            what = self.days_waiver(day) if is_days else self.amount_waiver(day, currency, debts)
            self.tables["waivers"].append(row | what)

    def days_waiver(self, from_day: date) -> Row:
        length = self.random.choice((None, 0, 1, 9, 40, 200))
        to_day = "" if length is None else (from_day + timedelta(days=length)).isoformat()
        return {
            "kind": "days",
            "from_day": from_day.isoformat(),
            "to_day": to_day,
            "reason": self.random.choice(("dispute", "plan", "other")),
        }

    def amount_waiver(self, on_day: date, currency: str, debts: list[Debt]) -> Row:
        amount = self.random.choice((1, self.random.randint(1, 3_000), self.payment_amount(debts)))
        return {
            "kind": "amount",
            "on_day": on_day.isoformat(),
            "amount": self.money(amount, currency),
            "reason": "goodwill",
            "component": self.random.choice(WAIVER_COMPONENTS),
        }

    def event_day(self, disbursed_on: date, debts: list[Debt], earlier: list[date]) -> date:
        """A day on which something happens: often near a due date or on the day of an earlier event."""
        day = self.day(disbursed_on, DATA_DATE)
        if debts and self.random.random() < 0.5:
            day = self.random.choice(debts)[1] + timedelta(days=self.random.choice((-2, -1, 0, 1, 3, 5, 16, 45, 90)))
        if earlier and self.random.random() < 0.25:
            day = self.random.choice(earlier)
        return min(max(day, disbursed_on), DATA_DATE)

    def day(self, first: date, last: date) -> date:
        return first + timedelta(days=self.random.randint(0, (last - first).days))

    def money(self, minor_units: int, currency: str) -> str:
        digits = MINOR_DIGITS[currency]
        text = str(minor_units).rjust(digits + 1, "0")
        return f"{text[:-digits]}.{text[-digits:]}" if digits else text
