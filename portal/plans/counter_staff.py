"""Staff's pages of a counter-offer: other terms beside those offered, while one types, and sending it."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import counter_actions, counter_queries, words
from portal.plans.counter_forms import CounterForm
from portal.plans.counter_queries import CounterPage
from portal.plans.deciding_actions import Decision
from portal.plans.facts import read_told
from portal.plans.forms import ANSWERS
from portal.platform import db
from portal.platform.gate import route
from portal.platform.render import render, see_other


async def new(request: Request) -> Response:
    """Other terms: those of the address, else the suggestion."""
    form = await CounterForm.reopen(request)
    given = _typed(form.raw) if form.is_kept else dict(request.query_params)
    page = await db.read(request, counter_queries.counter_page, _number(request), given)
    if page is not None and page.decide.plan.state != "proposed":
        return see_other(request, "plans:decide", number=_number(request))
    return _page(request, page, form, 422 if page and page.question.errors else 200)


async def preview(request: Request) -> Response:
    """Only what the terms come to, while one types."""
    page = await db.read(request, counter_queries.counter_page, _number(request), dict(request.query_params))
    if page is None:
        raise HTTPException(404)
    return render(request, "plans/_counter.html", page=page)


async def create(request: Request) -> Response:
    """Offer other terms, or send them to a second person."""
    form = await CounterForm.read(request)
    number, given, status = _number(request), _typed(form.raw), 422
    page = await db.read(request, counter_queries.counter_page, number, given)
    if form.ok and page is not None and not page.question.errors:
        decision = Decision(form.value.seen, form.value.freeze == "1", form.value.reason, form.value.words)
        try:
            await db.write(request, counter_actions.counter, number, given, decision)
            return see_other(request, "plans:decide", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
        page = await db.read(request, counter_queries.counter_page, number, given)
    return _page(request, page, form, status)


def _page(request: Request, page: CounterPage | None, form: CounterForm, status: int) -> Response:
    if page is None:
        raise HTTPException(404)
    for name, message in page.question.errors.items():
        form.add_error(name, message)
    seen = form.raw["seen"]
    return render(
        request,
        "plans/staff_counter.html",
        status=status,
        page=page,
        form=form,
        told=read_told(str(form.raw["told"])) if seen not in {"", page.decide.seen} else None,
        reasons=words.REASONS_FOR,
    )


def _typed(raw: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(raw[name]) for name in (*ANSWERS, "freeze")}


def _number(request: Request) -> str:
    return str(request.path_params["number"])


COUNTER = "/staff/plans/{number}/counter"

routes: list[Route] = [
    route(COUNTER, new, name="plans:counter_page", may="approve_plans"),
    route(COUNTER + "/offer", create, name="plans:counter", may="approve_plans", methods=("POST",)),
    route(COUNTER + "/preview", preview, name="plans:counter_preview", may="approve_plans"),
]
