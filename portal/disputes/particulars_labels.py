"""The words for what each reason asks: its checklist, its fields, and the facts that were told (words.md 3)."""

from collections.abc import Mapping

from portal.core.days import each_day
from portal.disputes.drafting_queries import DraftPage
from portal.disputes.effect import Span, joined
from portal.disputes.filing_queries import NewPage
from portal.disputes.labels import ROWS, listed, span_title
from portal.disputes.particulars import (
    Claim,
    Explained,
    Funds,
    NotMine,
    Paid,
    Particulars,
    WrongAmount,
    read_particulars,
)
from portal.platform import formats
from portal.platform.formats import penalty_word
from portal.platform.i18n import Lazy, lazy
from portal.platform.i18n import gettext as _

CHANNELS: Mapping[str, Lazy] = {
    "bank": lazy("Bank transfer"),
    "app": lazy("In our app or on our site"),
    "wechat": lazy("WeChat Pay"),
    "alipay": lazy("Alipay"),
    "counter": lazy("At a counter or shop"),
    "other": lazy("Another way"),
}
FIGURES: Mapping[str, Lazy] = {
    "penalty": lazy("The %(penalty)s of these nights"),
    "late_fee": lazy("The late fee"),
    "instalment": lazy("The amount of the instalment"),
    "payment": lazy("A payment that is missing or counted wrongly"),
}
PICTURES: Mapping[str, str] = {"funds": "statement", "paid": "slip", "claim": "letter", "not_mine": "letter"}
"""What a good example of a reason's evidence looks like; papers of any kind for the others."""

SENTENCES: Mapping[str, Lazy] = {
    "statement": lazy("A drawn bank statement: account, holder, and each day with its balance"),
    "slip": lazy("A drawn slip: day, amount, receiver, reference"),
    "letter": lazy("A drawn letter: sender, date, number"),
    "papers": lazy("A drawn sheet of paper, whole and flat"),
}


STILL_MISSING: Mapping[str, Lazy] = {
    "nights": lazy("Nothing is ticked yet: say which nights you see differently."),
    "reason": lazy("The reason is not chosen yet."),
    "details": lazy("What belongs to this reason is not filled in yet, or not rightly."),
}
"""What a draft cannot be sent without, by the step that asks for it."""


def figure(code: str, contract_type: str) -> str:
    """A figure that may be wrong."""
    return str(FIGURES[code]) % {"penalty": penalty_word(contract_type)}


def picture(reason: str) -> str:
    """Which picture shows a good example."""
    return PICTURES.get(reason, "papers")


def checklist(draft: DraftPage) -> list[str]:
    """What a good piece of evidence shows, in the order of the numbers in the picture."""
    kind = picture(draft.content.reason)
    if kind == "statement":
        return [
            _account(draft.account_tail),
            _("The holder's name"),
            _("Every line %(days)s: the day before the due date to the day after", days=_days(draft)),
            _("The balance after each line"),
        ]
    if kind == "slip":
        return [
            _("The day on which you paid"),
            _("The amount"),
            _("Who received it"),
            _("The reference or order number"),
        ]
    if kind == "letter":
        return [_("Who wrote it"), _("The date"), _("The number of the case")]
    return [_("The whole sheet, all four corners"), _("Flat, in daylight, sharp enough to read")]


def picture_rows(draft: DraftPage) -> list[str]:
    """The days that are written in the picture of a statement."""
    days = draft.statement_days
    if picture(draft.content.reason) != "statement" or days is None:
        return []
    return [formats.short_date(day) for day in each_day(*days)]


def nights(page: NewPage) -> str:
    """What is ticked, in words."""
    ticked = [each.span for each in page.offered if page.is_ticked(each)]
    said = [span_title(span) for span in joined([*ticked, *map(Span.read, page.ticks.nights)])]
    if page.fee and not page.fee_taken and page.fee_ticked:
        said.append(str(ROWS["late_fee"]))
    return listed(said)


def _account(tail: str) -> str:
    if not tail:
        return _("The account number, at least its last four digits")
    return _("The account from which we debit, ending %(tail)s, at least these four digits of it", tail=tail)


def _days(draft: DraftPage) -> str:
    days = draft.statement_days
    return formats.date_range(*days) if days else ""


def facts_rows(told: Particulars | None, currency: str, contract_type: str) -> list[tuple[str, str]]:
    """The facts of a reason as label and words; what was left out is left out."""
    return [(label, words) for label, words in _rows(told, currency, contract_type) if words]


def told_facts(text: str, currency: str, contract_type: str) -> list[tuple[str, str]]:
    """The same of a dispute that was sent, as it keeps them."""
    return facts_rows(read_particulars(text), currency, contract_type)


def _rows(told: Particulars | None, currency: str, contract_type: str) -> list[tuple[str, str]]:
    match told:
        case Funds(tail=tail, holder=holder):
            return [(_("Account ending in"), tail), (_("Holder"), holder)]
        case Paid(paid_on=day, amount=amount, channel=channel):
            return [
                (_("Paid on"), formats.long_date(day)),
                (_("Amount"), formats.money(amount, currency)),
                (_("Way"), str(CHANNELS[channel])),
            ]
        case WrongAmount(figure=code, should_be=amount):
            right = formats.money(amount, currency) if amount is not None else ""
            return [(_("Figure"), figure(code, contract_type)), (_("It should be"), right)]
        case NotMine(noticed_on=day, report=report):
            return [(_("Known since"), formats.long_date(day) if day else ""), (_("Report number"), report)]
        case Explained(told=words, told_when=when, told_by=who):
            return [(_("What was said"), words), (_("When"), when), (_("By whom"), who)]
        case Claim(claim_number=number, insurer=insurer, last_answer=answer):
            return [(_("Claim number"), number), (_("Insurer"), insurer), (_("Last answer"), answer)]
    return []
