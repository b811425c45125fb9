"""The letter as PDF is kept as it was first made."""

from sqlmodel import Session

from portal.audit import actions as audit
from portal.platform.gate import Viewer
from portal.settlements import events
from portal.settlements.letter_queries import PAPERS
from portal.settlements.queries import SettlementRecord


def keep_pdf(session: Session, viewer: Viewer, found: SettlementRecord, language: str, made: bytes) -> bytes:
    """Keep a PDF that was made; of several at once the first one stays. The bytes that are kept."""
    kept = PAPERS.keep(session, viewer, found.id, language, made)
    if kept.new_hash:
        audit.record(session, viewer, events.LetterPrinted(found.number, language, kept.new_hash))
    return kept.content
