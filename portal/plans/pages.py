"""The borrower's pages of plans: propose, check, send, follow, take back, and the agreed paper."""

from typing import Any
from urllib.parse import urlencode

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
    proposing_queries,
    queries,
    running_queries,
    running_view,
    words,
)
from portal.plans.counter_forms import AcceptForm
from portal.plans.facts import Told, read_told
from portal.plans.forms import ANSWERS, SendForm, WithdrawForm
from portal.plans.proposing_queries import NewPage
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of

OVERTAKEN = frozenset({"plan.figures_changed", "plan.nothing_due"})
"""Refusals that say that something changed under the form: 409, else 422."""


async def plan_list(request: Request) -> Response:
    """All plans of the person."""
    found = await db.read(request, queries.own_plans)
    return render(request, "plans/list.html", plans=found)


async def new(request: Request) -> Response:
    """The form, with the schedule that the answers come to; or the check of a proposal that was not sent yet."""
    if not request.query_params:
        kept = await SendForm.reopen(request)
        if kept.is_kept:
            answers = {name: kept.raw[name] for name in (*ANSWERS, "anyway")}
            return see_other(request, f"{request.app.state.portal.pages.path_for('plans:check')}?{urlencode(answers)}")
    page = await db.read(request, proposing_queries.new_page, dict(request.query_params))
    status = 422 if page.question.errors or page.refusal else 200
    return _form(request, page, status)


async def preview(request: Request) -> Response:
    """Only the schedule, while one types."""
    page = await db.read(request, proposing_queries.new_page, dict(request.query_params))
    return render(request, "plans/_schedule.html", page=page)


async def check(request: Request) -> Response:
    """All answers once more before they are sent; back to the form while something is wrong or missed."""
    given = dict(request.query_params)
    page = await db.read(request, proposing_queries.new_page, given)
    anyway = given.get("anyway") == "1"
    if page.figures is not None and not (page.passed or anyway):
        page.question.form_errors.append(words.say(Refusal("plan.outside_limits")))
    if page.figures is None or page.question.form_errors or page.waiting:
        return _form(request, page, 422)
    form = await SendForm.reopen(request)
    if any(str(form.raw[name]) != given.get(name, "") for name in ANSWERS):
        form = SendForm.blank()
    form.raw["anyway"] = "1" if anyway else ""
    return _check(request, page, form, 200)


async def create(request: Request) -> Response:
    """Send the proposal."""
    form = await SendForm.read(request)
    given = {name: str(entry) for name, entry in form.raw.items()}
    status = 422
    if form.ok:
        try:
            number = await db.write(request, proposing_actions.propose_plan, given, _lender(request)["public_name"])
            return see_other(request, "plans:detail", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409 if refusal.code in OVERTAKEN else 422
    page = await db.read(request, proposing_queries.new_page, given)
    if page.figures is None or page.waiting:
        page.question.form_errors.extend(form.form_errors)
        return _form(request, page, status, read_told(given.get("told", "")))
    return _check(request, page, form, status)


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
    lender = request.app.state.portal.settings.lender
    lenders = {language: words.lender_names(lender, language) for language in lender.languages}
    name = _lender(request)["public_name"]
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


async def agreement(request: Request) -> Response:
    """The agreed paper, to print."""
    page = await db.read(request, queries.paper_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    return render(request, "plans/agreement.html", page=page)


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
        consent = words.counter_consent(_lender(request)["public_name"])
        return render(request, "plans/counter.html", status=status, page=page, form=form, consent=consent)
    return render(request, "plans/detail.html", status=status, page=page, form=form)


def _form(request: Request, page: NewPage, status: int, told: Told | None = None) -> Response:
    if page.refusal is not None and words.say(page.refusal) not in page.question.form_errors:
        page.question.form_errors.append(words.say(page.refusal))
    arrived = max(0, page.received - told.received) if told else 0
    return render(request, "plans/new.html", status=status, page=page, form=page.question, arrived=arrived)


def _check(request: Request, page: NewPage, form: SendForm, status: int) -> Response:
    return render(
        request,
        "plans/check.html",
        status=status,
        page=page,
        form=form,
        consent=words.consent(_lender(request)["public_name"]),
        told=read_told(str(form.raw["told"])) if form.raw["seen"] not in {"", page.seen} else None,
    )


def _lender(request: Request) -> dict[str, str]:
    """The lender as the reader's language names it."""
    return words.lender_names(request.app.state.portal.settings.lender, visit_of(request).language)


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
}
filters: dict[str, Any] = {"weekday": words.weekday}

PLAN = "/plans/{number}"

routes: list[Route] = [
    route("/plans", plan_list, name="plans:list", may="see_account"),
    route("/plans/new", new, name="plans:new", may="propose_plan"),
    route("/plans/new", create, name="plans:create", may="propose_plan", methods=("POST",)),
    route("/plans/preview", preview, name="plans:preview", may="propose_plan"),
    route("/plans/check", check, name="plans:check", may="propose_plan"),
    route(PLAN, detail, name="plans:detail", may="see_account"),
    route(PLAN + "/agreement", agreement, name="plans:agreement", may="see_account"),
    route(PLAN + "/accept", accept, name="plans:accept", may="propose_plan", methods=("POST",)),
    route(PLAN + "/withdraw", withdraw, name="plans:withdraw", may="propose_plan", methods=("POST",)),
]
