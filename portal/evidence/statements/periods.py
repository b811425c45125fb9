"""Periods given by instants: only the days that lie in them from beginning to end count as covered."""

from datetime import date, time, timedelta

LAST_MINUTE = time(23, 59)


def whole_days(
    start: date | None, starts_at: time | None, end: date | None, ends_at: time | None
) -> tuple[date | None, date | None]:
    """The first and last whole day; without a time of day the day counts whole."""
    if start and starts_at and starts_at > time(0, 1):
        start += timedelta(days=1)
    if end and ends_at is not None and ends_at < LAST_MINUTE:
        end -= timedelta(days=1)
    if start and end and start > end:
        return None, None
    return start, end
