"""Words for what promises store as codes: states, channels, and why something cannot be done."""

from collections.abc import Mapping
from typing import Any

from portal.core.refusal import Refusal
from portal.platform import formats
from portal.platform.i18n import Lazy, lazy
from portal.platform.i18n import gettext as _

STATES: Mapping[str, Lazy] = {
    "open": lazy("Payment promised"),
    "moved": lazy("Payment promised, new day"),
    "being_verified": lazy("Being checked"),
    "kept": lazy("Promise kept"),
    "partly_kept": lazy("Kept in part"),
    "broken": lazy("Did not arrive"),
    "withdrawn": lazy("Withdrawn"),
}
STATE_KINDS: Mapping[str, str] = {"open": "info", "moved": "info", "being_verified": "wait", "kept": "ok"}
"""The look of a state's tag; the others are plain."""

CHANNELS: Mapping[str, Lazy] = {
    "transfer": lazy("Bank transfer"),
    "debit": lazy("Debit from my account"),
    "counter": lazy("At a counter"),
    "other": lazy("Another way"),
}


def _amount(data: Mapping[str, Any]) -> str:
    return _(
        "Type an amount above zero and no more than %(amount)s. More is not due.",
        amount=formats.money(data["most"], data["currency"]) if data.get("currency") else data["most"],
    )


def _date(data: Mapping[str, Any]) -> str:
    return _(
        "Choose a day from %(first)s to %(last)s. For longer, a plan fits better.",
        first=formats.long_date(data["first"]),
        last=formats.long_date(data["last"]),
    )


REFUSALS: Mapping[str, Any] = {
    "promise.nothing_due": lazy("Nothing is due, so there is nothing to promise."),
    "promise.amount": _amount,
    "promise.date": _date,
    "promise.paid_on": lazy("Choose the day of the payment: from the day of the promise until today."),
    "promise.cannot_move": lazy("This day cannot be chosen. A promise moves once, before its day, by a few days."),
    "promise.too_late": lazy("Its day has begun, so it is judged by what arrives. You can still make it good."),
    "promise.state": lazy("This has changed meanwhile. The page shows how it stands now."),
    "promise.changed": lazy("This has changed meanwhile. The page shows how it stands now."),
    "promise.plan": lazy("What is due is in your plan. A later instalment can be promised."),
    "promise.promise": lazy("A promise runs on this contract already. It can be moved or taken back."),
    "promise.settlement": lazy("A settlement is agreed. Something can be promised when its date has passed."),
    "promise.fraud": lazy(
        "We are looking into whether this contract is yours. Once you have our answer, something can be promised."
    ),
    "promise.incapacity": lazy("Nothing can be promised on this contract at present, and nobody asks for it."),
    "promise.closed": lazy("This contract is closed. There is nothing more to pay."),
    "promise.sold": lazy("This contract now belongs to somebody else. Please ask the new owner."),
}
"""What a Refusal's code says on a borrower's page."""


def say(refusal: Refusal) -> str:
    """Why something cannot be done, in the reader's language."""
    words = REFUSALS.get(refusal.code)
    if words is None:
        return _("This cannot be done at present.")
    return str(words(refusal.data)) if callable(words) else str(words) % dict(refusal.data)
