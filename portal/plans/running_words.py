"""Words for the life of a plan: how a payment stands, what was told, the trace of an evaluation, and refusals."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from portal.core.plan_life import EVALUATION_HOUR, Judged
from portal.platform import formats
from portal.platform.i18n import Lazy, lazy
from portal.platform.i18n import gettext as _

VERDICTS: Mapping[str, Lazy] = {
    "kept": lazy("Arrived"),
    "made_good": lazy("Made good"),
    "missed": lazy("Not here yet"),
    "struck": lazy("Did not arrive in time"),
    "excused": lazy("You told us before"),
    "put_off": lazy("Comes with the next payment"),
}
VERDICT_KINDS: Mapping[str, str] = {"kept": "ok", "made_good": "ok", "missed": "wait", "struck": "wait"}
"""The look of a payment's tag; the others are plain."""

TOLD: Mapping[str, Lazy] = {
    "missed": lazy("A payment had not arrived"),
    "made_good": lazy("The payment was made good"),
    "rejudged": lazy("A payment that was booked later changed how it stands"),
    "evaluated": lazy("The plan was evaluated"),
    "going_on": lazy("The plan goes on"),
    "cancelled": lazy("The plan ended"),
    "kept": lazy("The plan was kept"),
    "left": lazy("The contract now belongs to somebody else"),
    "reminder": lazy("Reminder"),
}

REFUSALS: Mapping[str, Any] = {
    "plan.changed": lazy("This has changed meanwhile. The page shows how it stands now."),
    "plan.state": lazy("This has changed meanwhile. The page shows how it stands now."),
    "plan.cannot_move": lazy("This day cannot be chosen. A payment moves once, before its day, by a few days."),
    "plan.cannot_skip": lazy("No payment can be left out in this plan any more. It can be moved."),
    "plan.not_evaluated": lazy("Somebody has decided this already, or a payment was booked meanwhile."),
    "plan.trace_changed": lazy("What the evaluation rests on has changed since. Look at the page again."),
    "plan.decided": lazy("Somebody has decided this already, or a payment was booked meanwhile."),
}
"""What a Refusal's code says about a running plan, on a borrower's page or on staff's."""


def made_of(payment: Judged, currency: str) -> list[tuple[str, str]]:
    """What the next payment is made of where it asks for another amount than was agreed, else nothing."""
    beside = payment.to_pay - payment.amount
    if payment.agreed_on is None or not beside or not payment.to_pay:
        return []
    before = _("Still missing of earlier payments") if beside > 0 else _("Has arrived, or is not due any more")
    return [
        (_("This payment"), formats.amount(payment.amount, currency)),
        (before, formats.amount(beside, currency)),
    ]


def evaluation_moment(day: date, zone: str) -> str:
    """Day and hour of an evaluation, in the lender's zone."""
    return formats.moment(datetime.combine(day, time(EVALUATION_HOUR), ZoneInfo(zone)), zone)


def about(text: str) -> str:
    """What a word was about: the day of a payment, or the number of a promise."""
    try:
        return formats.long_date(date.fromisoformat(text))
    except ValueError:
        return text


def trace_rows(content: Mapping[str, Any], currency: str) -> list[str]:
    """What an evaluation read, one strike a sentence: which payment, by which cut-off, what had arrived."""
    rows = []
    for strike in content.get("strikes", ()):
        day, cure = (formats.long_date(date.fromisoformat(strike[name])) for name in ("due_on", "cure_until"))
        if strike["promise"]:
            rows.append(
                _(
                    "Promise %(number)s for %(date)s: nothing had arrived by 24:00 on %(cure)s.",
                    number=strike["promise"],
                    date=day,
                    cure=cure,
                )
            )
            continue
        needed, received = (formats.money(strike[name], currency) for name in ("needed", "received"))
        rows.append(
            _(
                "Payment of %(date)s: %(needed)s was to have arrived by 24:00 of that day, later instalments included;"
                " %(received)s had. It was not made good by 24:00 on %(cure)s.",
                date=day,
                needed=needed,
                received=received,
                cure=cure,
            )
        )
    return rows
