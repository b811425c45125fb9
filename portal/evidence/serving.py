"""Hands out stored files so that nothing in them can act: fixed types, our names, a sandbox, no cache (EV-08)."""

import csv
import io
from collections.abc import Sequence

import pikepdf
import structlog
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from portal.core.statement import Statement
from portal.evidence import actions, queries
from portal.evidence.data_kinds import DATA_KINDS
from portal.evidence.file_kinds import FILE_ENDINGS, MEDIA_TYPES
from portal.evidence.sandbox import plain_jpeg
from portal.evidence.statements.numbers import COVERED
from portal.platform import db
from portal.platform.files import FileDamaged, FileMissing, FileStore
from portal.platform.i18n import gettext as _
from portal.platform.render import error_page
from portal.platform.visit import visit_of

GUARD = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_log = structlog.get_logger("portal.evidence")


async def page(request: Request) -> Response:
    """One page of the view copy, as a picture."""
    number = request.path_params["number"]
    found = await db.write(request, actions.open_file, request.path_params["code"], number)
    if found is None or number < 1:
        return error_page(request, 404)
    try:
        data = await to_thread.run_sync(_store(request).get, found.page_keys[number - 1])
    except (FileMissing, FileDamaged) as damage:
        return await damaged(request, found.code, damage)
    return _answer(data, MEDIA_TYPES["jpeg"], f"{found.code}-{number}.jpg", "inline")


async def download(request: Request) -> Response:
    """The original for who put it in; for everyone else a clean copy, without place or device data.

    That is the view copy as a PDF, or the rows that were read in a file of data.
    """
    found = await db.write(request, actions.open_file, request.path_params["code"])
    if found is None:
        return error_page(request, 404)
    try:
        if found.own:
            data = await to_thread.run_sync(_store(request).get, found.store_key, found.sha256)
            name = f"{found.code}.{FILE_ENDINGS[found.kind]}"
            return _answer(data, MEDIA_TYPES[found.kind], name, "attachment")
        if found.kind in DATA_KINDS:
            statements = await db.read(request, queries.statements_of_file, found.code)
            return _answer(rows_as_csv(statements), MEDIA_TYPES["csv"], f"{found.code}.csv", "attachment")
        data = await to_thread.run_sync(_view_copy, _store(request), found.page_keys)
    except (FileMissing, FileDamaged) as damage:
        return await damaged(request, found.code, damage)
    return _answer(data, MEDIA_TYPES["pdf"], f"{found.code}.pdf", "attachment")


async def damaged(request: Request, code: str, damage: Exception) -> Response:
    """A stored file is not the one that was sent, or is gone: never shown, written down, and said on the page."""
    what = "missing" if isinstance(damage, FileMissing) else "damaged"
    await db.write(request, actions.note_damage, code, what)
    _log.error("file_damaged", file=code, what=what, reference=visit_of(request).reference)
    return error_page(
        request,
        500,
        happened=_(
            "We cannot show this file: what we keep is not what was sent. Nobody has been shown anything else in its "
            "place. We have noted it. Please give us the number below, or send the file again."
        ),
        saved="",
    )


def _answer(data: bytes, media_type: str, name: str, disposition: str) -> Response:
    headers = {**GUARD, "Content-Disposition": f'{disposition}; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)


def _store(request: Request) -> FileStore:
    store: FileStore = request.app.state.portal.files
    return store


def rows_as_csv(statements: Sequence[Statement]) -> bytes:
    """The rows that were read, amounts in minor units; no cell that a spreadsheet would take for a formula."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(("row", "date", "time", "amount", "balance", "text"))
    for statement in statements:
        for row in statement.rows:
            at = row.at.isoformat() if row.at else ""
            balance = "" if row.balance is None else row.balance
            told = ("", "", COVERED) if row.covered else (row.amount, balance, _plain(row.text))
            table.writerow((row.line, row.day.isoformat(), at, *told))
    return out.getvalue().encode("utf-8-sig")


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _view_copy(store: FileStore, keys: Sequence[str]) -> bytes:
    return pictures_as_pdf([store.get(key) for key in keys])


def pictures_as_pdf(pictures: Sequence[bytes]) -> bytes:
    """A PDF with one plain JPEG a page, at 150 pixels an inch."""
    with pikepdf.new() as document:
        for data in pictures:
            _add_page(document, data)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()


def _add_page(document: pikepdf.Pdf, data: bytes) -> None:
    picture = plain_jpeg(data)
    width, height = picture.width * 72 / 150, picture.height * 72 / 150
    image = pikepdf.Stream(
        document,
        data,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )
    document.add_blank_page(page_size=(width, height))
    sheet = document.pages[-1]
    sheet.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Picture=document.make_indirect(image)))
    drawing = f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /Picture Do Q"
    sheet.Contents = document.make_stream(drawing.encode())
