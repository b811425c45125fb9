"""The portal's cookies: their names, how they are signed, and the one place that sets, reads and drops them.

A cookie holds random references or a row's number, never data about anybody.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, Signer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from portal.access import checking
from portal.platform.csrf import SESSION_COOKIES, cookie_name

SESSION = SESSION_COOKIES["borrower"]
STAFF = SESSION_COOKIES["staff"]
DEVICES = "devices"
STEP = "step"

DEVICES_MAX = 4
"""People who can be known on one shared browser; the one known longest ago makes room."""

SKEW = timedelta(seconds=60)


def read(request: HTTPConnection, kind: str) -> str:
    """A cookie's value, or nothing."""
    return request.cookies.get(cookie_name(_settings(request), kind), "")


def give(response: Response, request: HTTPConnection, kind: str, value: str, life: timedelta | None = None) -> None:
    """Set a cookie; without a life it ends with the browser."""
    settings = _settings(request)
    response.set_cookie(
        cookie_name(settings, kind),
        value,
        max_age=int(life.total_seconds()) if life else None,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="strict" if kind == STAFF else "lax",
    )


def drop(response: Response, request: HTTPConnection, kind: str) -> None:
    """Delete a cookie; browsers then also forget pages they kept for going back (SB-07)."""
    settings = _settings(request)
    response.delete_cookie(
        cookie_name(settings, kind),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="strict" if kind == STAFF else "lax",
    )


def drop_session(response: Response, request: HTTPConnection, kind: str) -> None:
    """Delete a session's cookie and what the browser kept of its pages; the known device stays known."""
    drop(response, request, kind)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def device_marks(request: HTTPConnection) -> tuple[str, ...]:
    """The device references of this browser, the newest first; none if the signature is not ours (SL-14)."""
    signed = _unsigned(request, "access.devices", read(request, DEVICES))
    return tuple(signed.split(".")) if signed else ()


def add_device_mark(response: Response, request: HTTPConnection, mark: str) -> None:
    """Let this browser be known for 30 days by one more reference."""
    marks = (mark, *device_marks(request))[:DEVICES_MAX]
    signed = _signer(request, "access.devices").sign(".".join(marks)).decode()
    give(response, request, DEVICES, signed, checking.DEVICE_LIFE)


def give_step(response: Response, request: HTTPConnection, step: str, row_id: int, now: datetime) -> None:
    """Remember for ten minutes, on this browser, which row a page's next step is about."""
    value = f"{row_id}.{int(now.timestamp())}"
    signed = _signer(request, f"access.step.{step}").sign(value).decode()
    give(response, request, STEP, signed, checking.UNDO_LIFE)


def read_step(request: HTTPConnection, step: str, now: datetime) -> int | None:
    """The row that this step is about; None for another step's, a foreign or an old cookie."""
    found = _step(request, step, now)
    return found[0] if found else None


def step_ends(request: HTTPConnection, step: str, now: datetime) -> datetime | None:
    """Until when this step can be taken in this browser."""
    found = _step(request, step, now)
    return found[1] if found else None


def _step(request: HTTPConnection, step: str, now: datetime) -> tuple[int, datetime] | None:
    row_id, _, seconds = _unsigned(request, f"access.step.{step}", read(request, STEP)).partition(".")
    if not seconds:
        return None
    ends = datetime.fromtimestamp(int(seconds), UTC) + checking.UNDO_LIFE
    return (int(row_id), ends) if now <= ends and ends - now <= checking.UNDO_LIFE + SKEW else None


def _unsigned(request: HTTPConnection, purpose: str, signed: str) -> str:
    try:
        return _signer(request, purpose).unsign(signed).decode()
    except (BadSignature, UnicodeError):
        return ""


def _signer(request: HTTPConnection, purpose: str) -> Signer:
    newest_last: Sequence[str] = tuple(reversed(_settings(request).secret_keys))
    return Signer(newest_last, salt=purpose, key_derivation="hmac", digest_method=hashlib.sha256)


def _settings(request: HTTPConnection) -> Any:
    return request.app.state.portal.settings
