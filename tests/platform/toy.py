"""A portal with a few routes of its own, so that the ground can be tested without a feature."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import Connection, select
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from portal.app import create_app
from portal.core.refusal import Refusal
from portal.platform import db, throttle
from portal.platform.clock import FixedClock
from portal.platform.forms import Form
from portal.platform.gate import Viewer, route
from portal.platform.render import render
from portal.platform.settings import Settings

PAGE = "{% extends 'frames/public.html' %}{% block heading %}Wish{% endblock %}{% block content %}{{ filling }}\
<form method='post' action='/toy'>{{ csrf_fields('wish') }}</form>{% endblock %}"


class Wish(BaseModel):
    """What the toy form asks for."""

    name: Annotated[str, Field(max_length=20)]
    count: Annotated[int, Field(ge=1)] = 1
    day: date | None = None
    kinds: list[str] = []


class WishForm(Form[Wish]):
    """A form with one of everything."""

    purpose = "wish"


def settings_of(folder: Path, url: str, **more: str) -> Settings:
    """Development settings on a database that the test was lent."""
    chosen = {"DATA_DIR": str(folder), "DATABASE_URL": url, **more}
    return Settings.load({f"PORTAL_{name}": value for name, value in chosen.items()})


def toy_app(settings: Settings, clock: FixedClock) -> Starlette:
    """The portal with the toy routes."""
    app = create_app(settings, clock)
    app.router.routes[:0] = [
        route("/toy", show, name="toy:show", may="anyone"),
        route("/toy", send, name="toy:send", may="anyone", methods=["POST"], body_limit=10_000),
        route("/toy/unread", unread, name="toy:unread", may="anyone", methods=["POST"]),
        route("/toy/borrower", private, name="toy:borrower", may="see_account"),
        route("/toy/staff", private, name="toy:staff", may="handle_disputes"),
        route("/toy/broken", broken, name="toy:broken", may="anyone"),
        route("/toy/full", full, name="toy:full", may="anyone"),
    ]
    templates = app.state.portal.pages.environment
    templates.loader = _Toys(templates.loader)
    return app


class _Toys:
    """The real templates and one of our own."""

    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def load(self, environment, name, globals=None):  # type: ignore[no-untyped-def]
        if name == "toy.html":
            return environment.from_string(PAGE, globals)
        return self._real.load(environment, name, globals)  # type: ignore[attr-defined]


async def show(request: Request) -> Response:
    return render(request, "toy.html", filling="x" * 3000)


async def send(request: Request) -> Response:
    form = await WishForm.read(request)
    if not form.ok:
        return PlainTextResponse(repr({**form.errors, "": form.form_errors}), 422)
    return PlainTextResponse(f"{form.value.name} {await db.write(request, wish, form.value.name)}")


async def unread(request: Request) -> Response:
    return PlainTextResponse(str(await db.write(request, wish, "unread")))


async def private(request: Request) -> Response:
    return PlainTextResponse("secret")


async def broken(request: Request) -> Response:
    raise RuntimeError("password of somebody")


async def full(request: Request) -> Response:
    raise OSError(28, "No space left on device")


def wish(session: Session, viewer: Viewer, name: str) -> int:
    """An effect that can be counted: how often a name was wished for."""
    throttle.count_try(session, name, 1000, timedelta(days=1), viewer.now)
    if name == "refused":
        raise Refusal("not_that")
    return 1000 - throttle.tries_left(session, name, 1000, viewer.now)


def wished(connection: Connection, viewer: Viewer, name: str) -> int:
    """How often a name was wished for."""
    rows = throttle.ROWS
    return connection.scalar(select(rows.c.count).where(rows.c.bucket == name)) or 0
