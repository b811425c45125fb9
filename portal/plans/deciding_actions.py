"""Staff decide on a proposal, one person or two: they agree, and the plan runs, or they refuse it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import insert
from sqlmodel import Session

from portal.access import granting_actions as granting
from portal.access import second_person_actions as access
from portal.access.second_person_queries import Pending
from portal.audit import actions as audit
from portal.core.plan_states import PLAN
from portal.core.receipt import ENGINE_VERSION
from portal.core.refusal import Refusal
from portal.loans import actions as loans
from portal.messages.actions import notify
from portal.plans import basis_facts, events, moves, offer_facts, queries, stored_facts
from portal.plans.conditions_facts import conditions
from portal.plans.deciding_queries import ACT, DecidePage, decide_page
from portal.plans.facts import Figures
from portal.plans.queries import AGREEMENT
from portal.platform.gate import Viewer
from portal.promises import actions as promises

Lenders: TypeAlias = Mapping[str, Mapping[str, str]]
"""What a paper calls the lender, by language."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How staff agree: on which figures, with the penalty stopped or not, why, and words to the borrower."""

    seen: str
    freeze: bool
    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides agree to: the figures, whether the penalty stops and what that saves, why, and words.

    `expected` is the state from which the plan begins to run.
    """

    figures: Figures
    freeze: bool
    forecast: int
    reason: str
    words: str
    expected: str = "proposed"


def approve(session: Session, viewer: Viewer, number: str, decision: Decision, lender: Lenders) -> str:
    """Agree to a proposal: `running`, or `waiting` where a second person has to confirm.

    Refusals: `plan.decided` (by, state), `plan.lapsed`, `plan.day_passed` (day), `plan.figures_changed`,
    `plan.no_freeze`, `already_waiting`, and those of what stands beside it. LookupError for an unknown number.
    `lender` is what the paper calls it.
    """
    page = undecided(session, viewer, number)
    check(page, decision)
    _check_days(page)
    if page.within_authority(decision.freeze):
        moves.void_second_person(session, viewer, number)
        agree(session, viewer, page, _agreed(page, decision), lender, viewer.staff_id, None)
        return "running"
    void_if_overtaken(session, viewer, page)
    payload = {
        "freeze": decision.freeze,
        "reason": decision.reason,
        "words": decision.words,
        "version": page.plan.version,
    }
    access.ask_second_person(session, viewer, ACT, number, page.seen, payload)
    return "waiting"


def confirm(session: Session, viewer: Viewer, page: DecidePage, pending: Pending, lender: Lenders) -> str:
    """The second person agrees to what `access` has just settled, and so the plan runs. Refusals of `approve`."""
    given = pending.payload
    decision = Decision(pending.hash_seen, given["freeze"], given["reason"], given["words"])
    if given["version"] != page.plan.version:
        raise Refusal("plan.figures_changed")
    check(page, decision)
    _check_days(page)
    agree(session, viewer, page, _agreed(page, decision), lender, pending.maker_id, viewer.staff_id)
    return "running"


def decline(session: Session, viewer: Viewer, number: str) -> str:
    """The second person does not agree; the proposal waits for a decision as before."""
    page = undecided(session, viewer, number)
    if page.pending is None:
        raise Refusal("unknown_act")
    access.decline_second_person(session, viewer, page.pending.id)
    return "proposed"


def take_back(session: Session, viewer: Viewer, number: str) -> str:
    """The first person takes back what awaits a second one."""
    page = undecided(session, viewer, number)
    if page.pending is None:
        raise Refusal("unknown_act")
    access.withdraw_second_person(session, viewer, page.pending.id)
    return "proposed"


def refuse(session: Session, viewer: Viewer, number: str, seen: str, reason: str, said: str) -> str:
    """Do not agree: the limits with what was offered and the smallest change that passes are kept with the answer.

    Refusals `plan.decided` (by, state) and `plan.figures_changed`; LookupError for an unknown number.
    """
    page = undecided(session, viewer, number)
    if seen != page.seen:
        raise Refusal("plan.figures_changed")
    kept: dict[str, Any] = {"reason": reason, "words": said, "criteria": stored_facts.criteria_row(page.checks)}
    if page.change is not None:
        kept["change"] = stored_facts.dump(dict(page.change.typed))
    kept |= {"decided_at": viewer.now, "decided_on": viewer.today, "decided_by": viewer.staff_id, "rules": page.rules}
    moves.move(session, viewer, number, page.plan.version, "refused", **kept)
    moves.void_second_person(session, viewer, number)
    loans.end_hold(session, viewer, number, viewer.today, "refused")
    audit.record(session, viewer, events.PlanRefused(number, reason, page.seen))
    notify(session, viewer, person_id=page.plan.person_id, template="sms.answer", number=number)
    return "refused"


def undecided(session: Session, viewer: Viewer, number: str) -> DecidePage:
    """A proposal that nobody has decided yet; Refusal `plan.decided`, LookupError for an unknown number."""
    granting.hold_granting(session, viewer)
    moves.hold(session, number)
    page = decide_page(session.connection(), viewer, number)
    if page is None:
        raise LookupError(number)
    if page.plan.state != "proposed":
        raise Refusal("plan.decided", by=page.plan.decided_by, state=page.plan.state)
    if page.is_own:
        raise Refusal("plan.own_proposal")
    return page


def void_if_overtaken(session: Session, viewer: Viewer, page: DecidePage) -> None:
    """What awaits a second person on other figures can no longer be confirmed; on these ones it stands in the way.

    Refusal `already_waiting` (by, at) where another kind of answer waits; the same kind refuses by itself.
    """
    if page.pending is None:
        return
    if page.pending.hash_seen != page.seen:
        moves.void_second_person(session, viewer, page.plan.number)
        return
    raise Refusal("already_waiting", by=page.pending.maker_name, at=page.pending.asked_at)


def check(page: DecidePage, decision: Decision) -> None:
    """Refuse a decision that is too late, on other figures, or beside what stands in the way."""
    if page.has_lapsed:
        raise Refusal("plan.lapsed")
    if decision.seen != page.seen or page.now is None:
        raise Refusal("plan.figures_changed")
    if page.blocked:
        raise page.blocked[0][1]
    if page.nothing_due:
        raise Refusal("plan.nothing_due")
    if decision.freeze and page.frozen is None:
        raise Refusal("plan.no_freeze")
    agreed = page.frozen if decision.freeze else page.now
    if agreed is not None and not agreed.ends:
        raise Refusal("plan.never_ends")


def _check_days(page: DecidePage) -> None:
    """What is agreed can be kept from that day on: not with a first payment whose day passed without it."""
    if page.passed_day is not None:
        raise Refusal("plan.day_passed", day=page.passed_day)


def _agreed(page: DecidePage, decision: Decision) -> Agreed:
    figures = page.frozen if decision.freeze else page.now
    if figures is None:
        raise Refusal("plan.figures_changed")
    forecast = page.forecast if decision.freeze else 0
    return Agreed(figures, decision.freeze, forecast, decision.reason, decision.words)


def agree(
    session: Session,
    viewer: Viewer,
    page: DecidePage,
    agreed: Agreed,
    lender: Lenders,
    decided_by: int | None,
    confirmed_by: int | None,
    *,
    is_decided: bool = False,
) -> None:
    """The one way in which a plan begins to run; of many at once the guarded update lets one through.

    Its loans are held (`moves.hold`) since before `page` was read. `is_decided` where staff decided before, by a
    counter-offer: their day, their rules and their words stay.
    """
    number = page.plan.number
    decided: dict[str, Any] = {} if is_decided else _decided(viewer, page, agreed, decided_by, confirmed_by)
    if not is_decided and confirmed_by is None:
        granting.note_granted(session, viewer, number, agreed.forecast, page.plan.currency)
    moves.move(
        session,
        viewer,
        number,
        page.plan.version,
        "running",
        expected=agreed.expected,
        is_frozen=agreed.freeze,
        **decided,
    )
    _keep_paper(session, viewer, page, agreed.figures, lender)
    loans.end_hold(session, viewer, number, viewer.today, "agreed")
    _take_place_of_others(session, viewer, page)
    for loan in agreed.figures.loans:
        moves.open_hold(session, viewer, "plan", loan, number, page.plan.start_on, None, page.plan.person_id)
        if agreed.freeze:
            _stop_penalty(session, viewer, page, loan.loan_id)
    seen = page.seen
    event = events.PlanAgreed(
        number, decided_by or 0, confirmed_by, seen, agreed.freeze, agreed.forecast, agreed.reason
    )
    audit.record(session, viewer, event)
    if not is_decided:
        notify(session, viewer, person_id=page.plan.person_id, template="sms.answer", number=number)


def _decided(
    viewer: Viewer, page: DecidePage, agreed: Agreed, decided_by: int | None, confirmed_by: int | None
) -> dict[str, Any]:
    return {
        "decided_at": viewer.now,
        "decided_on": viewer.today,
        "decided_by": decided_by,
        "confirmed_by": confirmed_by,
        "freeze_forecast": agreed.forecast,
        "reason": agreed.reason,
        "words": agreed.words,
        "rules": page.rules,
    }


def _keep_paper(session: Session, viewer: Viewer, page: DecidePage, agreed: Figures, lender: Lenders) -> None:
    known = conditions(page.bundle, page.plan.start_on)
    content = {
        "lender": {language: dict(names) for language, names in lender.items()},
        "name": page.person.name,
        "person_ref": page.person.ref,
        "engine": ENGINE_VERSION,
        "is_frozen": agreed.is_frozen,
        "currency": agreed.currency,
        "start_on": agreed.start,
        "cure_days": known.cure_days,
        "loans": [
            {
                "loan_id": loan.loan_id,
                "fingerprint": loan.fingerprint,
                "schedule": stored_facts.as_stored(loan),
                "due": offer_facts.structure(basis),
            }
            for loan, basis in zip(agreed.loans, page.bundle, strict=True)
        ],
        "limitation": dict(known.limitation),
    }
    session.execute(
        insert(AGREEMENT).values(
            plan_id=page.plan.id, agreed_at=viewer.now, agreed_on=viewer.today, content=stored_facts.dump(content)
        )
    )


def _take_place_of_others(session: Session, viewer: Viewer, page: DecidePage) -> None:
    """A plan that runs on the same loans ends as replaced, an open promise as withdrawn (domain.md 9)."""
    beside = {
        hold.number: hold.kind
        for loan in page.records
        for hold in loan.holds
        if hold.kind in {"plan", "promise"} and hold.is_in_force(viewer.today) and hold.number != page.plan.number
    }
    for number, kind in beside.items():
        if kind == "plan":
            _replace(session, viewer, number, page.plan.number)
        else:
            promises.withdraw_for_plan(session, viewer, number)


def _replace(session: Session, viewer: Viewer, number: str, by: str) -> None:
    found = queries.plan(session.connection(), number)
    if found is not None and found.state in PLAN.sources("replace"):
        moves.move(session, viewer, number, found.version, "replaced", expected=found.state, replaced_by=by)
        audit.record(session, viewer, events.PlanReplaced(number, by))
    for ref in loans.waivers_of_case(session, number):
        # Nights that were told not to count stay so; only those to come count by the new plan.
        loans.end_days_waiver(session, viewer, ref=ref, to_day=viewer.today)
    loans.end_hold(session, viewer, number, viewer.today, "replaced")


def _stop_penalty(session: Session, viewer: Viewer, page: DecidePage, loan_id: int) -> None:
    loans.waive_nights(
        session,
        viewer,
        loan_id=loan_id,
        instalment=None,
        from_day=basis_facts.day_after(page.plan.start_on),
        to_day=None,
        cause=basis_facts.PLAN_CAUSE,
        number=page.plan.number,
    )
