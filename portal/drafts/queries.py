"""A person's own drafts as frozen values; a stranger finds nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select

from portal.drafts.tables import DisputeDraft, PlanDraft
from portal.loans.tables import Loan, table_of
from portal.platform.gate import Viewer
from portal.platform.prepared import Prepared

DRAFT, PLAN_DRAFT, LOAN = table_of(DisputeDraft), table_of(PlanDraft), table_of(Loan)


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """A draft as its row says, with the code in the address of its loan."""

    code: str
    loan_id: int
    instalment: int
    content: str
    seen: str
    told: str
    version: int
    beside: str | None
    created_at: datetime
    updated_at: datetime
    keep_until: date
    loan_code: str

    @property
    def page(self) -> str:
        """Where it is looked over and sent."""
        return f"/disputes/drafts/{self.code}"


_ROW = tuple(name for name in DraftRecord.__dataclass_fields__ if name != "loan_code")
_OWN = (
    select(*(DRAFT.c[name] for name in _ROW), LOAN.c.code)
    .join(LOAN, LOAN.c.id == DRAFT.c.loan_id)
    .where(DRAFT.c.person_id == bindparam("person"), DRAFT.c.keep_until >= bindparam("day"))
    .order_by(DRAFT.c.id.desc())
)
_ALL_OWN = Prepared(_OWN)
ANY_OWN = exists(
    select(DRAFT.c.id).where(DRAFT.c.person_id == bindparam("viewer_person"), DRAFT.c.keep_until >= bindparam("day"))
)
"""Whether the viewer has begun and not sent anything; takes `visible_parameters` of the loans."""

_BY_FORM = _OWN.where(DRAFT.c.form_key == bindparam("form_key"))
_ONE = _OWN.where(DRAFT.c.code == bindparam("code"))


def own_drafts(connection: Connection, viewer: Viewer) -> tuple[DraftRecord, ...]:
    """What the viewer has begun and not sent, the latest first."""
    return tuple(DraftRecord(*row) for row in _ALL_OWN.rows(connection, _parameters(viewer)))


def own_draft(connection: Connection, viewer: Viewer, code: str) -> DraftRecord | None:
    """One of them, None if there is none of that code, or its time is over."""
    row: Any = connection.execute(_ONE, _parameters(viewer) | {"code": code}).first()
    return DraftRecord(*row) if row else None


def begun_by(connection: Connection, viewer: Viewer, form_key: str) -> DraftRecord | None:
    """The draft that a form began, if it did: sent again it changes that one."""
    row: Any = connection.execute(_BY_FORM, _parameters(viewer) | {"form_key": form_key}).first()
    return DraftRecord(*row) if row else None


def _parameters(viewer: Viewer) -> dict[str, Any]:
    return {"person": viewer.person_id, "day": viewer.today}


# --- Plans --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanDraftRecord:
    """The draft of a plan as its row says."""

    code: str
    currency: str
    content: str
    version: int
    beside: str | None
    created_at: datetime
    updated_at: datetime
    keep_until: date

    @property
    def page(self) -> str:
        """Where it is looked over and sent."""
        return f"/plans/drafts/{self.code}"


_OWN_PLANS = (
    select(*(PLAN_DRAFT.c[name] for name in PlanDraftRecord.__dataclass_fields__))
    .where(PLAN_DRAFT.c.person_id == bindparam("person"), PLAN_DRAFT.c.keep_until >= bindparam("day"))
    .order_by(PLAN_DRAFT.c.id.desc())
)
_PLAN_BY_FORM = _OWN_PLANS.where(PLAN_DRAFT.c.form_key == bindparam("form_key"))
_ONE_PLAN = _OWN_PLANS.where(PLAN_DRAFT.c.code == bindparam("code"))


def own_plan_drafts(connection: Connection, viewer: Viewer) -> tuple[PlanDraftRecord, ...]:
    """The plans that the viewer has begun and not sent, the latest first."""
    rows: Any = connection.execute(_OWN_PLANS, _parameters(viewer))
    return tuple(PlanDraftRecord(*row) for row in rows)


def own_plan_draft(connection: Connection, viewer: Viewer, code: str) -> PlanDraftRecord | None:
    """One of them, None if there is none of that code, or its time is over."""
    row: Any = connection.execute(_ONE_PLAN, _parameters(viewer) | {"code": code}).first()
    return PlanDraftRecord(*row) if row else None


def plan_begun_by(connection: Connection, viewer: Viewer, form_key: str) -> PlanDraftRecord | None:
    """The draft of a plan that a form began, if it did."""
    row: Any = connection.execute(_PLAN_BY_FORM, _parameters(viewer) | {"form_key": form_key}).first()
    return PlanDraftRecord(*row) if row else None
