"""Words for what settlements store as codes: states, endings, reasons, and why something cannot be done."""

from collections.abc import Mapping
from typing import Any

from portal.core.refusal import Refusal
from portal.platform import formats
from portal.platform.i18n import Lazy, lazy
from portal.platform.i18n import gettext as _

STATES: Mapping[str, Lazy] = {
    "quoted": lazy("Quote"),
    "accepted": lazy("Agreed"),
    "paid": lazy("Paid in full"),
    "lapsed": lazy("Lapsed"),
}
STATE_KINDS: Mapping[str, str] = {"quoted": "info", "accepted": "info", "paid": "ok"}
"""The look of a state's tag; the others are plain."""

REQUEST_STATES: Mapping[str, Lazy] = {
    "written": lazy("To be confirmed"),
    "asked": lazy("Being checked"),
    "offered": lazy("Answered with an offer"),
    "refused": lazy("Not agreed"),
    "withdrawn": lazy("Withdrawn"),
    "ended": lazy("Ended"),
}

ENDINGS: Mapping[str, Lazy] = {
    "date": lazy("The amount had not reached us by the end of its last day."),
    "dispute": lazy("You filed a dispute on this contract. It is looked into first."),
    "loan": lazy("This contract was closed or now belongs to somebody else."),
    "replaced": lazy("Another offer took its place."),
}

REASONS_FOR: Mapping[str, Lazy] = {
    "hardship": lazy("Helps in a hard time"),
    "paid_at_once": lazy("Everything is paid at once"),
    "after_dispute": lazy("After a dispute"),
    "other_for": lazy("Another reason, in words"),
}
REASONS_AGAINST: Mapping[str, Lazy] = {
    "too_far_off": lazy("What can be paid is too far from what is due"),
    "plan_fits_better": lazy("A plan fits better"),
    "other_against": lazy("Another reason, in words"),
}
REASONS: Mapping[str, Lazy] = {**REASONS_FOR, **REASONS_AGAINST}


def _decided(data: Mapping[str, Any]) -> str:
    return _("This settlement has changed meanwhile: %(state)s.", state=str(STATES[data["state"]]))


def _answered(data: Mapping[str, Any]) -> str:
    state = str(REQUEST_STATES[data["state"]])
    if data.get("by"):
        return _("%(name)s has answered this already: %(state)s.", name=data["by"], state=state)
    return _("This has been answered already: %(state)s.", state=state)


def _too_much(data: Mapping[str, Any]) -> str:
    most = formats.money(data["amount"], data["currency"])
    return _("At most %(amount)s can be taken off. For the rest the contract allows no reduction.", amount=most)


def _below_least(data: Mapping[str, Any]) -> str:
    least = formats.money(data["amount"], data["currency"])
    return _(
        "The least that can close it today is %(amount)s. For what is below, this kind of contract allows no"
        " reduction. Type %(amount)s or more, or propose a plan.",
        amount=least,
    )


def _dispute(data: Mapping[str, Any]) -> str:
    return _(
        "Dispute %(number)s is open. Once it is decided or withdrawn, a settlement can be agreed.",
        number=data["number"],
    )


_ALREADY = lazy("A settlement stands on this contract already: %(number)s.")

REFUSALS: Mapping[str, Any] = {
    "settlement.state": _decided,
    "settlement.answered": _answered,
    "settlement.already": _ALREADY,
    "settlement.by_another": lazy("Somebody else on this contract has asked for a settlement already."),
    "settlement.asked_already": lazy("Your question %(number)s is being looked at. Its answer comes first."),
    "settlement.nothing_left": lazy("Nothing is left to pay on this contract."),
    "settlement.not_yours": lazy("Only the borrower can agree a settlement."),
    "settlement.over": lazy("The last day of this quote has passed. Get a new one; that costs nothing."),
    "settlement.own_question": lazy("You wrote this question down on the phone. Somebody else answers it."),
    "settlement.enough": lazy("The quote asks for no more than that. You can accept it as it is."),
    "settlement.not_reducible": lazy("Nothing more can be taken off on this contract."),
    "settlement.below_least": _below_least,
    "settlement.too_much": _too_much,
    "settlement.days": lazy("An offer stands from 1 to %(most)s days, and its last day is still to come."),
    "settlement.nothing_off": lazy("This takes nothing off. Type an amount, or answer that no more can be taken off."),
    "settlement.figures_changed": lazy(
        "New bookings came in while you were looking. The figures below are new. Nothing has been sent."
    ),
    "accept_settlement.dispute": _dispute,
    "accept_settlement.settlement": _ALREADY,
    "accept_settlement.fraud": lazy(
        "We are looking into whether this contract is yours. Once you have our answer, a settlement can be agreed."
    ),
    "accept_settlement.incapacity": lazy("Only the representative can agree a settlement at present."),
    "accept_settlement.closed": lazy("This contract is closed. There is nothing more to pay."),
    "accept_settlement.sold": lazy("This contract now belongs to somebody else. Please ask the new owner."),
    "already_waiting": lazy("%(by)s has sent this to a second person already."),
    "own_act": lazy("Another person has to confirm this; you began it."),
    "seen_differs": lazy("The figures have changed since. The first person has to decide again."),
    "already_settled": lazy("Somebody has settled this already."),
    "unknown_act": lazy("Nothing waits for a second person here."),
    "not_maker": lazy("Only the person who began this can take it back."),
    "staff_only": lazy("Only staff can do this."),
}
"""What a Refusal's code says, on a borrower's page or on staff's."""


def say(refusal: Refusal) -> str:
    """Why something cannot be done, in the reader's language."""
    words = REFUSALS.get(refusal.code)
    if words is None:
        return _("This cannot be done at present.")
    return str(words(refusal.data)) if callable(words) else str(words) % dict(refusal.data)
