"""How to pay: what may be paid on a loan, and the lender's accounts with what their QR codes say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from portal.account.facts import LoanFigures, figures
from portal.account.notice_queries import NoticeRecord, of_person, waiting_of
from portal.account.queries import AccountPage, account_page, as_seen_by, settlement_of_today
from portal.core.pay_codes import Payee, code_text
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment
from portal.platform.qr import QrPicture, qr_picture


@dataclass(frozen=True, slots=True)
class Choice:
    """An amount that one may want to pay: what it is, how much, and its day if it has one."""

    kind: str
    amount: int
    day: date | None = None


@dataclass(frozen=True, slots=True)
class PaidInto:
    """An account to pay into, and its QR code; none where the lender wants none or the text is too long for one."""

    name: str
    bank: str
    number: str
    says: str
    picture: QrPicture | None


@dataclass(frozen=True, slots=True)
class PayPage:
    """How to pay on one loan. `choices` begin with what is due; `amount` is the one chosen, None before one is."""

    figures: LoanFigures
    today: date
    data_date: date | None
    choices: tuple[Choice, ...]
    waiting: tuple[NoticeRecord, ...]

    @property
    def record(self) -> LoanRecord:
        return self.figures.record

    @property
    def may_share(self) -> bool:
        """Whether the viewer may give a link to someone who pays: not who only stands for the loan."""
        return self.record.role != "guarantor"


@dataclass(frozen=True, slots=True)
class PayableLoan:
    """A loan on the list of what can be paid."""

    figures: LoanFigures
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class PayList:
    """Every loan on which something can be paid, and all that was ever said to be paid, the newest first."""

    account: AccountPage
    loans: tuple[PayableLoan, ...]
    said: tuple[NoticeRecord, ...]


def pay_list(connection: Connection, viewer: Viewer) -> PayList:
    """Where paying begins."""
    account = account_page(connection, viewer)
    payable = (PayableLoan(loan, _choices(connection, loan)) for loan in (*account.loans, *account.guaranteed))
    shown = tuple(each for each in payable if each.choices)
    said = of_person(connection, viewer.person_id) if viewer.person_id else ()
    return PayList(account, shown, said)


@one_moment
def pay_page(connection: Connection, viewer: Viewer, code: str) -> PayPage | None:
    """How to pay on a loan of the viewer; None for no such loan, or one that was sold."""
    found = loans.loan_by_code(connection, viewer, code)
    if found is None or found.status == "sold":
        return None
    shown = figures(as_seen_by(viewer, found), viewer.today)
    waiting = tuple(each for each in waiting_of(connection, viewer) if each.loan_id == found.id)
    return PayPage(shown, viewer.today, found.data_date, _choices(connection, shown), waiting)


def paid_into(
    accounts: Sequence[Mapping[str, str]], reference: str, amount: int | None, currency: str
) -> tuple[PaidInto, ...]:
    """The lender's accounts for a currency, each with the QR code for this reference and amount.

    All of them where none is in the currency. A code that says the reference alone stands once, at the first account.
    """
    fitting = [each for each in accounts if each["currency"] == currency] or list(accounts)
    said: set[str] = set()
    found = []
    for account in fitting:
        payee = Payee(account["name"], account["number"], account["qr"], account["bic"])
        says = code_text(payee, reference, amount, currency)
        picture = None if says in {"", *said} else _picture(says)
        said.add(says)
        found.append(PaidInto(account["name"], account["bank"], account["number"], says, picture))
    return tuple(found)


def _picture(text: str) -> QrPicture | None:
    try:
        return qr_picture(text)
    except ValueError:
        return None


def _choices(connection: Connection, loan: LoanFigures) -> tuple[Choice, ...]:
    """What is due, a plan's next payment, a settlement's amount of today, the next instalment: as far as they are."""
    if loan.settled_on is not None:
        return ()
    found = [Choice("due", loan.payable.total)]
    plan = loan.next_plan_payment
    if plan is not None:
        found.insert(0, Choice("plan", plan[1], plan[0]))
    settlement = settlement_of_today(connection, loan)
    if settlement is not None:
        found.insert(0, Choice("settlement", settlement.amount, settlement.until))
    coming = loan.assessment.next_due
    if coming is not None and loan.record.role != "guarantor":
        found.append(Choice("next", coming.amount, coming.due_on))
    return tuple(choice for choice in found if choice.amount)
