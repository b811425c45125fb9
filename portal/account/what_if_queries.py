"""What one more payment would do; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from portal.account.forms import Question, read_payment
from portal.account.queries import GUARANTOR, askable_days
from portal.core.assessment import Assessment, PaymentAssessment
from portal.core.receipt import what_if
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The loan on a day without and with one more payment; nothing is stored."""

    on: date
    amount: int
    before: Assessment
    after: Assessment
    night_before: int
    night_after: int

    @property
    def payment(self) -> PaymentAssessment:
        """The payment that was tried."""
        return self.after.payments[-1]

    @property
    def by_instalment(self) -> dict[int, list[tuple[str, int]]]:
        """Where it would go: of each instalment the components it meets."""
        met: dict[int, list[tuple[str, int]]] = {}
        for part in self.payment.parts:
            met.setdefault(part.instalment, []).append((part.component, part.amount))
        return met

    def is_paid_off(self, number: int) -> bool:
        """Whether nothing of that instalment would be left."""
        return self.after.instalment(number).unpaid.total == 0


@dataclass(frozen=True, slots=True)
class WhatIfPage:
    """The what-if of one loan; no answer while day or amount are not understood."""

    record: LoanRecord
    today: date
    data_date: date | None
    answer: WhatIf | None


def asked_what_if(
    connection: Connection, viewer: Viewer, code: str, query: Mapping[str, str]
) -> tuple[WhatIfPage | None, Question]:
    """What paying that amount on that day would do, None if there is no such loan."""
    found = loans.loan_by_code(connection, viewer, code)
    if found is None or found.status == "sold" or found.role == GUARANTOR:
        return None, Question({})
    question = read_payment(query, viewer.today, found.facts.currency, askable_days(found, viewer.today))
    answer = None
    if question.ok and question.on and question.amount:
        answer = _try_payment(found, question.on, question.amount)
    return WhatIfPage(found, viewer.today, found.data_date, answer), question


def _try_payment(record: LoanRecord, on: date, amount: int) -> WhatIf:
    before, after = what_if(record.facts, on, amount)
    return WhatIf(on, amount, before, after, before.next_night, after.next_night)
