"""The letter as PDF is kept as it was first made, so that it is the same for ever, whatever the program becomes."""

from hashlib import sha256

from sqlalchemy import insert
from sqlmodel import Session

from portal.audit import actions as audit
from portal.platform.gate import Viewer
from portal.settlements import events, letter_queries
from portal.settlements.letter_queries import PAPER
from portal.settlements.queries import SettlementRecord


def keep_pdf(session: Session, viewer: Viewer, found: SettlementRecord, language: str, made: bytes) -> bytes:
    """Keep a PDF that was made; of several at once the first one stays. The bytes that are kept."""
    kept = letter_queries.kept_pdf(session.connection(), viewer, found.id, language)
    if kept is not None:
        return kept
    mark = sha256(made).hexdigest()
    row = {"settlement_id": found.id, "language": language, "content": made, "sha256": mark, "made_at": viewer.now}
    session.execute(insert(PAPER).values(row))
    audit.record(session, viewer, events.LetterPrinted(found.number, language, mark))
    return made
