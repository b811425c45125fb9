"""The contact window and the daily cap (domain.md 6)."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from portal.core.contact import ContactDecision, ContactRule, may_contact, strictest

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = ContactRule(time(8), time(22), 3, "GB/T 45251-2025")
LENDER = ContactRule(time(8), time(21), 5, "lender")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize("now", [at(17, 8), at(17, 12), at(17, 21, 59)])
def test_inside_the_window_and_under_the_cap_it_may_go_now(now: datetime) -> None:
    assert may_contact(now, 2, CHINA) == ContactDecision(True, now)


@pytest.mark.parametrize(
    ("now", "sent_today", "next_at"),
    [
        (at(17, 7, 59), 0, at(17, 8)),
        (at(17, 0), 0, at(17, 8)),
        (at(17, 22), 0, at(18, 8)),
        (at(17, 23, 59), 0, at(18, 8)),
        (at(17, 12), 3, at(18, 8)),
        (at(17, 7), 3, at(18, 8)),
        (at(30, 22), 0, datetime(2026, 5, 1, 8, tzinfo=SHANGHAI)),
    ],
)
def test_otherwise_the_next_opening_is_named(now: datetime, sent_today: int, next_at: datetime) -> None:
    assert may_contact(now, sent_today, CHINA) == ContactDecision(False, next_at)


def test_the_next_opening_is_eight_by_the_person_s_own_clock_after_a_change_of_time() -> None:
    evening = datetime(2026, 3, 28, 23, tzinfo=ZoneInfo("Europe/Berlin"))
    decision = may_contact(evening, 0, CHINA)
    assert decision.next_at.isoformat() == "2026-03-29T08:00:00+02:00"


def test_the_strictest_rule_keeps_all() -> None:
    rule = strictest([CHINA, LENDER])
    assert rule == ContactRule(time(8), time(21), 3, "GB/T 45251-2025; lender")


@pytest.mark.parametrize(("opens", "closes", "cap"), [(time(22), time(8), 3), (time(8), time(22), 0)])
def test_a_rule_that_never_lets_anything_out_is_refused(opens: time, closes: time, cap: int) -> None:
    with pytest.raises(ValueError, match="window"):
        ContactRule(opens, closes, cap)
