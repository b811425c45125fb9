"""Words for what staff's pages show as codes: roles, and what is known of a text that may not have arrived."""

from collections.abc import Iterable, Mapping

from portal.platform.i18n import Lazy, lazy

ROLES: Mapping[str, Lazy] = {
    "dispute_handler": lazy("Dispute handler"),
    "plan_approver": lazy("Plan approver"),
    "supervisor": lazy("Supervisor"),
    "auditor": lazy("Auditor"),
    "administrator": lazy("Administrator"),
}

PARTY_ROLES: Mapping[str, Lazy] = {
    "borrower": lazy("Borrower"),
    "co_borrower": lazy("Co-borrower"),
    "guarantor": lazy("Guarantor"),
    "representative": lazy("Representative"),
}

LOAN_STATUSES: Mapping[str, Lazy] = {
    "active": lazy("Being repaid"),
    "called": lazy("Called"),
    "closed": lazy("Paid in full"),
    "written_off": lazy("Written off"),
    "sold": lazy("Sold"),
}

HOLD_KINDS: Mapping[str, Lazy] = {
    "dispute": lazy("Dispute"),
    "plan": lazy("Plan"),
    "promise": lazy("Promise to pay"),
    "settlement": lazy("Settlement"),
    "fraud": lazy("Fraud, reminders stopped"),
    "incapacity": lazy("Death or incapacity"),
    "hardship": lazy("Pause of reminders"),
    "proposal": lazy("Plan, proposed"),
    "refund": lazy("Refund owed"),
}

RISK_CLASSES: Mapping[str, Lazy] = {
    "uncollected": lazy("Uncollected"),
    "in collection": lazy("In collection"),
    "nearly bad": lazy("Nearly bad"),
    "bad": lazy("Bad"),
    "dead": lazy("Dead"),
}

TEXT_KINDS: Mapping[str, Lazy] = {
    "sms.news": lazy("Reminder"),
    "sms.today": lazy("Debit that failed"),
    "sms.code": lazy("Code"),
    "sms.answer": lazy("Answer"),
    "sms.question": lazy("Question"),
    "sms.link": lazy("Link"),
}

TEXT_STATES: Mapping[str, Lazy] = {"failed": lazy("Not sent"), "uncertain": lazy("Nobody knows whether it arrived")}

TEXT_REASONS: Mapping[str, Lazy] = {
    "interrupted": lazy("The portal stopped while it was being sent"),
    "no_answer": lazy("The provider did not answer in time"),
    "refused": lazy("The provider did not take it"),
    "not_reached": lazy("The provider could not be reached"),
    "unreadable": lazy("A key was retired before it was sent"),
    "too_late": lazy("It was not worth sending any more"),
    "no_number": lazy("No mobile number is known"),
    "number_changed": lazy("The number has changed since"),
    "number_stopped": lazy("Somebody at this number said that it is not theirs"),
    "not_wanted": lazy("This person wants no reminders by text"),
    "not_to_be_contacted": lazy("This person is not to be contacted"),
}

SEARCH_REASONS: Mapping[str, Lazy] = {
    "person_asks": lazy("The person rings or writes"),
    "open_request": lazy("An open dispute or plan"),
    "check": lazy("A check of our own work"),
}

ACTORS: Mapping[str, Lazy] = {
    "system": lazy("The portal"),
    "borrower": lazy("The person"),
    "anonymous": lazy("Somebody not signed in"),
    "staff": lazy("Staff"),
}


def role_word(role: str) -> str:
    """A staff role in words."""
    return str(ROLES.get(role, role))


def role_words(roles: Iterable[str]) -> str:
    """The roles that somebody holds, in the order of the list above."""
    return " · ".join(str(words) for role, words in ROLES.items() if role in roles)
