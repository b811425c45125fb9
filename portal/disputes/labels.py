"""The words for states, reasons, outcomes and rows of disputes, in the reader's language; templates get this module."""

from collections.abc import Iterable, Mapping
from datetime import date

from portal.core.funds_rule import Fact
from portal.core.interactions import Part
from portal.disputes import funds_labels
from portal.disputes.effect import Row, Span, joined
from portal.disputes.funds_facts import read_judged
from portal.disputes.queries import DecisionRecord, Message
from portal.disputes.settlement_queries import Beside
from portal.evidence.labels import file_line as file_line
from portal.evidence.labels import file_problem as file_problem
from portal.platform import formats
from portal.platform.formats import penalty_word
from portal.platform.i18n import Lazy, lazy, ngettext
from portal.platform.i18n import gettext as _
from portal.platform.labels import component_word

STATES: Mapping[str, tuple[Lazy, str]] = {
    "draft": (lazy("Not sent yet"), "plain"),
    "open": (lazy("Being decided"), "claim"),
    "waiting": (lazy("Waiting for you"), "wait"),
    "proposed": (lazy("Being decided"), "claim"),
    "decided": (lazy("Decided"), "plain"),
    "in_review": (lazy("In review"), "claim"),
    "closed": (lazy("Closed"), "plain"),
    "withdrawn": (lazy("Withdrawn"), "plain"),
}
STAFF_STATES: Mapping[str, Lazy] = {
    "open": lazy("To decide"),
    "waiting": lazy("Waits for the borrower"),
    "proposed": lazy("Waits for a second person"),
    "in_review": lazy("In review"),
}
OUTCOMES: Mapping[str, tuple[Lazy, str]] = {
    "upheld": (lazy("Upheld"), "ok"),
    "partly": (lazy("Partly upheld"), "ok"),
    "not_upheld": (lazy("Not upheld"), "plain"),
}
HEADINGS: Mapping[str, Lazy] = {
    "upheld": lazy("Your dispute was upheld"),
    "partly": lazy("Your dispute was partly upheld"),
    "not_upheld": lazy("Your dispute was not upheld"),
}
REVIEW_HEADINGS: Mapping[str, Lazy] = {
    "upheld": lazy("After the review: upheld"),
    "partly": lazy("After the review: partly upheld"),
    "not_upheld": lazy("After the review: not upheld"),
}
# words.md 3, dispute.*: what is said, and what it needs.
REASONS: Mapping[str, tuple[Lazy, Lazy]] = {
    "funds": (
        lazy("The money was in my account"),
        lazy("Add the bank statement for the days around the due date. We compare it with our own record of that day."),
    ),
    "paid": (
        lazy("I have already paid"),
        lazy("Tell us when, how much and by which way. A picture of the slip helps."),
    ),
    "amount": (
        lazy("The amount or the %(penalty)s is wrong"),
        lazy("Tick the lines you think are wrong. The others stay as they are."),
    ),
    "not_mine": (
        lazy("I did not take this out"),
        lazy("Reminders stop when you send this, and a specialist looks at it."),
    ),
    "lent": (
        lazy("Someone else used the money"),
        lazy(
            "We are sorry that you carry this alone. The contract is in your name, so the sum stays due from you. "
            "We can make a plan with small steps."
        ),
    ),
    "explained": (
        lazy("Terms or the way to pay were never explained"),
        lazy("Tell us what you were told, and when. We look for our own record of it."),
    ),
    "claim": (
        lazy("An insurance or accident claim is open"),
        lazy("Give the claim number and what the insurer last wrote."),
    ),
    "hardship": (
        lazy("I cannot pay at present"),
        lazy("You need not prove anything. A plan with small steps helps more than a dispute."),
    ),
    "other": (lazy("Something else"), lazy("Write it in your own words. A person reads it.")),
}
DECISION_REASONS: Mapping[str, Lazy] = {
    "funds_met": lazy("Funds rule met, no second debit"),
    "funds_not_met": lazy("Funds rule not met"),
    "payment_found": lazy("The payment was found"),
    "payment_not_found": lazy("The payment was not found"),
    "computed_wrongly": lazy("Computed wrongly"),
    "computed_rightly": lazy("Computed rightly"),
    "not_the_borrower": lazy("Not taken out by this person"),
    "is_the_borrower": lazy("Taken out by this person"),
    "not_explained": lazy("Not explained as it had to be"),
    "explained": lazy("Explained, by our record"),
    "goodwill": lazy("Goodwill"),
    "answered_before": lazy("Answered before, with nothing new since"),
    "other": lazy("Another reason, in the words below"),
}
OUR_MISTAKES = frozenset({"funds_met", "payment_found", "computed_wrongly", "not_explained"})
"""Reasons by which the lender had erred."""
LEFT: Mapping[str, Lazy] = {
    "fee": lazy("Fee left"),
    "interest": lazy("Interest left"),
    "principal": lazy("Principal left"),
}
ROWS: Mapping[str, Lazy] = {
    **LEFT,
    "late_fee": lazy("Late fee"),
    "legal_ceiling": lazy("Limited by law"),
    "amount_waiver": lazy("Waived"),
    "due": lazy("Due in all"),
    "credit": lazy("Credit held"),
}
WORDS_NEEDED = lazy("The borrower reads these words. Please write them.")
QUEUES: Mapping[str, Lazy] = {
    "disputes": lazy("Disputes to decide"),
    "fraud": lazy("Claims of fraud"),
    "reviews": lazy("Reviews to decide"),
}
QUEUE_ROUTES = {
    "disputes": "disputes:staff_queue",
    "fraud": "disputes:staff_fraud",
    "reviews": "disputes:staff_reviews",
}
RESULTS: Mapping[str, tuple[Lazy, str, str | None]] = {
    "met": (lazy("Met"), "ok", None),
    "not_met": (lazy("Not met"), "plain", "cross"),
    "cannot_tell": (lazy("Cannot tell"), "plain", None),
    "being_read": (lazy("Being read"), "info", None),
    "none": (lazy("No rule to check"), "plain", None),
}
"""What the program read, in a list."""
SUM_ROWS = frozenset({"instalment"})


