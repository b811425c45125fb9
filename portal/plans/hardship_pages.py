"""The borrower's page in a hard time: reminders pause, and what a plan could begin with."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import hardship_actions, hardship_queries, words
from portal.plans.hardship_actions import Said
from portal.plans.hardship_forms import DeleteForm, GoOnForm, PauseForm
from portal.platform import db
from portal.platform.forms import Form
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.lender_view import lender_of
from portal.platform.render import render, see_other


async def show(request: Request) -> Response:
    """The form, or the pause that runs."""
    return await _show(request, await PauseForm.reopen(request, change="none"), 200)


async def pause(request: Request) -> Response:
    """Pause reminders."""
    form = await PauseForm.read(request)
    status = 422
    if form.ok:
        given = form.value
        said = Said("" if given.change == "none" else given.change, given.words)
        if said.is_something and given.consent != "yes":
            form.add_error("consent", _("Tick this, or take out what you told us: it is not needed."))
        else:
            try:
                await db.write(request, hardship_actions.pause_reminders, said, lender_of(request)["public_name"])
                return see_other(request, "plans:hardship")
            except Refusal as refusal:
                form.refuse(refusal)
                status = 409
    return await _show(request, form, status)


async def go_on(request: Request) -> Response:
    """Reminders come again."""
    await GoOnForm.read(request)
    await db.write(request, hardship_actions.go_on)
    return see_other(request, "plans:hardship")


async def delete(request: Request) -> Response:
    """Delete what was said."""
    await DeleteForm.read(request)
    await db.write(request, hardship_actions.delete_said)
    return see_other(request, "plans:hardship")


async def _show(request: Request, form: Form[Any], status: int) -> Response:
    page = await db.read(request, hardship_queries.hardship_page)
    consent = words.hardship_consent(lender_of(request)["public_name"])
    return render(request, "plans/hardship.html", status=status, page=page, form=form, consent=consent)


functions: dict[str, Any] = {"hardship_changes": words.HARDSHIP_CHANGES}

HARDSHIP = "/plans/hardship"

routes: list[Route] = [
    route(HARDSHIP, show, name="plans:hardship", may="propose_plan"),
    route(HARDSHIP, pause, name="plans:hardship_pause", may="propose_plan", methods=("POST",)),
    route(HARDSHIP + "/delete", delete, name="plans:hardship_delete", may="propose_plan", methods=("POST",)),
    route(HARDSHIP + "/end", go_on, name="plans:hardship_end", may="propose_plan", methods=("POST",)),
]
