"""The words for what the funds rule says of a dispute (words.md 3, funds.*); templates get this module."""

from collections.abc import Mapping
from datetime import date

from portal.core.funds_rule import Fact, FundsCheck
from portal.disputes.funds_facts import Funds, Judged, ReadFile, attempts_on_chart
from portal.evidence import funds_words
from portal.platform import formats
from portal.platform.formats import penalty_word
from portal.platform.i18n import Lazy, lazy, sentences
from portal.platform.i18n import gettext as _

__all__ = ["attempts_on_chart"]

RESULTS: Mapping[str, tuple[Lazy, str, str | None]] = {
    "met": (lazy("Rule met"), "ok", None),
    "not_met": (lazy("Rule not met"), "plain", "cross"),
    "cannot_tell": (lazy("Cannot tell yet"), "plain", None),
    "being_read": (lazy("Being read"), "info", None),
    "none": (lazy("No rule to check"), "plain", None),
}
READING_NAMES: Mapping[str, tuple[Lazy, Lazy]] = {
    "closing": (lazy("Closing"), lazy("at the end of the day")),
    "opening": (lazy("Opening"), lazy("at the beginning of the day")),
    "all_day": (lazy("All day"), lazy("at the lowest")),
    "any_moment": (lazy("Any moment"), lazy("at the highest")),
}
# One sentence each, as the product counts.
MET: Mapping[str, Lazy] = {
    "closing": lazy(
        "Your statement shows %(balance)s at the end of %(date)s. The instalment was %(amount)s. "
        "This is what the rule asks. A person checks it and decides by %(answer_date)s."
    ),
    "opening": lazy(
        "Your statement shows %(balance)s at the beginning of %(date)s. The instalment was %(amount)s. "
        "This is what the rule asks. A person checks it and decides by %(answer_date)s."
    ),
    "all_day": lazy(
        "Your statement shows at least %(balance)s all through %(date)s. The instalment was %(amount)s. "
        "This is what the rule asks. A person checks it and decides by %(answer_date)s."
    ),
    "any_moment": lazy(
        "Your statement shows %(balance)s at the highest on %(date)s. The instalment was %(amount)s. "
        "This is what the rule asks. A person checks it and decides by %(answer_date)s."
    ),
}
NOT_MET: Mapping[str, Lazy] = {
    "closing": lazy(
        "Your statement shows %(balance)s at the end of %(date)s. The instalment was %(amount)s, %(gap)s more. "
        "The rule is not met by this. You can add another page, or send it as it is; a person looks at it."
    ),
    "opening": lazy(
        "Your statement shows %(balance)s at the beginning of %(date)s. The instalment was %(amount)s, %(gap)s more. "
        "The rule is not met by this. You can add another page, or send it as it is; a person looks at it."
    ),
    "all_day": lazy(
        "Your statement shows %(balance)s at the lowest on %(date)s. The instalment was %(amount)s, %(gap)s more. "
        "The rule is not met by this. You can add another page, or send it as it is; a person looks at it."
    ),
    "any_moment": lazy(
        "Your statement shows %(balance)s at the highest on %(date)s. The instalment was %(amount)s, %(gap)s more. "
        "The rule is not met by this. You can add another page, or send it as it is; a person looks at it."
    ),
}
# What a decision that goes against the person rests on.
NEEDED: Mapping[str, Lazy] = {
    "closing": lazy("At the end of %(date)s the account held %(balance)s, and %(amount)s was needed."),
    "opening": lazy("At the beginning of %(date)s the account held %(balance)s, and %(amount)s was needed."),
    "all_day": lazy("At its lowest on %(date)s the account held %(balance)s, and %(amount)s was needed."),
    "any_moment": lazy("At its highest on %(date)s the account held %(balance)s, and %(amount)s was needed."),
}


# The same for staff, who need no promise.
STAFF_FOUND: Mapping[str, Lazy] = {
    "closing": lazy("The account held %(balance)s at the end of %(date)s. The instalment was %(amount)s."),
    "opening": lazy("The account held %(balance)s at the beginning of %(date)s. The instalment was %(amount)s."),
    "all_day": lazy("The account held at least %(balance)s all through %(date)s. The instalment was %(amount)s."),
    "any_moment": lazy("The account held %(balance)s at the highest on %(date)s. The instalment was %(amount)s."),
}


