"""What a borrower answers about a plan, read from an address or a sent form, and what staff decide about one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from portal.core.money import format_major
from portal.plans import words
from portal.plans.facts import Answers
from portal.platform.forms import Form, NoEntries
from portal.platform.i18n import gettext as _
from portal.platform.typed import plain_entry, read_amount

ANSWERS = ("currency", "first", "when", "way", "monthly", "payments", "pay_day", "rhythm", "first_on")
"""The names of the answers, in forms and in addresses."""

PAYMENTS_MOST = {"monthly": 24, "two_weekly": 52, "weekly": 104}
"""What fits into the two years that the engine looks ahead."""
PAY_DAYS = range(1, 29)


@dataclass
class Question:
    """The raw answers, what they mean (None while they mean nothing), and what is wrong with them by field."""

    raw: dict[str, str]
    answers: Answers | None = None
    errors: dict[str, str] = field(default_factory=dict)
    form_errors: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.answers is not None and not self.errors and not self.form_errors


def read_answers(
    given: Mapping[str, str], currency: str, payday: int | None = None, today: date | None = None
) -> Question:
    """The answers in `given`; amounts are in major units of the currency, `1,000.00` or `1000`.

    `payday` is the person's own, which may be one of the days 29 to 31 that cannot be chosen otherwise.
    """
    raw = {name: str(given.get(name, "")) for name in ANSWERS} | {"currency": currency}
    question = Question(raw)
    first = _amount(question, "first", currency) or 0
    days = read_days(question, payday, today)
    by_count = raw["way"] in {"payments", "equal"}
    monthly = None if by_count else _needed_amount(question, "monthly", currency)
    payments = _number(question, "payments", range(1, PAYMENTS_MOST[days.rhythm] + 1)) if by_count else None
    if not question.errors:
        question.answers = replace(
            days,
            monthly=monthly,
            payments=payments,
            first=first,
            first_today=raw["when"] != "pay_day",
            equal=raw["way"] == "equal",
        )
    return question


def read_days(question: Question, payday: int | None, today: date | None) -> Answers:
    """The days of payment among the answers; what is wrong with them is said beside them."""
    rhythm = question.raw["rhythm"]
    if rhythm in {"weekly", "two_weekly"}:
        day = _day(question, "first_on")
        if day and today and day > today + _SOON:
            question.errors["first_on"] = _("Choose the first day.")
        return Answers(1, None, None, rhythm=rhythm, first_on=day)  # type: ignore[arg-type]
    if rhythm not in {"", "monthly"}:
        question.errors["rhythm"] = _("Choose one of the answers.")
    if payday and plain_entry(question.raw["pay_day"]) == str(payday):
        return Answers(payday, None, None)
    return Answers(_number(question, "pay_day", PAY_DAYS) or 1, None, None)


def read_first(raw: Mapping[str, str], currency: str) -> tuple[int, dict[str, str]]:
    """What can be paid now in minor units, and what is wrong with it."""
    question = Question({"first": str(raw.get("first", ""))})
    return _amount(question, "first", currency) or 0, question.errors


def read_amounts(raw: Mapping[str, str], names: Iterable[str], currency: str) -> tuple[dict[str, int], dict[str, str]]:
    """Amounts in minor units by name, nothing typed as 0; and what is wrong with them."""
    question = Question({name: str(raw.get(name, "")) for name in names})
    found = {name: _amount(question, name, currency) or 0 for name in question.raw}
    return found, question.errors


def as_typed(answers: Answers, currency: str) -> dict[str, str]:
    """The answers as a form or an address has them."""
    return {
        "currency": currency,
        "first": plain_amount(answers.first, currency),
        "when": "today" if answers.first_today or not answers.first else "pay_day",
        "way": "monthly" if answers.monthly is not None else "equal" if answers.equal else "payments",
        "monthly": "" if answers.monthly is None else plain_amount(answers.monthly, currency),
        "payments": str(answers.payments or ""),
        "pay_day": str(answers.pay_day),
        "rhythm": answers.rhythm,
        "first_on": answers.first_on.isoformat() if answers.first_on else "",
    }


def plain_amount(minor: int, currency: str) -> str:
    """An amount as somebody would type it."""
    written = format_major(minor, currency)
    whole, _point, part = written.partition(".")
    return written if part.strip("0") else whole


def _needed_amount(question: Question, name: str, currency: str) -> int | None:
    amount = _amount(question, name, currency)
    if not amount:
        question.errors.setdefault(name, _("Type an amount above zero."))
    return amount


def _amount(question: Question, name: str, currency: str) -> int | None:
    if not plain_entry(question.raw[name]):
        return None
    try:
        return read_amount(question.raw[name], currency, zero=True)
    except ValueError as mistake:
        question.errors[name] = str(mistake)
        return None


_DAYS_MOST = 31
_SOON = timedelta(days=_DAYS_MOST)


def _day(question: Question, name: str) -> date | None:
    try:
        return date.fromisoformat(question.raw[name])
    except ValueError:
        question.errors[name] = _("Choose the first day.")
        return None


def _number(question: Question, name: str, allowed: range) -> int | None:
    typed = plain_entry(question.raw[name])
    if typed.isascii() and typed.isdigit() and len(typed) < 4 and int(typed) in allowed:
        return int(typed)
    first, last = allowed[0], allowed[-1]
    question.errors[name] = _("Choose a number from %(first)s to %(last)s.", first=first, last=last)
    return None


Short = Annotated[str, StringConstraints(max_length=40)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


class WithdrawForm(Form[NoEntries]):
    """Takes a proposal back."""

    purpose = "withdraw_plan"
    refusals = words.REFUSALS


class ApproveInput(BaseModel):
    """Staff agree: on which figures, with or without penalty meanwhile, why, and words to the borrower."""

    seen: Annotated[str, StringConstraints(max_length=64)] = ""
    told: Annotated[str, StringConstraints(max_length=200)] = ""
    freeze: Literal["0", "1"] = "0"
    reason: Literal["within_limits", "small_excess", "hardship", "other_for"]
    words: Words = ""


class ApproveForm(Form[ApproveInput]):
    """Agrees to a proposal."""

    purpose = "approve_plan"
    outlives = True
    refusals = words.REFUSALS


class RefuseInput(BaseModel):
    """Staff do not agree: why, and words to the borrower."""

    seen: Annotated[str, StringConstraints(max_length=64)] = ""
    told: Annotated[str, StringConstraints(max_length=200)] = ""
    reason: Literal["outside_limits", "due_too_soon", "dispute_first", "other_against"]
    words: Words = ""


class RefuseForm(Form[RefuseInput]):
    """Says no to a proposal."""

    purpose = "refuse_plan"
    outlives = True
    refusals = words.REFUSALS


class SecondInput(BaseModel):
    """The second person's answer, on the figures seen and to the request shown."""

    seen: Annotated[str, StringConstraints(max_length=64)] = ""
    asked: Annotated[str, StringConstraints(max_length=64)] = ""
    answer: Literal["confirm", "decline", "take_back"]


class SecondForm(Form[SecondInput]):
    """Settles what awaits a second person."""

    purpose = "second_person_plan"
    refusals = words.REFUSALS
