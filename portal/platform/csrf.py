"""Tokens that prove a form came from our own page, for this session and this purpose (SB-09).

One hidden field holds a random key and its signature. The key is also what makes the form's effect happen once,
and makes every page's bytes differ, so that compressing them tells nothing about the token.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cached_property

from itsdangerous import BadSignature, Signer
from starlette.requests import Request

from portal.platform.settings import Settings

FIELD = "form_token"
LIFE = timedelta(hours=12)
"""As long as a session can last."""

SKEW = timedelta(seconds=60)
"""How far the clocks of two machines may be apart."""

SESSION_COOKIES = {"borrower": "session", "staff": "staff"}


class TokenMissing(Exception):
    """The form came without a token (400)."""


class TokenForeign(Exception):
    """The token is forged, of another session or purpose, or the request comes from another site (403)."""


class TokenExpired(Exception):
    """The page was open for too long (403; the entries can be shown again)."""


class _Signer(Signer):
    """Derives each of its keys once."""

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        wanted = self.secret_keys[-1] if secret_key is None else secret_key
        return self._derived.get(wanted) or self._derived.setdefault(wanted, super().derive_key(wanted))

    @cached_property
    def _derived(self) -> dict[str | bytes, bytes]:
        return {}


class FormTokens:
    """Makes and checks form tokens with the installation's secret keys, newest first."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._keys = tuple(reversed(secret_keys))  # itsdangerous signs with the last
        self._signers: dict[str, _Signer] = {}

    def make(self, purpose: str, binding: str, now: datetime) -> str:
        """A new token; it says nothing but a random key and its time."""
        stem = f"{secrets.token_urlsafe(12)}.{int(now.timestamp()):x}"
        signature = self._signer(purpose).get_signature(f"{stem}.{binding}").decode()
        return f"{stem}.{signature}"

    def check(self, token: str, purpose: str, binding: str, now: datetime) -> str:
        """The token's key; raises TokenForeign or TokenExpired."""
        stem, _, signature = token.rpartition(".")
        key, _, seconds = stem.partition(".")
        if not self._fits(purpose, f"{stem}.{binding}", signature):
            raise TokenForeign
        age = timedelta(seconds=now.timestamp() - int(seconds, 16))
        if not -SKEW <= age <= LIFE + SKEW:
            raise TokenExpired
        return key

    def _fits(self, purpose: str, signed: str, signature: str) -> bool:
        try:
            return self._signer(purpose).verify_signature(signed, signature)
        except (BadSignature, UnicodeError):
            return False

    def _signer(self, purpose: str) -> _Signer:
        if purpose not in self._signers:
            self._signers[purpose] = _Signer(
                self._keys, salt=f"form.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256
            )
        return self._signers[purpose]


def cookie_name(settings: Settings, kind: str) -> str:
    """A cookie's name: `__Host-` and the kind; plain only over http in development (SB-03)."""
    return f"__Host-{kind}" if settings.secure_cookies else kind


def binding_of(request: Request, settings: Settings) -> str:
    """What ties a token to the visitor's session: a hash of its cookie, empty where there is none."""
    door = "staff" if request.scope["path"].startswith("/staff") else "borrower"
    cookie = request.cookies.get(cookie_name(settings, SESSION_COOKIES[door]), "")
    return hashlib.sha256(f"{door}.{cookie}".encode("utf-8", "surrogatepass")).hexdigest()[:32] if cookie else ""


def comes_from_us(request: Request, settings: Settings) -> bool:
    """Whether the browser says that our own page sent this; without any word of a browser, the token decides."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    if site is not None or origin is None:
        return True
    if origin.lower() in settings.origins:
        return True
    own = f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    return not settings.in_production and origin.lower() == own
