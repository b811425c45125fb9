"""The borrower's page of a proposal that was written down on the phone: confirm it, or decline it."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import phone_actions, phone_queries, words
from portal.plans.facts import read_told
from portal.plans.phone_forms import ConfirmForm, DeclineForm
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.lender_view import lender_of
from portal.platform.render import render, see_other


async def show(request: Request) -> Response:
    """What was written down, with the figures of today."""
    return await _show(request, await ConfirmForm.reopen(request), 200)


async def confirm(request: Request) -> Response:
    """Confirm it: from now on it is a proposal of one's own."""
    form = await ConfirmForm.read(request)
    status = 422
    if form.ok:
        try:
            number = await db.write(
                request, phone_actions.confirm, _number(request), form.value.seen, lender_of(request)["public_name"]
            )
            return see_other(request, "plans:detail", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _show(request, form, status)


async def decline(request: Request) -> Response:
    """Decline it."""
    form = await DeclineForm.read(request)
    try:
        await db.write(request, phone_actions.decline, _number(request))
        return see_other(request, "plans:phone", number=_number(request))
    except LookupError:
        raise HTTPException(404) from None
    except Refusal as refusal:
        form.refuse(refusal)
    return await _show(request, form, 409)


async def _show(request: Request, form: Form[Any], status: int) -> Response:
    page = await db.read(request, phone_queries.confirm_page, _number(request))
    if page is None:
        raise HTTPException(404)
    seen = form.raw["seen"]
    changed = page.new is not None and seen not in {"", page.new.seen}
    return render(
        request,
        "plans/phone.html",
        status=status,
        page=page,
        form=form,
        consent=words.consent(lender_of(request)["public_name"]),
        told=read_told(str(form.raw["told"])) if changed else None,
    )


def _number(request: Request) -> str:
    return str(request.path_params["number"])


PHONE = "/plans/phone/{number}"

routes: list[Route] = [
    route(PHONE, show, name="plans:phone", may="see_account"),
    route(PHONE + "/confirm", confirm, name="plans:phone_confirm", may="propose_plan", methods=("POST",)),
    route(PHONE + "/decline", decline, name="plans:phone_decline", may="propose_plan", methods=("POST",)),
]
