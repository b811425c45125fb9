"""Paints over parts of one page of a view copy, as a child process: `python -m portal.evidence.painting`.

It takes a line of JSON (rectangles in thousandths of the page) and the JPEG on standard input, and answers with a new
JPEG. What was under a rectangle is gone before anything is encoded. Like the reader it gives up its network and most of
its memory first, and may not be imported by the portal itself.
"""

import io
import json
import os
import sys

from portal.evidence.reading import JPEG_QUALITY, confine

WHOLE = 1_000
Box = tuple[int, int, int, int]


def main() -> None:
    """Read the request, answer it, and leave; an error is a status, which the portal does not trust either."""
    confine()
    boxes = [(int(left), int(top), int(width), int(height)) for left, top, width, height in _asked()]
    sys.stdout.buffer.write(painted(sys.stdin.buffer.read(), boxes))
    sys.stdout.buffer.flush()


def _asked() -> list[list[int]]:
    found: list[list[int]] = json.loads(sys.stdin.buffer.readline())
    return found


def painted(data: bytes, boxes: list[Box]) -> bytes:
    """The page with every box black, rounded outwards to whole pixels."""
    from PIL import Image, ImageDraw

    picture = Image.open(io.BytesIO(data), formats=["JPEG"]).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for left, top, width, height in boxes:
        corner = (left * picture.width // WHOLE, top * picture.height // WHOLE)
        end = (-(-(left + width) * picture.width // WHOLE) - 1, -(-(top + height) * picture.height // WHOLE) - 1)
        draw.rectangle((corner, end), fill="black")
    out = io.BytesIO()
    picture.save(out, format="JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


if __name__ == "__main__":
    os.umask(0o077)
    main()
