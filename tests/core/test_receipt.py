"""The document that explains an assessment, the fingerprint, and the figures beside the lines."""

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest

from portal.core.assessment import assess
from portal.core.facts import DebitAttempt, LoanFacts
from portal.core.receipt import (
    ENGINE_VERSION,
    all_in_cost,
    explain,
    fingerprint,
    night_lines,
    one_more_night,
    rates_used,
    what_if,
    yearly_cost,
)
from portal.core.terms import RateRow
from tests.core.loans import (
    A_RATE,
    CEILING,
    RATE,
    instalment,
    lin_yi,
    loan,
    nights_waived,
    on,
    paid,
    refunded,
    seen,
    terms,
    waived,
)

ATTEMPT = DebitAttempt("A1", 3, datetime(2026, 3, 5, 0, 12, tzinfo=UTC), 118_000, "insufficient_funds", "51")
FULL = lin_yi(
    debit_attempts=(ATTEMPT,),
    days_waivers=(nights_waived(on(4, 17), None, 3),),
    amount_waivers=(waived(on(4, 10), 100, 3),),
    status_on=on(1, 1),
)


def explained(day: date, *facts: object) -> dict[str, Any]:
    found = loan(*facts)
    return explain(assess(found, day), found)


class TestExplain:
    def test_its_keys_are_those_of_the_schema_in_order(self) -> None:
        document = explain(assess(lin_yi(), on(4, 17)), lin_yi())
        assert list(document) == [
            "loan",
            "currency",
            "as_of",
            "engine",
            "terms",
            "due",
            "not_yet_due",
            "credit",
            "days_past_due",
            "stage",
            "instalments",
            "payments",
            "fingerprint",
        ]
        assert list(document["due"]) == ["fee", "interest", "principal", "penalty", "total"]
        assert list(document["instalments"][0]) == [
            "number",
            "due_on",
            "fee",
            "interest",
            "principal",
            "penalty_chargeable",
            "penalty_payable",
            "lines",
        ]
        assert list(document["payments"][0]) == [
            "payment",
            "received_on",
            "amount",
            "allocated",
            "credit",
            "refunded",
        ]
        assert list(document["payments"][0]["allocated"]) == ["fee", "penalty", "interest", "principal"]

    def test_a_line_has_reduced_fractions_and_null_where_a_field_has_no_use(self) -> None:
        document = explain(assess(lin_yi(), on(4, 17)), lin_yi())
        nights, payment = document["instalments"][2]["lines"][:2]
        assert nights == {
            "kind": "nights",
            "from": "2026-03-06",
            "to": "2026-03-20",
            "nights": 15,
            "base": 118_000,
            "daily_rate": "1/2000",
            "annual_ceiling": "6/25",
            "amount": 885,
        }
        assert payment == {
            "kind": "paid",
            "from": "2026-03-20",
            "to": "2026-03-20",
            "nights": None,
            "base": None,
            "daily_rate": None,
            "annual_ceiling": None,
            "amount": -885,
        }

    def test_the_terms_name_the_product_row_and_the_rates_used(self) -> None:
        document = explain(assess(lin_yi(), on(3, 31)), lin_yi())
        assert document["engine"] == ENGINE_VERSION
        assert document["terms"]["component_order"] == "fee>penalty>interest>principal"
        assert document["terms"]["rates"] == [
            {"effective_from": "2020-01-01", "daily_rate": "1/2000", "annual_ceiling": "6/25"}
        ]

    def test_it_is_plain_json(self) -> None:
        document = explained(on(4, 1), terms(grace_days=40), paid(on(2, 1), 5), refunded(on(2, 2), 3))
        assert json.loads(json.dumps(document)) == document
        assert document["payments"][0]["refunded"] == 3
        assert document["instalments"][0]["lines"][0]["kind"] == "grace"

    def test_an_unpaid_late_instalment_shows_what_is_unpaid(self) -> None:
        document = explained(on(3, 15), instalment(interest=1_000, fee=200), paid(on(3, 5), 700))
        assert document["due"] == {
            "fee": 0,
            "interest": 500,
            "principal": 100_000,
            "penalty": 503,
            "total": 101_003,
        }


class TestRatesUsed:
    ROWS = tuple(RateRow(day, RATE, None) for day in (date(2020, 1, 1), on(3, 6), on(3, 10)))

    def test_they_are_those_in_force_on_a_night_since_the_first_due_date(self) -> None:
        facts = loan(terms(rates=self.ROWS))
        assert rates_used(facts, on(3, 5)) == ()
        assert rates_used(facts, on(3, 9)) == self.ROWS[1:2]
        assert rates_used(facts, on(3, 10)) == self.ROWS[1:]

    def test_by_contract_date_it_is_the_one_of_the_disbursement(self) -> None:
        facts = loan(terms(rates=self.ROWS, rates_apply="by_contract_date"))
        assert rates_used(facts, on(9, 1)) == self.ROWS[:1]


