"""The borrower's pages of plans that were sent: follow, and take back."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import (
    counter_actions,
    own_queries,
    phone_queries,
    proposing_actions,
    running_queries,
    running_view,
    words,
)
from portal.plans.counter_forms import AcceptForm
from portal.plans.facts import SAID_DAYS
from portal.plans.forms import WithdrawForm
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.lender_view import lender_in_all_languages, lender_of
from portal.platform.render import render, see_other


async def plan_list(request: Request) -> Response:
    """All plans of the person."""
    return render(request, "plans/list.html", page=await db.read(request, own_queries.list_page))


async def detail(request: Request) -> Response:
    """What became of a proposal, and how a running plan goes."""
    return await _detail(request, WithdrawForm.blank(), 200)


async def withdraw(request: Request) -> Response:
    """Take a proposal back."""
    number = request.path_params["number"]
    form = await WithdrawForm.read(request)
    try:
        await db.write(request, proposing_actions.withdraw_plan, number)
        return see_other(request, "plans:detail", number=number)
    except LookupError:
        raise HTTPException(404) from None
    except Refusal as refusal:
        form.refuse(refusal)
    return await _detail(request, form, 409)


async def accept(request: Request) -> Response:
    """Take a counter-offer; where its figures have changed since, the page says so and nothing is lost."""
    number, form = request.path_params["number"], await AcceptForm.read(request)
    if not form.ok:
        return await _detail(request, form, 422)
    lenders, name = lender_in_all_languages(request), lender_of(request)["public_name"]
    try:
        state = await db.write(request, counter_actions.accept, number, form.value.mark, name, lenders)
        if state == "running":
            return see_other(request, "plans:detail", number=number)
        form.refuse(Refusal("plan.counter_void"))
    except LookupError:
        raise HTTPException(404) from None
    except Refusal as refusal:
        form.refuse(refusal)
    return await _detail(request, form, 409)


async def _detail(request: Request, form: Form[Any], status: int) -> Response:
    """A plan as it stands, with what is wrong with a form on it; a counter-offer has a page of its own."""
    number = request.path_params["number"]
    page = await db.read(request, own_queries.detail_page, number)
    if page is None and await db.read(request, phone_queries.confirm_page, number) is not None:
        return see_other(request, "plans:phone", number=number)
    if page is None:
        raise HTTPException(404)
    if page.plan.state in running_queries.LIVES and status == 200:
        return await running_view.show(request)
    if page.counter is not None:
        consent = words.counter_consent(lender_of(request)["public_name"])
        return render(request, "plans/counter.html", status=status, page=page, form=form, consent=consent)
    return render(request, "plans/detail.html", status=status, page=page, form=form)


functions: dict[str, Any] = {
    "plan_states": words.STATES,
    "plan_state_kinds": words.STATE_KINDS,
    "plan_reasons": words.REASONS,
    "counter_outcomes": words.COUNTER_OUTCOMES,
    "phone_states": words.PHONE_STATES,
    "plan_criterion": words.criterion,
    "plan_criterion_row": words.criterion_row,
    "plan_chart": words.chart,
    "plan_chart_sentence": words.chart_sentence,
    "plan_refusal": words.say,
    "plan_days": words.days,
    "plan_each_time": words.each_time,
    "plan_amount_each": words.amount_each,
    "plan_propose_amount": words.propose_amount,
    "plan_rhythms": words.RHYTHMS,
    "plan_agreeing": words.agreeing,
    "plan_late": words.late,
    "plan_day_passed": words.day_passed,
    "plan_no_breaks": words.no_breaks,
    "plan_said_days": SAID_DAYS,
}
filters: dict[str, Any] = {"on_weekday": words.on_weekday_shown}

PLAN = "/plans/{number}"

routes: list[Route] = [
    route("/plans", plan_list, name="plans:list", may="see_account"),
    route(PLAN, detail, name="plans:detail", may="see_account"),
    route(PLAN + "/accept", accept, name="plans:accept", may="propose_plan", methods=("POST",)),
    route(PLAN + "/withdraw", withdraw, name="plans:withdraw", may="propose_plan", methods=("POST",)),
]
