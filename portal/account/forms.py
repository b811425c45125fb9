"""What a borrower asks a page for: another day, a payment to try. Read from the address, so that it can be kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from portal.platform.i18n import gettext as _
from portal.platform.typed import plain_entry, read_amount


@dataclass
class Question:
    """The raw entries of a question, what they mean, and what is wrong with them by field."""

    raw: dict[str, str]
    on: date | None = None
    amount: int | None = None
    errors: dict[str, str] = field(default_factory=dict)
    form_errors: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.errors


def read_day(query: Mapping[str, str], today: date, days: tuple[date, date] | None = None) -> Question:
    """The day asked for (`on_day`, `on_month`, `on_year`, or `on` in ISO form), today if none is given."""
    question = Question({name: query.get(name, "") for name in ("on_day", "on_month", "on_year", "instalment")})
    entries = [plain_entry(question.raw[name]) for name in ("on_year", "on_month", "on_day")]
    if query.get("on") and not any(entries):
        entries = plain_entry(query["on"]).split("-")
    if not any(entries):
        question.on = today
    else:
        question.on = _day(entries)
    if question.on is None:
        question.errors["on"] = _("This is not a day of the calendar. Type day, month and year in digits.")
        return question
    if days is not None and not days[0] <= question.on <= days[1]:
        question.errors["on"] = _("Choose a day from the start of the contract up to two years ahead.")
    question.raw |= dict(zip(("on_year", "on_month", "on_day"), map(str, question.on.timetuple()[:3]), strict=True))
    return question


def read_payment(query: Mapping[str, str], today: date, currency: str, days: tuple[date, date]) -> Question:
    """A day and an amount in major units of the currency, `1,000.00` or `1000`."""
    question = read_day(query, today, days)
    question.raw["amount"] = query.get("amount", "")
    if not plain_entry(question.raw["amount"]):
        return question
    try:
        question.amount = read_amount(question.raw["amount"], currency)
    except ValueError as mistake:
        question.errors["amount"] = str(mistake)
    return question


def _day(entries: list[str]) -> date | None:
    try:
        year, month, day = (int(entry) for entry in entries if entry.isdecimal())
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None
