"""The page of an agreed plan, for whichever handler shows it."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.plans import running_queries
from portal.plans.running_forms import SayForm
from portal.platform import db
from portal.platform.render import render
from portal.platform.visit import visit_of


async def show(request: Request, status: int = 200, form: SayForm | None = None) -> Response:
    """The next payment first, then how it goes, and what can be done; 404 where it is nobody's or not agreed."""
    page = await db.read(request, running_queries.running_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    form = form or await SayForm.reopen(request)
    return render(request, "plans/running.html", status=status, page=page, form=form, zone=visit_of(request).zone)
