"""The page on which staff answer a request: what each answer comes to before it is given, and who may give it alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from portal.access import second_person_queries, staff_queries
from portal.access.granting_queries import granted_today
from portal.access.second_person_queries import Pending
from portal.core.refusal import Refusal
from portal.core.settlement import Offer, spread
from portal.loans import queries as loans
from portal.loans.queries import AuthorityRecord, LoanRecord, PersonRecord
from portal.platform.gate import PERMISSIONS, Viewer
from portal.platform.moment import one_moment
from portal.settlements import facts, queries
from portal.settlements.facts import Quote
from portal.settlements.moves import ACT
from portal.settlements.queries import RequestRecord, SettlementRecord

DAYS_MOST = 60
"""The longest that an offer of staff may stand."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What staff would offer: an amount off in minor units, how long it stands, whether nights go on counting.

    `quoted_on` is the day of the offer; of one that awaits a second person the day on which it was made.
    """

    quoted_on: date
    amount: int
    days: int
    stops: bool

    def as_payload(self) -> dict[str, Any]:
        """As it awaits a second person."""
        return {
            "quoted_on": self.quoted_on.isoformat(),
            "amount": self.amount,
            "days": self.days,
            "stops": self.stops,
        }


def of_payload(payload: Mapping[str, Any]) -> Typed:
    """What `as_payload` wrote."""
    return Typed(
        date.fromisoformat(payload["quoted_on"]), int(payload["amount"]), int(payload["days"]), payload["stops"]
    )


@dataclass(frozen=True)
class OfferPage:
    """A request before staff: what the rules give, what can be taken off at most, and what is typed.

    `quote` is absent where what is typed cannot be offered; `refusal` says why. `authority` is the best that the
    viewer's roles give alone, `granted_today` what the viewer has granted alone today already, by whatever decision.
    `is_own` tells of a question that the viewer wrote down on the phone.
    """

    request: RequestRecord
    person: PersonRecord
    record: LoanRecord
    today: date
    typed: Typed
    by_rules: Quote | None
    at_most: Quote | None
    quote: Quote | None
    refusal: Refusal | None
    standing: SettlementRecord | None
    pending: Pending | None
    authority: AuthorityRecord
    granted_today: int
    is_own: bool = False

    @property
    def answer_by(self) -> date:
        """The day by which the person is told to have the answer."""
        return facts.answer_by(self.record, self.request.asked_on)

    @property
    def seen(self) -> str:
        return self.quote.seen if self.quote else ""

    @property
    def within_authority(self) -> bool:
        """Whether the viewer may offer this alone: the whole effect, up to the last day."""
        if self.quote is None:
            return False
        return self.quote.most <= min(self.authority.waiver_max, self.left_today)

    @property
    def left_today(self) -> int:
        """How much more the viewer may grant alone today."""
        return max(0, self.authority.waiver_day_max - self.granted_today)


@one_moment
def offer_page(connection: Connection, viewer: Viewer, number: str, typed: Typed | None = None) -> OfferPage | None:
    """A request for staff with what is typed, or without it with what would meet the request; None if there is none."""
    found = queries.request(connection, number)
    person = loans.person(connection, found.person_id) if found else None
    record = _with_role(connection, found, viewer.today) if found else None
    if found is None or person is None or record is None:
        return None
    waiting = second_person_queries.waiting(connection, viewer.now, number)
    pending = next((each for each in waiting if each.act == ACT), None)
    page = OfferPage(
        request=found,
        person=person,
        record=record,
        today=viewer.today,
        typed=typed or (of_payload(pending.payload) if pending else Typed(viewer.today, 0, 0, False)),
        by_rules=None,
        at_most=None,
        quote=None,
        refusal=facts.standing(record, viewer.today),
        standing=queries.open_of_loan(connection, record.id),
        pending=pending,
        authority=_authority(connection, viewer, found.currency),
        granted_today=granted_today(connection, viewer, found.currency),
        is_own=is_own(connection, viewer, found),
    )
    if page.refusal is not None or record.status == "sold":
        return page
    page = _with_limits(page)
    if typed is None and pending is None:
        page = replace(page, typed=_what_would_do(page))
    return _with_quote(page)


def is_own(connection: Connection, viewer: Viewer, found: RequestRecord) -> bool:
    """Whether the viewer is the natural person who wrote it down, under whatever account (ST-04)."""
    if viewer.staff_id is None or found.drafted_by is None:
        return False
    me, writer = (staff_queries.staff(connection, account) for account in (viewer.staff_id, found.drafted_by))
    return me is not None and writer is not None and me.identity == writer.identity


def _with_role(connection: Connection, found: RequestRecord, day: date) -> LoanRecord | None:
    """The loan with the role of whoever asks, since what stands beside it may allow a representative alone."""
    own = loans.loans_of(connection, found.person_id, day)
    return next((record for record in own if record.id == found.loan_id), None)


def _with_limits(page: OfferPage) -> OfferPage:
    record, day = page.record, page.typed.quoted_on
    return replace(
        page,
        by_rules=facts.quote_of(record, day, facts.by_the_rules(record, day)),
        at_most=facts.quote_of(record, day, facts.at_most(record, day)),
    )


def _what_would_do(page: OfferPage) -> Typed:
    """The least that meets the request: the amount off, and nights stopped where that alone does not do."""
    at_most = page.at_most
    if at_most is None:
        return page.typed
    most = sum(at_most.reducible.values())
    wanted = max(0, at_most.today.whole - page.request.could_pay)
    days = page.record.rules.settlement_days
    return Typed(page.today, min(wanted, most), days, wanted > most)


def _with_quote(page: OfferPage) -> OfferPage:
    typed, most = page.typed, page.at_most
    if most is None:
        return page
    if not 1 <= typed.days <= DAYS_MOST or typed.quoted_on + timedelta(days=typed.days) < page.today:
        return replace(page, refusal=Refusal("settlement.days", most=DAYS_MOST))
    try:
        reductions = spread(typed.amount, most.reducible)
    except Refusal as refusal:
        return replace(page, refusal=Refusal(refusal.code, amount=refusal.data["most"], currency=page.request.currency))
    stops = typed.stops and "penalty" in page.record.rules.reducible
    until = typed.quoted_on + timedelta(days=typed.days)
    offer = Offer(typed.quoted_on, until, most.offer.evening, reductions, stops)
    return replace(page, quote=facts.quote_of(page.record, typed.quoted_on, offer))


def _authority(connection: Connection, viewer: Viewer, currency: str) -> AuthorityRecord:
    roles = viewer.roles & PERMISSIONS["offer_settlements"]
    given = [loans.authority(connection, role, currency, viewer.today) for role in sorted(roles)]
    return AuthorityRecord(
        max((each.waiver_max for each in given), default=0),
        max((each.waiver_day_max for each in given), default=0),
        max((each.plan_max for each in given), default=0),
    )