def reason(code: str, *contract_types: str) -> str:
    """Why a person disputes, in words, as contracts of these types say them."""
    return str(REASONS[code][0]) % {"penalty": penalty_word(*contract_types)}


def span_title(span: Span) -> str:
    """Nights by the days on which they end, and how many they are."""
    nights = ngettext("%(count)s night", "%(count)s nights", span.nights, count=span.nights).replace(" ", "\u00a0")
    return _("%(range)s · %(nights)s", range=formats.date_range(*span), nights=nights)


def parts_words(parts: Iterable[Part], filed_on: date) -> str:
    """What was disputed, as it stood on the day of filing: nights by the days on which they end, the late fee."""
    said = []
    for part in parts:
        if part.kind == "late_fee":
            said.append(str(ROWS["late_fee"]))
        elif part.from_day is not None:
            said.append(span_title(Span(part.from_day, part.to_day or filed_on)))
    return listed(said)


def listed(said: Iterable[str]) -> str:
    """Several things one after another, each as the language sets it apart."""
    return _("; ").join(said)


def meanwhile(stops: bool, contract_type: str) -> str:
    """What becomes of the penalty until the answer."""
    penalty = penalty_word(contract_type)
    if stops:
        return _("While we look, no %(penalty)s counts on it.", penalty=penalty)
    return _("Meanwhile %(penalty)s goes on counting. What turns out wrong is taken off.", penalty=penalty)


def row_title(row: Row, instalment: int, contract_type: str) -> str:
    """What a row of the receipt before and after is about."""
    if row.from_day and row.to_day:
        return str(formats.date_range(row.from_day, row.to_day))
    if row.kind == "paid":
        return _("%(penalty)s already paid", penalty=penalty_word(contract_type, start=True))
    if row.kind == "instalment":
        return _("Instalment %(number)s", number=instalment)
    return str(ROWS[row.kind])


def row_note(row: Row) -> str | None:
    """One line of consequence under a row."""
    if row.kind == "nights":
        return ngettext("%(count)s night", "%(count)s nights", row.nights, count=row.nights)
    if row.kind == "days_waived":
        return _("not charged")
    return _("grace days") if row.kind == "grace" else None


def row_kind(row: Row) -> str:
    """How `difference_row` draws a row."""
    if row.kind in SUM_ROWS:
        return "sum"
    return "changed" if row.before != row.after else "same"


def outcome_line(outcome: str, amount: int, currency: str) -> str:
    """How it was decided and how much less that is; nothing of an amount where nothing is taken off."""
    if outcome == "not_upheld":
        return str(OUTCOMES[outcome][0])
    return _("%(outcome)s: %(amount)s", outcome=OUTCOMES[outcome][0], amount=formats.money(amount, currency))


def upheld_range(decision: DecisionRecord, instalment: int, contract_type: str) -> str:
    """The disputed rows that were upheld, in words."""
    upheld = [row for row in decision.rows if row.disputed and row.after == 0]
    nights = joined(Span(row.from_day, row.to_day) for row in upheld if row.from_day and row.to_day)
    others = (row_title(row, instalment, contract_type) for row in upheld if not row.from_day)
    return listed([*(formats.date_range(*span) for span in nights), *others])


