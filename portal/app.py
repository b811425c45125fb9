"""The application: every feature's routes behind one reception, and what they share."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from functools import partial
from types import ModuleType
from typing import Any

import structlog
from anyio import to_thread
from sqlalchemy import Connection
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from portal.access import pages as access_pages
from portal.access import session_pages
from portal.access import staff as access_staff
from portal.access.kept_actions import drop_entries
from portal.access.kept_queries import kept_entries
from portal.access.queries import find_viewer
from portal.access.session_actions import touch
from portal.access.session_queries import is_known
from portal.account import pages as account_pages
from portal.account import paying_pages
from portal.account import staff as account_staff
from portal.audit.queries import is_in_doubt
from portal.complaints import pages as complaint_pages
from portal.complaints import staff as complaint_staff
from portal.core.refusal import Refusal
from portal.demo import pages as demo_pages
from portal.desk import staff as desk_staff
from portal.desk.queries import staff_frame
from portal.disputes import drafting_pages as dispute_drafting_pages
from portal.disputes import handling_staff as dispute_handling
from portal.disputes import pages as dispute_pages
from portal.disputes import review_pages as dispute_reviews
from portal.disputes import staff as dispute_staff
from portal.evidence import columns_pages, cover_pages, line_cover_pages, together_pages, upload_pages
from portal.evidence import pages as evidence_pages
from portal.evidence import staff as evidence_staff
from portal.evidence.clamd import NotScanned
from portal.installation import Installation, open_installation
from portal.messages import pages as message_pages
from portal.plans import agreement_pages as plan_agreement_pages
from portal.plans import counter_staff as plan_counter_staff
from portal.plans import drafting_pages as plan_drafting_pages
from portal.plans import hardship_pages as plan_hardship_pages
from portal.plans import judging_staff as plan_judging
from portal.plans import limits_staff as plan_limits_staff
from portal.plans import pages as plan_pages
from portal.plans import phone_pages as plan_phone_pages
from portal.plans import phone_staff as plan_phone_staff
from portal.plans import running_pages as plan_running
from portal.plans import staff as plan_staff
from portal.platform import csrf, db, formats, health, once
from portal.platform.assets import Assets
from portal.platform.clock import Clock, SystemClock
from portal.platform.csrf import FormTokens
from portal.platform.files import StoreUnreachable
from portal.platform.gate import NotAllowed, SignInNeeded, Viewer, route
from portal.platform.headers import SecurityHeaders
from portal.platform.i18n import available
from portal.platform.i18n import gettext as _
from portal.platform.reception import LANGUAGE_COOKIE, Reception
from portal.platform.render import RETRY_AFTER, Pages, error_page, safe_path, see_other
from portal.platform.resources import resource
from portal.platform.settings import Settings
from portal.platform.visit import visit_of
from portal.promises import pages as promise_pages
from portal.settlements import letter_pages as settlement_letter_pages
from portal.settlements import pages as settlement_pages
from portal.settlements import phone_staff as settlement_phone_staff
from portal.settlements import staff as settlement_staff

PAGES: tuple[ModuleType, ...] = (
    account_pages,  # first, since they are asked for most
    paying_pages,
    account_staff,
    access_pages,
    session_pages,
    access_staff,
    message_pages,
    evidence_pages,
    upload_pages,
    together_pages,
    cover_pages,
    line_cover_pages,
    columns_pages,
    evidence_staff,
    dispute_drafting_pages,
    dispute_pages,
    dispute_reviews,
    dispute_staff,
    dispute_handling,
    settlement_pages,
    settlement_letter_pages,
    settlement_phone_staff,
    settlement_staff,
    plan_hardship_pages,
    plan_phone_pages,
    plan_drafting_pages,
    plan_pages,
    plan_phone_staff,
    plan_counter_staff,
    plan_limits_staff,
    plan_agreement_pages,
    plan_staff,
    plan_running,
    plan_judging,
    promise_pages,
    complaint_pages,
    complaint_staff,
    desk_staff,
)
"""The features' pages: each has `routes`, and may have `filters` and `functions` for its templates."""

