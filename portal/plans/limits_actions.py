"""Supervisors change limits in the portal: one proposes, another confirms exactly that; nothing is edited in place."""

import json
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from portal.access import second_person_actions as access
from portal.access.second_person_queries import Pending
from portal.audit import actions as audit
from portal.core.refusal import Refusal
from portal.loans import limits_actions as loans
from portal.plans import events, limits_queries
from portal.plans.limits_facts import Change, read_change
from portal.plans.limits_queries import ACT, LIMIT_CHANGE
from portal.plans.stored_facts import dump
from portal.platform.gate import Viewer
from portal.platform.numbers import new_number


def propose_change(session: Session, viewer: Viewer, change: Change) -> str:
    """Let a change of a limit await another supervisor; its number.

    Refusals: `limits.past` where it would count from a day that has passed, `limits.same` where it changes nothing,
    `limits.changed` where what it was to change is another now.
    """
    _check(session, viewer, change)
    if change.before == change.after:
        raise Refusal("limits.same")
    number = new_number()
    payload: Any = json.loads(dump(change.as_stored()))
    access.ask_second_person(session, viewer, ACT, number, change.mark, payload)
    return number


def confirm_change(session: Session, viewer: Viewer, number: str, seen: str) -> str:
    """Another supervisor agrees to exactly the change with this hash, and so it counts from its day on.

    Refusals `limits.past` and `limits.changed` as before, and those of `access`; `unknown_act` for no such change,
    `already_settled` for whoever comes second.
    """
    page = _waiting(session, viewer, number)
    pending = access.confirm_second_person(session, viewer, page.id, seen)
    change = read_change(pending.payload)
    _check(session, viewer, change)
    _write(session, viewer, change)
    before, after = dump(dict(change.before)), dump(dict(change.after))
    row = {
        "number": number,
        "kind": change.key.kind,
        "product_id": change.key.product_id,
        "role": change.key.role,
        "currency": change.key.currency,
        "effective_from": change.effective_from,
        "before": before,
        "after": after,
        "mark": change.mark,
        "made_by": pending.maker_id,
        "confirmed_by": viewer.staff_id,
        "made_at": pending.asked_at,
        "confirmed_at": viewer.now,
    }
    session.execute(insert(LIMIT_CHANGE).values(row))
    event = events.LimitsChanged(
        number,
        change.key.kind,
        change.key.product_id,
        change.key.role,
        change.effective_from,
        before,
        after,
        change.mark,
        pending.maker_id,
        viewer.staff_id or 0,
    )
    audit.record(session, viewer, event)
    return number


def decline_change(session: Session, viewer: Viewer, number: str) -> str:
    """Another supervisor does not agree; the limits stay as they are."""
    access.decline_second_person(session, viewer, _waiting(session, viewer, number).id)
    return number


def take_back_change(session: Session, viewer: Viewer, number: str) -> str:
    """Who proposed a change takes it back."""
    access.withdraw_second_person(session, viewer, _waiting(session, viewer, number).id)
    return number


def _waiting(session: Session, viewer: Viewer, number: str) -> Pending:
    page = limits_queries.change_page(session.connection(), viewer, number)
    if page is None:
        raise Refusal("unknown_act")
    if page.pending is None:
        raise Refusal("already_settled")
    return page.pending


def _check(session: Session, viewer: Viewer, change: Change) -> None:
    if change.effective_from < viewer.today:
        raise Refusal("limits.past")
    if limits_queries.values_on(session.connection(), change.key, change.effective_from) != change.before:
        raise Refusal("limits.changed")


def _write(session: Session, viewer: Viewer, change: Change) -> None:
    """The new version of what has changed; a product's rule of freezing is a row of its own."""
    key, after = change.key, dict(change.after)
    if key.kind == "authority":
        named: dict[str, Any] = {"role": key.role, "currency": key.currency}
        loans.set_limit(session, viewer, "authority", named, change.effective_from, after)
        return
    named = {"product_id": key.product_id} | ({"role": key.role} if key.kind == "role" else {})
    if key.kind == "product":
        freeze = after.pop("freeze")
        rule = {"product_id": key.product_id, "rule": "freeze"}
        if freeze != change.before["freeze"]:
            loans.set_limit(session, viewer, "rule", rule, change.effective_from, {"value": "1" if freeze else "0"})
        if all(after[name] == change.before[name] for name in after):
            return
    loans.set_limit(session, viewer, key.kind, named, change.effective_from, after)
