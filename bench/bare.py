"""The reference: a Starlette handler that renders a page's template from a constant context, with no database.

`python -m bench.bare PORT PATH COOKIE` asks the portal for the page once, keeps template and context, and then serves
only those: no session, no engine, no form token to sign, no middleware.
"""

import asyncio
import sys
from contextvars import Context, copy_context
from typing import Any

import httpx2
import uvicorn
from jinja2 import Template
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from portal.app import create_app
from portal.platform.settings import Settings


class Remembering(Template):
    """A template that remembers how the last page was rendered."""

    last: tuple[Template, dict[str, Any], Context]

    def render(self, *args: Any, **values: Any) -> str:
        Remembering.last = (self, dict(*args, **values), copy_context())
        return super().render(*args, **values)


async def remember(path: str, cookie: str) -> tuple[Template, dict[str, Any], Context]:
    """Template, context and language of the portal's own answer."""
    app = create_app(Settings.from_environment())
    environment = app.state.portal.pages.environment
    environment.template_class = Remembering
    environment.globals["csrf_fields"] = lambda purpose: Markup('<input type="hidden" name="form_token" value="0">')
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client:
        answer = await client.get(f"http://127.0.0.1{path}", headers={"Cookie": cookie})
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return Remembering.last


def bare(path: str, cookie: str) -> Starlette:
    """The application with this one page."""
    template, values, context = asyncio.run(remember(path, cookie))
    render = super(Remembering, template).render  # type: ignore[misc]

    async def page(_request: Request) -> Response:
        return HTMLResponse(context.run(render, values))

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(routes=[Route("/healthz", alive), Route(path, page)])


def main() -> None:
    """Serve until stopped, as `portal serve` does."""
    port, path, cookie = sys.argv[1:]
    uvicorn.run(
        bare(path, cookie),
        port=int(port),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main()
