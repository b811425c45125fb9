"""Sends a file in parts as the script of a page does, and lets a test disturb it on the way."""

import hashlib
from collections.abc import Mapping
from typing import Any

import httpx2

from portal.evidence.upload_actions import CHUNK_BYTES
from portal.platform.csrf import FIELD
from portal.platform.numbers import new_code
from tests.client import Client
from tests.evidence.acts import portal_of


def sha(data: bytes) -> str:
    """The hash that is sent with data."""
    return hashlib.sha256(data).hexdigest()


class Sender:
    """One file of one person on its way into a draft."""

    def __init__(self, client: Client, data: bytes, name: str = "photo.jpg", draft: str | None = None) -> None:
        self.client = client
        self.data = data
        self.name = name
        self.draft = draft or new_code()
        self.code = ""
        self.sent = 0

    @property
    def token(self) -> str:
        """A token as a page of this visitor carries it; the tests tell people apart by a header, so none is bound."""
        portal = portal_of(self.client)
        return portal.form_tokens.make("upload", "", portal.clock.now())

    def post(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> httpx2.Response:
        """One act of the script."""
        headers = {"Accept-Language": "en", **options.pop("headers", {})}
        return self.client.post(path, {FIELD: self.token, **(data or {})}, headers=headers, **options)

    def announce(self, **other: Any) -> httpx2.Response:
        """Say what will come; from then on its code is known."""
        told = {"draft": self.draft, "place": "/here", "name": self.name}
        answer = self.post("/files/uploads", told | {"size": len(self.data), "sha256": sha(self.data)} | other)
        if answer.status_code == 201:
            self.code = answer.json()["code"]
        return answer

    def offset(self) -> int:
        """How much the server says it has."""
        return int(self.client.get(f"/files/uploads/{self.code}").json()["offset"])

    def part(self, start: int, size: int = CHUNK_BYTES, **other: Any) -> httpx2.Response:
        """Send one part."""
        part = self.data[start : start + size]
        self.sent += len(part)
        told = {"start": start, "sha256": sha(part)} | other
        return self.post(f"/files/uploads/{self.code}", told, files={"part": ("part", part)})

    def finish(self) -> httpx2.Response:
        """Say that all has been sent."""
        return self.post(f"/files/uploads/{self.code}/finish")

    def whole(self, size: int = CHUNK_BYTES) -> str:
        """Send all of it without any disturbance; the code of the file."""
        assert self.announce().status_code == 201
        at = self.offset()
        while at < len(self.data):
            at = int(self.part(at, size).json()["offset"])
        answer = self.finish()
        assert answer.status_code == 200, answer.text
        return str(answer.json()["file"])
