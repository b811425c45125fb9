"""Every answer carries its headers, and one that refuses tells strangers nothing (SB-06, SB-10 to 12, SL-17, CF-04)."""

import gzip

import pytest
from starlette.applications import Starlette

from portal.platform.clock import FixedClock
from tests.client import Client
from tests.platform.toy import settings_of, toy_app

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/toy", 200),
        ("/nothing", 404),
        ("/toy/broken", 500),
        ("/toy/full", 503),
        ("/toy/borrower", 303),
        ("/healthz", 200),
        ("/robots.txt", 200),
        ("/static/css.css", 200),
    ],
)
def test_headers_are_everywhere(client: Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    if not path.startswith("/static"):
        assert answer.headers["cache-control"] == "no-store"
        assert "Cookie" in answer.headers["vary"]


def test_transport_security_is_asked_for_over_https(tmp_path, sqlite_url: str, clock: FixedClock) -> None:  # type: ignore[no-untyped-def]
    secure = toy_app(settings_of(tmp_path, sqlite_url, BASE_URL="https://pay.example.com"), clock)
    with Client(secure, "https://pay.example.com") as client:
        assert client.get("/toy").headers["strict-transport-security"].startswith("max-age=63072000")


def test_an_error_tells_a_reference_and_nothing_else(client: Client) -> None:
    text = client.get("/toy/broken", headers={"Accept-Language": "en"}).text
    assert "password" not in text
    assert "RuntimeError" not in text
    assert "Quote the number" in text


def test_a_portal_that_cannot_save_says_when_to_try_again(client: Client) -> None:
    answer = client.get("/toy/full", headers={"Accept-Language": "en"})
    assert "Try again at 12:01." in answer.text, "30 seconds, rounded up"
    assert answer.headers["retry-after"] == "30"


def test_readers_get_their_language(client: Client) -> None:
    def spoken(header: str) -> str:
        return client.get("/toy", headers={"Accept-Language": header}).text.partition('lang="')[2][:2]

    assert [spoken(header) for header in ("en-US,en;q=0.9", "zh-CN", "fr,en;q=0.5", "fr", "zh;q=0,en")] == [
        "en",
        "zh",
        "en",
        "zh",
        "en",
    ]
    client.get("/language/en?next=/toy")
    assert spoken("zh-CN") == "en"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "",
        "evil.example:8000",
        "127.0.0.1 evil",
        "[::2]",
    ],
)
def test_other_hosts_are_refused(client: Client, host: str) -> None:
    assert client.get("/toy", headers={"Host": host}).status_code == 400


def test_forwarding_headers_of_strangers_are_not_believed(tmp_path, sqlite_url: str, clock: FixedClock) -> None:  # type: ignore[no-untyped-def]
    settings = settings_of(tmp_path, sqlite_url, TRUSTED_PROXIES="10.0.0.1")
    seen: list[str] = []
    app = toy_app(settings, clock)
    portal = app.state.portal
    found = portal.find_viewer

    def find(connection, request):  # type: ignore[no-untyped-def]
        viewer = found(connection, request)
        seen.append(viewer.network)
        return viewer

    portal.find_viewer = find
    forwarded = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.8", "X-Real-IP": "198.51.100.9"}
    with Client(app, address="203.0.113.5") as client:
        client.get("/toy/borrower", headers=forwarded)
        client.another(address="10.0.0.1").get("/toy/borrower", headers=forwarded)
    assert seen == ["203.0.113.5", "198.51.100.7"]


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "https://evil.example",
        "/%2f%2fevil.example",
        "%2f%2fevil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "evil",
        "/。evil",
        "",
    ],
)
def test_the_way_back_stays_on_this_site(client: Client, target: str) -> None:
    answer = client.get("/language/en", params={"next": target})
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert where.startswith("/")
    assert "evil" not in where.replace("%2f%2fevil", "//evil") or where == "/"


def test_private_pages_stay_private(client: Client) -> None:
    for path in ("/toy/borrower", "/toy/staff"):
        answer = client.get(path)
        assert answer.status_code in {401, 303}
        assert "secret" not in answer.text


def test_pages_are_compressed_and_static_files_kept(client: Client) -> None:
    page = client.get("/toy", headers={"Accept-Encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"
    plain = client.get("/static/css.css", headers={"Accept-Encoding": "identity"})
    assert gzip.compress(plain.content)
    marked = next(part for part in client.get("/toy").text.split('"') if part.startswith("/static/css"))
    kept = client.get(marked)
    assert "immutable" in kept.headers["cache-control"]
    again = client.get(marked, headers={"If-None-Match": kept.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml", "/static/css/ORDER"])
def test_only_static_files_are_static(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_it_says_when_it_cannot_serve(app: Starlette, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr("portal.platform.health.DISK_FREE_MIN", 101)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "disk\n")
