"""Where somebody on the way in is led: to the page they wanted, to the next step with it, or to their own step."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from portal.access import check_queries
from portal.platform import db
from portal.platform.render import safe_path, see_other

HOME = "/account"


async def elsewhere(request: Request, wanted: str) -> Response:
    """Somebody is at a step that is not theirs: lead them to the one that is."""
    viewer = await db.admit(request)
    if viewer.kind == "borrower":
        return see_other(request, wanted_page(wanted))
    stage = await db.read(request, check_queries.stage)
    if stage in {"link", "check", "code"}:
        return with_next(request, "access:code" if stage == "code" else "access:check", wanted)
    return with_next(request, "access:session_ended", wanted)


def wanted_page(wanted: str | None) -> str:
    """The page of ours that is wanted, else the account."""
    return safe_path(wanted, HOME)


def with_next(request: Request, name: str, wanted: str, **more: str) -> Response:
    """A redirect to a page by name, which keeps what is wanted after it."""
    path = request.app.state.portal.pages.path_for(name)
    query = {**({"next": wanted} if wanted and wanted_page(wanted) != HOME else {}), **more}
    return see_other(request, f"{path}?{urlencode(query)}" if query else path)
