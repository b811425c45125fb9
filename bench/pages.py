"""Account page and receipt page against a bare handler of the same template, on SQLite and on PostgreSQL.

Both servers are real processes on one core, the load and PostgreSQL on another; rounds of both take turns, and medians
count. The portal answers as in production: session, authorisation, facts, engine and page anew in every request.
Nothing is compressed on either side; the time of PostgreSQL's own processes comes on top.

The ratio is that of requests a second of the server's CPU time. On a machine with nothing else to do it is that of
requests a second, since the server is what is busy; beside other work only the former tells anything.
"""

import re
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.figures import Figure, at_least, at_most
from bench.installation import COUNT, Installation, installed, serving_bare, serving_portal
from bench.load import requests_answered
from bench.machine import cores, cpu_seconds, kept_to
from tests.databases import PostgresDatabases, postgres_server

ROUNDS = 5
SECONDS = 4.0
AIMS = {"SQLite": (0.45, 500), "PostgreSQL": (0.35, 800)}
"""Of bare's requests a second, and µs of the server's CPU above bare."""


class Round(NamedTuple):
    """One server under load for a while."""

    a_second: float
    microseconds: float


def measure(effort: float = 1.0) -> Iterator[Figure]:
    """Every page on every database."""
    server_core, *others = cores()
    with kept_to((others or [server_core])[0]), tempfile.TemporaryDirectory() as folder:
        for kind, (ratio_aim, above_aim) in AIMS.items():
            with database(kind, Path(folder)) as url:
                place = installed(Path(folder) / kind, url)
                for name, path in _pages(place).items():
                    own, reference = _compare(place, path, max(1.0, SECONDS * effort), server_core)
                    title = f"{name} page, {kind}"
                    ratio = reference.microseconds / own.microseconds
                    above = own.microseconds - reference.microseconds
                    yield at_least(f"{title}: of bare's requests a CPU second", ratio, ratio_aim)
                    yield at_most(f"{title}: CPU above bare", above, above_aim, " µs")
                    yield Figure("    CPU a request, portal / bare", _pair(own.microseconds, reference.microseconds))
                    yield Figure("    requests a second, portal / bare", _pair(own.a_second, reference.a_second))


def _pair(own: float, reference: float) -> str:
    return f"{own:,.0f} / {reference:,.0f}"


def _pages(place: Installation) -> dict[str, str]:
    return {"account": "/account", "receipt": f"/loans/{place.code}/instalments/{COUNT}/penalty"}


def _compare(place: Installation, path: str, seconds: float, core: int) -> tuple[Round, Round]:
    """Portal and bare: medians of rounds that take turns, after one that warms both up."""
    with serving_portal(place.portal, core) as portal, serving_bare(place, path, core) as bare:
        _refuse_different(portal[1], bare[1], path, place.cookie)
        pairs = [[_round(*server, path, place.cookie, seconds) for server in (portal, bare)] for _ in range(ROUNDS + 1)]
    own, reference = zip(*pairs[1:], strict=True)
    return _medians(own), _medians(reference)


def _round(process_id: int, port: int, path: str, cookie: str, seconds: float) -> Round:
    before = cpu_seconds(process_id)
    count, took = requests_answered(seconds, port, path, cookie)
    return Round(count / took, (cpu_seconds(process_id) - before) / count * 1e6)


def _medians(rounds: Iterable[Round]) -> Round:
    return Round(*(median(values) for values in zip(*rounds, strict=True)))


def _refuse_different(port: int, other: int, path: str, cookie: str) -> None:
    """Both must send the same page but for the form token."""
    own, reference = (_page(each, path, cookie) for each in (port, other))
    if own != reference:
        raise RuntimeError("the bare handler does not send the same page")


def _page(port: int, path: str, cookie: str) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Cookie": cookie})
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return re.sub(r'name="form_token" value="[^"]*"', "", answer.read().decode())


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "SQLite":
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    with postgres_server(durable=True) as server:
        databases = PostgresDatabases(server, lambda url: None)
        yield databases.create()
