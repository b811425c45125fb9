"""What the values of an event are called and how they are written, in the reader's language.

`docs/events.md` says what each of them means; the log itself holds codes, minor units and ISO dates.
"""

from collections.abc import Mapping
from typing import Any

from portal.complaints import labels as complaint_words
from portal.desk import words
from portal.disputes import labels as dispute_words
from portal.plans import running_words
from portal.plans import words as plan_words
from portal.platform.i18n import Lazy, lazy
from portal.promises import words as promise_words
from portal.settlements import words as settlement_words

FIELDS: Mapping[str, Lazy] = {
    "about": lazy("About"),
    "account_id": lazy("Member of staff"),
    "act": lazy("Act"),
    "after": lazy("From then on"),
    "agreed_on": lazy("Payment of"),
    "amount": lazy("Amount"),
    "answer_by": lazy("Answer promised by"),
    "because": lazy("Because"),
    "before": lazy("Before"),
    "beside": lazy("Beside the draft"),
    "by": lazy("By"),
    "by_payment": lazy("Accepted by paying"),
    "case": lazy("Case"),
    "cause": lazy("Cause"),
    "challenge_id": lazy("Code no."),
    "changed": lazy("Changed rows"),
    "channel": lazy("Which way"),
    "component": lazy("Part of the amount"),
    "confirmed": lazy("Confirmed rows"),
    "confirmed_by": lazy("Confirmed by"),
    "consent_version": lazy("Version of the consent line"),
    "could_pay": lazy("Could pay in one sum"),
    "currency": lazy("Currency"),
    "data_date": lazy("Payments known up to"),
    "decided_by": lazy("Decided by"),
    "device_id": lazy("Device no."),
    "disputed": lazy("Disputed"),
    "due": lazy("Due"),
    "due_on": lazy("Due on"),
    "effective_from": lazy("From the day"),
    "ending": lazy("Ended because"),
    "evaluated_on": lazy("Evaluated on"),
    "everywhere": lazy("On every device"),
    "expires_on": lazy("Until"),
    "extra": lazy("Costs more"),
    "files": lazy("Files"),
    "finding": lazy("Found"),
    "fingerprint": lazy("Fingerprint"),
    "for_everybody": lazy("For every file with this header"),
    "freeze_forecast": lazy("Penalty that is expected to stop"),
    "from_day": lazy("From the day"),
    "from_staff": lazy("From staff"),
    "happening": lazy("What happened"),
    "hash_seen": lazy("Fingerprint of what was seen"),
    "held": lazy("Taken to work on it"),
    "hold": lazy("What is pending"),
    "identity": lazy("Identity"),
    "import_id": lazy("Import no."),
    "instalment": lazy("Instalment"),
    "is_frozen": lazy("Penalty stops meanwhile"),
    "known_device": lazy("On a known device"),
    "language": lazy("Language"),
    "lapsed_on": lazy("Lapsed on"),
    "last_on": lazy("Last payment on"),
    "limit": lazy("Limit"),
    "link_id": lazy("Link no."),
    "loan_id": lazy("Contract"),
    "made_by": lazy("Begun by"),
    "mark": lazy("Fingerprint of what is offered"),
    "most": lazy("Amount that closes it"),
    "new": lazy("New rows"),
    "number": lazy("Under the number"),
    "offered_by": lazy("Offered by"),
    "on_day": lazy("On the day"),
    "outcome": lazy("Outcome"),
    "page": lazy("Page"),
    "pages": lazy("Pages"),
    "paid_on": lazy("Paid on"),
    "part": lazy("Part of the case"),
    "parts": lazy("Put together of"),
    "passed": lazy("Right"),
    "payment_ref": lazy("Payment found"),
    "person": lazy("The person"),
    "person_id": lazy("Person no."),
    "plan_number": lazy("Became the plan"),
    "portal_number": lazy("Number of the waiver"),
    "problem": lazy("Could not be read because"),
    "product_id": lazy("Product no."),
    "reason": lazy("Reason"),
    "received": lazy("Received"),
    "reductions": lazy("Less asked for"),
    "rejected": lazy("Rows left out"),
    "role": lazy("Role"),
    "roles": lazy("Roles"),
    "round": lazy("Round"),
    "seen": lazy("Fingerprint of what was seen"),
    "session_id": lazy("Session no."),
    "sha256": lazy("Fingerprint of the file"),
    "shared": lazy("The borrower sees it"),
    "start_on": lazy("Starts on"),
    "state": lazy("State"),
    "statements": lazy("Statements read"),
    "stop_id": lazy("Stop no."),
    "stops_penalty": lazy("Penalty stops meanwhile"),
    "strikes": lazy("Strikes"),
    "taken_off": lazy("Taken off"),
    "to_day": lazy("To the day"),
    "to_staff_id": lazy("To"),
    "told": lazy("Fingerprint of the figures shown"),
    "total": lazy("In all"),
    "trace": lazy("Fingerprint of what was read"),
    "unpaid": lazy("of it unpaid"),
    "until": lazy("Until"),
    "waivers": lazy("Waivers written"),
    "what": lazy("What"),
    "whole": lazy("The whole"),
    "wishes": lazy("Wishes"),
    "with_words": lazy("With words of the person"),
    "within_limits": lazy("Within the limits"),
}
"""Every value of every event; `subject` stands in a column of its own."""

