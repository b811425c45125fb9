"""The borrower's pages of an agreed plan: how it goes, one payment of it, paying more, and writing to us."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import running_actions, running_queries, running_view, running_words
from portal.plans.running_forms import CannotForm, MovePaymentForm, SayForm, SkipPaymentForm
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.render import render, see_other
from portal.platform.typed import read_amount


async def payment(request: Request) -> Response:
    """One payment that is to come: move it, leave it out, or say that it cannot be paid."""
    return await _payment(request, MovePaymentForm.blank(), 200)


async def move(request: Request) -> Response:
    """Move a payment."""
    form = await MovePaymentForm.read(request)
    return await _act(request, form, lambda: (running_actions.move_payment, form.value.to_day))


async def skip(request: Request) -> Response:
    """Leave a payment out."""
    return await _act(request, await SkipPaymentForm.read(request), lambda: (running_actions.skip_payment,))


async def cannot(request: Request) -> Response:
    """Say before its day that a payment cannot be made."""
    return await _act(request, await CannotForm.read(request), lambda: (running_actions.say_cannot,))


async def say(request: Request) -> Response:
    """Write to whoever looks at the plan."""
    form = await SayForm.read(request)
    number, status = request.path_params["number"], 422
    if form.ok:
        try:
            await db.write(request, running_actions.say_words, number, form.value.words)
            return see_other(request, "plans:detail", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await running_view.show(request, status, form)


async def more(request: Request) -> Response:
    """What paying more now would do; nothing is stored."""
    page, raw, wrong = await _more(request)
    return render(request, "plans/more.html", page=page, raw=raw, wrong=wrong, status=422 if wrong else 200)


async def more_part(request: Request) -> Response:
    """Only the answer, while one types."""
    page, raw, wrong = await _more(request)
    return render(request, "plans/_more.html", page=page, raw=raw, wrong=wrong)


async def _more(request: Request) -> tuple[running_queries.MorePage, str, bool]:
    raw, number = request.query_params.get("amount", ""), request.path_params["number"]
    page = await db.read(request, running_queries.more_page, number, None)
    if page is None:
        raise HTTPException(404)
    amount = _amount(raw, page.going.plan.currency)
    if amount is not None:
        page = await db.read(request, running_queries.more_page, number, amount) or page
    return page, raw, bool(raw) and amount is None


def _amount(typed: str, currency: str) -> int | None:
    """An amount as the address has it, in minor units; None for none, or for anything that is no amount."""
    with suppress(ValueError):
        return read_amount(typed.strip(), currency)
    return None


async def _act(request: Request, form: Form[Any], act: Callable[[], tuple[Any, ...]]) -> Response:
    """One act on a payment; with a mistake or a refusal the page of the payment, or of the plan, again."""
    number, day, status = request.path_params["number"], _day(request), 422
    if form.ok:
        act_of, *rest = act()
        try:
            await db.write(request, act_of, number, day, *rest)
            return see_other(request, "plans:detail", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _payment(request, form, status)


async def _payment(request: Request, form: Form[Any], status: int) -> Response:
    number = request.path_params["number"]
    page = await db.read(request, running_queries.payment_page, number, _day(request))
    if page is not None:
        return render(request, "plans/payment.html", status=status, page=page, form=form)
    if status == 200:
        if await db.read(request, running_queries.running_page, number) is None:
            raise HTTPException(404)
        return see_other(request, "plans:detail", number=number)
    told = SayForm.blank()
    told.form_errors.extend(form.form_errors)
    return await running_view.show(request, status, told)


def _day(request: Request) -> date:
    try:
        return date.fromisoformat(request.path_params["day"])
    except ValueError:
        raise HTTPException(404) from None


functions: dict[str, Any] = {
    "plan_verdicts": running_words.VERDICTS,
    "plan_verdict_kinds": running_words.VERDICT_KINDS,
    "plan_told": running_words.TOLD,
    "plan_trace": running_words.trace_rows,
    "plan_made_of": running_words.made_of,
    "plan_about": running_words.about,
    "evaluation_moment": running_words.evaluation_moment,
}

filters: dict[str, Any] = {"as_day": date.fromisoformat}

PAYMENT = "/plans/{number}/payments/{day}"

routes: list[Route] = [
    route(PAYMENT, payment, name="plans:payment", may="see_account"),
    route(PAYMENT + "/move", move, name="plans:move", may="propose_plan", methods=("POST",)),
    route(PAYMENT + "/skip", skip, name="plans:skip", may="propose_plan", methods=("POST",)),
    route(PAYMENT + "/cannot", cannot, name="plans:cannot", may="propose_plan", methods=("POST",)),
    route("/plans/{number}/more", more, name="plans:more", may="see_account"),
    route("/plans/{number}/more/answer", more_part, name="plans:more_answer", may="see_account"),
    route("/plans/{number}/say", say, name="plans:say", may="propose_plan", methods=("POST",)),
]
