"""Papers that are kept: a PDF stays as it was first made, the same for ever, whatever the program becomes.

A feature keeps its own in a table of its own, and records its own event when one is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, Table, bindparam, insert, select
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.platform.gate import Viewer
from portal.platform.i18n import native_name, speaking
from portal.platform.papers import Paper, pdf


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes that are kept; `new_hash` is theirs if they were kept only now."""

    content: bytes
    new_hash: str | None


class Shelf:
    """The PDFs in a table, one in each language for each row of another, which its column `about` names."""

    def __init__(self, table: Table, about: str) -> None:
        self._table = table
        self._about = about
        self._one = select(table.c.content).where(
            table.c[about] == bindparam("about_id"), table.c.language == bindparam("in_language")
        )

    def find(self, connection: Connection, about_id: int, language: str) -> bytes | None:
        """The PDF in a language, None before anybody fetched it."""
        found: bytes | None = connection.scalar(self._one, {"about_id": about_id, "in_language": language})
        return found

    def keep(self, session: Session, viewer: Viewer, about_id: int, language: str, made: bytes) -> Kept:
        """Keep a PDF that was made; of several at once the first one stays."""
        kept = self.find(session.connection(), about_id, language)
        if kept is not None:
            return Kept(kept, None)
        mark = sha256(made).hexdigest()
        row = {self._about: about_id, "language": language, "content": made, "sha256": mark, "made_at": viewer.now}
        session.execute(insert(self._table).values(row))
        return Kept(made, mark)


def paper_languages(request: Request) -> list[tuple[str, str]]:
    """The languages in which papers can be fetched, each with what its speakers call it."""
    return [(tag, native_name(tag)) for tag in request.app.state.portal.settings.lender.languages]


def language_asked(request: Request) -> str:
    """The language that the address of a paper names; 404 for one that the lender does not offer."""
    language: str = request.path_params["language"]
    if language not in request.app.state.portal.settings.lender.languages:
        raise HTTPException(404)
    return language


def pdf_in(language: str, write: Callable[[], Paper]) -> bytes:
    """The PDF of a paper that is written in a language, whichever its reader's is; it belongs on a thread."""
    with speaking(language):
        return pdf(write())


def file_to_keep(content: bytes, media_type: str, name: str) -> Response:
    """An answer that the browser saves as a file."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
