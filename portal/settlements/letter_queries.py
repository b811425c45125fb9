"""The letter of a paid settlement as it is read, and its PDF."""

from sqlalchemy import Connection, bindparam, select

from portal.loans.tables import table_of
from portal.platform.gate import Viewer
from portal.settlements import queries
from portal.settlements.queries import SettlementRecord
from portal.settlements.tables import SettlementPaper

PAPER = table_of(SettlementPaper)

_KEPT = select(PAPER.c.content).where(
    PAPER.c.settlement_id == bindparam("settlement_id"), PAPER.c.language == bindparam("language")
)


def letter(connection: Connection, viewer: Viewer, number: str) -> SettlementRecord | None:
    """The paid settlement that a letter is about: the owner's own, any for staff."""
    if viewer.kind == "borrower":
        found = queries.own_settlement(connection, viewer, number)
    else:
        found = queries.settlement(connection, number)
    return found if found and found.state == "paid" else None


def kept_pdf(connection: Connection, viewer: Viewer, settlement_id: int, language: str) -> bytes | None:
    """The PDF of a letter in a language, None before anybody fetched it."""
    kept: bytes | None = connection.scalar(_KEPT, {"settlement_id": settlement_id, "language": language})
    return kept


def letter_with_pdf(
    connection: Connection, viewer: Viewer, number: str, language: str
) -> tuple[SettlementRecord, bytes | None] | None:
    """The settlement of a letter that the viewer may see, and its PDF if there is one."""
    found = letter(connection, viewer, number)
    return None if found is None else (found, kept_pdf(connection, viewer, found.id, language))
