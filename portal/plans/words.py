"""Words for what plans store as codes: states, reasons, the consent line, and why something cannot be done."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from babel.dates import format_date, format_skeleton

from portal.core.money import minor_digits
from portal.core.plans import Criterion
from portal.core.refusal import Refusal
from portal.plans.facts import SAID_DAYS, Answers, Figures
from portal.platform import formats, i18n
from portal.platform.i18n import Lazy, lazy, ngettext, pgettext
from portal.platform.i18n import gettext as _

LAST_OF_EVERY_MONTH = 28
ROOM_FOR_AMOUNTS = 6
"""Columns of a chart beside each other whose amounts are readable on a phone."""
_CUTOFF = "24:00"

CONSENT_VERSION = "2"
"""Changed whenever the consent line's words change."""

STATES: Mapping[str, Lazy] = {
    "proposed": lazy("Being checked"),
    "countered": lazy("Changed offer"),
    "refused": lazy("Not agreed"),
    "lapsed": lazy("Lapsed"),
    "withdrawn": lazy("Withdrawn"),
    "running": lazy("Plan running"),
    "evaluated": lazy("Being looked at"),
    "cancelled": lazy("Ended"),
    "kept": lazy("Kept"),
    "replaced": lazy("Replaced"),
}

STATE_KINDS: Mapping[str, str] = {"proposed": "wait", "countered": "wait", "running": "info", "kept": "ok"}
"""The look of a state's tag; the others are plain."""

HARDSHIP_CHANGES: Mapping[str, Lazy] = {
    "work": lazy("My work or my income"),
    "illness": lazy("I am ill, or somebody I care for"),
    "accident": lazy("An accident"),
    "other": lazy("Something else"),
}
PHONE_STATES: Mapping[str, Lazy] = {
    "waiting": lazy("Waits to be confirmed"),
    "confirmed": lazy("Confirmed"),
    "declined": lazy("Declined"),
    "withdrawn": lazy("Taken back"),
    "lapsed": lazy("Lapsed"),
}
REASONS_FOR: Mapping[str, Lazy] = {
    "within_limits": lazy("Meets every limit"),
    "small_excess": lazy("Outside a limit by little"),
    "hardship": lazy("Helps in a hard time"),
    "other_for": lazy("Another reason, in words"),
}
REASONS_AGAINST: Mapping[str, Lazy] = {
    "outside_limits": lazy("Outside the limits"),
    "due_too_soon": lazy("Later instalments could not be paid beside it"),
    "dispute_first": lazy("An open dispute changes the sum"),
    "other_against": lazy("Another reason, in words"),
}
COUNTER_OUTCOMES: Mapping[str, Lazy] = {
    "": lazy("Another plan is offered; the borrower has not answered yet"),
    "accepted": lazy("The borrower accepted the other plan"),
    "withdrawn": lazy("The borrower left the other plan"),
    "lapsed": lazy("The other plan was not accepted in time"),
    "void": lazy("Figures changed after another plan was offered"),
    "taken_back": lazy("The other plan was taken back before the borrower answered"),
}
REASONS: Mapping[str, Lazy] = {**REASONS_FOR, **REASONS_AGAINST}


def consent(lender: str) -> str:
    """The line that the borrower agrees to with a proposal."""
    return _(
        "I propose this plan to %(lender)s. %(lender)s may use these answers and my payment record to decide about"
        " it, and for nothing else. What I said about income and spending is deleted %(days)s days after the answer."
        " Until it is agreed nothing changes, and I can withdraw it.",
        lender=lender,
        days=SAID_DAYS,
    )


def counter_consent(lender: str) -> str:
    """The line that the borrower agrees to by accepting a counter-offer."""
    return _(
        "By accepting I agree to this plan with %(lender)s. %(lender)s may use these answers and my payment record for"
        " it, and for nothing else.",
        lender=lender,
    )


def agreeing(limitation: Mapping[str, str]) -> str:
    """What agreeing to a plan confirms: before it is agreed and on its paper. `limitation` names by language the rule
    by which the limitation period starts anew, empty for none."""
    source = limitation.get(i18n.language().split("-")[0]) or limitation.get("en")
    if source is None:
        return _("By agreeing you confirm that this sum is due.")
    return _(
        "By agreeing you confirm that this sum is due. The period in which it can be claimed starts anew (%(source)s).",
        source=source,
    )


