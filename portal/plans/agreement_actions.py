"""The agreement as PDF is kept as it was first made."""

from sqlmodel import Session

from portal.audit import actions as audit
from portal.plans import events
from portal.plans.agreement_queries import PAPERS
from portal.platform.gate import Viewer


def keep_pdf(session: Session, viewer: Viewer, plan_id: int, number: str, language: str, made: bytes) -> bytes:
    """Keep a PDF that was made; of several at once the first one stays. The bytes that are kept."""
    kept = PAPERS.keep(session, viewer, plan_id, language, made)
    if kept.new_hash:
        audit.record(session, viewer, events.AgreementPrinted(number, language, kept.new_hash))
    return kept.content
