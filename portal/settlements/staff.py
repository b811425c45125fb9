"""Staff's pages of settlements: the list, the answer to a request, saying no, the second person, one settlement."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import PERMISSIONS, Viewer, route
from portal.platform.lender_view import lender_in_all_languages
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of
from portal.settlements import offering_actions, offering_queries, staff_queries, words
from portal.settlements.forms import OfferForm, Question, RefuseForm, SecondForm, read_question
from portal.settlements.offering_actions import Decision
from portal.settlements.offering_queries import OfferPage


async def queue(request: Request) -> Response:
    """Requests that wait, and settlements of each state by filter."""
    page = await db.read(request, staff_queries.queue_page, dict(request.query_params))
    return render(request, "settlements/staff_queue.html", page=page)


async def answer(request: Request) -> Response:
    """A request with what each answer comes to; what is typed stands in the address."""
    form = await OfferForm.reopen(request)
    given = {name: str(form.raw[name]) for name in ("amount", "days", "stops")} if form.is_kept else None
    return await _answer(request, form, 200, given)


async def offer(request: Request) -> Response:
    """Make an offer, or send it to a second person."""
    form = await OfferForm.read(request)
    given = {name: str(form.raw[name]) for name in ("amount", "days", "stops")}
    status = 422
    page, question = await _typed(request, given)
    if form.ok and question.typed is not None:
        value = form.value
        decision = Decision(question.typed, value.seen, value.reason, value.words)
        try:
            await db.write(
                request, offering_actions.make_offer, page.request.number, decision, lender_in_all_languages(request)
            )
            return see_other(request, "settlements:answer", number=page.request.number)
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _answer(request, form, status, given)


async def refuse_page(request: Request) -> Response:
    """The form for saying that no more can be taken off."""
    page = await _page(request)
    if page.request.state != "asked":
        return see_other(request, "settlements:answer", number=page.request.number)
    form = await RefuseForm.reopen(request)
    return render(request, "settlements/staff_refuse.html", page=page, form=form, reasons=words.REASONS_AGAINST)


async def refuse(request: Request) -> Response:
    """Say that no more can be taken off."""
    form = await RefuseForm.read(request)
    status = 422
    if form.ok:
        number, value = _number(request), form.value
        try:
            await db.write(request, offering_actions.refuse, number, value.reason, value.words)
            return see_other(request, "settlements:answer", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    page = await _page(request)
    reasons = words.REASONS_AGAINST
    return render(request, "settlements/staff_refuse.html", status=status, page=page, form=form, reasons=reasons)


async def second(request: Request) -> Response:
    """What the second person says, or the first one who takes it back."""
    form = await SecondForm.read(request)
    status = 422
    if form.ok:
        number, given = _number(request), form.value
        try:
            if given.answer == "confirm":
                await db.write(request, offering_actions.confirm, number, given.seen, lender_in_all_languages(request))
            elif given.answer == "decline":
                await db.write(request, offering_actions.decline, number)
            else:
                await db.write(request, offering_actions.take_back, number)
            return see_other(request, "settlements:answer", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _answer(request, form, status, None)


async def detail(request: Request) -> Response:
    """One settlement, as the person sees it."""
    page = await db.read(request, staff_queries.staff_page, _number(request))
    if page is None:
        raise HTTPException(404)
    return render(request, "settlements/staff_detail.html", page=page)


async def _page(request: Request) -> OfferPage:
    page = await db.read(request, offering_queries.offer_page, _number(request))
    if page is None:
        raise HTTPException(404)
    return page


async def _typed(request: Request, given: dict[str, str] | None) -> tuple[OfferPage, Question]:
    """The page with what is typed, in the address or a form, as far as it means something."""
    page = await _page(request)
    asked = given if given is not None else dict(request.query_params)
    if "amount" not in asked and "days" not in asked:
        return page, Question.of(page)
    question = read_question(asked, page.request.currency, page.today)
    if question.typed is not None and page.pending is None:
        typed = await db.read(request, offering_queries.offer_page, _number(request), question.typed)
        page = typed or page
    return page, question


async def _answer(request: Request, form: Form[Any], status: int, given: dict[str, str] | None) -> Response:
    page, question = await _typed(request, given)
    viewer = visit_of(request).viewer
    if page.refusal is not None and page.request.state == "asked" and status == 200:
        question.form_errors.append(words.say(page.refusal))
    status = 422 if status == 200 and question.errors else status
    return render(
        request,
        "settlements/staff_answer.html",
        status=status,
        page=page,
        form=form,
        question=question,
        may_offer=_has(viewer, "offer_settlements"),
        may_confirm=_has(viewer, "confirm"),
        may_write=_has(viewer, "propose_for"),
        reasons=words.REASONS_FOR,
    )


def _number(request: Request) -> str:
    return str(request.path_params["number"])


def _has(viewer: Viewer | None, permission: str) -> bool:
    return viewer is not None and bool(viewer.roles & PERMISSIONS[permission])


REQUEST = "/staff/settlement-requests/{number}"
ONE = "/staff/settlements/{number}"

routes: list[Route] = [
    route("/staff/settlements", queue, name="settlements:queue", may="see_case"),
    route(REQUEST, answer, name="settlements:answer", may="see_case"),
    route(REQUEST + "/offer", offer, name="settlements:offer", may="offer_settlements", methods=("POST",)),
    route(REQUEST + "/refuse", refuse_page, name="settlements:refuse_page", may="offer_settlements"),
    route(REQUEST + "/refuse", refuse, name="settlements:refuse", may="offer_settlements", methods=("POST",)),
    route(REQUEST + "/second", second, name="settlements:second", may="confirm", methods=("POST",)),
    route(ONE, detail, name="settlements:staff_detail", may="see_case"),
]
