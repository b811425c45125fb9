"""Staff's disputes: the queue, the page on which one is decided, and the second person's."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.core.refusal import Refusal
from portal.disputes import (
    deciding_actions,
    deciding_queries,
    handling_actions,
    labels,
    queue_queries,
    thread_actions,
)
from portal.disputes.deciding_actions import Choice, seen_hash
from portal.disputes.deciding_queries import DecidePage
from portal.disputes.forms import (
    BODY_LIMIT,
    ConfirmForm,
    DecideForm,
    HoldForm,
    StaffFilesForm,
    queue_filter,
)
from portal.evidence.uploads import keep_uploads
from portal.platform import db
from portal.platform.gate import route
from portal.platform.render import render, see_other


async def queue(request: Request) -> Response:
    """What waits for staff, overdue promises on top."""
    page = await db.read(request, queue_queries.queue_page, queue_filter(request.query_params))
    return render(request, "disputes/staff_queue.html", page=page, words=labels)


async def detail(request: Request) -> Response:
    """One dispute: evidence, facts, and what a decision would do. That it was looked at is written down."""
    if not await db.write(request, handling_actions.open_case, request.path_params["number"]):
        raise HTTPException(404)
    form = await DecideForm.reopen(request)
    return await _page(request, form, ticked=form.ticked if form.is_kept else None)


async def effect(request: Request) -> Response:
    """Only what the ticked rows do, while one ticks."""
    ticked = tuple(request.query_params.getlist("row"))
    page = await db.read(request, deciding_queries.decide_page, request.path_params["number"], ticked)
    if page is None or page.effect is None:
        raise HTTPException(404)
    return render(request, "disputes/_effect.html", page=page, words=labels, alone=True)


async def decide(request: Request) -> Response:
    """Uphold, not uphold, or ask for more."""
    form = await DecideForm.read(request)
    if form.raw.get("act") == "update":
        form.errors.clear()
        return await _page(request, form, ticked=form.ticked)
    form.check()
    if not form.ok:
        return await _page(request, form, 422, form.ticked)
    try:
        await _carry_out(request, form)
    except Refusal as refusal:
        if refusal.code == "unknown_dispute":
            raise HTTPException(404) from None
        form.refuse(refusal)
        return await _page(request, form, 409, form.ticked)
    return see_other(request, "disputes:staff_detail", number=request.path_params["number"])


async def _carry_out(request: Request, form: DecideForm) -> None:
    number, value = request.path_params["number"], form.value
    if value.act == "ask":
        await db.write(request, thread_actions.ask, number, value.version, value.words)
        return
    ticked = form.ticked if value.act == "uphold" else ()
    choice = Choice(ticked, value.reason, value.words, value.seen, value.version)
    await db.write(request, deciding_actions.decide, number, choice)


async def hold(request: Request) -> Response:
    """Take a dispute, or give it back; somebody else's stays theirs, and the page says whose it is."""
    form = await HoldForm.read(request)
    number = request.path_params["number"]
    try:
        await db.write(request, handling_actions.hold, number, bool(form.raw.get("held")))
    except Refusal:
        raise HTTPException(404) from None
    return see_other(request, "disputes:staff_detail", number=number)


async def attach(request: Request) -> Response:
    """Attach documents, internal or shared with the borrower."""
    form = await StaffFilesForm.read(request)
    number = request.path_params["number"]
    await db.admit(request)  # before anything is stored
    kept, refused = await keep_uploads(request, form.files.get("files", []))
    shared = bool(form.raw.get("shared"))
    try:
        problems = await db.write(request, thread_actions.add_staff_files, number, kept, refused, shared)
    except Refusal:
        raise HTTPException(404) from None
    if problems:
        again = DecideForm.blank()
        again.form_errors = [labels.file_problem(problem) for problem in problems]
        return await _page(request, again, 422)
    return see_other(request, "disputes:staff_detail", number=number)


async def confirm(request: Request) -> Response:
    """What awaits a second person, and the second person's answer."""
    if request.method == "GET":
        return await _confirm_page(request, ConfirmForm.blank())
    form = await ConfirmForm.read(request)
    number = request.path_params["number"]
    if not form.ok:
        return await _confirm_page(request, form, 422)
    try:
        if form.value.act == "decline":
            await db.write(request, deciding_actions.decline, number)
        elif (came := await db.write(request, deciding_actions.confirm, number, form.value.seen)) != "decided":
            form.refuse(Refusal(came))
            return await _page(request, _with_errors(form), 409)
    except Refusal as refusal:
        if refusal.code == "unknown_dispute":
            raise HTTPException(404) from None
        form.refuse(refusal)
        return await _confirm_page(request, form, 409)
    return see_other(request, "disputes:staff_detail", number=number)


def _with_errors(form: ConfirmForm) -> DecideForm:
    again = DecideForm.blank()
    again.form_errors = form.form_errors
    return again


async def _page(
    request: Request, form: DecideForm, status: int = 200, ticked: tuple[str, ...] | None = None
) -> Response:
    page = await db.read(request, deciding_queries.decide_page, request.path_params["number"], ticked)
    if page is None:
        raise HTTPException(404)
    return render(
        request,
        "disputes/staff_detail.html",
        status=status,
        form=form,
        changes=page.changes_since(form.raw["told"]) if status == 409 else None,
        **_given(request, page),
    )


async def _confirm_page(request: Request, form: ConfirmForm, status: int = 200) -> Response:
    page = await db.read(request, deciding_queries.decide_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    if page.proposal is None or page.effect is None:
        again = _with_errors(form)
        return render(
            request, "disputes/staff_detail.html", status=status, form=again, changes=None, **_given(request, page)
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
        **_given(request, page),
    )


def _given(request: Request, page: DecidePage) -> dict[str, Any]:
    viewer = request.scope["portal.visit"].viewer
    return {
        "page": page,
        "words": labels,
        "alone": False,
        "may_decide": bool(viewer.roles & deciding_queries.HANDLERS),
        "mine": page.dispute.held_by == viewer.staff_id,
    }


ONE = "/staff/disputes/{number}"

routes = [
    route("/staff/disputes", queue, name="disputes:staff_queue", may="see_case"),
    route(ONE, detail, name="disputes:staff_detail", may="see_case"),
    route(ONE + "/effect", effect, name="disputes:staff_effect", may="see_case"),
    route(ONE + "/decide", decide, name="disputes:staff_decide", may="handle_disputes", methods=("POST",)),
    route(ONE + "/hold", hold, name="disputes:staff_hold", may="handle_disputes", methods=("POST",)),
    route(
        ONE + "/files",
        attach,
        name="disputes:staff_files",
        may="handle_disputes",
        methods=("POST",),
        body_limit=BODY_LIMIT,
    ),
    route(ONE + "/confirm", confirm, name="disputes:staff_confirm", may="handle_disputes", methods=("GET", "POST")),
]
