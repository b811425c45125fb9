"""What happens to every request before its handler: host, language, reference; after it: one log line.

Nothing that goes wrong leaves without an answer in plain words and a reference; no trace, path or version (CF-04).
"""

import errno
import secrets
from contextlib import suppress
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.platform import i18n
from portal.platform.csrf import cookie_name
from portal.platform.render import RETRY_AFTER, error_page
from portal.platform.visit import CURRENT, Visit, network_of

_ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXYZ"
LANGUAGE_COOKIE = "lang"
HEALTH = frozenset({"/healthz", "/readyz"})
SHARED = ("/static/", "/language/", "/robots.txt", "/favicon.ico")
_PROGRAM_FAULTS = (IntegrityError, ProgrammingError, DataError)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
_log = structlog.get_logger("portal.request")


class Reception:
    """Receives every request and sees it off."""

    def __init__(self, app: ASGIApp, portal: Any) -> None:
        self.app = app
        self.portal = portal
        settings = portal.settings
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._any_host = "*" in self._hosts
        self._staff_host = urlsplit(settings.staff_base_url).hostname if settings.staff_apart else None
        self._offered = settings.lender.languages
        self._cookie = cookie_name(settings, LANGUAGE_COOKIE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        request = Request(scope, receive)
        visit = scope["portal.visit"] = self._visit(request)
        i18n.speak(visit.language)
        CURRENT.set(visit)
        answer = _Watched(send)
        try:
            refused = self._refused(request)
            if refused is not None:
                await refused(scope, receive, answer)
            else:
                await self.app(scope, receive, answer)
        except ClientDisconnect:
            pass
        except Exception as error:
            await self._apologise(request, error, answer)
        finally:
            self._note(request, visit, answer.status, perf_counter() - began)

    def _visit(self, request: Request) -> Visit:
        client = request.scope.get("client")
        return Visit(
            reference=_reference(),
            now=self.portal.clock.now(),
            zone=self.portal.settings.time_zone,
            language=self._language(request),
            network=network_of(client[0]) if client else "local",
        )

    def _language(self, request: Request) -> str:
        chosen = request.cookies.get(self._cookie)
        wanted = [chosen] if chosen else []
        header = request.headers.get("accept-language")
        return i18n.choose([*wanted, *i18n.accepted(header)] if header else wanted, self._offered)

    def _refused(self, request: Request) -> Response | None:
        """An answer for what is not ours: an unknown host, or staff's pages on the borrowers' host (SL-17, ST-10)."""
        path = request.scope["path"]
        if path in HEALTH:
            return None
        host = _host(request)
        if not self._any_host and host not in self._hosts:
            return PlainTextResponse("This host is not served here.", 400)
        if "\0" in path or b"%00" in request.scope["query_string"]:
            return error_page(request, 400)  # no code, number or name has one, and PostgreSQL takes none
        if path == "/" or self._staff_host is None or path.startswith(SHARED):
            return None
        at_its_host = (host == self._staff_host) == path.startswith("/staff")
        return None if at_its_host else error_page(request, 404)

    async def _apologise(self, request: Request, error: Exception, answer: "_Watched") -> None:
        status = status_of(error)
        _log.error(
            "request_failed",
            exc_info=error,
            reference=request.scope["portal.visit"].reference,
            status=status,
        )
        if answer.status:
            raise error  # the answer has begun; the server cuts the connection
        headers = {"Retry-After": f"{RETRY_AFTER.seconds}"} if status == 503 else {}
        await error_page(request, status, headers=headers)(request.scope, request.receive, answer)

    def _note(self, request: Request, visit: Visit, status: int, seconds: float) -> None:
        if request.scope["path"].startswith(("/static", "/healthz", "/readyz")):
            return
        with suppress(Exception):
            _log.info(
                "request",
                method=request.method,
                route=visit.route.name if visit.route else "",
                status=status,
                milliseconds=round(seconds * 1000, 1),
                reference=visit.reference,
                viewer=visit.viewer.kind if visit.viewer else "",
            )


class _Watched:
    """Passes messages on and remembers the status of the answer; 0 before there is one."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def status_of(error: BaseException) -> int:
    """503 where the database cannot answer or save at present, else 500."""
    if isinstance(error, NoConnection):
        return 503
    if isinstance(error, DBAPIError) and not isinstance(error, _PROGRAM_FAULTS):
        return 503
    return 503 if isinstance(error, OSError) and error.errno in _NO_ROOM else 500


def _reference() -> str:
    drawn = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in secrets.token_bytes(6))
    return f"{drawn[:3]}-{drawn[3:]}"


def _host(request: Request) -> str:
    given = request.headers.getlist("host")
    host = given[0].lower() if len(given) == 1 else ""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
