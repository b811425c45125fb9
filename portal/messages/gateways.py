"""What carries a text message: the console, the demo phone, or any provider that takes one HTTP request."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote_plus

import httpx2
import structlog

from portal.platform.settings import Settings

_PLACEHOLDER = re.compile(r"\$(number|text|signature|reference)\b")
TIME_LIMIT = httpx2.Timeout(15.0, connect=5.0)


class Outcome(Enum):
    """What is known after a try."""

    SENT = "sent"
    REFUSED = "refused"
    """The provider said no: it will not arrive, and trying again would not help."""
    NOT_REACHED = "not_reached"
    """Surely not accepted: it may be tried again."""
    UNCERTAIN = "uncertain"
    """It may have been accepted: trying again might send it twice."""


@dataclass(frozen=True, slots=True)
class Message:
    """One text to one number; `reference` is ours and the same at every try."""

    number: str
    text: str
    signature: str
    reference: str


class Gateway(Protocol):
    """Sends a message once.

    `dedupes`: the same reference twice arrives once. `shows_texts`: what was sent stays readable.
    """

    dedupes: bool
    shows_texts: bool

    def send(self, message: Message) -> Outcome:
        """Try once; never raises for what a network can do."""


class DemoPhone:
    """Development only: the outbox itself is the phone, so sending is nothing more than keeping the text readable."""

    dedupes = True
    shows_texts = True

    def send(self, message: Message) -> Outcome:
        """It has arrived: the demo phone page reads the row."""
        return Outcome.SENT


class Console:
    """Development only: texts appear in the terminal."""

    dedupes = False
    shows_texts = False

    def send(self, message: Message) -> Outcome:
        """Write it where the portal runs."""
        structlog.get_logger("sms").info("text message", to=message.number, text=message.signature + message.text)
        return Outcome.SENT


class HttpGateway:
    """Any provider that takes a POST: address, headers, a body with `$number $text $signature $reference`.

    Values are escaped by the content type: a form, plain text, or else JSON. `success` is `2xx`,
    `json:a.b=value` or `text:piece`; an answer of 200 that does not fit it counts as refused.
    """

    shows_texts = False

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        body: str,
        success: str = "2xx",
        dedupes: bool = False,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.dedupes = dedupes
        self._url = url
        self._headers = dict(headers)
        self._body = body
        self._success = success
        self._client = httpx2.Client(timeout=TIME_LIMIT, follow_redirects=False, transport=transport)

    def send(self, message: Message) -> Outcome:
        """One POST."""
        try:
            answer = self._client.post(self._url, headers=self._headers, content=self._filled(message))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
            return Outcome.NOT_REACHED
        except httpx2.HTTPError:
            return Outcome.UNCERTAIN
        return judge(answer, self._success)

    def _filled(self, message: Message) -> bytes:
        escape = _escape_for(self._headers)
        # In one pass, so that a text which itself holds "$number" stays as it is.
        return _PLACEHOLDER.sub(lambda found: escape(getattr(message, found[1])), self._body).encode()


def placeholders(body: str) -> list[str]:
    """What a body template leaves to each message, such as `$number`; each once, in the order of the body."""
    return list(dict.fromkeys(found[0] for found in _PLACEHOLDER.finditer(body)))


def judge(answer: httpx2.Response, success: str) -> Outcome:
    """What a provider's answer means under the success rule."""
    if answer.status_code == httpx2.codes.TOO_MANY_REQUESTS:
        return Outcome.NOT_REACHED
    if answer.is_server_error:
        return Outcome.UNCERTAIN
    return Outcome.SENT if _fits(answer, success) else Outcome.REFUSED


def _fits(answer: httpx2.Response, success: str) -> bool:
    if not answer.is_success:
        return False
    rule, _, wanted = success.partition(":")
    if rule == "text":
        return wanted in answer.text
    path, _, value = wanted.partition("=")
    return rule == "2xx" or _found(answer, path) == value


def _found(answer: httpx2.Response, path: str) -> str | None:
    try:
        item: Any = answer.json()
        for key in path.split("."):
            item = item[int(key)] if isinstance(item, list) else item[key]
    except (ValueError, LookupError, TypeError):
        return None
    return item if isinstance(item, str) else json.dumps(item)


def _escape_for(headers: Mapping[str, str]) -> Any:
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if "x-www-form-urlencoded" in kind:
        return quote_plus
    if kind.startswith("text/"):
        return str
    return lambda value: json.dumps(value)[1:-1]


def gateway_of(settings: Settings) -> Gateway:
    """The provider where one is set (`console:` is the terminal); else, in development only, the demo phone."""
    sms = settings.sms
    if sms.url.startswith("http"):
        return _provider(sms.url, tuple(sms.headers.items()), sms.body, sms.success)
    if settings.in_production:
        raise ValueError("production needs PORTAL_SMS_URL")
    return Console() if sms.url == "console:" else DemoPhone()


@lru_cache(maxsize=1)
def _provider(url: str, headers: tuple[tuple[str, str], ...], body: str, success: str) -> HttpGateway:
    """One for the life of the process, so that its connection is kept."""
    return HttpGateway(url, _with_type(dict(headers), body), body, success)


def _with_type(headers: Mapping[str, str], body: str) -> dict[str, str]:
    named = any(name.lower() == "content-type" for name in headers)
    kind = "application/json" if body.lstrip().startswith(("{", "[")) else "application/x-www-form-urlencoded"
    return dict(headers) if named else {**headers, "Content-Type": kind}
