"""Staff's page of how a plan goes: its payments and strikes, the trace of an evaluation, and what they decide."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.core.refusal import Refusal
from portal.plans import cancelling_actions, running_queries, telling
from portal.plans.running_forms import EvaluationForm
from portal.platform import db
from portal.platform.gate import PERMISSIONS, route
from portal.platform.render import render, see_other
from portal.platform.visit import visit_of


async def life(request: Request) -> Response:
    """How a plan goes."""
    return await _life(request, await EvaluationForm.reopen(request), 200)


async def decide(request: Request) -> Response:
    """End an evaluated plan, or let it go on."""
    form = await EvaluationForm.read(request)
    number, status = str(request.path_params["number"]), 422
    if form.ok:
        act = cancelling_actions.confirm_end if form.value.answer == "end" else cancelling_actions.let_go_on
        try:
            await db.write(request, act, number, form.value.seen, form.value.words)
            return see_other(request, "plans:life", number=number)
        except LookupError:
            raise HTTPException(404) from None
        except Refusal as refusal:
            form.refuse(refusal)
            status = 409
    return await _life(request, form, status)


async def _life(request: Request, form: EvaluationForm, status: int) -> Response:
    going = await db.read(request, running_queries.staff_life, str(request.path_params["number"]))
    if going is None:
        raise HTTPException(404)
    viewer = visit_of(request).viewer
    told = going.content_of("evaluated")
    return render(
        request,
        "plans/staff_life.html",
        status=status,
        going=going,
        form=form,
        evaluated=told,
        seen=telling.hash_of(told.content) if told else "",
        zone=visit_of(request).zone,
        may_decide=viewer is not None and bool(viewer.roles & PERMISSIONS["approve_plans"]),
    )


LIFE = "/staff/plans/{number}/life"

routes: list[Route] = [
    route(LIFE, life, name="plans:life", may="see_case"),
    route(LIFE, decide, name="plans:decide_evaluation", may="approve_plans", methods=("POST",)),
]
