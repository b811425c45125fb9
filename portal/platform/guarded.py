"""A guarded UPDATE or DELETE says in its WHERE what must still be so; the count of rows tells whether it was."""

from sqlalchemy import Delete, Update
from sqlmodel import Session


def changed(session: Session, statement: Update | Delete) -> int:
    """How many rows it changed: 0 where somebody else was first, or there was nothing to change."""
    return session.connection().execute(statement).rowcount
