"""A settlement as its owner sees it: what the rules offer now, and where one stands that was quoted or accepted."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from portal.core.assessment import assess
from portal.core.payoff import payoff
from portal.core.refusal import Refusal
from portal.core.settlement import Figure
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer
from portal.platform.moment import one_moment
from portal.settlements import facts, queries
from portal.settlements.facts import Quote
from portal.settlements.queries import RequestRecord, SettlementRecord

CONFIRM_WITHIN = timedelta(days=7)
"""So long what staff wrote down on the phone can be confirmed: as the link in the text lives (domain.md 6)."""


@dataclass(frozen=True)
class NewPage:
    """What closing a loan costs now; no quote where nothing is left or none may be had (`refusal` says why).

    `open` is a settlement that stands already, `asked` a request that waits for an answer; `others` if it is not the
    viewer's own. `offered` are the figures of the viewer's own that stands: what is asked for before the rules' quote.
    """

    record: LoanRecord
    today: date
    quote: Quote | None
    refusal: Refusal | None
    open: SettlementRecord | None
    asked: RequestRecord | None
    others: bool
    offered: Quote | None = None

    @property
    def seen(self) -> str:
        return self.quote.seen if self.quote else ""

    @property
    def plan_goes_on(self) -> bool:
        """Whether a plan runs on the loan, which a settlement leaves as it is until everything under it is paid."""
        return facts.has_plan(self.record, self.today)

    @property
    def least(self) -> int:
        """What closes the loan today if all that can be reduced is taken off: staff can offer nothing below it."""
        if self.quote is None:
            return 0
        record, today = self.record, self.today
        return facts.quote_of(record, today, facts.at_most(record, today)).today.to_pay

    @property
    def answer_by(self) -> date:
        """The day by which a person would answer a question that is asked today."""
        return facts.answer_by(self.record, self.today)

    @property
    def can_ask(self) -> bool:
        """Whether staff could take off more than the rules do."""
        return self.quote is not None and self.least < self.quote.today.to_pay


@one_moment
def new_page(connection: Connection, viewer: Viewer, code: str) -> NewPage | None:
    """The offer of now for a loan of the viewer, None if there is no such loan or nothing of it may be seen."""
    record = loans.loan_by_code(connection, viewer, code)
    if record is None or record.status == "sold" or record.role not in facts.SETTLERS:
        return None
    refusal = facts.standing(record, viewer.today)
    whole = payoff(record.facts, assess(record.facts, viewer.today), record.rules.payoff_interest)
    if refusal is None and whole.to_pay == 0:
        refusal = Refusal("settlement.nothing_left")
    quote = None if refusal else facts.quote_of(record, viewer.today, facts.by_the_rules(record, viewer.today))
    standing = queries.open_of_loan(connection, record.id)
    asked = queries.asked_of_loan(connection, record.id)
    others = any(each is not None and each.person_id != viewer.person_id for each in (standing, asked))
    offered = detail_of(standing, record, viewer).quote if standing is not None and not others else None
    return NewPage(record, viewer.today, quote, refusal, standing, asked, others, offered)


def figure_of(record: LoanRecord, found: SettlementRecord, day: date) -> Figure:
    """What a settlement that can still be paid comes to on a day."""
    return facts.quote_of(record, day, found.offer, found.rule).today


@dataclass(frozen=True)
class DetailPage:
    """A settlement as its owner sees it, on the facts of now.

    `quote` has the figure of each day that is left, none once it has ended or its date has passed. `changed` are the
    days whose figure is no longer the one that was told: (day, told, now).
    """

    settlement: SettlementRecord
    record: LoanRecord
    today: date
    quote: Quote | None
    refusal: Refusal | None
    changed: tuple[tuple[date, int, int], ...]

    @property
    def seen(self) -> str:
        return self.quote.seen if self.quote else ""

    @property
    def plan_goes_on(self) -> bool:
        """Whether a plan runs on the loan, which a settlement leaves as it is until everything under it is paid."""
        return facts.has_plan(self.record, self.today)

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed and the bookings of that day are still awaited."""
        return self.settlement.is_open and self.today > self.settlement.offer.until


@one_moment
def detail_page(connection: Connection, viewer: Viewer, number: str) -> DetailPage | None:
    """A settlement of the viewer, None if it is nobody's or somebody else's."""
    found = queries.own_settlement(connection, viewer, number)
    record = queries.own_loan(connection, viewer, found.loan_id) if found else None
    return detail_of(found, record, viewer) if found and record else None


def detail_of(found: SettlementRecord, record: LoanRecord, viewer: Viewer) -> DetailPage:
    """A settlement on the facts of now; staff see the very same."""
    quote = None
    if found.is_open and viewer.today <= found.offer.until and record.status != "sold":
        quote = facts.quote_of(record, viewer.today, found.offer, found.rule)
    refusal = facts.standing(record, viewer.today) if found.state == "quoted" else None
    changed = tuple(
        (each.day, found.told[each.day], each.to_pay)
        for each in (quote.days if quote else ())
        if found.told.get(each.day, each.to_pay) != each.to_pay
    )
    return DetailPage(found, record, viewer.today, quote, refusal, changed)


@dataclass(frozen=True)
class RequestPage:
    """A request as its owner sees it; one that staff wrote down can be confirmed up to `confirm_by`."""

    request: RequestRecord
    record: LoanRecord
    today: date

    @property
    def answer_by(self) -> date:
        """The day by which a person answers."""
        return facts.answer_by(self.record, self.request.asked_on)

    @property
    def confirm_by(self) -> date:
        return self.request.asked_on + CONFIRM_WITHIN

    @property
    def is_over(self) -> bool:
        """Whether it was not confirmed in time, whether or not the worker has been by."""
        return self.request.state == "written" and self.today > self.confirm_by


def request_page(connection: Connection, viewer: Viewer, number: str) -> RequestPage | None:
    """A request of the viewer, None if it is nobody's or somebody else's."""
    found = queries.own_request(connection, viewer, number)
    record = queries.own_loan(connection, viewer, found.loan_id) if found else None
    return RequestPage(found, record, viewer.today) if found and record else None