AMOUNTS = frozenset(
    (
        "amount",
        "could_pay",
        "disputed",
        "due",
        "extra",
        "freeze_forecast",
        "most",
        "received",
        "taken_off",
        "total",
        "unpaid",
        "whole",
    )
)
"""Minor units of the currency of what the event is about."""

STAFF = frozenset(("account_id", "confirmed_by", "decided_by", "made_by", "offered_by", "to_staff_id"))
FINGERPRINTS = frozenset(("fingerprint", "hash_seen", "mark", "seen", "sha256", "told", "trace"))

_ENDS: Mapping[str, Lazy] = {
    "agreed": lazy("Agreed"),
    "changed": lazy("Changed"),
    "closed": lazy("Closed"),
    "confirmed": lazy("Confirmed"),
    "countered": lazy("Changed offer"),
    "declined": lazy("Declined"),
    "lapsed": lazy("Lapsed"),
    "moved": lazy("Moved"),
    "over": lazy("Over"),
    "paid": lazy("Paid"),
    "refused": lazy("Not agreed"),
    "replaced": lazy("Replaced"),
    "reversed": lazy("The payment came back"),
    "taken_back": lazy("Taken back"),
    "void": lazy("Void"),
    "withdrawn": lazy("Taken back"),
}

_PARTS: Mapping[str, Lazy] = {
    "fee": lazy("Fees"),
    "penalty": lazy("Penalty"),
    "interest": lazy("Interest"),
    "principal": lazy("Principal"),
}
"""The parts of an amount, of a contract that is not known here."""