class TestFingerprint:
    def test_it_is_the_same_for_the_same_facts_in_any_order(self) -> None:
        turned = replace(
            FULL, instalments=FULL.instalments[::-1], payments=FULL.payments[::-1], debit_attempts=(ATTEMPT,)
        )
        assert fingerprint(turned, on(4, 17)) == fingerprint(FULL, on(4, 17))
        assert len(fingerprint(FULL, on(4, 17))) == 64

    def test_another_day_gives_another(self) -> None:
        assert fingerprint(FULL, on(4, 17)) != fingerprint(FULL, on(4, 18))

    @pytest.mark.parametrize("name", [field.name for field in fields(LoanFacts)])
    def test_every_fact_counts(self, name: str) -> None:
        changed = replace(FULL, **{name: _another(getattr(FULL, name))})
        assert fingerprint(changed, on(4, 17)) != fingerprint(FULL, on(4, 17))

    @pytest.mark.parametrize(
        ("name", "field"),
        [
            (group, field)
            for group in ("instalments", "payments", "debit_attempts", "days_waivers", "amount_waivers")
            for field in type(getattr(FULL, group)[0]).__annotations__
        ],
    )
    def test_every_field_of_a_fact_counts(self, name: str, field: str) -> None:
        first, *others = getattr(FULL, name)
        change = {field: _another(getattr(first, field))}
        changed = first._replace(**change) if isinstance(first, tuple) else replace(first, **change)
        other = replace(FULL, **{name: (changed, *others)})
        assert fingerprint(other, on(4, 17)) != fingerprint(FULL, on(4, 17))

    @pytest.mark.parametrize("field", [field.name for field in fields(terms())])
    def test_every_term_counts(self, field: str) -> None:
        changed = replace(FULL.terms, **{field: _another(getattr(FULL.terms, field))})
        assert fingerprint(replace(FULL, terms=changed), on(4, 17)) != fingerprint(FULL, on(4, 17))

    def test_an_instant_counts_and_not_its_zone(self) -> None:
        moved = replace(ATTEMPT, attempted_at=ATTEMPT.attempted_at.astimezone(timezone(timedelta(hours=8))))
        assert fingerprint(replace(FULL, debit_attempts=(moved,)), on(4, 17)) == fingerprint(FULL, on(4, 17))


def _another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value + "?"
        case datetime() | date():
            return value + timedelta(days=1)
        case None:
            return 1
        case tuple():
            return value[:-1]
    return replace(value, product="other")


class TestNightLines:
    def test_only_nights_open(self) -> None:
        assert night_lines(seen(on(3, 20), terms(grace_days=40)).instalment(1).lines[0]) == []

    def test_the_running_sum_goes_on_from_stretch_to_stretch(self) -> None:
        rows = (A_RATE, RateRow(on(3, 8), Fraction(1, 3000), None))
        opened = [
            night for line in seen(on(3, 9), terms(rates=rows)).instalment(1).lines for night in night_lines(line)
        ]
        assert [day for day, _, _ in opened] == [on(3, 6), on(3, 7), on(3, 8), on(3, 9)]
        assert [running for _, _, running in opened] == [
            50,
            100,
            100 + Fraction(100, 3),
            100 + Fraction(200, 3),
        ]


class TestCostsAYear:
    def test_that_of_a_penalty_is_its_rate_times_365(self) -> None:
        assert yearly_cost(seen(on(3, 25)).instalment(1)) == RATE * 365

    def test_it_never_passes_the_ceiling(self) -> None:
        limited = terms(late_fee=5_000, rates=(RateRow(date(2020, 1, 1), RATE, CEILING),))
        assert yearly_cost(seen(on(3, 25), limited).instalment(1)) == CEILING

    def test_there_is_none_before_the_first_night(self) -> None:
        assert yearly_cost(seen(on(3, 5)).instalment(1)) is None

    def test_that_of_the_loan_is_all_charges_over_the_principal_of_every_day(self) -> None:
        facts = loan(
            instalment(1, on(1, 4), 50_000, 1_000, 100),
            instalment(2, on(2, 3), 50_000, 500),
            paid(on(1, 4), 51_100),
            disbursed_on=date(2025, 12, 5),
        )
        day = on(2, 5)
        principal_days = 100_000 * 30 + 50_000 * 32
        charges = 1_100 + 500 + 51  # two nights of 505.00
        assert all_in_cost(facts, assess(facts, day)) == Fraction(charges * 365, principal_days)

    def test_on_the_day_of_disbursement_there_is_none(self) -> None:
        assert all_in_cost(loan(), assess(loan(), date(2025, 12, 5))) is None

    def test_waived_principal_is_no_longer_outstanding(self) -> None:
        facts = loan(waived(on(3, 5), 100_000, component="principal"))
        days_outstanding = 90
        assert all_in_cost(facts, assess(facts, on(9, 1))) == 0
        fee = loan(waived(on(3, 5), 100_000, component="principal"), instalment(fee=900))
        assert all_in_cost(fee, assess(fee, on(9, 1))) == Fraction(900 * 365, 100_000 * days_outstanding)


class TestWhatIf:
    def test_the_extra_payment_is_the_last_of_its_day(self) -> None:
        facts = loan(paid(on(3, 15), 300, "zzz"))
        _, after = what_if(facts, on(3, 15), 300)
        assert [payment.allocated.penalty for payment in after.payments] == [300, 200]

    def test_more_than_all_stays_as_credit(self) -> None:
        _, after = what_if(loan(), on(3, 15), 150_000)
        assert (after.due.total, after.refund_owed) == (0, 49_500)

    @pytest.mark.parametrize("amount", [0, -1])
    def test_a_payment_is_more_than_nothing(self, amount: int) -> None:
        with pytest.raises(ValueError, match="more than nothing"):
            what_if(loan(), on(3, 15), amount)


class TestOneMoreNight:
    def test_what_falls_due_or_arrives_on_the_next_day_is_left_out(self) -> None:
        facts = loan(instalment(1), instalment(2, on(3, 16)), paid(on(3, 16), 50_000))
        assert one_more_night(facts, on(3, 15)) == 50

    def test_it_shows_a_late_fee_and_the_end_of_grace(self) -> None:
        assert one_more_night(loan(terms(late_fee=1_000, late_fee_after_days=3)), on(3, 7)) == 1_050
        assert one_more_night(loan(terms(grace_days=3)), on(3, 8)) == 200

    def test_it_is_nothing_where_nothing_is_late(self) -> None:
        assert one_more_night(loan(), on(3, 1)) == 0
