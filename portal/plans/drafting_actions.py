"""A plan is written page by page: begun, changed, and at last sent. A draft stops nothing and asks for nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from portal.core.refusal import Refusal
from portal.drafts import actions as drafts
from portal.drafts import queries as drafts_of
from portal.drafts.actions import PLANS, Entries
from portal.drafts.queries import PlanDraftRecord
from portal.plans import own_queries
from portal.plans.drafting_content import Content, read_content
from portal.plans.forms import as_typed
from portal.plans.proposing_actions import Origin, propose_plan
from portal.plans.proposing_queries import basis_page
from portal.plans.queries import number_of_draft
from portal.platform.gate import Viewer

AGAIN = frozenset({"refused", "lapsed", "withdrawn", "proposed", "cancelled", "kept", "replaced"})
"""States of a plan that can be offered again; a proposal only once its last day has passed."""


def begin(session: Session, viewer: Viewer, currency: str, changes: Mapping[str, Any], form_key: str) -> str:
    """Begin a plan in a currency in which something is due; the code of its draft. The same form sent again changes
    the draft that it began.

    Raises Refusal `plan.nothing_due`, `plan.already_proposed`, `drafts_too_many`, or one of what stands beside it.
    """
    known = drafts_of.plan_begun_by(session.connection(), viewer, form_key)
    if known is not None:
        return save(session, viewer, known.code, known.version, changes)
    page = basis_page(session.connection(), viewer, currency)
    if page.waiting is not None:
        raise Refusal("plan.already_proposed", number=page.waiting)
    if not page.bundle or page.currency != currency:
        raise page.blocked[0][1] if page.blocked else Refusal("plan.nothing_due")
    return drafts.begin_plan(session, viewer, currency, _entries(Content().with_changes(changes)), form_key)


def save(session: Session, viewer: Viewer, code: str, version: int, changes: Mapping[str, Any]) -> str:
    """Keep what one page says; the code of the draft that has it. Raises Refusal `unknown_draft`."""
    _draft, content = _found(session, viewer, code)
    return drafts.save(session, viewer, code, version, _entries(content.with_changes(changes)), PLANS)


def throw_away(session: Session, viewer: Viewer, code: str) -> None:
    """The person wants it no more. Raises Refusal `unknown_draft`."""
    drafts.end(session, viewer, code, "thrown_away", PLANS)


@dataclass(frozen=True, slots=True)
class Sending:
    """What was looked over: the draft's version and the hash of the figures."""

    version: int
    seen: str


def send(session: Session, viewer: Viewer, code: str, sending: Sending, lender: str) -> str:
    """Send a draft as it was looked over; its number, also of one that was sent already.

    Raises Refusal `unknown_draft`, `draft_changed`, or one of `propose_plan`.
    """
    drafts.lock(session, code, PLANS)
    sent = number_of_draft(session.connection(), viewer, code)
    if sent is not None:
        return sent
    draft, content = _found(session, viewer, code)
    if draft.version != sending.version:
        raise Refusal("draft_changed")
    page = basis_page(session.connection(), viewer, draft.currency)
    given = content.given(draft.currency) | {"seen": sending.seen}
    number = propose_plan(session, viewer, given, lender, Origin(code, content.household(page)))
    drafts.end(session, viewer, code, "sent", PLANS)
    return number


def offer_again(session: Session, viewer: Viewer, number: str, which: str, form_key: str) -> str:
    """Begin a plan anew with the answers of one that ended, or with those that would have passed; its draft's code.

    Raises LookupError for no own plan, Refusal `plan.decided` where it is still open, `plan.no_change` where nothing
    would pass, and those of `begin`.
    """
    page = own_queries.detail_page(session.connection(), viewer, number)
    if page is None:
        raise LookupError(number)
    if page.plan.state not in AGAIN or (page.plan.state == "proposed" and not page.has_lapsed):
        raise Refusal("plan.decided", state=page.plan.state)
    typed = page.plan.typed
    if which != "same":
        way = page.change if which == "change" else page.larger
        if way is None:
            raise Refusal("plan.no_change")
        typed = dict(way.typed)
    elif page.plan.answers.monthly is None and page.plan.state == "refused":
        # The amount that was refused is named, whatever so many payments come to by now.
        answers = replace(page.plan.answers, monthly=page.plan.figures.monthly, payments=None, equal=False)
        typed = as_typed(answers, page.plan.currency)
    changes = {name: entry for name, entry in typed.items() if name != "currency"}
    anyway = which == "same" and not page.plan.within_limits
    return begin(session, viewer, page.plan.currency, {**changes, "anyway": anyway, "through": True}, form_key)


def _found(session: Session, viewer: Viewer, code: str) -> tuple[PlanDraftRecord, Content]:
    drafts.lock(session, code, PLANS)
    draft = drafts_of.own_plan_draft(session.connection(), viewer, code)
    if draft is None:
        raise Refusal("unknown_draft")
    return draft, read_content(draft.content)


def _entries(content: Content) -> Entries:
    return Entries(content.model_dump_json(), "", "")