def readings_of(check: FundsCheck) -> list[str]:
    """The four readings, the one that counts first."""
    counts = check.question.reading
    shown = ("closing", "opening", "all_day", "any_moment")
    return [counts, *(each for each in shown if each != counts)]


def finding(funds: Funds, answer_by: date) -> str:
    """What the program found, in one sentence with both amounts; empty where it cannot tell."""
    check = funds.check
    question = check.question
    if check.debited == "yes" and check.result == "not_met":
        return sentences(_debited(check), *_came_back(funds), _("A person looks at it."))
    balance = check.readings[question.reading].balance
    if check.result == "cannot_tell" or balance is None:
        return ""
    words = (MET if check.result == "met" else NOT_MET)[question.reading]
    return str(words) % {
        "balance": formats.money(balance, question.currency),
        "amount": formats.money(question.amount, question.currency),
        "gap": formats.money(max(0, question.amount - balance), question.currency),
        "date": formats.long_date(question.due),
        "answer_date": formats.long_date(answer_by),
    }


def rests_on(check: FundsCheck) -> str:
    """On which rows and tries the answer rests."""
    lines = [row.line for row in check.rows]
    first, last = min(lines), max(lines)
    files = ", ".join(dict.fromkeys(row.file for row in check.rows))
    rows = str(first) if first == last else _("%(first)s to %(last)s", first=first, last=last)
    if not check.attempts:
        return _("See the rows: %(file)s, %(rows)s", file=files, rows=rows)
    times = ", ".join(f"{attempt.attempted_at:%H:%M}" for attempt in check.attempts)
    return _("See the rows: %(file)s, %(rows)s, and our debit record of %(time)s", file=files, rows=rows, time=times)


def _debited(check: FundsCheck) -> str:
    return _(
        "Our record shows that we took a payment for this instalment from your account on %(date)s. "
        "The rule is about days on which we took none.",
        date=formats.long_date(check.question.due),
    )


def _came_back(funds: Funds) -> list[str]:
    return [
        _(
            "The payment of %(amount)s of %(date)s came back afterwards, so it counts as never made.",
            amount=formats.money(payment.amount, funds.check.question.currency),
            date=formats.long_date(payment.received_on),
        )
        for payment in funds.came_back
    ]


def staff_finding(funds: Funds) -> str:
    """The same for staff, who need no promise; what the account held does not decide a day on which we debited."""
    check = funds.check
    question = check.question
    balance = check.readings[question.reading].balance
    figures = {
        "balance": formats.money(balance or 0, question.currency),
        "date": formats.long_date(question.due),
        "amount": formats.money(question.amount, question.currency),
    }
    held = str(STAFF_FOUND[question.reading]) % figures if balance is not None else ""
    if check.debited != "yes":
        return held
    taken = _("We took a payment on that day, and the rule is about days on which none was taken.")
    return sentences(held, taken, *_came_back(funds))


def missing(fact: Fact, currency: str) -> str:
    """One thing that is missing, as the end of a sentence."""
    if fact.code == "nothing_sent":
        return _("the bank statement for the days around the due date.")
    if fact.code == "columns_unknown":
        return _("which column of your file is which. A link beside the file asks it.")
    if fact.code == "no_statement":
        return _(
            "bookings that a program can read. The original file from your bank reads best: PDF, CSV or XLSX. "
            "A person looks at what you sent."
        )
    return funds_words.missing_words(fact, currency)


def signal(fact: Fact, currency: str) -> str:
    """Something worth a look; never a reason by itself."""
    return funds_words.signal_words(fact, currency)


def unread(file: ReadFile) -> str:
    """Why a file that was sent takes no part in the answer; empty where it does."""
    if not file.notes:
        return ""
    return funds_words.signal_words(Fact("file_unread", {"file": file.name, "reason": file.notes[0].code}), "")


def needed(judged: Judged | None, currency: str, contract_type: str) -> str:
    """What a decision against the person rests on, by what was found when it was taken."""
    if judged is None or judged.result != "not_met" or judged.balance is None or judged.balance >= judged.amount:
        return ""
    return str(NEEDED[judged.reading]) % {
        "date": formats.long_date(judged.due),
        "balance": formats.money(judged.balance, currency),
        "amount": formats.money(judged.amount, currency),
        "penalty": penalty_word(contract_type),
    }
