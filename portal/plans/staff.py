"""Staff's pages of plans: the queue, the decision, saying no, and the second person."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import counter_actions, deciding_actions, deciding_queries, queue_queries, second_actions, words
from portal.plans.counter_forms import OfferBackForm
from portal.plans.deciding_actions import Decision
from portal.plans.deciding_queries import DecidePage
from portal.plans.facts import Told, read_told
from portal.plans.forms import ApproveForm, RefuseForm, SecondForm
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import PERMISSIONS, Viewer, route
from portal.platform.lender_view import lender_in_all_languages
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of


async def queue(request: Request) -> Response:
    """Plans that wait, and those of other states by filter."""
    page = await db.read(request, queue_queries.queue_page, dict(request.query_params))
    return render(request, "plans/staff_queue.html", page=page)


async def decide(request: Request) -> Response:
    """A proposal beside its limits, with what each answer comes to."""
    return await _decide(request, await ApproveForm.reopen(request), 200)


async def approve(request: Request) -> Response:
    """Agree to a proposal, or send it to a second person."""
    form = await ApproveForm.read(request)
    status = 422
    if form.ok:
        given = form.value
        decision = Decision(given.seen, given.freeze == "1", given.reason, given.words)
        try:
            await db.write(
                request, deciding_actions.approve, _number(request), decision, lender_in_all_languages(request)
            )
            return see_other(request, "plans:decide", number=_number(request))
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _decide(request, form, status)


async def refuse_page(request: Request) -> Response:
    """The form for saying no, with the smallest change that would pass."""
    page = await db.read(request, deciding_queries.decide_page, _number(request))
    if page is not None and page.plan.state != "proposed":
        return see_other(request, "plans:decide", number=_number(request))
    return _refusing(request, page, await RefuseForm.reopen(request), 200)


async def refuse(request: Request) -> Response:
    """Say no, with a reason."""
    form = await RefuseForm.read(request)
    status = 422
    if form.ok:
        given = form.value
        try:
            await db.write(request, deciding_actions.refuse, _number(request), given.seen, given.reason, given.words)
            return see_other(request, "plans:decide", number=_number(request))
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    page = await db.read(request, deciding_queries.decide_page, _number(request))
    return _refusing(request, page, form, status)


async def second(request: Request) -> Response:
    """What the second person says, or the first one who takes it back."""
    form = await SecondForm.read(request)
    status = 422
    if form.ok:
        number, given = _number(request), form.value
        try:
            if given.answer == "confirm":
                await db.write(
                    request, second_actions.confirm, number, given.seen, given.asked, lender_in_all_languages(request)
                )
            elif given.answer == "decline":
                await db.write(request, deciding_actions.decline, number)
            else:
                await db.write(request, deciding_actions.take_back, number)
            return see_other(request, "plans:decide", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _decide(request, form, status)


async def take_offer_back(request: Request) -> Response:
    """Take a counter-offer back before the borrower has answered."""
    form = await OfferBackForm.read(request)
    status = 422
    if form.ok:
        number, given = _number(request), form.value
        try:
            await db.write(request, counter_actions.take_back, number, given.mark, given.words)
            return see_other(request, "plans:decide", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _decide(request, form, status)


async def _decide(request: Request, form: Form[Any], status: int) -> Response:
    page = await db.read(request, deciding_queries.decide_page, _number(request))
    if page is None:
        raise HTTPException(404)
    viewer = visit_of(request).viewer
    return render(
        request,
        "plans/staff_detail.html",
        status=status,
        page=page,
        form=form,
        told=_told(form, page),
        may_decide=_has(viewer, "approve_plans"),
        may_confirm=_has(viewer, "confirm"),
        reasons=words.REASONS_FOR,
    )


def _refusing(request: Request, page: DecidePage | None, form: RefuseForm, status: int) -> Response:
    if page is None:
        raise HTTPException(404)
    return render(
        request,
        "plans/staff_refuse.html",
        status=status,
        page=page,
        form=form,
        told=_told(form, page),
        reasons=words.REASONS_AGAINST,
    )


def _told(form: Form[Any], page: DecidePage) -> Told | None:
    """The figures that a form was sent with, where they are no longer those of now."""
    return read_told(str(form.raw["told"])) if form.raw["seen"] not in {"", page.seen} else None


def _number(request: Request) -> str:
    return str(request.path_params["number"])


def _has(viewer: Viewer | None, permission: str) -> bool:
    return viewer is not None and bool(viewer.roles & PERMISSIONS[permission])


PLAN = "/staff/plans/{number}"

routes: list[Route] = [
    route("/staff/plans", queue, name="plans:queue", may="see_case"),
    route(PLAN, decide, name="plans:decide", may="see_case"),
    route(PLAN + "/approve", approve, name="plans:approve", may="approve_plans", methods=("POST",)),
    route(PLAN + "/refuse", refuse_page, name="plans:refuse_page", may="approve_plans"),
    route(PLAN + "/refuse", refuse, name="plans:refuse", may="approve_plans", methods=("POST",)),
    route(
        PLAN + "/counter/take-back",
        take_offer_back,
        name="plans:take_offer_back",
        may="approve_plans",
        methods=("POST",),
    ),
    route(PLAN + "/second", second, name="plans:second", may="confirm", methods=("POST",)),
]
