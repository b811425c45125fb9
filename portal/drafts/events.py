"""What the audit log records of drafts: that there was one, and how it ended; never what stood in it."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class DraftBegun:
    """A person began a dispute without sending it; `beside` names the draft that was changed elsewhere meanwhile."""

    kind: ClassVar[str] = "draft.begun"
    subject: str
    loan_id: int
    instalment: int
    beside: str | None


@dataclass(frozen=True)
class DraftEnded:
    """A draft is gone: `sent`, `thrown_away` by its person, or `keeping_time_over`."""

    kind: ClassVar[str] = "draft.ended"
    subject: str
    because: str


@dataclass(frozen=True)
class PlanDraftBegun:
    """A person began a plan without sending it; `beside` names the draft that was changed elsewhere meanwhile."""

    kind: ClassVar[str] = "draft.plan_begun"
    subject: str
    currency: str
    beside: str | None
