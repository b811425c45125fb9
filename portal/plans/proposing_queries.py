"""The form of a proposal: which loans a plan can cover, what the answers come to, and what else would pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from sqlalchemy import Connection

from portal.core.affordability import most_in_a_month
from portal.core.assessment import assess
from portal.core.days import add_months
from portal.core.interactions import Hold
from portal.core.receipt import late_fee_tonight
from portal.core.refusal import Refusal
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.loans.rulepacks import rule_pack
from portal.plans import basis_facts, facts, offer_facts, words
from portal.plans.conditions_facts import Conditions, conditions
from portal.plans.facts import Answers, Basis, Figures, LoanCheck
from portal.plans.forms import Question, as_typed, read_answers
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment

_MONTHS_AHEAD = 12


@dataclass(frozen=True)
class Way:
    """Answers that would pass, with the figures they come to and how an address has them."""

    answers: Answers
    figures: Figures
    typed: Mapping[str, str]


@dataclass(frozen=True)
class NewPage:
    """A proposal in the making. `figures` is absent while the answers mean nothing or come to nothing.

    `blocked` are the loans that no plan can cover now, each with why; `frozen` the figures if the penalty stopped,
    where the product may stop it. `regular` is the most that the person's contracts ask for in one month to come.
    """

    today: date
    data_date: date | None
    currency: str | None
    currencies: tuple[tuple[str, int], ...]
    blocked: tuple[tuple[LoanRecord, Refusal], ...]
    waiting: str | None
    waiting_is_own: bool
    running: tuple[str, ...]
    bundle: tuple[Basis, ...]
    question: Question
    asked_currency: str = ""
    received: int = 0
    payday: int | None = None
    regular: int = 0
    refusal: Refusal | None = None
    figures: Figures | None = None
    checks: tuple[LoanCheck, ...] = ()
    frozen: Figures | None = None
    change: Way | None = None
    larger: Way | None = None

    @property
    def conditions(self) -> Conditions:
        """What counts beside the figures; only where there are figures."""
        return conditions(self.bundle, self.today)

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def seen(self) -> str:
        return basis_facts.hash_of(self.bundle)

    @property
    def told(self) -> str:
        """The figures as the form carries them."""
        return facts.told(self.figures, self.received) if self.figures else ""

    @property
    def due(self) -> int:
        return sum(basis.due for basis in self.bundle)

    @cached_property
    def late_fee_tonight(self) -> int:
        """The late fees that fall today and are part of what is due, though paying all of it today prevents them."""
        return sum(late_fee_tonight(each.facts, each.start) for each in self.bundle)

    @property
    def may_propose(self) -> bool:
        """Whether a plan, or a change of one, can be proposed now; else `waiting` and `blocked` say why not."""
        return self.waiting is None and (bool(self.bundle) or len(self.currencies) > 1)

    @property
    def is_disputed(self) -> bool:
        """Whether something was left out because it is disputed."""
        return any(waiver.cause == "dispute" for basis in self.bundle for waiver in basis.facts.amount_waivers)


@one_moment
def new_page(connection: Connection, viewer: Viewer, given: Mapping[str, str]) -> NewPage:
    """The form with the answers given, or with the smallest plan that passes before anything was answered."""
    page = basis_page(connection, viewer, given.get("currency", ""))
    if not page.bundle or page.currency is None:
        return page
    return answered(page, _question(viewer, given, page.currency, page.bundle, page.payday))


@one_moment
def basis_page(connection: Connection, viewer: Viewer, asked: str) -> NewPage:
    """What a plan in the currency asked for can cover now, before any answer."""
    account = loans.account(connection, viewer)
    own = [loan for loan in account.loans if loan.role in basis_facts.PROPOSERS]
    late = [(loan, assess(loan.facts, viewer.today).due.total) for loan in own if loan.status != "sold"]
    blocked = tuple(
        (loan, refusal)
        for loan, due in late
        if due and (refusal := loan.refusal_of("propose_plan", viewer.today)) is not None
    )
    stopped = {loan.id for loan, _refusal in blocked}
    free = [(loan, due) for loan, due in late if due and loan.id not in stopped]
    currencies = _sums(free)
    currency = _chosen(currencies, asked)
    bundle = bundle_of(connection, (loan for loan, _due in free if loan.currency == currency), viewer.today)
    waiting = _waiting(own, currency, viewer.today)
    asked = currency or asked
    person = loans.person(connection, viewer.person_id or 0)
    return NewPage(
        today=viewer.today,
        data_date=account.data_date,
        currency=currency,
        currencies=currencies,
        blocked=blocked,
        waiting=waiting.number if waiting else None,
        waiting_is_own=waiting is not None and waiting.person_id == viewer.person_id,
        running=_running(bundle, viewer.today),
        bundle=bundle,
        question=Question({}),
        asked_currency=asked,
        received=facts.received_on(loan for loan in own if loan.currency == asked),
        payday=person.payday if person else None,
        regular=_regular((loan for loan, _due in late if loan.currency == currency), viewer.today),
    )


def _regular(records: Iterable[LoanRecord], today: date) -> int:
    """The most that falls due in one month of the year to come, in minor units."""
    until = add_months(today, _MONTHS_AHEAD)
    return most_in_a_month(
        (item.due_on, item.fee + item.interest + item.principal)
        for record in records
        for item in record.facts.instalments
        if today < item.due_on <= until
    )


def _sums(free: Iterable[tuple[LoanRecord, int]]) -> tuple[tuple[str, int], ...]:
    sums: dict[str, int] = {}
    for loan, due in free:
        sums[loan.currency] = sums.get(loan.currency, 0) + due
    return tuple(sums.items())


def _chosen(currencies: Sequence[tuple[str, int]], asked: str) -> str | None:
    known = [currency for currency, _due in currencies]
    if asked in known:
        return asked
    return known[0] if len(known) == 1 else None


def _waiting(own: Iterable[LoanRecord], currency: str | None, day: date) -> Hold | None:
    """A proposal that is not answered yet, whoever on the loan sent it."""
    found = (
        hold
        for loan in own
        for hold in loan.pending
        if hold.kind == "proposal" and loan.currency == currency and hold.is_in_force(day)
    )
    return next(found, None)


def _running(bundle: Iterable[Basis], day: date) -> tuple[str, ...]:
    """The plans that agreeing would replace."""
    numbers = (
        hold.number for basis in bundle for hold in basis.record.holds if hold.kind == "plan" and hold.is_in_force(day)
    )
    return tuple(dict.fromkeys(numbers))


def bundle_of(
    connection: Connection,
    records: Iterable[LoanRecord],
    start: date,
    counted: Mapping[int, frozenset[str]] | None = None,
) -> tuple[Basis, ...]:
    """The loans that a plan covers, without those of which nothing stays payable."""
    limits = {}
    found = []
    for record in records:
        if record.product_id not in limits:
            limits[record.product_id] = loans.plan_limits(connection, record.product_id, start)
        calendar = rule_pack(record.rule_pack).calendar(start)
        known = (counted or {}).get(record.id)
        found.append(basis_facts.basis_of(record, start, limits[record.product_id], calendar, known))
    return tuple(basis for basis in found if basis.due)


def _question(
    viewer: Viewer, given: Mapping[str, str], currency: str, bundle: Sequence[Basis], payday: int | None
) -> Question:
    if given.get("way"):
        return read_answers(given, currency, payday, viewer.today)
    begun = offer_facts.least_answers(usual_days(payday, viewer.today), bundle)
    return Question(as_typed(begun, currency), begun)


def usual_days(payday: int | None, today: date) -> Answers:
    """The days of a plan before anybody chose: monthly on the own pay day, else on the day of today."""
    return Answers(payday or min(today.day, words.LAST_OF_EVERY_MONTH), None, None)


def answered(page: NewPage, question: Question) -> NewPage:
    """The page with what these answers come to, and nothing of what others came to before."""
    page = replace(
        page, question=question, refusal=None, figures=None, checks=(), frozen=None, change=None, larger=None
    )
    answers = question.answers
    if answers is None:
        return page
    try:
        plans = offer_facts.schedules(answers, page.bundle)
    except Refusal as refusal:
        return replace(page, refusal=refusal)
    page = replace(page, figures=offer_facts.figures(plans, page.bundle), checks=offer_facts.checks(plans, page.bundle))
    if all(basis.record.rules.freeze for basis in page.bundle):
        page = replace(page, frozen=frozen_figures(answers, page.bundle))
    if page.passed:
        return page
    priced = replace(answers, monthly=sum(plan.monthly for plan in plans), payments=None)
    return replace(
        page,
        change=way(offer_facts.smallest(priced, page.bundle), page.bundle),
        larger=way(offer_facts.larger_first(priced, page.bundle), page.bundle),
    )


def frozen_figures(answers: Answers, bundle: Sequence[Basis]) -> Figures:
    """The figures if the penalty stopped."""
    return offer_facts.figures(offer_facts.schedules(answers, bundle, freeze=True), bundle)


def way(answers: Answers | None, bundle: Sequence[Basis]) -> Way | None:
    """A way that would pass, with its figures."""
    if answers is None:
        return None
    found = offer_facts.figures(offer_facts.schedules(answers, bundle), bundle)
    return Way(answers, found, as_typed(answers, found.currency))
