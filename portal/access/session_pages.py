"""Sessions that end, signing out, and known devices: what a borrower meets on the way out, and back in."""

from functools import partial
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from portal.access import cookies, kept_actions, leading, session_actions, session_queries
from portal.access.forms import fresh_reference
from portal.platform import db
from portal.platform.forms import pressed
from portal.platform.gate import SignInNeeded, Viewer, route
from portal.platform.render import error_page, here, render, safe_path, see_other
from portal.platform.visit import visit_of

# --- Sessions that end ----------------------------------------------------------------------------------------


async def session_ended(request: Request) -> Response:
    """Offers to go on with this device, where it is known, or a new link."""
    token, marks = cookies.read(request, cookies.SESSION), cookies.device_marks(request)
    found = await db.read(request, session_queries.ended, token, marks)
    return render(
        request,
        "access/session_ended.html",
        known=found.device_id is not None,
        kept=request.query_params.get("kept") == "1",
        next=leading.wanted_page(request.query_params.get("next")),
    )


async def go_on(request: Request) -> Response:
    """Begins the check on a device that has passed before."""
    form = await pressed(request, "go_on")
    reference = fresh_reference(request, "session")
    token, marks = cookies.read(request, cookies.SESSION), cookies.device_marks(request)
    if not await db.write(request, session_actions.go_on, token, marks, reference):
        return see_other(request, "access:start")
    response = leading.with_next(request, "access:check", form.raw["next"])
    cookies.give(response, request, cookies.SESSION, reference)
    return response


async def sign_in_needed(request: Request, error: SignInNeeded) -> Response:
    """Where somebody is led whose session is over; what a form had is kept for the person whose it was (SB-05)."""
    page = _page_of(request)
    current = visit_of(request).route
    if current is not None and current.may == "anyone":
        return see_other(request, page)  # an old form of a page that needs no session: here it is anew
    if request.method == "GET" and "hx-request" in request.headers:
        return Response(status_code=204)  # a part asks by itself: the page stays as it is, and so does what is typed
    kept = {"kept": "1"} if await _keep(request, cookies.STAFF if error.staff else cookies.SESSION) else {}
    if error.staff:
        return see_other(request, f"/staff/sign-in?{urlencode({'next': page, **kept})}")
    return leading.with_next(request, "access:session_ended", page, **kept)


async def _keep(request: Request, kind: str) -> bool:
    """Keep what was typed, for whose session it was; not what had its effect before its answer was lost."""
    typed, token = visit_of(request).typed, cookies.read(request, kind)
    if typed is None or not token:
        return False

    def keep(session: Session, stranger: Viewer) -> bool:
        owner = session_queries.viewer_of_ended(session.connection(), stranger, kind, token)
        if owner is None or db.took_effect(session, request, owner):
            return False
        kept_actions.keep_entries(session, owner, typed.form, typed.entries)
        return True

    doors = request.app.state.portal.doors
    return bool(await doors.writing(partial(doors.write_as, visit_of(request).stranger, keep)))


def _page_of(request: Request) -> str:
    """The page that a request came from: of a form, the one that showed it, or the nearest above it that opens."""
    if request.method in {"GET", "HEAD"}:
        return here(request) or "/"
    shown = _referer(request)
    ours = f"{shown.scheme}://{shown.netloc}" in request.app.state.portal.settings.origins
    path = shown.path if ours else quote(request.scope["path"])
    if ours and shown.query and _opens(request, path):
        return safe_path(f"{path}?{shown.query}")
    while not _opens(request, path) and path.strip("/"):
        path = path.rpartition("/")[0]
    return safe_path(path)


def _referer(request: Request) -> SplitResult:
    """Where the browser says it was; nowhere if that is no address, or longer than any of ours."""
    given = request.headers.get("referer", "")
    try:
        return urlsplit(given if len(given) <= 2000 else "")
    except ValueError:
        return urlsplit("")


def _opens(request: Request, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": unquote(path), "root_path": "", "headers": []}
    return any(each.matches(scope)[0] is Match.FULL for each in request.app.routes)


async def sign_out(request: Request) -> Response:
    """Ends the session, deletes its cookie and what the browser kept of the pages (SB-07)."""
    await pressed(request, "sign_out")
    await db.write(request, session_actions.sign_out)
    response = see_other(request, "access:signed_out")
    cookies.drop_session(response, request, cookies.SESSION)
    return response


async def signed_out(request: Request) -> Response:
    """Says that nothing is left."""
    return render(request, "access/signed_out.html")


# --- Devices --------------------------------------------------------------------------------------------------


async def devices(request: Request) -> Response:
    """The devices that skip the code."""
    found = await db.read(request, session_queries.devices)
    return render(request, "access/devices.html", devices=found)


async def forget_device(request: Request) -> Response:
    """Forgets one device, or everything (`all`); forgetting this one ends this session too."""
    form = await pressed(request, "devices")
    if form.raw["code"] == "all":
        await db.write(request, session_actions.sign_out_everywhere)
        response = see_other(request, "access:signed_out")
        cookies.drop_session(response, request, cookies.SESSION)
        return response
    if not await db.write(request, session_actions.forget_device, form.raw["code"]):
        return error_page(request, 404)
    return see_other(request, "access:devices")


routes = [
    route("/session-ended", session_ended, name="access:session_ended", may="anyone"),
    route("/session-ended", go_on, name="access:go_on", may="anyone", methods=("POST",)),
    route("/sign-out", sign_out, name="access:sign_out", may="anyone", methods=("POST",)),
    route("/signed-out", signed_out, name="access:signed_out", may="anyone"),
    route("/devices", devices, name="access:devices", may="see_account"),
    route("/devices", forget_device, name="access:forget_device", may="see_account", methods=("POST",)),
]
