"""Static files: read once, compressed once, addressed by their content so that browsers keep them for good."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
WORTH_COMPRESSING = frozenset({".css", ".js", ".svg", ".txt"})
FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    body: bytes
    packed: bytes | None
    media_type: str
    mark: str


class Assets:
    """Every static file of the portal, by the path that it is served under."""

    def __init__(self, folder: Path) -> None:
        self._files = _read(folder)
        self._by_address: dict[str, tuple[Asset, str]] = {}
        for path, asset in self._files.items():
            self._by_address[path] = (asset, ASK_AGAIN)
            self._by_address[_marked(path, asset.mark)] = (asset, FOR_GOOD)
        self._addresses: dict[str, str] = {}

    @property
    def has_htmx(self) -> bool:
        """Whether the set-up could fetch htmx."""
        return "vendor/htmx.js" in self._files

    def address(self, name: str) -> str:
        """The address of `css`, `htmx`, a behaviour such as `upload`, or a path such as `img/mark.svg`."""
        if name not in self._addresses:
            path = self._path_of(name)
            self._addresses[name] = f"/static/{_marked(path, self._files[path].mark)}"
        return self._addresses[name]

    def answer(self, request: Request) -> Response | None:
        """The file of a request, or None if there is none at that address."""
        found = self._by_address.get(request.path_params["path"])
        if found is None:
            return None
        asset, caching = found
        mark = f'"{asset.mark}"'
        headers = {"Cache-Control": caching, "ETag": mark, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers=headers)
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, media_type=asset.media_type, headers=headers)
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    def _path_of(self, name: str) -> str:
        places = (name, f"{name}.css", f"js/{name}.js", f"vendor/{name}.js")
        found = next((place for place in places if place in self._files), None)
        if found is None:
            raise LookupError(f"there is no static file for {name!r}")
        return found


def joined_style_sheet(folder: Path) -> bytes:
    """All style sheets as one, in the order that `css/ORDER` gives."""
    names = (folder / "css/ORDER").read_text(encoding="utf-8").split()
    return b"".join((folder / f"css/{name}.css").read_bytes() for name in names)


@cache
def _read(folder: Path) -> Mapping[str, Asset]:
    """All files of a folder, which do not change while a process runs."""
    return MappingProxyType({path: _asset(path, body) for path, body in _bodies(folder)})


def _bodies(folder: Path) -> Iterator[tuple[str, bytes]]:
    yield "css.css", joined_style_sheet(folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in TYPES and path.suffix != ".css":
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _asset(path: str, body: bytes) -> Asset:
    suffix = Path(path).suffix
    packed = gzip.compress(body, 9, mtime=0) if suffix in WORTH_COMPRESSING and len(body) > 500 else None
    return Asset(body, packed, TYPES[suffix], hashlib.sha256(body).hexdigest()[:12])


def _marked(path: str, mark: str) -> str:
    stem, _, suffix = path.rpartition(".")
    return f"{stem}.{mark}.{suffix}"
