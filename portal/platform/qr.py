"""QR codes as pictures that a template draws: one path of unit squares, so that no style or script is needed."""

from dataclasses import dataclass
from functools import lru_cache

import segno

QUIET = 4
"""Modules of light around a code, as the standard asks (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True)
class QrPicture:
    """The side of the picture with its quiet zone, in modules, and the dark modules as the data of an SVG path."""

    side: int
    path: str


@lru_cache(maxsize=256)
def qr_picture(text: str) -> QrPicture:
    """The QR code of a text, correction level M. ValueError for more than a code can hold."""
    code = segno.make_qr(text, error="m", boost_error=False)
    rows = [list(row) for row in code.matrix]
    runs = (run for down, row in enumerate(rows) for run in _runs(row, down))
    return QrPicture(len(rows) + 2 * QUIET, "".join(runs))


def _runs(row: list[int], down: int) -> list[str]:
    """Each stretch of dark modules of a row as one rectangle."""
    found, start = [], None
    for across, module in enumerate([*row, 0]):
        if module & 1 and start is None:
            start = across
        elif not module & 1 and start is not None:
            found.append(f"M{start + QUIET} {down + QUIET}h{across - start}v1h-{across - start}z")
            start = None
    return found
