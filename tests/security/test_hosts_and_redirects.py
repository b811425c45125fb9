"""Where links and redirects lead: only to the configured origin, whatever Host or `next` says (SL-15, SL-17, SL-18)."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from starlette.applications import Starlette

from portal.access import jobs as access
from portal.messages import jobs as messages
from portal.messages.gateways import gateway_of
from portal.platform import outbox
from tests.client import Client
from tests.make import cases as make_cases
from tests.make.cases import Cases, people
from tests.markup import parsed
from tests.security.addresses import ORIGIN

EVIL = "evil.example"
HOSTS = (
    EVIL,
    f"{EVIL}:443",
    f"pay.lender.test.{EVIL}",
    f"pay.lender.test@{EVIL}",
    f"{EVIL}/pay.lender.test",
    f"{EVIL}?pay.lender.test",
    f"{EVIL}#pay.lender.test",
    f"{EVIL}\\pay.lender.test",
    f"pay.lender.test:80@{EVIL}",
    f"pay.lender.test,{EVIL}",
    f"pay.lender.test {EVIL}",
    f"pay.lender.test\t{EVIL}",
    "pay.lender.test.",
    "pay.lender.test:x",
    "pay.lender.test:443:443",
    "xpay.lender.test",
    "lender.test",
    "*",
    "",
    " ",
    ".",
    "[::1",
    "[::2]",
    "[::ffff:7f00:1]",
    "127.0.0.2",
    "127.1",
    "2130706433",
    "0x7f000001",
    "localhost.evil.example",
    "pay.lender.test%00.evil.example",
    "pay.lender.test/account?",
    "pay.lender.test/staff/",
    "pay.lender.test#",
    "pay.lender.test\\",
)
FORWARDING = (
    {"X-Forwarded-Host": EVIL},
    {"X-Forwarded-Server": EVIL},
    {"X-Host": EVIL},
    {"X-Original-URL": "/staff/"},
    {"X-Rewrite-URL": "/staff/"},
    {"X-Forwarded-Prefix": f"//{EVIL}"},
    {"X-Forwarded-Proto": "javascript"},
    {"Forwarded": f"host={EVIL};proto=http"},
    {"X-HTTP-Method-Override": "POST"},
    {"Base-Url": f"https://{EVIL}"},
    {"X-Forwarded-For": "10.0.0.1"},
    {"X-Real-IP": "10.0.0.1"},
    {"True-Client-IP": "10.0.0.1"},
    {"CF-Connecting-IP": "10.0.0.1"},
    {"Referer": f"https://{EVIL}/account"},
)
TARGETS = (
    f"//{EVIL}",
    f"///{EVIL}",
    f"////{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"\\/{EVIL}",
    f"/\\/{EVIL}",
    f"https://{EVIL}",
    f"HTTPS://{EVIL}",
    f"https:{EVIL}",
    f"https:/{EVIL}",
    f"http:///{EVIL}",
    f"//{EVIL}/%2f..",
    f"//{EVIL}%2f..",
    f"/%2f{EVIL}",
    f"/%2f%2f{EVIL}",
    f"%2f%2f{EVIL}",
    f"/%252f%252f{EVIL}",
    f"/%5c{EVIL}",
    f"/%5c%5c{EVIL}",
    f"/%255c{EVIL}",
    f"/%09/{EVIL}",
    f"/\t/{EVIL}",
    f"/\n/{EVIL}",
    f"/\r/{EVIL}",
    f"/%0a/{EVIL}",
    f"/%0d%0aLocation:%20https://{EVIL}",
    f"/ok\r\nLocation: https://{EVIL}",
    "/ok%0d%0aSet-Cookie:a=b",
    f"/ /{EVIL}",
    f" //{EVIL}",
    f"\x00//{EVIL}",
    f"/\x00/{EVIL}",
    f"/\x7f/{EVIL}",
    f"//pay.lender.test@{EVIL}",
    f"//pay.lender.test:80@{EVIL}",
    f"https://pay.lender.test@{EVIL}",
    f"https://pay.lender.test.{EVIL}",
    f"//{EVIL}#pay.lender.test",
    f"//{EVIL}?pay.lender.test",
    f"/。{EVIL}",
    f"/／{EVIL}",
    f"／／{EVIL}",
    f"/⁄/{EVIL}",
    f"//{EVIL}\u3002com",
    "//ⓔvil.example",
    f"/\u200b/{EVIL}",
    f"/\u2028/{EVIL}",
    f"/\xa0/{EVIL}",
    f"/\ufeff/{EVIL}",
    f"javascript:alert(1)//{EVIL}",
    f"JAVASCRIPT:alert('{EVIL}')",
    f"java\tscript:alert('{EVIL}')",
    f"data:text/html,{EVIL}",
    f"vbscript:{EVIL}",
    f"file://{EVIL}",
    f"ftp://{EVIL}",
    f"mailto:a@{EVIL}",
    f"blob:https://{EVIL}",
    f".{EVIL}",
    f"@{EVIL}",
    f":{EVIL}",
    f"?{EVIL}",
    f"#{EVIL}",
    f"{EVIL}",
    f"./{EVIL}",
    f"../{EVIL}",
    f"/../{EVIL}/..//{EVIL}",
    f"/.//{EVIL}",
    f"/..//{EVIL}",
    f"/./\\{EVIL}",
    f"/;@{EVIL}",
    f"/x/..//{EVIL}",
    f"/%2e%2e//{EVIL}",
    f"/?next=//{EVIL}",
    f"/static/..//{EVIL}",
    f"/language/en?next=//{EVIL}",
    f"/l/x?u=https://{EVIL}",
    "/" + "a" * 3000,
    f"/{'%2f' * 40}{EVIL}",
)


def browsed(location: str) -> str:
    """The host to which a browser goes: it drops tabs and line ends and takes a backslash for a slash."""
    plain = "".join(mark for mark in location if mark not in "\t\r\n").strip().replace("\\", "/")
    return urlsplit(urljoin(f"{ORIGIN}/page", plain)).netloc


def collected(shared: Path) -> Iterator[str]:
    """What others collected, where it lies on this machine."""
    for name in ("patt__Open_Redirect__openredirects.txt", "fuzzdb__redirect__redirect-urls-template.txt"):
        path = shared / "hostile/payloads" / name
        if path.is_file():
            yield from path.read_text("utf-8", errors="replace").splitlines()


@pytest.mark.parametrize("place", ["/language/en", "/session-ended", "/check", "/code", "/staff/sign-in"])
def test_next_never_leaves_this_site(
    besieged: Starlette, nobody: Client, cases: Cases, shared: Path, place: str
) -> None:
    """SL-17: in a redirect, and in what a page carries on in its form."""
    visitor = nobody.another(headers={"Accept-Language": "en"})
    assert len(TARGETS) >= 80
    for target in (*TARGETS, *collected(shared)):
        answer = visitor.get(place, params={"next": target})
        assert answer.status_code in {200, 303, 400}, target
        if answer.status_code == 303:
            assert browsed(answer.headers["location"]) == "pay.lender.test", target
        assert "\r" not in answer.headers.get("location", "")
        assert "\n" not in answer.headers.get("location", "")
        fields = [each.attributes for each in parsed(answer.text).all("input")] if answer.text else []
        for own in fields:
            if own.get("name") == "next":
                assert browsed(str(own["value"])) == "pay.lender.test", target


def test_a_good_way_back_is_taken(nobody: Client) -> None:
    """The control: a path of this site is kept."""
    assert nobody.another().get("/language/en?next=/pay").headers["location"] == "/pay"


def test_after_the_check_one_stays_here(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """SL-17: the redirect that a right answer earns, with a `next` planted in the form."""
    known = make_cases.come_in(besieged, nobody, people.PAID_UP)
    for target in TARGETS[::8]:
        page = known.follow(known.submit(known.get(f"/l/{make_cases.link(besieged, people.FIVE_DAYS_LATE)}")))
        answer = known.submit(page, {**make_cases.answers(people.FIVE_DAYS_LATE), "next": target})
        assert browsed(answer.headers["location"]) == "pay.lender.test", target


def test_no_other_host_is_answered(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """SL-17, SL-18: 400, or with a forwarding header what the address itself gets; never a foreign host."""
    hosts = (*HOSTS, *(f"{host}:443" for host in HOSTS[:12]))
    assert len(hosts) + len(FORWARDING) >= 60
    for host in hosts:
        answer = nobody.another(check=False).get("/account", headers={"Host": host})
        assert answer.status_code == 400, host
        assert EVIL not in answer.text
    for headers in FORWARDING:
        for path in ("/", "/account", "/start", "/staff/", f"/l/{cases.link}"):
            plain, answer = nobody.another().get(path), nobody.another().get(path, headers=headers)
            assert answer.status_code == plain.status_code, (headers, path)
            assert EVIL not in answer.text + answer.headers.get("location", ""), (headers, path)


def test_texts_lead_to_the_configured_origin(besieged: Starlette, nobody: Client, cases: Cases) -> None:
    """SL-17: whatever the request for a link said about hosts, the text names ours."""
    portal = besieged.state.portal
    for number, headers in enumerate(FORWARDING):
        visitor = nobody.another(address=f"203.0.113.{number}")
        visitor.submit(visitor.get("/start", headers=headers), {"number": people.CREDIT.mobile}, headers=headers)
    access.answer_link_requests(portal.doors)
    gateway = gateway_of(portal.settings)
    while messages.send_due(portal.doors, portal.settings, gateway):
        pass
    keys = portal.settings.secret_keys
    sent = portal.doors.read_as(portal.doors.system(), outbox.kept_texts, keys, 200)
    links = [word for _row, words in sent for word in words.split() if "/l/" in word]
    assert links
    assert all(ORIGIN in link or "pay.lender.test" in link for link in links)
    assert not [link for link in links if EVIL in link]