def late(cure: int) -> str:
    """What late payments do to a plan, with so many days to make a second one good."""
    return ngettext(
        "One late payment does not end the plan. After a second one you have %(count)s day to make it good. Only"
        " then can the plan end. The contract terms count again from that day, never for the time before. A payment"
        " is on time if it arrives by %(cutoff)s of its day.",
        "One late payment does not end the plan. After a second one you have %(count)s days to make it good. Only"
        " then can the plan end. The contract terms count again from that day, never for the time before. A payment"
        " is on time if it arrives by %(cutoff)s of its day.",
        cure,
        count=cure,
        cutoff=_CUTOFF,
    )


def no_breaks() -> str:
    """What does not count as breaking a plan."""
    return _(
        "These are no breaks: moving a payment before its day, telling us early that you cannot pay, paying more,"
        " a dispute."
    )


def hardship_consent(lender: str) -> str:
    """The line that a person agrees to who says what has changed."""
    return _(
        "I agree that %(lender)s keeps what I told here, to find a first step that fits, and for nothing else."
        " I can delete it at any time.",
        lender=lender,
    )


def day_passed(day: date) -> str:
    """Why staff cannot agree to the days of a proposal any more, and what they can do."""
    return _(
        "The first payment was to be made on %(date)s and has not arrived. A plan with that day can no longer be kept,"
        " so it cannot be agreed. Offer one with new days.",
        date=formats.long_date(day),
    )


def _others(data: Mapping[str, Any]) -> str:
    return _("A plan is waiting for an answer already: %(number)s. Withdraw it first.", number=data["number"])


def _taken(data: Mapping[str, Any]) -> str:
    if data.get("by"):
        return _("%(name)s has decided this already: %(state)s.", name=data["by"], state=str(STATES[data["state"]]))
    return _("This plan has been decided already: %(state)s.", state=str(STATES[data["state"]]))


