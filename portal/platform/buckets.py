"""Stored files in a bucket of an S3-compatible service, through the library of the extra `s3`.

Nothing beyond the plain protocol is asked for, since services differ in the rest: no create-only, no checksum headers,
no multipart. One file is one request, so it is there whole or not at all; the signature covers the hash of its content.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from portal.platform.file_backends import FileMissing, Stored, StoreUnreachable, is_key, known_key
from portal.platform.settings import Files

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

CONNECT = timedelta(seconds=3)
TRANSFER = timedelta(seconds=30)
"""The longest that one file may take."""

STALLED = timedelta(seconds=5)
"""A service that says nothing for so long is asked anew. Only for reading: while it listens it says nothing."""

RETRIES = 2
GIVE_UP = timedelta(seconds=8)
"""No new try after so long: somebody waits for the page."""

CHECK = timedelta(seconds=3)
AT_ONCE = 1_000


class Bucket:
    """The objects of a bucket below a prefix."""

    def __init__(self, settings: Files) -> None:
        self.place = f"{settings.url} at {settings.endpoint or 'AWS'}"
        patient: RetryConfig = {
            "max_retries": RETRIES,
            "retry_timeout": GIVE_UP,
            "backoff": {"base": 2, "init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=2)},
        }
        self._store = _store_of(settings, {"timeout": TRANSFER, "read_timeout": STALLED}, patient)
        self._writing = _store_of(settings, {"timeout": TRANSFER}, patient)
        self._hasty = _store_of(settings, {"timeout": CHECK}, {"max_retries": 0, "retry_timeout": CHECK})

    def put(self, key: str, raw: bytes) -> None:
        """Keep bytes."""
        with _asked(key):
            obstore.put(self._writing, known_key(key), raw, use_multipart=False)

    def get(self, key: str) -> bytes:
        """The bytes of a key."""
        with _asked(key):
            return bytes(obstore.get(self._store, known_key(key)).bytes())

    def beginning(self, key: str, size: int) -> bytes:
        """The first bytes of a key."""
        with _asked(key):
            # Not a range: services differ in what they answer where there are fewer bytes.
            stream = obstore.get(self._store, known_key(key)).stream(min_chunk_size=size)
            return bytes(next(iter(stream), b""))[:size]

    def delete(self, key: str) -> None:
        """Forget a key."""
        known_key(key)
        with suppress(FileMissing), _asked(key):
            obstore.delete(self._store, key)

    def listing(self) -> Iterator[Stored]:
        """Everything that is kept."""
        with _asked(""):
            for found in obstore.list(self._store, chunk_size=AT_ONCE):
                yield from (Stored(each["path"], each["last_modified"]) for each in found if is_key(each["path"]))

    def forget_unfinished(self, _before: datetime) -> int:
        """A service keeps nothing of a request that was cut."""
        return 0

    def check(self) -> None:
        """Whether the service lists the bucket, at a place where there is nothing."""
        with _asked(""):
            obstore.list(self._hasty, prefix="nothing-is-here").collect()


def _store_of(settings: Files, waits: "ClientConfig", retry: "RetryConfig") -> S3Store:
    bucket, _, prefix = settings.url.removeprefix("s3://").partition("/")
    chosen: S3Config = {"region": settings.region, "virtual_hosted_style_request": settings.style == "virtual"}
    if settings.endpoint:
        chosen["endpoint"] = _endpoint(settings, bucket)
    if settings.access_key:
        chosen |= {"access_key_id": settings.access_key, "secret_access_key": settings.secret_key}
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=chosen,
        client_options={"connect_timeout": CONNECT, "allow_http": settings.endpoint.startswith("http:"), **waits},
        retry_config=retry,
    )


def _endpoint(settings: Files, bucket: str) -> str:
    """The address as the library wants it: in virtual style the bucket is part of its host."""
    parts = urlsplit(settings.endpoint)
    if settings.style == "path" or parts.netloc.startswith(f"{bucket}."):
        return settings.endpoint
    return parts._replace(netloc=f"{bucket}.{parts.netloc}").geturl()


@contextmanager
def _asked(key: str) -> Iterator[None]:
    """Tell a missing file from a service that cannot be used; what the service said is for the log alone."""
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise StoreUnreachable("there is no such bucket") from error
        raise FileMissing(key) from None
    except (BaseError, OSError) as error:
        raise StoreUnreachable(f"{type(error).__name__}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
