"""Staff's pages of a proposal on the phone: writing it down while one speaks, and what became of it."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import phone_actions, phone_queries
from portal.plans.forms import ANSWERS
from portal.plans.phone_forms import TakeBackForm, WriteForm
from portal.plans.phone_queries import WritePage
from portal.platform import db
from portal.platform.gate import route
from portal.platform.render import render, see_other


async def new(request: Request) -> Response:
    """The answers of whoever is on the phone, and what they come to."""
    form = await WriteForm.reopen(request)
    given = {name: str(form.raw[name]) for name in ANSWERS} if form.is_kept else dict(request.query_params)
    code = str(form.raw["person"]) if form.is_kept else given.get("person", "")
    page = await db.write(request, phone_actions.look_up, code, given)
    return _page(request, page, form, 422 if page and page.new.question.errors else 200)


async def preview(request: Request) -> Response:
    """Only what the answers come to, while one types."""
    given = dict(request.query_params)
    page = await db.read(request, phone_queries.write_page, given.get("person", ""), given)
    if page is None:
        raise HTTPException(404)
    return render(request, "plans/_phone.html", page=page)


async def create(request: Request) -> Response:
    """Write it down and send the link."""
    form = await WriteForm.read(request)
    given = {name: str(entry) for name, entry in form.raw.items()}
    status, code = 422, given.get("person", "")
    if form.ok:
        try:
            number = await db.write(request, phone_actions.write_down, code, given)
            return see_other(request, "plans:phone_written", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409 if refusal.code == "plan.figures_changed" else 422
    page = await db.read(request, phone_queries.write_page, code, given)
    return _page(request, page, form, status)


async def written(request: Request) -> Response:
    """What became of it."""
    return await _written(request, TakeBackForm.blank(), 200)


async def take_back(request: Request) -> Response:
    """Take it back."""
    form = await TakeBackForm.read(request)
    number = str(request.path_params["number"])
    try:
        await db.write(request, phone_actions.take_back, number)
        return see_other(request, "plans:phone_written", number=number)
    except LookupError:
        raise HTTPException(404) from None
    except Refusal as refusal:
        form.refuse(refusal)
    return await _written(request, form, 409)


async def _written(request: Request, form: TakeBackForm, status: int) -> Response:
    page = await db.read(request, phone_queries.confirm_page, str(request.path_params["number"]))
    if page is None:
        raise HTTPException(404)
    return render(request, "plans/staff_phone.html", status=status, page=page, form=form)


def _page(request: Request, page: WritePage | None, form: WriteForm, status: int) -> Response:
    if page is None:
        raise HTTPException(404)
    for name, message in page.new.question.errors.items():
        form.add_error(name, message)
    return render(request, "plans/staff_phone_new.html", status=status, page=page, form=form)


PHONE = "/staff/plans/phone"

routes: list[Route] = [
    route(PHONE + "/new", new, name="plans:phone_new", may="propose_for"),
    route(PHONE + "/send", create, name="plans:phone_create", may="propose_for", methods=("POST",)),
    route(PHONE + "/preview", preview, name="plans:phone_preview", may="propose_for"),
    route(PHONE + "/{number}", written, name="plans:phone_written", may="see_case"),
    route(PHONE + "/{number}/back", take_back, name="plans:phone_back", may="propose_for", methods=("POST",)),
]