REFUSALS: Mapping[str, Any] = {
    "plan.nothing_due": lazy("Nothing is due today, so there is nothing to spread over a plan."),
    "plan.too_many_payments": lazy("A plan can have %(most)s payments at most."),
    "plan.no_amount": lazy("One payment today does not pay everything. Type more, or choose more payments."),
    "plan.no_day": lazy("Choose the first day."),
    "plan.never_ends": lazy("With this amount the plan would not end within two years. Choose a larger one."),
    "draft_changed": lazy("This was changed meanwhile. Nothing was sent. Please look it over once more."),
    "drafts_too_many": lazy("You have %(limit)s plans that are not sent yet. Send or delete one of them first."),
    "plan.already_proposed": _others,
    "plan.decided": _taken,
    "plan.lapsed": lazy("The offer has lapsed. This costs nothing. Offer it again with new dates."),
    "plan.day_passed": lambda data: day_passed(data["day"]),
    "plan.figures_changed": lazy(
        "The figures changed while you were writing: a day ended, or new bookings came in. What you typed is kept;"
        " nothing has been sent."
    ),
    "plan.no_difference": lazy("These are the terms that were offered. Approve them, or change a figure."),
    "plan.counter_too_late": lazy("The first payment of this plan would be before tomorrow. Choose another pay day."),
    "plan.counter_changed": lazy(
        "The changed offer is another one now. Please look at it again; nothing has been sent."
    ),
    "plan.counter_taken_back": lazy(
        "We have taken this changed offer back. We look at your own plan again, and write to you."
    ),
    "plan.counter_void": lazy(
        "New bookings came in, so the changed offer no longer adds up. We look at it again. Nothing is lost, and you"
        " need do nothing."
    ),
    "plan.no_answers": lazy("Answer the questions to see the payments."),
    "plan.no_freeze": lazy("The product does not let a plan stop the penalty."),
    "plan.outside_limits": lazy(
        "This plan is outside the limits. Choose the change, or send it for a person to look at."
    ),
    "propose_plan.settlement": lazy("A settlement is agreed. A plan can be proposed when its date has passed."),
    "propose_plan.fraud": lazy(
        "We are looking into whether this contract is yours. Once you have our answer, a plan can be proposed."
    ),
    "propose_plan.incapacity": lazy("Only the representative can propose a plan at present."),
    "propose_plan.closed": lazy("This contract is closed. There is nothing more to pay."),
    "propose_plan.sold": lazy("This contract now belongs to somebody else. Please ask the new owner."),
    "hardship.running": lambda data: _(
        "Reminders pause already, until %(date)s.", date=formats.long_date(data["until"])
    ),
    "hardship.none_left": lazy("Reminders cannot pause again at present."),
    "phone.over": lambda data: _("This is settled already: %(state)s.", state=str(PHONE_STATES[data["state"]])),
    "plan.own_proposal": lazy("You wrote this proposal down on the phone. Somebody else decides about it."),
    "limits.past": lazy("A limit cannot count from a day that has passed. Choose today or a later day."),
    "limits.same": lazy("This is what counts already. Change a figure."),
    "limits.changed": lazy("This limit was changed meanwhile. Look at it as it is now and propose the change again."),
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


def criterion(found: Criterion, currency: str, start: date) -> dict[str, Any]:
    """A limit and what was offered, as the list of conditions shows it."""
    title, note = _CRITERIA[found.code](found, currency, start)
    return {"met": found.passed, "title": title, "note": note}


def _first_payment(found: Criterion, currency: str, _start: date) -> tuple[str, str]:
    limit, offered = formats.amount(found.limit, currency), formats.amount(found.offered, currency)
    return (
        _("First payment at least %(amount)s", amount=limit),
        _("You offered %(amount)s", amount=offered),
    )


def _each_payment(found: Criterion, currency: str, _start: date) -> tuple[str, str]:
    limit, offered = formats.amount(found.limit, currency), formats.amount(found.offered, currency)
    return (
        _("Each payment at least %(amount)s", amount=limit),
        _("You offered %(amount)s; the last may be less", amount=offered),
    )


def _payments(found: Criterion, _currency: str, _start: date) -> tuple[str, str]:
    return (
        ngettext("At most %(count)s payment", "At most %(count)s payments", found.limit, count=found.limit),
        ngettext("This takes %(count)s", "This takes %(count)s", found.offered, count=found.offered),
    )


def _days(found: Criterion, _currency: str, start: date) -> tuple[str, str]:
    return (
        _("Finished by %(date)s", date=formats.long_date(start + timedelta(days=found.limit))),
        _("This ends on %(date)s", date=formats.long_date(start + timedelta(days=found.offered))),
    )


_CRITERIA = {
    "first_payment_min": _first_payment,
    "payment_min": _each_payment,
    "payments_max": _payments,
    "days_max": _days,
}


def criterion_row(found: Criterion, currency: str) -> tuple[str, str, str]:
    """The same as a row for staff: what, the limit, the offer."""
    if found.code in {"first_payment_min", "payment_min"}:
        name = _("First payment") if found.code == "first_payment_min" else _("Each payment")
        return name, f"≥ {formats.amount(found.limit, currency)}", formats.amount(found.offered, currency)
    if found.code == "payments_max":
        return _("Number of payments"), f"≤ {found.limit}", str(found.offered)
    limit = ngettext("%(count)s day", "%(count)s days", found.limit, count=found.limit)
    return _("Last day"), f"≤ {limit}", ngettext("%(count)s day", "%(count)s days", found.offered, count=found.offered)


RHYTHMS: Mapping[str, Lazy] = {
    "monthly": lazy("Every month"),
    "two_weekly": lazy("Every two weeks"),
    "weekly": lazy("Every week"),
}


def days(answers: Answers) -> str:
    """When a plan is paid: each month on the 12th, or every week from a day on."""
    if answers.rhythm == "weekly" and answers.first_on:
        return _("every week on %(day)s", day=weekday(answers.first_on))
    if answers.rhythm == "two_weekly" and answers.first_on:
        return _("every two weeks on %(day)s", day=weekday(answers.first_on))
    if answers.pay_day > LAST_OF_EVERY_MONTH:
        return _("day %(day)s of the month, or its last day", day=answers.pay_day)
    return _("day %(day)s of the month", day=answers.pay_day)


def each_time(rhythm: str) -> str:
    """What the amount of one payment is called."""
    return {"weekly": _("Each week"), "two_weekly": _("Every two weeks")}.get(rhythm, _("Each month"))


def amount_each(amount: str, rhythm: str) -> str:
    """An amount with how often it is paid: 364.00 a month."""
    if rhythm == "weekly":
        return _("%(amount)s a week", amount=amount)
    if rhythm == "two_weekly":
        return _("%(amount)s every two weeks", amount=amount)
    return _("%(amount)s a month", amount=amount)


def propose_amount(amount: str, rhythm: str) -> str:
    """The button that proposes an amount."""
    if rhythm == "weekly":
        return _("Propose %(amount)s a week", amount=amount)
    if rhythm == "two_weekly":
        return _("Propose %(amount)s every two weeks", amount=amount)
    return _("Propose %(amount)s a month", amount=amount)


def chart(figures: Figures) -> list[dict[str, Any]]:
    """The columns of the schedule chart: a payment a column, under it what else falls due in its month. A column is
    called by its month, those of a month with several by month and day; where many stand together by its month, the
    later ones of a month by their day, and an amount is written over the first of a run of equal ones."""
    in_month = Counter((payment.due_on.year, payment.due_on.month) for payment in figures.payments)
    seen: set[tuple[int, int]] = set()
    columns = []
    crowded, before = len(figures.payments) > ROOM_FOR_AMOUNTS, None
    for payment in figures.payments:
        of = (payment.due_on.year, payment.due_on.month)
        columns.append(
            {
                "label": _label(payment.due_on, is_alone=in_month[of] == 1, is_first=of not in seen, crowded=crowded),
                "plan": payment.amount,
                "running": payment.running,
                "text": "" if crowded and payment.amount == before else _short_amount(payment.amount, figures.currency),
            }
        )
        seen.add(of)
        before = payment.amount
    return columns


def _label(day: date, *, is_alone: bool, is_first: bool, crowded: bool) -> str:
    if is_alone or (crowded and is_first):
        return month(day)
    if crowded:
        return str(day.day)
    return format_skeleton("MMMd", day, locale=formats.locale_of(i18n.language()))


def chart_sentence(figures: Figures) -> str:
    """The chart in a sentence, for who does not see it."""
    runs = [(amount, len(list(run))) for amount, run in groupby(payment.amount for payment in figures.payments)]
    amounts = (f"{count} × {formats.amount(amount, figures.currency)}" for amount, count in runs)
    return _(
        "%(amounts)s, the last on %(date)s.",
        amounts=pgettext("between amounts", ", ").join(amounts),
        date=formats.long_date(figures.last_on),
    )


def month(day: date) -> str:
    """A month in short: May, 5月."""
    return format_date(day, "LLL", locale=formats.locale_of(i18n.language()))


def weekday(day: date) -> str:
    """A day of the week in short: Tue, 周二."""
    return format_date(day, "ccc", locale=formats.locale_of(i18n.language()))


def on_weekday(day: date, said: str) -> str:
    """A date in words with its day of the week, in the order of the language: Tue 12 May, 5月12日 周二."""
    return _order() % {"weekday": weekday(day), "date": said}


def on_weekday_shown(day: date, said: str) -> str:
    """The same on a page, where the date is an element."""
    return i18n.in_page(_order(), weekday=weekday(day), date=said)


def _order() -> str:
    return pgettext("a date with its day of the week", "%(weekday)s %(date)s")


def _short_amount(minor: int, currency: str) -> str:
    """Without the digits after the point where they are zeros, so that columns stay narrow."""
    whole, part = divmod(minor, 10 ** minor_digits(currency))
    return formats.amount(minor, currency) if part else f"{whole:,}"


LIMIT_FIELDS: Mapping[str, Lazy] = {
    "first_payment_min": lazy("First payment at least"),
    "payment_min": lazy("Each payment at least"),
    "payments_max": lazy("Most payments"),
    "days_max": lazy("Most days to the last payment"),
    "freeze": lazy("The penalty may stop"),
    "plan_max": lazy("Most that a plan may cover"),
    "waiver_max": lazy("Most that may not be charged"),
    "waiver_day_max": lazy("The same of one day together"),
}
"""What a limit says, field by field (limits_facts.FIELDS)."""

ROLES: Mapping[str, Lazy] = {
    "plan_approver": lazy("Plan approver"),
    "supervisor": lazy("Supervisor"),
}


def limit_value(name: str, value: Any, currency: str) -> str:
    """One field of a limit in words; a dash where nothing is given."""
    if value is None:
        return "–"
    if name == "freeze":
        return pgettext("a limit", "yes") if value else pgettext("a limit", "no")
    if name in {"payments_max", "days_max"}:
        return f"{value:,}"
    return formats.amount(value, currency)
