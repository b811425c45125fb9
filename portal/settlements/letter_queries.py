"""The letter of a paid settlement as it is read, and its PDF."""

from sqlalchemy import Connection

from portal.loans.tables import table_of
from portal.platform.gate import Viewer
from portal.platform.kept_papers import Shelf
from portal.settlements import queries
from portal.settlements.queries import SettlementRecord
from portal.settlements.tables import SettlementPaper

PAPERS = Shelf(table_of(SettlementPaper), about="settlement_id")


def letter(connection: Connection, viewer: Viewer, number: str) -> SettlementRecord | None:
    """The paid settlement that a letter is about: the owner's own, any for staff."""
    if viewer.kind == "borrower":
        found = queries.own_settlement(connection, viewer, number)
    else:
        found = queries.settlement(connection, number)
    return found if found and found.state == "paid" else None


def letter_with_pdf(
    connection: Connection, viewer: Viewer, number: str, language: str
) -> tuple[SettlementRecord, bytes | None] | None:
    """The settlement of a letter that the viewer may see, and its PDF if there is one."""
    found = letter(connection, viewer, number)
    return None if found is None else (found, PAPERS.find(connection, found.id, language))
