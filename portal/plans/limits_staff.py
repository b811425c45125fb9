"""Staff's pages of limits: all with their history, a change in the making, and one before the other eyes."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import limits_actions, limits_queries, words
from portal.plans.limits_facts import FIELDS, MONEY, Change, LimitKey
from portal.plans.limits_forms import LimitAnswerForm, LimitForm, as_typed
from portal.platform import db
from portal.platform.gate import PERMISSIONS, route
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of


async def limits(request: Request) -> Response:
    """Every limit, what waits, and what there was."""
    page = await db.read(request, limits_queries.limits_page)
    return render(request, "plans/staff_limits.html", page=page, may_change=_may_change(request), **_words())


async def new(request: Request) -> Response:
    """A change in the making, beginning with what counts today."""
    key, before = await _named(request, dict(request.query_params))
    initial = as_typed(before, key.currency) | {"freeze": "1" if before.get("freeze") else "0"}
    form = await LimitForm.reopen(request, **initial)
    return await _form(request, key, before, form, 200)


async def propose(request: Request) -> Response:
    """Send a change to another supervisor."""
    form = await LimitForm.read(request)
    given = {name: str(form.raw[name]) for name in ("kind", "product", "role", "currency")}
    key, before = await _named(request, given)
    after = form.values(key.kind, key.currency)
    status = 422
    if form.ok:
        day = form.value.effective_from
        known = await db.read(request, lambda connection, _: limits_queries.values_on(connection, key, day))
        try:
            number = await db.write(request, limits_actions.propose_change, Change(key, day, known, after))
            return see_other(request, "plans:limit_change", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409 if refusal.code == "limits.changed" else 422
    return await _form(request, key, before, form, status)


async def change(request: Request) -> Response:
    """A change before another supervisor, or as it was made."""
    return await _change(request, LimitAnswerForm.blank(), 200)


async def answer(request: Request) -> Response:
    """What the other supervisor says, or who takes it back."""
    form = await LimitAnswerForm.read(request)
    number, status = str(request.path_params["number"]), 422
    if form.ok:
        given = form.value
        try:
            if given.answer == "confirm":
                await db.write(request, limits_actions.confirm_change, number, given.seen)
                return see_other(request, "plans:limit_change", number=number)
            act = limits_actions.decline_change if given.answer == "decline" else limits_actions.take_back_change
            await db.write(request, act, number)
            return see_other(request, "plans:limits")
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _change(request, form, status)


async def _change(request: Request, form: LimitAnswerForm, status: int) -> Response:
    page = await db.read(request, limits_queries.change_page, str(request.path_params["number"]))
    if page is None:
        raise HTTPException(404 if not form.form_errors else 409)
    may_change = _may_change(request)
    return render(
        request, "plans/staff_limit_change.html", status=status, page=page, form=form, may_change=may_change, **_words()
    )


async def _named(request: Request, given: Mapping[str, str]) -> tuple[LimitKey, Mapping[str, int | bool]]:
    key = await db.read(request, lambda connection, _: limits_queries.named_key(connection, given))
    if key is None:
        raise HTTPException(404)
    return key, await db.read(
        request, lambda connection, viewer: limits_queries.values_on(connection, key, viewer.today)
    )


async def _form(
    request: Request, key: LimitKey, before: Mapping[str, int | bool], form: LimitForm, status: int
) -> Response:
    page = await db.read(request, limits_queries.limits_page)
    product = page.products.get(key.product_id or 0)
    return render(
        request,
        "plans/staff_limit_new.html",
        status=status,
        key=key,
        product=product,
        before=before,
        form=form,
        **_words(),
    )


def _may_change(request: Request) -> bool:
    viewer = visit_of(request).viewer
    return viewer is not None and bool(viewer.roles & PERMISSIONS["change_limits"])


def _words() -> dict[str, Any]:
    return {
        "fields": FIELDS,
        "money_fields": MONEY,
        "field_words": words.LIMIT_FIELDS,
        "limit_value": words.limit_value,
        "role_words": words.ROLES,
    }


LIMITS = "/staff/limits"

routes: list[Route] = [
    route(LIMITS, limits, name="plans:limits", may="see_case"),
    route(LIMITS + "/new", new, name="plans:limit_new", may="change_limits"),
    route(LIMITS + "/new", propose, name="plans:limit_propose", may="change_limits", methods=("POST",)),
    route(LIMITS + "/{number}", change, name="plans:limit_change", may="see_case"),
    route(LIMITS + "/{number}", answer, name="plans:limit_answer", may="change_limits", methods=("POST",)),
]
