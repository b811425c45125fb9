"""The page on which staff decide a dispute or its review, what it does while one ticks, and the second person's."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.disputes import (
    deciding_actions,
    handling_actions,
    labels,
    thread_actions,
)
from portal.disputes.deciding_actions import Choice, seen_hash
from portal.disputes.forms import (
    ConfirmForm,
    DecideForm,
    read_less,
)
from portal.disputes.staff_view import ONE, given, read_page, show
from portal.platform import db
from portal.platform.gate import route
from portal.platform.render import render, see_other


async def detail(request: Request) -> Response:
    """One dispute: evidence, facts, and what a decision would do. That it was looked at is written down."""
    if not await db.write(request, handling_actions.open_case, request.path_params["number"]):
        raise HTTPException(404)
    form = await DecideForm.reopen(request)
    return await show(request, form, ticked=form.ticked if form.is_kept else None)


async def effect(request: Request) -> Response:
    """Only what the ticked rows do, while one ticks."""
    query = request.query_params
    less = read_less(query.get("less", ""), query.get("currency", ""))
    page = await read_page(request, tuple(query.getlist("row")), less)
    if page is None or page.effect is None:
        raise HTTPException(404)
    return render(request, "disputes/_effect.html", page=page, words=labels, alone=True)


async def decide(request: Request) -> Response:
    """Uphold, not uphold, or ask for more."""
    form = await DecideForm.read(request)
    if form.raw.get("act") == "update":
        form.errors.clear()
        return await show(request, form, ticked=form.ticked)
    form.check()
    if not form.ok:
        return await show(request, form, 422, form.ticked)
    try:
        await _carry_out(request, form)
    except Refusal as refusal:
        if refusal.code == "unknown_dispute":
            raise HTTPException(404) from None
        form.refuse(refusal)
        return await show(request, form, 409, form.ticked)
    return see_other(request, "disputes:staff_detail", number=request.path_params["number"])


async def _carry_out(request: Request, form: DecideForm) -> None:
    number, value = request.path_params["number"], form.value
    if value.act == "ask":
        await db.write(request, thread_actions.ask, number, value.version, value.words, value.need)
        return
    less = form.less if value.act == "uphold" else 0
    ticked = form.ticked if value.act == "uphold" and not less else ()
    choice = Choice(ticked, value.reason, value.words, value.seen, value.version, less)
    await db.write(request, deciding_actions.decide, number, choice)


async def confirm(request: Request) -> Response:
    """What awaits a second person, and the second person's answer."""
    if request.method == "GET":
        if not await db.write(request, handling_actions.open_case, request.path_params["number"]):
            raise HTTPException(404)
        return await _confirm_page(request, ConfirmForm.blank())
    form = await ConfirmForm.read(request)
    number = request.path_params["number"]
    if not form.ok:
        return await _confirm_page(request, form, 422)
    try:
        if form.value.act == "decline":
            await db.write(request, deciding_actions.decline, number)
        elif (came := await _confirmed(request, number, form.value.seen)) != "decided":
            form.refuse(Refusal(came))
            return await show(request, _with_errors(form), 409)
    except Refusal as refusal:
        if refusal.code == "unknown_dispute":
            raise HTTPException(404) from None
        form.refuse(refusal)
        return await _confirm_page(request, form, 409)
    return see_other(request, "disputes:staff_detail", number=number)


async def _confirmed(request: Request, number: str, seen: str) -> str:
    return await db.write(request, deciding_actions.confirm, number, seen)


def _with_errors(form: ConfirmForm) -> DecideForm:
    again = DecideForm.blank()
    again.form_errors = form.form_errors
    return again


async def _confirm_page(request: Request, form: ConfirmForm, status: int = 200) -> Response:
    page = await read_page(request)
    if page is None:
        raise HTTPException(404)
    if page.proposal is None or page.effect is None:
        again = _with_errors(form)
        return render(
            request, "disputes/staff_detail.html", status=status, form=again, changes=None, **given(request, page)
        )
    seen = seen_hash(page.proposal.fingerprint, page.effect)
    fresh = page.proposal.fingerprint == page.fingerprint
    return render(
        request,
        "disputes/staff_confirm.html",
        status=status,
        form=form,
        seen=seen,
        fresh=fresh,
        **given(request, page),
    )


routes = [
    route(ONE, detail, name="disputes:staff_detail", may="see_case"),
    route(ONE + "/effect", effect, name="disputes:staff_effect", may="see_case"),
    route(ONE + "/decide", decide, name="disputes:staff_decide", may="handle_disputes", methods=("POST",)),
    route(ONE + "/confirm", confirm, name="disputes:staff_confirm", may="handle_disputes", methods=("GET", "POST")),
]
