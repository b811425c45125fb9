"""Rule packs: a country's legal figures as dated rows with their source, from `rule_packs/<code>.toml`."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

import holidays

from portal.core.contact import ContactRule, strictest
from portal.core.days import WorkingCalendar, add_working_days

YEARS_AROUND = 3
"""How many years before and after a day a calendar covers: every plan and promised date lies within."""


@dataclass(frozen=True, slots=True)
class ComplaintBody:
    """Where a borrower can complain outside the lender; names and addresses by language.

    `sure` is how the row was checked: `S` read in the rule itself, `2` read in news or a summary of it.
    """

    names: Mapping[str, str]
    phone: str
    source: str
    addresses: Mapping[str, str] = field(default_factory=dict)
    sure: str = ""

    def name(self, language: str) -> str:
        """The name in a language, else in English."""
        return _in(self.names, language)

    def address(self, language: str) -> str:
        """Where to write to, in a language; empty where no address was checked."""
        return _in(self.addresses, language) if self.addresses else ""


@dataclass(frozen=True, slots=True)
class ContactLaw:
    """A rule for how borrowers may be contacted, as it is named to them; names by language."""

    names: Mapping[str, str]
    source: str
    sure: str

    def name(self, language: str) -> str:
        """The name in a language, else in English."""
        return _in(self.names, language)


@dataclass(frozen=True, slots=True)
class RulePack:
    """One rule pack; every figure is asked for with a day."""

    code: str
    name: str
    _country: str
    _rows: Mapping[str, Any]

    def contact_rule(self, day: date) -> ContactRule:
        """The law's window and cap on that day, and the lender's own where it is stricter."""
        rows = self._rows["contact_rule"]
        kinds = (row for own in (False, True) for row in [_latest(rows, day, own)] if row is not None)
        return strictest([_contact_rule(row) for row in kinds])

    def confirm_number_days(self, day: date) -> int | None:
        """After how many days without confirmation a number is not written to any more; None for no limit."""
        row = _latest(self._rows.get("number_confirmed", ()), day)
        return row["days"] if row else None

    def complaint_bodies(self, day: date) -> tuple[ComplaintBody, ...]:
        """Whom a borrower can turn to on that day."""
        rows = self._rows.get("complaint_body", ())
        return tuple(
            ComplaintBody(row["name"], row["phone"], row["source"], row.get("address", {}), row["sure"])
            for row in _begun(rows, day)
        )

    def contact_laws(self, day: date) -> tuple[ContactLaw, ...]:
        """The rules for how borrowers may be contacted that are in force on that day."""
        rows = _begun(self._rows.get("contact_law", ()), day)
        return tuple(ContactLaw(row["name"], row["source"], row["sure"]) for row in rows)

    def limitation(self, day: date) -> Mapping[str, str]:
        """By language, the rule by which agreeing to pay starts the limitation period anew; empty for none."""
        row = _latest(self._rows.get("limitation", ()), day)
        return row["name"] if row else {}

    def complaint_answer_by(self, day: date) -> date:
        """The last day to answer a complaint of that day: the law's, or the lender's own where it is earlier."""
        rows = self._rows["complaint_answer"]
        kinds = (row for own in (False, True) for row in [_latest(rows, day, own)] if row is not None)
        return min(self._answer_by(row, day) for row in kinds)

    def _answer_by(self, row: Mapping[str, Any], day: date) -> date:
        if "days" in row:
            return day + timedelta(days=row["days"])
        return add_working_days(day, row["working_days"], self.calendar(day))

    def calendar(self, day: date) -> WorkingCalendar:
        """Working days around a day. The pack's own rows (`[[day]]`: on, works) win over the country's."""
        return _calendar(self.code, day.year)


@lru_cache(maxsize=8)
def rule_pack(code: str) -> RulePack:
    """A pack by its code. LookupError if there is none."""
    if code not in codes():
        raise LookupError(f"no rule pack {code!r}")
    text = (files("portal.loans") / "rule_packs" / f"{code}.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    return RulePack(code, rows["name"], rows["holidays"], rows)


@lru_cache(maxsize=1)
def codes() -> tuple[str, ...]:
    """The codes of all packs."""
    folder = files("portal.loans") / "rule_packs"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir()))


@lru_cache(maxsize=32)
def _calendar(code: str, year: int) -> WorkingCalendar:
    pack = rule_pack(code)
    country = holidays.country_holidays(pack._country, years=range(year - YEARS_AROUND, year + YEARS_AROUND + 1))
    free, worked = set(country), set(country.weekend_workdays)
    for row in pack._rows.get("day", ()):
        (worked if row["works"] else free).add(row["on"])
        (free if row["works"] else worked).discard(row["on"])
    return WorkingCalendar(frozenset(free), frozenset(worked))


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language.split("-")[0], texts["en"])


def _begun(rows: Iterable[Mapping[str, Any]], day: date) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["effective_from"] <= day]


def _latest(rows: Iterable[Mapping[str, Any]], day: date, own: bool = False) -> Mapping[str, Any] | None:
    begun = (row for row in _begun(rows, day) if row.get("own", False) == own)
    return max(begun, key=lambda row: row["effective_from"], default=None)


def _contact_rule(row: Mapping[str, Any]) -> ContactRule:
    return ContactRule(row["opens"], row["closes"], row["contacts_a_day"], row["source"])
