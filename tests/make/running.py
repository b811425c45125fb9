"""Running plans for tests: Lin's plan agreed, days that pass, payments that arrive, and the evaluation."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.app import Portal
from portal.jobs import evaluate
from portal.plans import running_queries
from portal.plans.running_queries import PlanLife
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.loans import Row, import_tables, payment

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Days:
    """Lets days pass: the clock is set, what arrived is imported with the data date of the day, and it is judged."""

    portal: Portal
    clock: FixedClock
    folder: Path
    cast: Cast
    _imports: "count[int]" = field(default_factory=count)

    @property
    def doors(self) -> Doors:
        return self.portal.doors

    def on(self, month: int, day: int, *payments: Row, hour: int = 12, booked_to: date | None = None) -> list[str]:
        """A day of 2026 at an hour, with what has been booked by then; what the evaluation did."""
        self.stand(month, day, hour)
        self.book(*payments, booked_to=booked_to or date(2026, month, day))
        return self.evaluate()

    def stand(self, month: int, day: int, hour: int = 12) -> None:
        """The clock at an hour of a day of 2026."""
        self.stand_on(date(2026, month, day), hour)

    def stand_on(self, day: date, hour: int = 12) -> None:
        """The clock at an hour of any day."""
        self.clock.set(datetime.combine(day, time(hour), ZONE))

    def book(self, *rows: Row, booked_to: date, **tables: list[Row]) -> None:
        """An import of these payments and other rows, with its data date."""
        given = {"payments": list(rows)} | tables
        import_tables(self.doors, self.folder / f"day-{next(self._imports)}", given, booked_to)

    def evaluate(self, as_of: date | None = None) -> list[str]:
        """What `portal evaluate` did."""
        return [line.partition(": ")[2] for line in evaluate(self.portal, as_of)]

    def agree(self, freeze: bool = True, **given: str) -> str:
        """Lin's plan of 364.00 on the 12th of each month, agreed; its number."""
        number = make.propose(self.doors, self.cast.borrower(), **given)
        make.approve(self.doors, self.cast.staff("Qiao", "plan_approver"), number, freeze=freeze)
        return number

    def life(self, number: str) -> PlanLife:
        """How a plan goes."""
        going = self.doors.read_as(self.doors.system(), running_queries.staff_life, number)
        assert going is not None
        return going


def paid(day: str, amount: str, ref: str = "") -> Row:
    """Money that arrived on Lin's loan."""
    return payment(ref or f"X{day}-{amount}", day, amount)


def instalment_paid(month: int) -> Row:
    """The contract's own instalment of a month, paid on its day."""
    return paid(f"2026-{month:02}-05", "1180.00")