class _Reason:
    """Why a person disputes, in the words of a contract that is not known here."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __str__(self) -> str:
        return dispute_words.reason(self._code, "sales_credit")


CODES: Mapping[str, Mapping[str, Any]] = {
    "access.act": {
        "decide_dispute": lazy("Decision about a dispute"),
        "review_dispute": lazy("Review of a dispute"),
        "approve_plan": lazy("Agreement to a plan"),
        "offer_settlement": lazy("Offer of a settlement"),
        "counter_plan": lazy("A changed plan offered"),
        "change_limits": lazy("Change of a limit"),
    },
    "access.because": {
        "borrower": lazy("The person wished it"),
        "wrong_answers": lazy("Five wrong answers"),
        "undone": lazy("Undone"),
        "check_passed": lazy("Recipient check passed"),
        "words": lazy("Named in the words of the case"),
        "picked": lazy("Chosen by staff"),
    },
    "access.outcome": _ENDS,
    "account.channel": {
        "transfer": lazy("Bank transfer"),
        "card": lazy("Card"),
        "app": lazy("Payment app"),
        "cash": lazy("Cash at a counter"),
        "somebody_else": lazy("Somebody paid for them"),
        "other": lazy("Another way"),
    },
    "account.state": {
        "waiting": lazy("Not here yet"),
        "found": lazy("Arrived"),
        "not_found": lazy("Not found"),
        "withdrawn": lazy("Taken back"),
    },
    "complaint.channel": complaint_words.CHANNELS,
    "complaint.happening": {code: texts[0] for code, texts in complaint_words.HAPPENINGS.items()},
    "complaint.outcome": {code: texts[0] for code, texts in complaint_words.OUTCOMES.items()},
    "complaint.reason": complaint_words.REASONS,
    "complaint.wishes": complaint_words.WISHES,
    "desk.because": words.SEARCH_REASONS,
    "desk.part": {
        "person": lazy("Who it is"),
        "loans": lazy("Contracts"),
        "payments": lazy("Payments"),
        "debits": lazy("Debits"),
        "documents": lazy("Documents"),
        "history": lazy("History"),
    },
    "dispute.because": {**_ENDS, "figures_changed": lazy("The figures changed"), "sold": lazy("Sold")},
    "dispute.outcome": {code: texts[0] for code, texts in dispute_words.OUTCOMES.items()},
    "dispute.decided.reason": dispute_words.DECISION_REASONS,
    "dispute.opened.reason": {code: _Reason(code) for code in dispute_words.REASONS},
    "dispute.round": {"first": lazy("First decision"), "review": lazy("Review")},
    "draft.because": {
        "sent": lazy("Sent"),
        "thrown_away": lazy("Thrown away"),
        "keeping_time_over": lazy("Keeping time over"),
    },
    "evidence.because": {
        "draft_thrown_away": lazy("Its draft was thrown away"),
        "keeping_time_over": lazy("Keeping time over"),
        "put_together": lazy("Put together with others"),
        "removed_by_sender": lazy("Removed by the sender"),
        "sent_before": lazy("Sent before already"),
    },
    "evidence.problem": {
        "wrong_type": lazy("Not what its name says"),
        "two_files": lazy("A second file inside it"),
        "broken": lazy("Broken"),
        "too_large": lazy("Too large"),
        "too_long": lazy("Too long"),
        "moving": lazy("A moving picture"),
        "password": lazy("It has a password"),
        "active": lazy("A script or another file inside it"),
    },
    "evidence.what": {"missing": lazy("Missing"), "damaged": lazy("Damaged")},
    "loans.cause": {
        "dispute": lazy("Dispute"),
        "dispute_upheld": lazy("Dispute that was upheld"),
        "plan": lazy("Plan"),
        "settlement": lazy("Settlement"),
    },
    "loans.component": _PARTS,
    "loans.hold": words.HOLD_KINDS,
    "loans.outcome": {
        **_ENDS,
        **promise_words.STATES,
        **plan_words.STATES,
        **{code: texts[0] for code, texts in dispute_words.OUTCOMES.items()},
    },
    "plans.cause": {
        "breach": lazy("Two strikes, confirmed by staff"),
        "loan_left": lazy("The contract was closed or sold"),
    },
    "plans.limit": {
        "product": lazy("Limits of a product"),
        "role": lazy("Limits of a role"),
        "authority": lazy("Authority"),
    },
    "plans.outcome": plan_words.PHONE_STATES,
    "plans.reason": plan_words.REASONS,
    "plans.role": words.ROLES,
    "plans.state": plan_words.STATES,
    "plans.what": running_words.TOLD,
    "promises.by": {
        "person": lazy("The person"),
        "plan": lazy("A plan"),
        "loan": lazy("The contract was closed or sold"),
        "rule": lazy("A rule"),
    },
    "promises.channel": promise_words.CHANNELS,
    "promises.outcome": {
        "found": lazy("Arrived"),
        "not_found": lazy("Not found"),
        "withdrawn": lazy("Taken back"),
    },
    "promises.state": promise_words.STATES,
    "promises.what": {**promise_words.STATES, **running_words.TOLD},
    "settlements.ending": {
        "date": lazy("Its date passed"),
        "dispute": lazy("A dispute was filed"),
        "loan": lazy("The contract was closed or sold"),
        "replaced": lazy("Another offer took its place"),
    },
    "settlements.reason": settlement_words.REASONS,
    "settlements.state": settlement_words.REQUEST_STATES,
    "case": {
        "draft": lazy("Not sent yet"),
        "dispute": lazy("Dispute"),
        "plan": lazy("Plan"),
        "complaint": lazy("Complaint"),
        "payment": lazy("Payment"),
    },
    "language": {"zh": lazy("Chinese"), "en": lazy("English")},
    "reductions": _PARTS,
    "roles": words.ROLES,
}
"""The words of a code, by the event's feature and the value's name, or by its name alone."""


def code_words(kind: str, name: str) -> Mapping[str, Any]:
    """The words of the codes that a value of this kind of event may be; empty where it is none."""
    feature = kind.partition(".")[0]
    for key in (f"{kind}.{name}", f"{feature}.{name}", name):
        if key in CODES:
            return CODES[key]
    return {}
