"""Every table of the portal, for Alembic."""

from portal.access import tables as access
from portal.account import tables as account
from portal.audit import tables as audit
from portal.complaints import tables as complaints
from portal.disputes import tables as disputes
from portal.drafts import tables as drafts
from portal.evidence import cover_tables as evidence_covers
from portal.evidence import tables as evidence
from portal.evidence import upload_tables as evidence_uploads
from portal.loans import tables as loans
from portal.messages import tables as messages
from portal.plans import counter_tables as plan_counters
from portal.plans import hardship_tables as plan_hardship
from portal.plans import life_tables as plan_life
from portal.plans import limits_tables as plan_limits
from portal.plans import phone_tables as plan_phone
from portal.plans import tables as plans
from portal.platform import once, outbox, throttle, worker
from portal.promises import tables as promises
from portal.settlements import tables as settlements

__all__ = [
    "access",
    "account",
    "audit",
    "complaints",
    "disputes",
    "drafts",
    "evidence",
    "evidence_covers",
    "evidence_uploads",
    "loans",
    "messages",
    "once",
    "outbox",
    "plan_counters",
    "plan_hardship",
    "plan_life",
    "plan_limits",
    "plan_phone",
    "plans",
    "promises",
    "settlements",
    "throttle",
    "worker",
]
