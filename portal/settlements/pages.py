"""The borrower's pages of settlements: what closes a loan, get the quote, accept it, ask for less."""

from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.platform import db, formats
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.lender_view import lender_in_all_languages
from portal.platform.render import render, see_other
from portal.settlements import asking_actions, own_queries, phone_actions, words
from portal.settlements.forms import AcceptForm, AskForm, ConfirmForm, QuoteForm, TakeBackForm

CHANGED = frozenset({"settlement.figures_changed", "settlement.state", "settlement.answered"})
"""Refusals that say that something changed under the form: 409, else 422."""


async def new(request: Request) -> Response:
    """What closes the loan, what is taken off and what is not; nothing is kept."""
    return await _new(request, QuoteForm.blank(), 200)


async def create(request: Request) -> Response:
    """Get the quote of the rules."""
    form = await QuoteForm.read(request)
    lender = lender_in_all_languages(request)
    try:
        number = await db.write(request, asking_actions.get_quote, _code(request), str(form.raw["seen"]), lender)
        return see_other(request, "settlements:detail", number=number)
    except LookupError:
        raise HTTPException(404) from None
    except Refusal as refusal:
        form.refuse(refusal)
    return await _new(request, form, 409)


async def ask_page(request: Request) -> Response:
    """The form that asks staff for less."""
    return await _ask(request, await AskForm.reopen(request), 200)


async def ask(request: Request) -> Response:
    """Ask staff for less."""
    form = await AskForm.read(request)
    page = await db.read(request, own_queries.new_page, _code(request))
    if page is None:
        raise HTTPException(404)
    amount = form.amount(page.record.currency) if form.ok else 0
    if form.ok:
        try:
            number = await db.write(request, asking_actions.ask, _code(request), amount, form.value.words)
            return see_other(request, "settlements:request", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
    return await _ask(request, form, 422)


async def detail(request: Request) -> Response:
    """Where a settlement stands."""
    return await _detail(request, AcceptForm.blank(), 200)


async def accept(request: Request) -> Response:
    """Accept a quote."""
    form = await AcceptForm.read(request)
    number = request.path_params["number"]
    try:
        await db.write(request, asking_actions.accept, number, str(form.raw["seen"]))
        return see_other(request, "settlements:detail", number=number)
    except LookupError:
        raise HTTPException(404) from None
    except Refusal as refusal:
        form.refuse(refusal)
        status = 409 if refusal.code in CHANGED else 422
    return await _detail(request, form, status)


async def request_page(request: Request) -> Response:
    """Where a request stands, or how it was answered."""
    return await _request(request, TakeBackForm.blank(), 200)


async def confirm_request(request: Request) -> Response:
    """Confirm what was written down on the phone: from now on it is a question of one's own."""
    return await _act_on_request(request, await ConfirmForm.read(request), phone_actions.confirm)


async def take_back(request: Request) -> Response:
    """Take a request back."""
    return await _act_on_request(request, await TakeBackForm.read(request), asking_actions.take_back)


async def _act_on_request(request: Request, form: Form[Any], act: Callable[..., Any]) -> Response:
    number = request.path_params["number"]
    try:
        await db.write(request, act, number)
        return see_other(request, "settlements:request", number=number)
    except LookupError:
        raise HTTPException(404) from None
    except Refusal as refusal:
        form.refuse(refusal)
    return await _request(request, form, 409)


async def _new(request: Request, form: Form[Any], status: int) -> Response:
    page = await db.read(request, own_queries.new_page, _code(request))
    if page is None:
        raise HTTPException(404)
    return render(request, "settlements/new.html", status=status, page=page, form=form)


async def _ask(request: Request, form: AskForm, status: int) -> Response:
    page = await db.read(request, own_queries.new_page, _code(request))
    if page is None:
        raise HTTPException(404)
    if page.quote is None or page.asked is not None or not page.can_ask:
        return render(request, "settlements/new.html", status=status, page=page, form=form)
    return render(request, "settlements/ask.html", status=status, page=page, form=form)


async def _detail(request: Request, form: AcceptForm, status: int) -> Response:
    page = await db.read(request, own_queries.detail_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    return render(request, "settlements/detail.html", status=status, page=page, form=form)


async def _request(request: Request, form: Form[Any], status: int) -> Response:
    page = await db.read(request, own_queries.request_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    return render(request, "settlements/request.html", status=status, page=page, form=form)


def _code(request: Request) -> str:
    return str(request.path_params["code"])


functions: dict[str, Any] = {
    "settlement_states": words.STATES,
    "settlement_state_kinds": words.STATE_KINDS,
    "settlement_request_states": words.REQUEST_STATES,
    "settlement_endings": words.ENDINGS,
    "settlement_reasons": words.REASONS,
    "settlement_refusal": words.say,
    "in_capitals": formats.capitals,
}

LOAN = "/loans/{code}/settlement"
ONE = "/settlements/{number}"
REQUEST = "/settlement-requests/{number}"

routes: list[Route] = [
    route(LOAN, new, name="settlements:new", may="settle"),
    route(LOAN, create, name="settlements:create", may="settle", methods=("POST",)),
    route(LOAN + "/ask", ask_page, name="settlements:ask_page", may="settle"),
    route(LOAN + "/ask", ask, name="settlements:ask", may="settle", methods=("POST",)),
    route(ONE, detail, name="settlements:detail", may="settle"),
    route(ONE + "/accept", accept, name="settlements:accept", may="settle", methods=("POST",)),
    route(REQUEST, request_page, name="settlements:request", may="settle"),
    route(REQUEST + "/confirm", confirm_request, name="settlements:confirm", may="settle", methods=("POST",)),
    route(REQUEST + "/take-back", take_back, name="settlements:take_back", may="settle", methods=("POST",)),
]
