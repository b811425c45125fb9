"""What a phone downloads for the first page of a link and for the account: page, style, htmx and scripts, compressed.

Every answer counts with its headers, as if nothing were in the phone's cache.
"""

import gzip
import http.client
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, at_most
from bench.installation import installed, serving_portal

KILOBYTE = 1000
AIMS = {"first page": 40, "account page": 45}
MADE_UP = "23456789BCDFGHJKLMNPQR"
"""Every link shows the same page, made-up ones too."""


def measure(_effort: float = 1.0) -> Iterator[Figure]:
    """Both pages, and what they are made of."""
    with tempfile.TemporaryDirectory() as folder:
        place = installed(Path(folder), f"sqlite:///{folder}/bench.db")
        with serving_portal(place.portal) as (_, port):
            for (name, aim), path in zip(AIMS.items(), (f"/l/{MADE_UP}", "/account"), strict=True):
                parts = downloads(port, path, place.cookie)
                yield at_most(name, sum(parts.values()) / KILOBYTE, aim, " kB", digits=1)
                for part, size in parts.items():
                    yield Figure(f"    {part}", f"{size / KILOBYTE:.1f} kB")


def downloads(port: int, path: str, cookie: str) -> dict[str, int]:
    """Bytes by what is downloaded: the page and all that it names."""
    page, size = _get(port, path, cookie)
    found = {"page": size}
    for address in re.findall(r'(?:<link rel="stylesheet" href|<script src|<img[^>]* src)="([^"]+)"', page):
        found[re.sub(r"\.[0-9a-f]{12}", "", address.rpartition("/")[2])] = _get(port, address, cookie)[1]
    return found


def _get(port: int, path: str, cookie: str) -> tuple[str, int]:
    """The text of a page (of other files nothing) and how many bytes came."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    body = answer.read()
    head = len(f"HTTP/1.1 200 OK\r\n{answer.headers}".encode())
    connection.close()
    return _text(body, answer.getheader("Content-Encoding")), head + len(body)


def _text(body: bytes, encoding: str | None) -> str:
    return (gzip.decompress(body) if encoding == "gzip" else body).decode()
