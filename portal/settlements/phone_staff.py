"""Staff's pages of a question for a settlement on the phone: writing it down, and taking it back."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.platform import db
from portal.platform.gate import route
from portal.platform.render import render, see_other
from portal.settlements import phone_actions, phone_queries
from portal.settlements.phone_forms import WriteForm, WrittenBackForm
from portal.settlements.phone_queries import WritePage


async def new(request: Request) -> Response:
    """What closes the loan of whoever is on the phone, and the form."""
    asked = request.query_params
    form = await WriteForm.reopen(request, person=asked.get("person", ""), loan=asked.get("loan", ""))
    page = await db.write(request, phone_actions.look_up, str(form.raw["person"]), str(form.raw["loan"]))
    return _page(request, page, form, 200)


async def create(request: Request) -> Response:
    """Write it down and send the link."""
    form = await WriteForm.read(request)
    person, loan = str(form.raw["person"]), str(form.raw["loan"])
    page = await db.read(request, phone_queries.write_page, person, loan)
    if page is None or page.new is None:
        raise HTTPException(404)
    amount = form.amount(page.new.record.currency) if form.ok else 0
    if form.ok:
        try:
            number = await db.write(request, phone_actions.write_down, person, loan, amount, form.value.words)
            return see_other(request, "settlements:answer", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
    return _page(request, page, form, 422)


async def take_back(request: Request) -> Response:
    """Take it back before it is confirmed; of the two at once one takes effect, and the page shows which."""
    await WrittenBackForm.read(request)
    number = str(request.path_params["number"])
    try:
        await db.write(request, phone_actions.take_back, number)
    except LookupError:
        raise HTTPException(404) from None
    except Refusal:
        pass
    return see_other(request, "settlements:answer", number=number)


def _page(request: Request, page: WritePage | None, form: WriteForm, status: int) -> Response:
    if page is None:
        raise HTTPException(404)
    return render(request, "settlements/staff_phone_new.html", status=status, page=page, form=form)


PHONE = "/staff/settlements/phone"

routes: list[Route] = [
    route(PHONE + "/new", new, name="settlements:phone_new", may="propose_for"),
    route(PHONE + "/send", create, name="settlements:phone_create", may="propose_for", methods=("POST",)),
    route(PHONE + "/{number}/back", take_back, name="settlements:phone_back", may="propose_for", methods=("POST",)),
]
