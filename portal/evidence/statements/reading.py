"""The one dispatch: a file of a known kind becomes the statements in it. Runs inside the sandbox child only."""

from collections.abc import Mapping

from portal.core.statement import Statement
from portal.evidence.statements import camt, delimited, mt940, ofx, pdf_text, workbook
from portal.evidence.statements.headers import Meaning
from portal.evidence.statements.outcomes import NotAStatement


def read_statements(
    name: str,
    kind: str,
    data: bytes,
    *,
    password: str = "",
    columns: Mapping[str, Meaning] | None = None,
    currency: str = "",
) -> list[Statement]:
    """The statements of a file whose kind `file_kinds` settled; `currency` is taken where it names none.

    Raises `ColumnsUnknown` where a person must be asked, `NotAStatement` for anything that shows no bookings.
    """
    if kind == "csv":
        return delimited.read(name, data, columns=columns, currency=currency)
    if kind in {"xlsx", "xls"}:
        return workbook.read(name, data, columns=columns, currency=currency)
    if kind == "xml":
        return camt.read(name, data, currency=currency)
    if kind == "mt940":
        return mt940.read(name, data, currency=currency)
    if kind == "ofx":
        return ofx.read(name, data, currency=currency)
    if kind == "pdf":
        return pdf_text.read(name, data, password=password, columns=columns, currency=currency)
    if kind in {"jpeg", "png", "heic"}:
        raise NotAStatement("image_not_read")  # a process of its own reads pictures, see picture_reading.py
    raise NotAStatement("kind_unsupported")
