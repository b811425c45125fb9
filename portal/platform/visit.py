"""What is known of one request beside what it asks for: its instant, language, network, form and viewer."""

import ipaddress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from starlette.requests import HTTPConnection

from portal.platform.clock import day_in
from portal.platform.gate import GatedRoute, Viewer


@dataclass(frozen=True, slots=True)
class Posted:
    """A form's token that was found good: its key makes the effect happen once (MO-08, MO-09)."""

    purpose: str
    key: str
    binding: str
    payload: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What came in a form that is shown again if its session has ended (SB-05).

    `form` is its purpose and what it is about. An entry without a name is the name of a file, which no browser sends
    again by itself.
    """

    form: str
    entries: list[tuple[str, str]]


@dataclass
class Visit:
    """One request on its way through the portal. `frame` is what the frame of every page shows this viewer besides."""

    reference: str
    now: datetime
    zone: str
    language: str = "en"
    network: str = ""
    route: GatedRoute | None = None
    viewer: Viewer | None = None
    admitted: bool = False
    posted: Posted | None = None
    typed: Typed | None = None
    frame: dict[str, Any] = field(default_factory=dict)
    writes: int = 0

    @cached_property
    def today(self) -> date:
        """The date of the request in the lender's zone."""
        return day_in(self.zone, self.now)

    @cached_property
    def stranger(self) -> Viewer:
        """The viewer that this request has without any cookie."""
        return Viewer(
            kind="anonymous",
            now=self.now,
            today=self.today,
            language=self.language,
            network=self.network,
            zone=self.zone,
        )


CURRENT: ContextVar[Visit | None] = ContextVar("visit", default=None)


def visit_of(request: HTTPConnection) -> Visit:
    """The visit that a request belongs to."""
    found: Visit = request.scope["portal.visit"]
    return found


def stranger(request: HTTPConnection) -> Viewer:
    """The viewer of a request before any cookie is looked at; sessions replace what they know better."""
    return visit_of(request).stranger


@lru_cache(maxsize=1_024)
def network_of(address: str) -> str:
    """What limits count as one place: an IPv4 address, or the /64 that one IPv6 customer holds."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "local"
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
