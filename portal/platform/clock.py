"""The only place that reads the time."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """What time it is. Instants are UTC."""

    def now(self) -> datetime:
        """The present instant."""
        ...

    def today(self, zone: str) -> date:
        """The present date in a zone."""
        ...


class SystemClock:
    """The machine's clock, or that of the day that development asks for (`PORTAL_TODAY`)."""

    def __init__(self, zone: str = "UTC", today: date | None = None) -> None:
        self._zone = zone
        self._today = today

    def now(self) -> datetime:
        """The present instant; on a chosen day the real time of day, and at midnight that day begins again."""
        real = datetime.now(UTC)
        return real if self._today is None else moved_to(self._today, self._zone, real)

    def today(self, zone: str) -> date:
        """The present date in a zone."""
        return day_in(zone, self.now())


class FixedClock:
    """A clock that stands still until it is moved, for tests."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._now

    def today(self, zone: str) -> date:
        """The date of that instant in a zone."""
        return day_in(zone, self._now)

    def advance(self, **parts: float) -> None:
        """Move on by the parts of a timedelta, such as `minutes=10`."""
        self._now += timedelta(**parts)

    def set(self, now: datetime) -> None:
        """Move to an instant."""
        self._now = now.astimezone(UTC)


def moved_to(day: date, zone: str, instant: datetime) -> datetime:
    """The same time of day in a zone on another day."""
    there = _zone(zone)
    return datetime.combine(day, instant.astimezone(there).time(), there).astimezone(UTC)


def day_in(zone: str, instant: datetime) -> date:
    """The date of an instant in a zone."""
    return instant.astimezone(_zone(zone)).date()


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
