"""What a supervisor types to change a limit, and what another one says about it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, StringConstraints

from portal.core.money import format_major
from portal.plans import words
from portal.plans.forms import Short
from portal.plans.limits_facts import FIELDS, MONEY, MOST
from portal.platform.forms import Form
from portal.platform.i18n import gettext as _
from portal.platform.typed import plain_entry, read_amount


class LimitInput(BaseModel):
    """Which limit, from which day, and what it says then; amounts in major units of its currency."""

    kind: Short
    product: Short = ""
    role: Short = ""
    currency: Short = ""
    effective_from: date
    first_payment_min: Short = ""
    payment_min: Short = ""
    payments_max: Short = ""
    days_max: Short = ""
    freeze: Literal["0", "1"] = "0"
    waiver_max: Short = ""
    waiver_day_max: Short = ""
    plan_max: Short = ""


class LimitForm(Form[LimitInput]):
    """Proposes a change of a limit."""

    purpose = "change_limit"
    outlives = True
    refusals = words.REFUSALS

    def values(self, kind: str, currency: str) -> dict[str, int | bool]:
        """What was typed, amounts in minor units; a mistake stands beside its field."""
        found: dict[str, int | bool] = {}
        for name in FIELDS[kind]:
            read = self._value_of(name, str(self.raw[name]), currency)
            if read is not None:
                found[name] = read
        return found

    def _value_of(self, name: str, typed: str, currency: str) -> int | bool | None:
        if name == "freeze":
            return typed == "1"
        if name in MONEY:
            return self._amount(name, typed, currency)
        digits = plain_entry(typed)
        if digits.isascii() and digits.isdigit() and len(digits) < 6 and 1 <= int(digits) <= MOST[name]:
            return int(digits)
        self.add_error(name, _("Choose a number from %(first)s to %(last)s.", first=1, last=MOST[name]))
        return None

    def _amount(self, name: str, typed: str, currency: str) -> int | None:
        try:
            return read_amount(typed, currency, zero=True)
        except ValueError as mistake:
            self.add_error(name, str(mistake))
            return None


class LimitAnswerInput(BaseModel):
    """The other supervisor's answer, on the change seen."""

    seen: Annotated[str, StringConstraints(max_length=64)] = ""
    answer: Literal["confirm", "decline", "take_back"]


class LimitAnswerForm(Form[LimitAnswerInput]):
    """Settles a change of a limit."""

    purpose = "answer_limit"
    refusals = words.REFUSALS


def as_typed(values: Mapping[str, Any], currency: str) -> dict[str, str]:
    """A limit as the form has it."""
    return {name: _typed(name, value, currency) for name, value in values.items()}


def _typed(name: str, value: Any, currency: str) -> str:
    if name == "freeze":
        return "1" if value else "0"
    return format_major(value, currency) if name in MONEY else str(value)
