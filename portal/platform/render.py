"""Pages from templates, redirects, and the page for every refusal that is a whole page.

Filters and functions read the language and the request from their context, so that they work inside macros too.
"""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from types import CodeType
from typing import Any
from urllib.parse import quote, unquote

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from portal.platform import csrf, formats, i18n, labels
from portal.platform.assets import Assets
from portal.platform.clock import day_in
from portal.platform.gate import BODY_LIMIT
from portal.platform.i18n import gettext as _
from portal.platform.resources import resource
from portal.platform.settings import Settings
from portal.platform.visit import visit_of

_REQUEST: ContextVar[Request] = ContextVar("request")
_NAMES: ContextVar[dict[str, str]] = ContextVar("names")
Errors = tuple[str, str, str]

RETRY_AFTER = timedelta(seconds=30)
"""When a portal that cannot save at present is worth another try."""

SCRIPTS = ("sending", "fresh")
"""The behaviours that every page has (static/js)."""


class _Templates(Environment):
    """Jinja's environment with one plain table of globals for all templates.

    Jinja's own chained one is walked through at every import: half of a page's time, measured.
    """

    newstyle_gettext = True
    """Texts fill and escape their values themselves (i18n.TEMPLATE_TEXTS)."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return ChainMap(d, self.globals) if d else self.globals


class _Compiled(BytecodeCache):
    """The templates that this process has compiled, for every installation in it.

    Compiling a page takes twenty times as long as filling it in.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._found.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._found[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class Pages:
    """The templates of an installation, with everything they may use."""

    def __init__(self, assets: Assets, zone: str) -> None:
        self.assets = assets
        self._zone = zone
        self._paths: dict[str, str] = {}
        self.environment = _Templates(
            loader=FileSystemLoader(resource("templates")),
            bytecode_cache=_COMPILED,
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.environment.globals.update(i18n.TEMPLATE_TEXTS)
        self.environment.filters.update(_filters(zone))
        self.environment.globals.update(
            asset=assets.address,
            path_for=self.path_for,
            csrf_fields=csrf_fields,
            csrf_token=csrf_token,
            penalty_word=formats.penalty_word,
            contract_word=formats.contract_word,
            component_word=labels.component_word,
            parts_words=labels.parts_words,
            debit_result=labels.debit_result,
            date_range=formats.date_range,
            sentences=i18n.sentences,
            named=named,
            name_of=name_of,
            in_page_order=in_page_order,
            scripts=SCRIPTS,
            htmx_available=assets.has_htmx,
        )

    def add_words(self, filters: Mapping[str, Callable[..., Any]], functions: Mapping[str, Any]) -> None:
        """What a feature's templates need besides: filters, and functions that give words for its states."""
        self.environment.filters.update(filters)
        self.environment.globals.update(functions)

    def know_routes(self, routes: Iterable[BaseRoute]) -> None:
        """Take the addresses that templates may lead to."""
        self._paths = {route.name: route.path_format for route in routes if isinstance(route, Route)}

    def path_for(self, name: str, /, **parts: object) -> str:
        """The path of a route; raises LookupError for a name or part that is not there."""
        found = self._paths.get(name)
        if found is None:
            raise LookupError(f"no route is called {name!r}")
        return found.format_map({part: quote(str(value), safe="") for part, value in parts.items()})

    def text(self, template: str, **context: Any) -> str:
        """A template that is no page of a request, such as a letter, in the language that is spoken now."""
        return self.environment.get_template(template).render(lang=i18n.language(), **context)


def render(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page in the reader's language. What is given here goes before what every page has."""
    portal = request.app.state.portal
    visit = visit_of(request)
    settings, language, path = portal.settings, visit.language, here(request)
    everywhere = {
        "lang": language,
        "text_dir": i18n.direction(language),
        "languages": _languages(settings.lender.languages),
        "lender": settings.lender.in_language(language),
        "viewer": visit.viewer or visit.stranger,
        "here": path,
        "here_in_full": in_full(settings, path),
    }
    token = _REQUEST.set(request)
    _NAMES.set({})
    try:
        body = portal.pages.environment.get_template(template).render({**everywhere, **visit.frame, **context})
    finally:
        _REQUEST.reset(token)
    return HTMLResponse(body, status)


def see_other(request: Request, target: str, **parts: object) -> Response:
    """Go on with a GET of another page: the name of a route with its parts, or a path of this site."""
    if not target.startswith("/"):
        target = request.app.state.portal.pages.path_for(target, **parts)
    return RedirectResponse(safe_path(target), status_code=303)


def here(request: Request) -> str:
    """The present address as a path, to come back to; empty where it holds a link's reference."""
    if "ref" in request.path_params:
        return ""
    path, query = request.scope["path"], request.scope["query_string"].decode("ascii", "replace")
    return f"{quote(path)}?{query}" if query else quote(path)


def in_full(settings: Settings, path: str) -> str:
    """An address as somebody types it who has it on paper, with the host of borrowers or of staff."""
    return (settings.staff_base_url if path.startswith("/staff/") else settings.base_url) + path


def safe_path(target: str | None, otherwise: str = "/") -> str:
    """A path of this site, else `otherwise`: nothing that a browser might take for another host (SL-17)."""
    if not target or not target.startswith("/") or len(target) > 2000:
        return otherwise
    plain = unquote(unquote(target))
    strange = any(mark <= " " or mark in "\\\x7f" for mark in plain) or not target.isascii()
    return otherwise if strange or plain.startswith("//") else target


def csrf_fields(purpose: str) -> Markup:
    """The hidden field that a form of this purpose must carry."""
    return _html(f'<input type="hidden" name="{csrf.FIELD}" value="{csrf_token(purpose)}">')


def csrf_token(purpose: str) -> str:
    """The token itself, for a script that sends such a form without a page in between."""
    request = _REQUEST.get()
    portal = request.app.state.portal
    binding = csrf.binding_of(request, portal.settings)
    token: str = portal.form_tokens.make(purpose, binding, visit_of(request).now)
    return token


def named(entry: str, name: str) -> str:
    """What an entry of the page is called, noted for the summary of what is wrong with the form."""
    names = _NAMES.get(None)
    if names is not None:
        names[entry] = name
    return name


def in_page_order(errors: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is wrong by entry, as the entries stand on the page that is being drawn; those it did not name come last."""
    places = {entry: place for place, entry in enumerate(_NAMES.get({}))}
    return sorted(errors.items(), key=lambda error: places.get(error[0], len(places)))


def name_of(entry: str) -> str:
    """What the entry with this id is called on the page that is being drawn; empty where it has not said so."""
    return str(_NAMES.get({}).get(entry, ""))


# --- Pages that refuse ----------------------------------------------------------------------------------------


def error_page(
    request: Request,
    status: int,
    *,
    happened: str | None = None,
    saved: str | None = None,
    way: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    try_again: datetime | None = None,
) -> Response:
    """The page for a refusal, in the frame, with a reference to quote. A stranger may meet it.

    `try_again` is from when a 429 or 503 can be tried again; it is said rounded up to the minute.
    """
    heading, usual, usual_saved = _error_words(request, status, try_again)
    way_text, way_href = way or _way_on(request)
    page = render(
        request,
        "frames/error.html",
        status=status,
        heading=heading,
        happened=usual if happened is None else happened,
        saved=usual_saved if saved is None else saved,
        way_text=way_text,
        way_href=way_href,
        reference=visit_of(request).reference,
    )
    page.headers.update(headers or {})
    return page


def _error_words(request: Request, status: int, try_again: datetime | None) -> Errors:
    """Heading, what happened, what was saved (words.md 3)."""
    visit = visit_of(request)
    nothing = _("Nothing was saved.")
    limit = formats.file_size(getattr(request.scope.get("route"), "body_limit", BODY_LIMIT))
    time = formats.clock_time(formats.full_minute(try_again or visit.now + RETRY_AFTER), visit.zone)
    words: dict[int, Callable[[], Errors]] = {
        400: lambda: (
            _("This could not be read"),
            _("What arrived here was not complete. Open the page again and send it once more."),
            nothing,
        ),
        401: lambda: (
            _("Please check in again"),
            _("Your session has ended, to keep things private. Ask for a new link, or go on with this device."),
            "",
        ),
        403: lambda: (
            _("This is not open to you"),
            _("The page belongs to another session or another role. Open it again from the start."),
            nothing,
        ),
        404: lambda: (
            _("There is nothing here"),
            _("There is nothing at this address. It may have moved. Your start page has everything."),
            "",
        ),
        405: lambda: (
            _("There is nothing here"),
            _("There is nothing at this address. It may have moved. Your start page has everything."),
            "",
        ),
        409: lambda: (
            _("This is being worked on already"),
            _("The same thing was sent a moment ago. Look at your start page for the result."),
            "",
        ),
        413: lambda: (
            _("That was too large"),
            _(
                "That was more than we can take at once: %(limit)s. Nothing was kept of it. Send it in smaller parts.",
                limit=limit,
            ),
            "",
        ),
        422: lambda: (
            _("This form was sent already"),
            _("It was sent before with other answers. Open the page again to send a new one."),
            _("What was sent first is kept."),
        ),
        429: lambda: (
            _("Please wait a little"),
            _("Too many tries in a short time. Try again at %(time)s. Nothing is lost.", time=time),
            "",
        ),
        503: lambda: (
            _("Please try again in a minute"),
            _(
                "The portal cannot save anything at present. Try again at %(time)s. What you sent before is safe.",
                time=time,
            ),
            _("This was not saved."),
        ),
    }
    return words[status]() if status in words else _unexpected()


def _unexpected() -> Errors:
    return (
        _("Something went wrong"),
        _(
            "Something went wrong on our side. We do not know yet whether it was saved; your list shows it. "
            "Pressing again does nothing twice."
        ),
        "",
    )


def _way_on(request: Request) -> tuple[str, str]:
    return _("Go to the start page"), "/staff/" if request.scope["path"].startswith("/staff") else "/"


# --- Filters --------------------------------------------------------------------------------------------------


def _filters(zone: str) -> dict[str, Callable[..., Any]]:
    return {
        "amount": _amount,
        "money": _money,
        "figure": _figure,
        "currency_sign": lambda currency: "".join(formats.currency_signs(currency)).strip(),
        "long_date": lambda day: _long_date(_local(day, zone)),
        "short_date": lambda day: _short_date(_local(day, zone)),
        "date_range": formats.date_range,
        "rate": formats.rate,
        "percent": formats.percent,
        "clock_time": lambda moment: formats.clock_time(moment, zone),
        "moment": lambda instant: formats.moment(instant, zone),
        "file_size": formats.file_size,
        "exact": labels.exact,
        "opened_nights": labels.opened_nights,
        "waiver_cause": labels.waiver_cause,
        "channel_word": labels.channel_word,
        "language_name": labels.language_name,
        "fingerprint": labels.fingerprint,
    }


def _local(day: date, zone: str) -> date:
    """The day of an instant in the lender's zone; a day stays what it is."""
    return day_in(zone, day) if isinstance(day, datetime) else day


def _html(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - made of figures, signs and tokens of ours alone


def _amount(minor: int, currency: str) -> Markup:
    return _html(f'<data value="{minor}">{formats.amount(minor, currency)}</data>')


def _money(minor: int, currency: str) -> Markup:
    return _html(f'<data value="{minor}">{formats.money(minor, currency)}</data>')


def _figure(minor: int, currency: str) -> Markup:
    before, after = formats.currency_signs(currency)
    parts = (f'<span class="figure__sign">{sign}</span>' if sign else "" for sign in (before, after))
    return _html(f'<data value="{minor}">{formats.amount(minor, currency).join(parts)}</data>')


def _long_date(day: date) -> Markup:
    return _html(f'<time datetime="{day.isoformat()}">{formats.long_date(day)}</time>')


def _short_date(day: date) -> Markup:
    request = _REQUEST.get(None)
    this_year = visit_of(request).today.year if request is not None else None
    return _html(f'<time datetime="{day.isoformat()}">{formats.short_date(day, this_year)}</time>')


def _languages(offered: tuple[str, ...]) -> list[tuple[str, str]]:
    known = [tag for tag in offered if tag in i18n.available()] or [i18n.SOURCE]
    return [(tag, i18n.native_name(tag)) for tag in known]
