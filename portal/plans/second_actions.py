"""What the second person says about an answer to a proposal: to agree to it, or to offer another plan."""

from sqlmodel import Session

from portal.access import second_person_actions as access
from portal.core.refusal import Refusal
from portal.plans import counter_actions, deciding_actions
from portal.plans.deciding_actions import Lenders
from portal.plans.deciding_queries import COUNTER_ACT
from portal.platform.gate import Viewer


def confirm(session: Session, viewer: Viewer, number: str, seen: str, asked: str, lenders: Lenders) -> str:
    """The second person agrees to exactly what was shown: `running` or `countered`.

    `asked` is the code of the request that was shown; another one in its place is refused as `seen_differs`. Refusals
    of `approve`, of `counter` and of `access`.
    """
    page = deciding_actions.undecided(session, viewer, number)
    if page.pending is None:
        raise Refusal("unknown_act")
    if asked != page.pending.code:
        raise Refusal("seen_differs")
    pending = access.confirm_second_person(session, viewer, page.pending.id, seen)
    if pending.act == COUNTER_ACT:
        return counter_actions.confirm(session, viewer, page, pending)
    return deciding_actions.confirm(session, viewer, page, pending, lenders)
