"""The agreement as PDF is kept as it was first made, so that it is the same for ever, whatever the program becomes."""

from hashlib import sha256

from sqlalchemy import insert
from sqlmodel import Session

from portal.audit import actions as audit
from portal.plans import agreement_queries, events
from portal.plans.agreement_queries import PAPER
from portal.platform.gate import Viewer


def keep_pdf(session: Session, viewer: Viewer, plan_id: int, number: str, language: str, made: bytes) -> bytes:
    """Keep a PDF that was made; of several at once the first one stays. The bytes that are kept."""
    kept = agreement_queries.kept_pdf(session.connection(), viewer, plan_id, language)
    if kept is not None:
        return kept
    mark = sha256(made).hexdigest()
    row = {"plan_id": plan_id, "language": language, "content": made, "sha256": mark, "made_at": viewer.now}
    session.execute(insert(PAPER).values(row))
    audit.record(session, viewer, events.AgreementPrinted(number, language, mark))
    return made
