"""Rule packs: dated figures with their source, and working days."""

from datetime import date, time, timedelta

import pytest

from portal.core.days import add_working_days
from portal.loans.product_rules import rules_on
from portal.loans.rulepacks import codes, rule_pack

DAY = date(2026, 4, 17)


def test_the_stricter_of_the_law_and_the_lenders_own_rule_counts() -> None:
    rule = rule_pack("cn").contact_rule(DAY)
    assert (rule.opens, rule.closes, rule.contacts_a_day) == (time(8), time(21), 3)
    assert "GB/T 45251-2025" in rule.source


def test_the_law_counts_from_its_day() -> None:
    assert "GB/T" not in rule_pack("cn").contact_rule(date(2025, 2, 27)).source


@pytest.mark.parametrize("code", codes())
def test_every_pack_is_whole(code: str) -> None:
    pack = rule_pack(code)
    assert pack.contact_rule(DAY).contacts_a_day >= 1
    bodies, laws = pack.complaint_bodies(DAY), pack.contact_laws(DAY)
    assert all(body.name("zh") and body.name("fr") and body.source and body.phone for body in bodies)
    assert all(law.name("zh") and law.source for law in laws)
    assert all(each.sure in {"S", "2"} for each in (*bodies, *laws)), "from knowledge alone is no row (words.md)"
    assert DAY < pack.complaint_answer_by(DAY) <= DAY + timedelta(days=15)
    assert not pack.calendar(DAY).is_working_day(date(2026, 1, 1))


def test_a_complaint_is_answered_by_the_earlier_of_the_law_and_our_own_rule() -> None:
    pack = rule_pack("cn")
    assert pack.complaint_answer_by(DAY) == date(2026, 4, 24), "five working days"
    long_holidays = date(2026, 2, 13)
    assert pack.complaint_answer_by(long_holidays) == min(
        long_holidays + timedelta(days=15), add_working_days(long_holidays, 5, pack.calendar(long_holidays))
    )
    assert pack.complaint_answer_by(date(2019, 4, 17)) == date(2019, 4, 24), "the lender's own rule is older"


def test_addresses_are_given_where_they_were_checked() -> None:
    addresses = {body.phone: body.address("zh") for body in rule_pack("cn").complaint_bodies(DAY)}
    assert addresses == {"12378": "", "12363": "北京市西城区成方街32号，邮编100800"}
    (bureau,) = rule_pack("us").complaint_bodies(DAY)
    assert bureau.address("en") == "www.consumerfinance.gov/complaint"


def test_make_up_days_are_worked() -> None:
    calendar = rule_pack("cn").calendar(DAY)
    assert calendar.is_working_day(date(2026, 2, 14))
    assert add_working_days(date(2026, 4, 30), 1, calendar) == date(2026, 5, 6)


def test_only_the_us_pack_asks_numbers_to_be_confirmed() -> None:
    assert rule_pack("cn").confirm_number_days(DAY) is None
    assert rule_pack("us").confirm_number_days(DAY) == 60


def test_an_unknown_pack_is_an_error() -> None:
    with pytest.raises(LookupError):
        rule_pack("../cn")


def test_reducible_depends_on_the_contract_unless_the_product_says_otherwise() -> None:
    assert rules_on(DAY, [], "sales_credit", "CNY").reducible == {"penalty"}
    assert rules_on(DAY, [], "bank_loan", "CNY").reducible == frozenset()
    said = [("reducible", "2026-01-01", "penalty>interest")]
    assert rules_on(DAY, said, "bank_loan", "CNY").reducible == {"penalty", "interest"}
