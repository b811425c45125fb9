"""An event of the audit log in words: every value has a name, amounts a currency, codes their words."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.audit.queries import Entry
from portal.complaints import tables as complaints
from portal.desk.event_details import Known, details
from portal.desk.event_values import FIELDS, code_words
from portal.disputes import tables as disputes
from portal.loans import tables as loans
from portal.plans import tables as plans
from portal.platform.i18n import speaking
from portal.promises import tables as promises
from portal.settlements import tables as settlements
from tests.house.events_page import events

KNOWN = Known(staff={7: "Shen Ruo"}, loans={3: ("L-1", "JPY")}, currencies={"4K7-2GH": "CNY"})
ALL_OF_THEM = {
    ("complaint.answered", "outcome"): complaints.OUTCOMES,
    ("complaint.answered", "reason"): complaints.REASONS,
    ("complaint.opened", "channel"): complaints.CHANNELS,
    ("complaint.opened", "happening"): complaints.HAPPENINGS,
    ("complaint.opened", "wishes"): complaints.WISHES,
    ("dispute.decided", "outcome"): disputes.OUTCOMES,
    ("dispute.decided", "reason"): disputes.DECISION_REASONS,
    ("dispute.decided", "round"): disputes.ROUNDS,
    ("dispute.opened", "reason"): disputes.REASONS,
    ("loans.amount_waived", "component"): loans.COMPONENTS,
    ("loans.hold_opened", "hold"): loans.HOLD_KINDS,
    ("plans.counter_voided", "state"): plans.STATES[1:],
    ("promises.made", "channel"): promises.CHANNELS,
    ("promises.told", "what"): promises.TOLD,
    ("promises.withdrawn", "by"): promises.ENDED_BY,
    ("settlements.lapsed", "ending"): settlements.ENDINGS,
    ("settlements.request_ended", "state"): settlements.REQUEST_STATES,
}


def told(kind: str, subject: str = "4K7-2GH", **values: Any) -> dict[str, str]:
    payload = json.dumps({"subject": subject, **values})
    return dict(details(Entry(1, datetime(2026, 4, 17, tzinfo=UTC), "staff", 7, kind, subject, payload), KNOWN))


def test_every_value_of_every_event_has_a_name() -> None:
    named = {each.name for _package, event in events() for each in fields(event)} - {"subject"}
    assert named == set(FIELDS)


@pytest.mark.parametrize(("kind", "name"), ALL_OF_THEM)
def test_every_code_has_words(kind: str, name: str) -> None:
    assert set(ALL_OF_THEM[kind, name]) <= set(code_words(kind, name))


def test_amounts_days_names_and_codes_are_readable() -> None:
    decided = told(
        "dispute.decided", amount=2054, outcome="upheld", reason="funds_met", confirmed_by=7, round="review", waivers=[]
    )
    assert decided == {
        "Amount": "CN¥20.54",
        "Outcome": "Upheld",
        "Reason": "Funds rule met, no second debit",
        "Confirmed by": "Shen Ruo",
        "Round": "Review",
    }
    assert told("account.pay_link_made", "x", loan_id=3, amount=500, expires_on="2026-04-24") == {
        "Contract": "L-1",
        "Amount": "JP¥500",
        "Until": "24 April 2026",
    }
    assert told("evidence.file_added", "x", case="dispute:4K7-2GH", shared=True)["Case"] == "Dispute 4K7-2GH"
    assert told("settlements.quoted", loan_id=None, reductions=["penalty 856"])["Less asked for"] == "Penalty CN¥8.56"
    limit = json.dumps({"first_payment_min": 10_000, "freeze": True})
    assert told("plans.limits_changed", after=limit)["From then on"].startswith("First payment at least 100.00; ")
    with speaking("zh"):
        assert told("dispute.decided", outcome="partly") == {"结果": "部分成立"}
        assert told("evidence.file_added", shared=True) == {"借款人可以看到": "是"}, "a yes, not a permission"


def test_what_nobody_knows_is_shown_as_it_stands() -> None:
    assert told("dispute.decided", "other", amount=5, outcome="new_one", unheard_of="x") == {
        "Amount": "5 of the smallest unit",
        "Outcome": "new_one",
        "unheard_of": "x",
    }
