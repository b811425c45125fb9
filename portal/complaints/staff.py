"""Supervisors' complaints: the queue, the page on which one is answered, whom it is about, and what nobody may answer.

Whoever a complaint is about meets the same 404 as for a number that does not exist.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.complaints import actions, labels, queries
from portal.complaints.actions import Reply
from portal.complaints.forms import ConcernsForm, HoldForm, ReplyForm, queue_filter
from portal.core.refusal import Refusal
from portal.platform import db
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of


async def queue(request: Request) -> Response:
    """What waits for a supervisor, overdue promises on top."""
    page = await db.read(request, queries.queue_page, queue_filter(request.query_params))
    return render(request, "complaints/staff_queue.html", page=page, words=labels)


async def detail(request: Request) -> Response:
    """One complaint beside what the portal itself sent. That it was looked at is written down."""
    if not await db.write(request, actions.open_case, request.path_params["number"]):
        raise HTTPException(404)
    return await _page(request, await ReplyForm.reopen(request))


async def answer(request: Request) -> Response:
    """Answer, or ask for more."""
    form = await ReplyForm.read(request)
    form.check()
    if not form.ok:
        return await _page(request, form, 422)
    number, value = request.path_params["number"], form.value
    try:
        if value.act == "ask":
            await db.write(request, actions.ask, number, value.version, value.words)
        else:
            given = Reply(value.outcome, value.reason, value.words, value.changed, value.version)
            await db.write(request, actions.reply, number, given)
    except Refusal as refusal:
        return await _refused(request, form, refusal)
    return see_other(request, "complaints:staff_detail", number=number)


async def concerns(request: Request) -> Response:
    """Keep the complaint from somebody, or show it to them again. Who names themselves is back at the queue."""
    form = await ConcernsForm.read(request)
    number = request.path_params["number"]
    again = ReplyForm.blank()
    if not form.ok:
        again.add_error("account", _("Choose somebody of the staff."))
        return await _page(request, again, 422)
    act = actions.concerns if form.value.act == "shut_out" else actions.concerns_not
    try:
        await db.write(request, act, number, form.value.version, form.value.account)
    except Refusal as refusal:
        return await _refused(request, again, refusal)
    if await db.read(request, queries.complaint, number) is None:
        return see_other(request, "complaints:staff_queue")
    return see_other(request, "complaints:staff_detail", number=number)


async def hold(request: Request) -> Response:
    """Take a complaint, or give it back; somebody else's stays theirs, and the page says whose it is."""
    form = await HoldForm.read(request)
    number = request.path_params["number"]
    try:
        await db.write(request, actions.hold, number, bool(form.raw.get("held")))
    except Refusal:
        raise HTTPException(404) from None
    return see_other(request, "complaints:staff_detail", number=number)


async def orphans(request: Request) -> Response:
    """Complaints that every supervisor is shut out of: a duty of whoever gives out roles, without a word of them."""
    return render(request, "complaints/staff_orphans.html", orphans=await db.read(request, queries.orphans))


async def _refused(request: Request, form: ReplyForm, refusal: Refusal) -> Response:
    if refusal.code == "unknown_complaint":
        raise HTTPException(404) from None
    form.refuse(refusal)
    return await _page(request, form, 409)


async def _page(request: Request, form: ReplyForm, status: int = 200) -> Response:
    zone = request.app.state.portal.settings.time_zone
    page = await db.read(request, queries.answer_page, request.path_params["number"], zone)
    viewer = visit_of(request).viewer
    if page is None or viewer is None:
        raise HTTPException(404)
    return render(
        request,
        "complaints/staff_detail.html",
        status=status,
        page=page,
        form=form,
        words=labels,
        may_answer=bool(viewer.roles & queries.ANSWERERS),
        mine=page.complaint.held_by == viewer.staff_id,
    )


ONE = "/staff/complaints/{number}"

routes = [
    route("/staff/complaints", queue, name="complaints:staff_queue", may="see_complaints"),
    route("/staff/complaints-without-supervisor", orphans, name="complaints:orphans", may="manage_accounts"),
    route(ONE, detail, name="complaints:staff_detail", may="see_complaints"),
    route(ONE + "/answer", answer, name="complaints:staff_answer", may="answer_complaints", methods=("POST",)),
    route(ONE + "/concerns", concerns, name="complaints:staff_concerns", may="answer_complaints", methods=("POST",)),
    route(ONE + "/hold", hold, name="complaints:staff_hold", may="answer_complaints", methods=("POST",)),
]
