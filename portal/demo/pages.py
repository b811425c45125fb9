"""The demo phone, `/demo/phone`: text messages as they arrive, and what to type for whom. Development only."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.demo import queries
from portal.platform import db
from portal.platform.gate import route
from portal.platform.render import render


async def phone(request: Request) -> Response:
    """The texts of one person, everybody's answers to the recipient check, and staff's sign-in."""
    keys = request.app.state.portal.settings.secret_keys
    page = await db.read(request, queries.phone_page, request.query_params.get("person", ""), keys)
    answer = render(request, "demo/phone.html", page=page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


routes: list[Route] = [route("/demo/phone", phone, name="demo:phone", may="anyone", keeps_awake=False)]
