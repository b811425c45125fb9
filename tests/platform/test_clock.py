"""The day that development asks for stays that day, whatever the hour and however long a process lives."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.platform.clock import day_in, moved_to

DAY = date(2026, 4, 17)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "Europe/London"])
@pytest.mark.parametrize("begin", [datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)])
def test_every_hour_of_two_days_is_on_it(zone: str, begin: datetime) -> None:
    moments = [begin + place * HOUR - timedelta(microseconds=1) for place in range(49)]
    assert {day_in(zone, moved_to(DAY, zone, each)) for each in moments} == {DAY}


def test_it_keeps_the_time_of_day() -> None:
    there = moved_to(DAY, "Asia/Shanghai", datetime(2026, 11, 26, 15, 59, 30, tzinfo=UTC))
    assert there == datetime(2026, 4, 17, 15, 59, 30, tzinfo=UTC)
    assert moved_to(DAY, "Asia/Shanghai", datetime(2026, 11, 26, 16, 0, tzinfo=UTC)) == datetime(
        2026, 4, 16, 16, 0, tzinfo=UTC
    )
