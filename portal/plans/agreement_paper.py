"""What the agreement of a plan says, part by part: the page and the PDF say the same."""

from collections.abc import Iterator
from datetime import date

from portal.plans import words
from portal.plans.facts import LoanSchedule, Payment
from portal.plans.queries import PaperPage
from portal.platform import formats, labels
from portal.platform.i18n import gettext as _
from portal.platform.papers import Paper, Part, Rows, Words

_STRUCTURE = ("fee", "interest", "principal", "penalty")


def paper_of(page: PaperPage, language: str, zone: str) -> Paper:
    """The agreement in a language, which has to be the one that is spoken now; times in the lender's zone."""
    said = page.content["lender"].get(language) or next(iter(page.content["lender"].values()))
    head = " · ".join(filter(None, (said["legal_name"], said["licence"], said["phone"])))
    number = _("Number %(number)s", number=page.plan.number)
    agreed = _("agreed on %(date)s", date=formats.long_date(page.agreed_on))
    engine = _("engine %(version)s", version=page.content["engine"])
    marks = [labels.fingerprint(mark) for mark in page.consent.fingerprints]
    return Paper(
        language=language,
        title=_("Agreement on a plan"),
        sender=head,
        facts=(
            number,
            f"{page.content['name']} · {page.content['person_ref']} · {agreed}",
            " · ".join((engine, *marks)),
        ),
        parts=tuple(_parts(page, said, zone)),
        foot=said["public_name"],
    )


def _parts(page: PaperPage, said: dict[str, str], zone: str) -> Iterator[Part]:
    plan, figures = page.plan, page.plan.figures
    yield Words(_("Between %(lender)s and %(name)s.", lender=said["legal_name"], name=page.content["name"]))
    capitals = formats.capitals(figures.due_today, plan.currency)
    due = formats.money(figures.due_today, plan.currency) + (f"（{capitals}）" if capitals else "")
    covers = _(
        "This plan covers what was due on %(date)s: %(amount)s. Later instalments keep their own dates.",
        date=formats.long_date(plan.start_on),
        amount=due,
    )
    yield Words(covers)
    dues = {loan["loan_id"]: loan.get("due") for loan in page.content["loans"]}
    for loan in figures.loans:
        yield Words(f"{loan.name} · {loan.ref}", "heading")
        if structure := dues.get(loan.loan_id):
            yield _structure(structure, loan, plan.currency)
        yield _payments(loan, plan.currency)
    if figures.running:
        yield Words(_("Instalments beside the plan"), "heading")
        yield Words(_("This assumes that each month's instalment is paid on its day too."))
        yield _running(figures.running, plan.currency)
    yield from _rules(page, said)
    given = formats.moment(page.consent.given_at, zone)
    yield Words(_("%(words)s (%(moment)s)", words=page.consent.words, moment=given), "note")


def _structure(structure: dict[str, int], loan: LoanSchedule, currency: str) -> Rows:
    names = {
        "fee": _("Fees"),
        "interest": _("Interest"),
        "principal": _("Principal"),
        "penalty": formats.penalty_word(loan.contract_type, start=True),
    }
    rows = [(names[part], formats.amount(structure[part], currency)) for part in _STRUCTURE if structure[part]]
    total = (_("Due, in this plan"), formats.money(loan.due_today, currency))
    return Rows((_("What was due"), _("Amount")), rows, [total])


def _payments(loan: LoanSchedule, currency: str) -> Rows:
    rows = [(_payment(payment), formats.amount(payment.amount, currency)) for payment in loan.payments]
    return Rows((_("Payment on"), _("Amount")), rows, [(_("Total"), formats.money(loan.total, currency))])


def _payment(payment: Payment) -> str:
    day = words.on_weekday(payment.due_on, formats.long_date(payment.due_on))
    if payment.moved_from is None:
        return day
    moved = _("%(date)s is no working day", date=formats.long_date(payment.moved_from))
    return f"{day} · {moved}"


def _running(running: tuple[tuple[int, date, int], ...], currency: str) -> Rows:
    rows = [
        (
            _("Instalment %(number)s, %(date)s", number=number, date=formats.long_date(due_on)),
            formats.amount(amount, currency),
        )
        for number, due_on, amount in running
    ]
    return Rows((_("Due date"), _("Amount")), rows)


def _rules(page: PaperPage, said: dict[str, str]) -> Iterator[Words]:
    """What happens to the penalty, what breaks a plan, how it is changed, and what else both sides should know."""
    types = page.plan.figures.contract_types
    title = formats.penalty_word(*types, start=True)
    yield Words(_("%(penalty)s, late payments and changes", penalty=title), "heading")
    yield Words(_penalty(page, formats.penalty_word(*types)))
    yield Words(words.late(page.content["cure_days"]))
    yield Words(words.no_breaks())
    yield Words(_changes(said["phone"]))
    yield Words(
        _(
            "While it is kept, we remind you only of its payments and of later instalments. We ask for nothing beyond"
            " these."
        )
    )
    yield Words(words.agreeing(page.content.get("limitation") or {}))
    yield Words(_("You can fetch this paper at any time."))


def _penalty(page: PaperPage, penalty: str) -> str:
    if page.plan.is_frozen:
        return _(
            "While the plan is kept, no %(penalty)s counts. What has not counted stays so, even if the plan later"
            " ends.",
            penalty=penalty,
        )
    return _("On what is unpaid, %(penalty)s goes on counting. The schedule includes it.", penalty=penalty)


def _changes(phone: str) -> str:
    return _(
        "To change the plan, ask on your page or ring %(phone)s before the day of a payment. Until both sides have"
        " agreed to another plan, this one goes on.",
        phone=phone,
    )
