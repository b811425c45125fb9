"""The words for what happened, channels, wishes, states and outcomes, in the reader's language; templates get this
module."""

from collections.abc import Mapping
from datetime import date, datetime, time

from portal.complaints.facts import Contact, Told
from portal.complaints.queries import ComplaintRecord
from portal.evidence.labels import file_line as file_line
from portal.evidence.labels import file_problem as file_problem
from portal.platform import formats
from portal.platform.i18n import Lazy, lazy, ngettext
from portal.platform.i18n import gettext as _

STATES: Mapping[str, tuple[Lazy, str]] = {
    "open": (lazy("With a supervisor"), "info"),
    "waiting": (lazy("Waiting for you"), "wait"),
    "answered": (lazy("Answered"), "plain"),
    "withdrawn": (lazy("Withdrawn"), "plain"),
}
STAFF_STATES: Mapping[str, Lazy] = {
    "open": lazy("To answer"),
    "waiting": lazy("Waits for the person"),
    "answered": lazy("Answered"),
    "withdrawn": lazy("Withdrawn"),
}
HAPPENINGS: Mapping[str, tuple[Lazy, Lazy]] = {
    "too_often": (
        lazy("Too often, or at a bad hour"),
        lazy("We look at the hours and at how many times a day you were contacted."),
    ),
    "told_others": (lazy("Somebody else was told"), lazy("Who was told, and what? That must never happen.")),
    "pressure": (lazy("Pressure, threats or rude words"), lazy("The words as you remember them are enough.")),
    "through_others": (
        lazy("I was contacted through another person"),
        lazy("Through whom: at work, in the family, a friend?"),
    ),
    "odd_request": (
        lazy("I was asked for something odd"),
        lazy(
            "For example to pay to a private account, or to tell a code. Do neither, and ring us if you are not sure."
        ),
    ),
    "other": (lazy("Something else"), lazy("Write it in your own words. A person reads it.")),
}
CHANNELS: Mapping[str, Lazy] = {
    "call": lazy("Telephone call"),
    "text": lazy("Text message"),
    "chat": lazy("Chat or app"),
    "email": lazy("E-mail"),
    "letter": lazy("Letter"),
    "in_person": lazy("In person"),
    "other": lazy("Another way"),
}
WISHES: Mapping[str, Lazy] = {
    "stop": lazy("That I am no longer contacted this way"),
    "apology": lazy("An apology"),
    "correction": lazy("That something is put right"),
    "know": lazy("Only that you know"),
}
OUTCOMES: Mapping[str, tuple[Lazy, str]] = {
    "founded": (lazy("Founded"), "ok"),
    "partly": (lazy("Partly founded"), "ok"),
    "not_founded": (lazy("Not founded"), "plain"),
}
HEADINGS: Mapping[str, Lazy] = {
    "founded": lazy("Your complaint was founded"),
    "partly": lazy("Your complaint was partly founded"),
    "not_founded": lazy("Your complaint was not founded"),
}
REASONS: Mapping[str, Lazy] = {
    "outside_hours": lazy("Contacted outside the hours"),
    "too_many": lazy("Contacted too many times a day"),
    "third_party": lazy("Somebody else was told or used"),
    "conduct": lazy("Words or conduct were not right"),
    "wrong_facts": lazy("What was said was not right"),
    "not_ours": lazy("It was not us; somebody used our name"),
    "within_rules": lazy("Within the rules, by our record"),
    "no_record": lazy("We hold no record of it"),
    "other": lazy("Another reason, in the words below"),
}
TEXT_STATES: Mapping[str, Lazy] = {
    "sent": lazy("sent"),
    "failed": lazy("not sent"),
    "uncertain": lazy("may have arrived"),
}


def when(told: Told) -> str:
    """When it happened, as far as the person remembers; empty where nothing was said."""
    if told.happened_on is None:
        return told.about_time
    day = formats.long_date(told.happened_on)
    if told.is_rough:
        day = _("about %(date)s", date=day)
    return _("%(date)s, %(time)s", date=day, time=told.about_time) if told.about_time else day


def facts(told: Told) -> list[tuple[str, str]]:
    """What was told besides the words, as question and answer; what was left out is left out."""
    rows = (
        (_("What happened"), str(HAPPENINGS[told.happening][0])),
        (_("When"), when(told)),
        (_("Which way"), str(CHANNELS[told.channel]) if told.channel else ""),
        (_("From which number or name"), told.sender),
        (_("Who it was"), told.who),
        (_("What is wanted"), wishes(told)),
    )
    return [(question, given) for question, given in rows if given]


def wishes(told: Told) -> str:
    """What the person wants, in one line."""
    return " · ".join(str(WISHES[code]) for code in told.wishes)


def judged(contact: Contact) -> str:
    """How a text stands to the rule; empty where there is nothing to say."""
    if contact.is_outside:
        return _("Outside the hours")
    if contact.is_too_many:
        return _("More than a day allows")
    return "" if contact.is_contact else _("Asked for, does not count")


def clock(moment: datetime | time, zone: str) -> str:
    """A time of day as the person's own clock shows it."""
    return formats.clock_time(moment, zone)


def text_state(contact: Contact) -> str:
    """What became of a text."""
    return str(TEXT_STATES.get(contact.state, lazy("on its way")))


def days_over(complaint: ComplaintRecord, today: date) -> str | None:
    """How late an answer is, or that it is due today."""
    over = complaint.days_over(today)
    if over:
        return ngettext("%(count)s day over", "%(count)s days over", over, count=over)
    return _("due today") if complaint.is_open and complaint.answer_by == today else None
