"""Random loans with random rules, and when people pay: on time, late, early, in parts, too much, not at all.

The same for the same seed.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from tests.make import loans as make
from tests.make.loans import Tables
from tests.make.plans import authority, plan_limit
from tests.model.agreements import Book
from tests.model.oracle import MINOR_DIGITS, ONE_DAY, Row
from tests.model.portfolios import COMPONENT_ORDERS

RATES_FROM = date(2020, 1, 1)
DAILY_RATES = ("0.0005", "0.00045", "0.001", "0.008", "0.175/360", "0")
CEILINGS = ("", "0.24", "0.154", "1")
REDUCIBLE = ("penalty", "penalty", "penalty", "penalty>interest", "none")


@dataclass
class Person:
    """Somebody with one loan or two, and what they are like: each number is a chance."""

    ref: str
    books: list[Book]
    punctual: float


@dataclass
class World:
    """A portfolio as rows to import and as books for the model, with the rules of each product."""

    chance: Random
    begins: date
    tables: Tables = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    rules: dict[str, dict[str, str]] = field(default_factory=dict)
    _products: list[tuple[Row, list[Row], str]] = field(default_factory=list)
    _payments: int = 0

    def draw(self, people: int, products: int = 6) -> None:
        """Draw all of it."""
        names = "products penalty_rates product_rules plan_limits borrowers loans instalments payments"
        self.tables = {name: [] for name in names.split()}
        self.tables["authority"] = [
            authority(role, "9000000", "9000000", waiver_day_max="900000000", currency=currency)
            for role in ("plan_approver", "supervisor")
            for currency in ("CNY", "JPY")
        ]
        for place in range(products):
            self._draw_product(f"P{place}", "JPY" if place == products - 1 else "CNY")
        for place in range(people):
            self._draw_person(f"B{place}")

    def _draw_product(self, ref: str, currency: str) -> None:
        pick = self.chance.choice
        base, strategy = pick(("overdue_principal", "overdue_instalment")), pick(("by_instalment", "by_component"))
        order = _order(self.chance)
        grace, fee, fee_after = pick((0, 0, 0, 5)), pick((0, 0, 1500)), pick((1, 3, 30))
        self.tables["products"].append(
            make.product(
                product_ref=ref,
                currency=currency,
                contract_type=pick(("sales_credit", "sales_credit", "bank_loan")),
                penalty_base=base,
                grace_days=str(grace),
                late_fee=money(fee, currency),
                late_fee_after_days=str(fee_after),
                allocation_strategy=strategy,
                component_order=order,
            )
        )
        rule, ceiling = pick(DAILY_RATES), pick(CEILINGS)
        rates = []
        for since in (RATES_FROM, self.begins + timedelta(days=self.chance.randint(0, 90))):
            self.tables["penalty_rates"].append(
                make.rate(product_ref=ref, effective_from=since.isoformat(), daily_rate=rule, annual_ceiling=ceiling)
            )
            limit = Fraction(ceiling) if ceiling else None
            rates.append({"effective_from": since, "daily_rate": _fraction(rule), "annual_ceiling": limit})
            rule = pick(DAILY_RATES)
        self._draw_rules(ref)
        limit_row = plan_limit(product_ref=ref, effective_from="2020-01-01", first_payment_min="0", payment_min="0")
        self.tables["plan_limits"].append(limit_row | {"payments_max": "60", "days_max": "700"})
        row = {
            "product_ref": ref,
            "penalty_base": base,
            "grace_days": grace,
            "late_fee": fee,
            "late_fee_after_days": fee_after,
            "allocation_strategy": strategy,
            "component_order": order.split(">"),
            "rates_apply": "by_night",
        }
        self._products.append((row, rates, currency))

    def _draw_rules(self, ref: str) -> None:
        pick = self.chance.choice
        self.rules[ref] = {
            "freeze": pick("011"),
            "cure_days": pick("0133357"),
            "move_days": pick(("0", "7", "7", "10")),
            "skips": pick("0012"),
            "payoff_interest": pick(("accrued_only", "full")),
            "reducible": pick(REDUCIBLE),
            "settlement_percent": pick(("0", "33", "50", "100")),
            "settlement_days": pick(("0", "3", "14")),
        }
        for name, value in self.rules[ref].items():
            row = {"product_ref": ref, "effective_from": "2020-01-01", "rule": name, "value": value}
            self.tables["product_rules"].append(row)

    def _draw_person(self, ref: str) -> None:
        payday = self.chance.choice(("", "1", "15", "28", "31"))
        self.tables["borrowers"].append(
            make.borrower(borrower_ref=ref, name=f"Borrower {ref}", mobile=_mobile(ref), payday=payday)
        )
        first = self.chance.choice(self._products)
        products = [first]
        if self.chance.random() < 0.15:
            products.append(self.chance.choice([each for each in self._products if each[2] == first[2]]))
        books = [self._draw_loan(f"{ref}-{place}", ref, *each) for place, each in enumerate(products)]
        self.people.append(Person(ref, books, self.chance.choice((0.95, 0.8, 0.5, 0.2))))

    def _draw_loan(self, ref: str, person: str, product: Row, rates: list[Row], currency: str) -> Book:
        disbursed = self.begins - timedelta(days=self.chance.randint(40, 160))
        loan = {"loan_ref": ref, "currency": currency, "disbursed_on": disbursed}
        book = Book(product, rates, loan, [])
        due_on = disbursed + timedelta(days=self.chance.randint(5, 30))
        unit = 10 ** MINOR_DIGITS[currency]
        for number in range(1, self.chance.randint(4, 10) + 1):
            row = {
                "number": number,
                "due_on": due_on,
                "principal": self.chance.randint(80, 900) * unit + self.chance.randrange(unit),
                "interest": self.chance.randint(0, 40) * unit,
                "fee": self.chance.choice((0, 0, 7)) * unit,
                "void": False,
            }
            book.instalments.append(row)
            due_on += timedelta(days=self.chance.choice((30, 31, 28, 14)))
        self._write_loan(book, person, currency)
        for row in book.instalments:
            if row["due_on"] < self.begins and self.chance.random() < 0.55:
                amount = row["principal"] + row["interest"] + row["fee"]
                self.pay(book, row["due_on"], amount if self.chance.random() < 0.7 else amount // 3)
        return book

    def _write_loan(self, book: Book, person: str, currency: str) -> None:
        whole = sum(row["principal"] for row in book.instalments)
        common = {"loan_ref": book.ref, "product_ref": book.product["product_ref"], "currency": currency}
        self.tables["loans"].append(
            make.loan(
                borrower_ref=person,
                principal=money(whole, currency),
                disbursed_on=book.loan["disbursed_on"].isoformat(),
                **common,
            )
        )
        for row in book.instalments:
            parts = {part: money(row[part], currency) for part in ("principal", "interest", "fee")}
            self.tables["instalments"].append(
                make.instalment(row["number"], row["due_on"].isoformat(), loan_ref=book.ref, **parts)
            )

    def pay(self, book: Book, on: date, amount: int) -> Row:
        """Money that arrived, booked at once: in the book, and as a row to import."""
        self._payments += 1
        row = {
            "payment_ref": f"{self.chance.choice('aBZ_')}{self._payments:06}",
            "received_on": on,
            "amount": amount,
            "reversed": False,
            "kind": "payment",
        }
        book.payments.append(row)
        self.tables["payments"].append(as_row(book, row))
        return row

    def came_back(self, book: Book, row: Row) -> None:
        """A payment is reversed: it counts as if it had never been made."""
        row["reversed"] = True
        self.tables["payments"].append(as_row(book, row))


@dataclass(frozen=True)
class Coming:
    """Money on its way: received on a day, and booked then or some days later."""

    book: Book
    received_on: date
    booked_on: date
    amount: int


@dataclass
class Habits:
    """When and how much of what is awaited a person pays, decided once for each thing awaited."""

    chance: Random
    ways: dict[tuple[str, str], tuple[int, float] | None] = field(default_factory=dict)

    def way(self, person: Person, what: tuple[str, str]) -> tuple[int, float] | None:
        """Days after its own on which something is paid, and which part of it; None for never."""
        if what not in self.ways:
            self.ways[what] = self._draw(person)
        return self.ways[what]

    def _draw(self, person: Person) -> tuple[int, float] | None:
        if self.chance.random() < person.punctual:
            return (self.chance.choice((0, 0, 0, -1, -6)), self.chance.choice((1, 1, 1, 1, 1.3)))
        late = self.chance.choice((1, 2, 3, 4, 6, 9))
        return self.chance.choice((None, None, (late, 1), (late, 1), (late, 0.6), (0, 0.5), (0, 0.999)))

    def coming(
        self, person: Person, book: Book, on: date, due_on: date, amount: int, what: tuple[str, str]
    ) -> Coming | None:
        """What a person pays on a day towards something awaited on `due_on`."""
        way = self.way(person, what)
        if way is None or amount <= 0 or on != due_on + timedelta(days=way[0]):
            return None
        lag = self.chance.choice((0, 0, 0, 0, 0, 1, 2, 6))
        return Coming(book, on, on + lag * ONE_DAY, max(1, int(amount * way[1])))


def _order(chance: Random) -> str:
    usual = "fee>penalty>interest>principal"
    return usual if chance.random() < 0.5 else chance.choice(COMPONENT_ORDERS)


def _fraction(text: str) -> Fraction:
    above, _slash, below = text.partition("/")
    return Fraction(above) / Fraction(below or 1)


def _mobile(ref: str) -> str:
    return f"138{int(ref[1:]):08}"


def money(minor_units: int, currency: str) -> str:
    """An amount in major units."""
    digits = MINOR_DIGITS[currency]
    text = str(minor_units).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text


def as_row(book: Book, row: Row) -> make.Row:
    """A payment as the import has it."""
    return make.payment(
        row["payment_ref"],
        row["received_on"].isoformat(),
        money(row["amount"], book.loan["currency"]),
        loan_ref=book.ref,
        reversed=str(int(row["reversed"])),
    )
