"""An event of the audit log as people read it: what each value is called, amounts, days, names and codes in words.

The log keeps its own words; beside these it is shown as it is held, since the chain is over that text.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.audit.queries import Entry
from portal.desk.event_values import AMOUNTS, FIELDS, FINGERPRINTS, STAFF, code_words
from portal.plans.words import LIMIT_FIELDS, limit_value
from portal.platform import formats
from portal.platform.i18n import gettext as _
from portal.platform.i18n import pgettext
from portal.platform.labels import fingerprint

UNSAID: tuple[Any, ...] = ("", None, [])
"""What an event leaves empty, and nobody needs to read."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the values of some entries refer to.

    `staff` are names, `loans` references and currencies by id, `currencies` those of requests by their number.
    """

    staff: Mapping[int, str] = field(default_factory=dict)
    loans: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    currencies: Mapping[str, str] = field(default_factory=dict)


def details(entry: Entry, known: Known) -> list[tuple[str, str]]:
    """What an event says beside what it is about: the name of each value, and the value in words."""
    values: Mapping[str, Any] = json.loads(entry.payload)
    reader = _Reader(entry.kind, known, _currency_of(entry.subject, values, known))
    return [
        (str(FIELDS.get(name, name)), reader.words(name, value))
        for name, value in values.items()
        if name != "subject" and value not in UNSAID
    ]


def _currency_of(subject: str, values: Mapping[str, Any], known: Known) -> str:
    """The currency of an event's amounts, empty where it is not known."""
    loan = known.loans.get(values.get("loan_id") or 0)
    return str(values.get("currency") or (loan[1] if loan else "") or known.currencies.get(subject, ""))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Writes the values of one event."""

    kind: str
    known: Known
    currency: str

    def words(self, name: str, value: Any) -> str:
        """One value in words; one that nothing is known of as the log has it."""
        if isinstance(value, list):
            return _("; ").join(self.words(name, each) for each in value)
        if isinstance(value, bool):
            return pgettext("an event", "yes") if value else pgettext("an event", "no")
        if isinstance(value, int):
            return self._number(name, value)
        return self._text(name, str(value))

    def _number(self, name: str, value: int) -> str:
        if name == "loan_id" and value in self.known.loans:
            return self.known.loans[value][0]
        if name in AMOUNTS:
            return self._amount(value)
        is_staff = name in STAFF or (name == "by" and self.kind.startswith("plans."))
        return self.known.staff.get(value, str(value)) if is_staff else str(value)

    def _amount(self, value: int) -> str:
        if self.currency:
            return formats.money(value, self.currency)
        return _("%(count)s of the smallest unit", count=value)

    def _text(self, name: str, value: str) -> str:
        known = code_words(self.kind, name)
        if value in known:
            return str(known[value])
        if name in FINGERPRINTS:
            return fingerprint(value)
        if name in ("before", "after") and value.startswith("{"):
            return self._limits(json.loads(value))
        return self._pair(name, value, known) or _day(value) or value

    def _pair(self, name: str, value: str, known: Mapping[str, Any]) -> str:
        """A case with its number, a part of an amount with how much of it; empty of anything else."""
        code, mark, rest = value.partition(":" if name == "case" else " ")
        if not mark or code not in known:
            return ""
        is_amount = name == "reductions" and rest.isdigit()
        return f"{known[code]} {self._amount(int(rest)) if is_amount else rest}"

    def _limits(self, values: Mapping[str, Any]) -> str:
        return _("; ").join(
            f"{LIMIT_FIELDS.get(name, name)} {limit_value(name, each, self.currency)}" for name, each in values.items()
        )


def _day(text: str) -> str:
    """A day in words; empty of anything else."""
    try:
        return formats.long_date(date.fromisoformat(text)) if len(text) == 10 else ""
    except ValueError:
        return ""