def taken_off(decision: DecisionRecord, instalment: int, contract_type: str) -> str:
    """What an answer for the person says of its reason: sorry only where we erred, and goodwill by its name."""
    amount = formats.money(decision.amount, decision.currency)
    if decision.outcome == "upheld":
        if decision.reason == "goodwill":
            return _("%(amount)s is taken off out of goodwill. Below is every line before and after.", amount=amount)
        if decision.reason in OUR_MISTAKES:
            return _(
                "You were right. %(amount)s is taken off. This was our mistake. We are sorry. "
                "Below is every line before and after.",
                amount=amount,
            )
        return _("%(amount)s is taken off. Below is every line before and after.", amount=amount)
    span = upheld_range(decision, instalment, contract_type)
    if decision.reason == "goodwill" or not span:
        return _("%(amount)s is taken off. About the rest we see it differently.", amount=amount)
    return _(
        "You were right about %(range)s: %(amount)s is taken off. About the other lines we see it differently.",
        range=span,
        amount=amount,
    )


def days_over(promised: date, today: date) -> str | None:
    """How late an answer is, or that it is due today."""
    over = (today - promised).days
    if over > 0:
        return ngettext("%(count)s day over", "%(count)s days over", over, count=over)
    return _("due today") if over == 0 else None


def days_left(promised: date, today: date) -> str:
    """How long there is until an answer is due, or how late it is."""
    left = (promised - today).days
    return days_over(promised, today) or ngettext("%(count)s day left", "%(count)s days left", left, count=left)


def missing_of(message: Message, currency: str, role: str | None) -> list[str]:
    """What a question asks for, as read by the funds rule; a guarantor is told nothing of the borrower's account."""
    facts = [Fact(code, data) for code, data in message.data.get("missing", ())]
    if role == "guarantor":
        facts = [Fact(fact.code) if fact.code == "account_unmatched" else fact for fact in facts]
    return [funds_labels.missing(fact, currency) for fact in facts]


def decided_name(decision: DecisionRecord) -> str:
    """Who decided."""
    return decision.decided_name or _("the program, by the product’s rule")


def needed(decision: DecisionRecord, currency: str, contract_type: str) -> str:
    """What was found of the funds rule when it was decided, where it speaks against the person."""
    return funds_labels.needed(read_judged(decision.judged), currency, contract_type)


def money_met(decision: DecisionRecord, contract_type: str) -> list[str]:
    """What happens to money that had met the penalty: which dues it meets now, and what of it is held."""
    rows = {row.kind: row for row in decision.rows}
    paid, currency = rows.get("paid"), decision.currency
    freed = paid.after - paid.before if paid else 0
    if freed <= 0:
        return []
    said = [
        _(
            "Of what you had paid, %(amount)s had met %(penalty)s. It now meets the rest of what is due instead.",
            amount=formats.money(freed, currency),
            penalty=penalty_word(contract_type),
        )
    ]
    for kind in ("fee", "interest", "principal"):
        row = rows.get(kind)
        if row and row.before > row.after:
            less, part = formats.money(row.before - row.after, currency), component_word(kind, contract_type)
            said.append(_("%(component)s of this instalment: %(amount)s less.", component=part, amount=less))
    credit = rows.get("credit")
    if credit and credit.after > credit.before:
        said.append(
            _("%(amount)s more is held as credit.", amount=formats.money(credit.after - credit.before, currency))
        )
    return said


def settlement_beside(found: Beside, currency: str) -> list[str]:
    """What sending a dispute does to a settlement on the same contract, a sentence each."""
    figures = {
        "number": found.number,
        "amount": formats.money(found.to_pay, currency),
        "reduction": formats.money(found.taken_off, currency),
        "date": formats.long_date(found.until),
    }
    for_good = _("Withdrawing the dispute does not bring it back.")
    if not found.own:
        return [_("Somebody else on this contract has agreed to settle everything. Sending this ends that."), for_good]
    if found.ends:
        ends = _("You have agreed settlement %(number)s: %(amount)s by the end of %(date)s. Sending this ends it.")
        gone = _("Then the %(reduction)s that it takes off counts again.") if found.taken_off else ""
        return [each for each in (ends % figures, gone % figures, for_good) if each]
    stands = (
        _("Our offer %(number)s to settle everything stands until the end of %(date)s.")
        if found.from_staff
        else _("Your quote %(number)s to settle everything stands until the end of %(date)s.")
    )
    waits = _("While the dispute is open it cannot be accepted, and its last day stays the same.")
    return [stands % figures, waits]
