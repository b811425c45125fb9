"""What the audit log records of loans: imports, holds and waivers."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ImportApplied:
    """An import was written: its number, the day of its data, and how many rows were new or changed."""

    kind: ClassVar[str] = "loans.import_applied"
    import_id: int
    data_date: date
    new: int
    changed: int
    confirmed: int
    rejected: int

    @property
    def subject(self) -> str:
        """What the record is about."""
        return f"import {self.import_id}"


@dataclass(frozen=True, slots=True)
class HoldOpened:
    """Something is pending on a loan or person: the number is that of its dispute, plan or other cause."""

    kind: ClassVar[str] = "loans.hold_opened"
    number: str
    hold: str
    loan_id: int | None
    person_id: int
    from_day: date
    until: date | None

    @property
    def subject(self) -> str:
        """What the record is about."""
        return self.number


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """What was pending under a number no longer is."""

    kind: ClassVar[str] = "loans.hold_ended"
    number: str
    on_day: date
    outcome: str

    @property
    def subject(self) -> str:
        """What the record is about."""
        return self.number


@dataclass(frozen=True, slots=True)
class NightsWaived:
    """Nights of an instalment, or of the whole loan, cost nothing: both days included, no end is open."""

    kind: ClassVar[str] = "loans.nights_waived"
    portal_number: str
    loan_id: int
    instalment: int | None
    from_day: date
    to_day: date | None
    cause: str
    number: str

    @property
    def subject(self) -> str:
        """What the record is about."""
        return self.number


@dataclass(frozen=True, slots=True)
class AmountWaived:
    """An amount of one component, in minor units, is no longer asked for from a day on."""

    kind: ClassVar[str] = "loans.amount_waived"
    portal_number: str
    loan_id: int
    instalment: int | None
    on_day: date
    amount: int
    component: str
    cause: str
    number: str

    @property
    def subject(self) -> str:
        """What the record is about."""
        return self.number


@dataclass(frozen=True, slots=True)
class DaysWaiverEnded:
    """A waiver of nights that was open, or went further, now ends on a day."""

    kind: ClassVar[str] = "loans.days_waiver_ended"
    portal_number: str
    to_day: date
    number: str

    @property
    def subject(self) -> str:
        """What the record is about."""
        return self.number


@dataclass(frozen=True, slots=True)
class WaiverVoided:
    """What a waiver rested on is gone, such as a payment that came back: it counts as never written."""

    kind: ClassVar[str] = "loans.waiver_voided"
    portal_number: str
    number: str

    @property
    def subject(self) -> str:
        """What the record is about."""
        return self.number