_log = structlog.get_logger("portal.app")

DOUBTS = {"audit": is_in_doubt}
"""Features' own reasons not to serve, by the word that `/readyz` says."""

COMPRESSED_FROM = 1_000
"""Bytes from which a text answer is compressed. Form tokens differ in every page, so that its compressed size
tells nothing about them."""


@dataclass
class Portal(Installation):
    """What handlers reach as `request.app.state.portal`."""

    pages: Pages
    form_tokens: FormTokens
    find_viewer: db.FindViewer
    touch: Callable[[Session, Viewer], None]
    kept_entries: Callable[[Connection, Viewer, str], list[tuple[str, str]] | None]
    drop_entries: Callable[[Session, Viewer, str], None]
    is_known: Callable[[Connection, Viewer, Request, bool], bool]
    sign_in: Callable[[Request, SignInNeeded], Awaitable[Response]]
    admit: Callable[[Request], Awaitable[Viewer]] = db.admit


def create_app(settings: Settings, clock: Clock | None = None) -> Starlette:
    """The portal of an installation. Nothing is opened or started before the application's lifespan."""
    clock = clock or SystemClock(settings.time_zone, settings.today)
    portal = _with_pages(open_installation(settings, clock))
    features = _features(settings)
    most_asked, *others = (feature.routes for feature in features)
    routes: list[BaseRoute] = [*most_asked, *_own_routes(), *(each for feature in others for each in feature)]
    portal.pages.know_routes(routes)
    for feature in features:
        portal.pages.add_words(getattr(feature, "filters", {}), getattr(feature, "functions", {}))
    app = Starlette(
        routes=routes,
        middleware=list(_middleware(portal)),
        exception_handlers=_handlers(),
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.portal = portal
    return app


def _with_pages(opened: Installation) -> Portal:
    """What handlers need beside what commands need."""
    settings = opened.settings
    return Portal(
        **{field.name: getattr(opened, field.name) for field in fields(opened)},
        pages=Pages(Assets(resource("static")), settings.time_zone),
        form_tokens=FormTokens(settings.secret_keys),
        find_viewer=_find_viewer,
        touch=touch,
        kept_entries=lambda connection, viewer, form: kept_entries(connection, viewer, settings.secret_keys, form),
        drop_entries=drop_entries,
        is_known=is_known,
        sign_in=session_pages.sign_in_needed,
    )


def _find_viewer(connection: Connection, request: Request) -> Viewer:
    """Find out who asks; with staff comes what the bar above each of their pages shows."""
    viewer = find_viewer(connection, request)
    frame = visit_of(request).frame
    if viewer.kind == "staff" and not frame:
        frame.update(staff_frame(connection, viewer, request.scope["path"]))
    return viewer


def _features(settings: Settings) -> tuple[ModuleType, ...]:
    return PAGES if settings.in_production else (*PAGES, demo_pages)


def _middleware(portal: Portal) -> Iterator[Middleware]:
    settings = portal.settings
    if settings.trusted_proxies:
        yield Middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    yield Middleware(SecurityHeaders, https=settings.secure_cookies)
    yield Middleware(
        GZipMiddleware,
        minimum_size=COMPRESSED_FROM,
        compresslevel=4,
        exclude_content_types=("image/*", "application/*", "audio/*", "video/*", "font/*"),
    )
    yield Middleware(Reception, portal=portal)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    portal: Portal = app.state.portal
    health.check_at_start(portal.doors.engines, portal.settings)
    # Everything loaded so far stays: the collector need not look at it again (p99 70 to 17 ms, measured).
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    yield
    portal.doors.close()


# --- Pages of the portal itself -------------------------------------------------------------------------------


def _own_routes() -> list[Route]:
    return [
        route("/", _start, name="portal:start", may="anyone"),
        route("/static/{path:path}", _static, name="portal:static", may="anyone"),
        route("/language/{code}", _language, name="portal:language", may="anyone"),
        route("/robots.txt", _robots, name="portal:robots", may="anyone"),
        route("/favicon.ico", _no_icon, name="portal:icon", may="anyone"),
        route("/healthz", _alive, name="portal:healthz", may="anyone"),
        route("/readyz", _ready, name="portal:readyz", may="anyone"),
    ]


async def _start(request: Request) -> Response:
    """To the account where there may be a session, else to where one begins."""
    settings = request.app.state.portal.settings
    if settings.staff_apart and f"//{request.url.netloc}" in settings.staff_base_url:
        return see_other(request, "/staff/")
    has_session = csrf.cookie_name(settings, csrf.SESSION_COOKIES["borrower"]) in request.cookies
    return see_other(request, "/account" if has_session else "/start")


async def _static(request: Request) -> Response:
    return request.app.state.portal.pages.assets.answer(request) or error_page(request, 404)


async def _language(request: Request) -> Response:
    """Keep the chosen language in this browser and go back to the page."""
    settings = request.app.state.portal.settings
    code = request.path_params["code"]
    back = request.query_params.get("next") or _path_of_referer(request)
    answer = see_other(request, safe_path(back))
    if code in settings.lender.languages and code in available():
        answer.set_cookie(
            csrf.cookie_name(settings, LANGUAGE_COOKIE),
            code,
            max_age=365 * 24 * 3600,
            path="/",
            secure=settings.secure_cookies,
            httponly=True,
            samesite="lax",
        )
    return answer


def _path_of_referer(request: Request) -> str:
    """Where the reader came from; a link's page does not write its own address into itself."""
    referer = request.headers.get("referer", "")
    origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
    ours = (origin, *request.app.state.portal.settings.origins)
    return next((referer.removeprefix(each) for each in ours if referer.startswith(f"{each}/")), "/")


async def _robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def _no_icon(_request: Request) -> Response:
    return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _ready(request: Request) -> Response:
    """200 where people can be served, else 503 with what is wrong in a word each (RE-14)."""
    portal: Portal = request.app.state.portal
    wrong = await portal.doors.writing(partial(health.faults, portal.doors, portal.settings, DOUBTS))
    wrong += await to_thread.run_sync(health.files_fault, portal.files)
    return PlainTextResponse("".join(f"{fault}\n" for fault in wrong) or "ready\n", 503 if wrong else 200)


# --- Refusals -------------------------------------------------------------------------------------------------


def _handlers() -> dict[Any, Any]:
    return {
        HTTPException: _on_http,
        SignInNeeded: _on_sign_in_needed,
        NotAllowed: _as(403),
        csrf.TokenMissing: _as(400),
        csrf.TokenForeign: _as(403),
        csrf.TokenExpired: _on_old_form,
        once.KeyReused: _as(422),
        Refusal: _as(409),
        StoreUnreachable: _on_no_files,
        NotScanned: _on_no_files,
    }


def _as(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, _error: Exception) -> Response:
        return error_page(request, status)

    return answer


async def _on_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code in {204, 304}:
        return Response(status_code=error.status_code, headers=error.headers)
    return error_page(request, error.status_code, headers=error.headers)


async def _on_no_files(request: Request, error: Exception) -> Response:
    """The service that keeps the files, or the one that scans them, is away: said on the page, and nothing is lost."""
    visit = visit_of(request)
    _log.error("files_unavailable", kind=type(error).__name__, why=str(error), reference=visit.reference)
    time = formats.clock_time(formats.full_minute(visit.now + RETRY_AFTER), visit.zone)
    return error_page(
        request,
        503,
        happened=_("Files cannot be opened at present. Try again at %(time)s. What you sent is safe.", time=time),
        saved="",
        headers={"Retry-After": f"{RETRY_AFTER.seconds}"},
    )


async def _on_sign_in_needed(request: Request, error: Exception) -> Response:
    if not isinstance(error, SignInNeeded):
        raise error
    portal: Portal = request.app.state.portal
    return await portal.sign_in(request, error)


async def _on_old_form(request: Request, _error: Exception) -> Response:
    return await _on_sign_in_needed(request, SignInNeeded(request.scope["path"].startswith("/staff")))
