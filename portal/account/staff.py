"""Staff's pages of what people say to have paid: the list, one with its slips, and the answer."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.account import notice_actions, notice_queries
from portal.account.notice_actions import Answer
from portal.account.paying_forms import AnswerForm
from portal.core.refusal import Refusal
from portal.platform import db
from portal.platform.gate import PERMISSIONS, route
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of


async def queue(request: Request) -> Response:
    """What waits to be found, the oldest on top; what was answered by filter."""
    page = await db.read(request, notice_queries.notice_queue, dict(request.query_params))
    return render(request, "account/staff_notices.html", page=page)


async def detail(request: Request) -> Response:
    """What somebody said to have paid, beside the payments that it may be."""
    return await _detail(request, await AnswerForm.reopen(request), 200)


async def answer(request: Request) -> Response:
    """Say which payment it was, or that there is none."""
    form = await AnswerForm.read(request)
    form.check()
    number, status = request.path_params["number"], 422
    if form.ok:
        value = form.value
        given = Answer(value.version, value.payment_ref if value.found == "yes" else "", value.words)
        try:
            await db.write(request, notice_actions.answer, number, given)
            return see_other(request, "account:staff_notice", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _detail(request, form, status)


async def _detail(request: Request, form: AnswerForm, status: int) -> Response:
    page = await db.read(request, notice_queries.notice_page, request.path_params["number"])
    viewer = visit_of(request).viewer
    if page is None or viewer is None:
        raise HTTPException(404)
    may_answer = bool(viewer.roles & PERMISSIONS["check_payments"])
    template = "account/staff_notice.html"
    return render(request, template, status=status, page=page, form=form, may_answer=may_answer)


ONE = "/staff/payment-notices/{number}"

routes: list[Route] = [
    route("/staff/payment-notices", queue, name="account:staff_notices", may="see_case"),
    route(ONE, detail, name="account:staff_notice", may="see_case"),
    route(ONE + "/answer", answer, name="account:staff_answer", may="check_payments", methods=("POST",)),
]
