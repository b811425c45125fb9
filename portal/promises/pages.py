"""The borrower's pages of promises: make one, follow it, move it, take it back."""

from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.render import render, see_other
from portal.promises import actions, queries, words
from portal.promises.forms import MoveForm, PromiseForm, TakeBackForm


async def promise_list(request: Request) -> Response:
    """All promises of the person."""
    return render(request, "promises/list.html", page=await db.read(request, queries.list_page))


async def new(request: Request) -> Response:
    """What can be promised, and the form for it."""
    return await _new(request, await PromiseForm.reopen(request, about=request.query_params.get("about", "")), 200)


async def create(request: Request) -> Response:
    """Make a promise."""
    form = await PromiseForm.read(request)
    page = await db.read(request, queries.new_page)
    choice = page.choice(str(form.raw["about"]))
    amount = form.minor(choice.record.currency) if choice and form.raw["amount"] else 0
    if form.ok:
        given = actions.Given(form.value.about, amount, form.value.due_on, form.value.channel)
        try:
            number = await db.write(request, actions.make_promise, given)
            return see_other(request, "promises:detail", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
    return await _new(request, form, 422)


async def detail(request: Request) -> Response:
    """How a promise stands, and what can be done."""
    return await _detail(request, 200)


async def move(request: Request) -> Response:
    """Move a promise to a later day."""
    form = await MoveForm.read(request)
    return await _act(request, form, lambda: (actions.move_promise, form.value.to_day))


async def take_back(request: Request) -> Response:
    """Say before its day that it cannot be paid."""
    form = await TakeBackForm.read(request)
    return await _act(request, form, lambda: (actions.take_back,))


async def _act(request: Request, form: Form[Any], act: Callable[[], tuple[Any, ...]]) -> Response:
    """One act on a promise; with a mistake or a refusal the same page again."""
    number, status = request.path_params["number"], 422
    if form.ok:
        act_of, *rest = act()
        try:
            await db.write(request, act_of, number, *rest)
            return see_other(request, "promises:detail", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409 if refusal.code in {"promise.state", "promise.changed"} else 422
    return await _detail(request, status, form)


async def _new(request: Request, form: PromiseForm, status: int) -> Response:
    page = await db.read(request, queries.new_page)
    return render(request, "promises/new.html", status=status, page=page, form=form)


async def _detail(request: Request, status: int, form: Form[Any] | None = None) -> Response:
    page = await db.read(request, queries.detail_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    forms: dict[str, Form[Any]] = {"move": MoveForm.blank(), "take_back": TakeBackForm.blank()}
    names = {MoveForm: "move", TakeBackForm: "take_back"}
    if form is not None:
        forms[names[type(form)]] = form
    return render(
        request, "promises/detail.html", status=status, page=page, forms=forms, form=form or forms["take_back"]
    )


functions: dict[str, Any] = {
    "promise_states": words.STATES,
    "promise_state_kinds": words.STATE_KINDS,
    "promise_channels": words.CHANNELS,
    "promise_refusal": words.say,
}

PROMISE = "/promises/{number}"

routes: list[Route] = [
    route("/promises", promise_list, name="promises:list", may="see_account"),
    route("/promises/new", new, name="promises:new", may="promise"),
    route("/promises/new", create, name="promises:create", may="promise", methods=("POST",)),
    route(PROMISE, detail, name="promises:detail", may="see_account"),
    route(PROMISE + "/move", move, name="promises:move", may="promise", methods=("POST",)),
    route(PROMISE + "/cannot", take_back, name="promises:take_back", may="promise", methods=("POST",)),
]
