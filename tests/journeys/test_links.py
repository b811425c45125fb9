"""Links and days as machines and midnight meet them: previews change nothing, and a day ends in the lender's zone."""

import re
import sqlite3
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import make_url

from portal.app import create_app
from portal.demo.people import LIN_YI
from portal.platform.clock import FixedClock
from portal.platform.settings import Settings
from tests.client import Client
from tests.make import demo as make
from tests.served import Portal

SHANGHAI = ZoneInfo("Asia/Shanghai")
BOTS = (
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.43",
    "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko; Google-Safety) Chrome/120 Mobile",
    "Mozilla/5.0 (Windows NT 10.0) BitlyBot/3.0 SafeLinks Microsoft Office/16.0",
    "curl/8.5.0",
)


@pytest.fixture(scope="module")
def without_worker(demo_of_lin: Portal) -> Iterator[Portal]:
    """The demo served by a process that does nothing by itself."""
    with demo_of_lin.serving("--no-worker"):
        yield demo_of_lin


def test_preview_bots_change_no_row(without_worker: Portal) -> None:
    phone = fetch(f"{without_worker.url}/demo/phone", "GET", BOTS[-1])
    found = re.search(r'href="(http://[^"]+/l/[^"]+)"', phone)
    assert found is not None
    file = Path(make_url(without_worker.environment["PORTAL_DATABASE_URL"]).database or "")
    before = rows_of(file)
    for bot in BOTS:
        seen = fetch(found[1], "GET", bot)
        assert LIN_YI.name not in seen
        assert not re.search(r"loan|debt|contract|overdue|CNY|¥", re.sub(r"<[^>]*>", " ", seen), re.IGNORECASE)
        assert not fetch(found[1], "HEAD", bot)
    assert rows_of(file) == before


def fetch(url: str, method: str, agent: str) -> str:
    """What a machine reads there."""
    asked = urllib.request.Request(url, method=method, headers={"User-Agent": agent, "Accept-Language": "en"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.status == 200
        return str(answer.read().decode())


def rows_of(file: Path) -> list[str]:
    """Every row of the database as text."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("moment", "due", "nights"),
    [
        (datetime(2026, 4, 17, 23, 59, tzinfo=SHANGHAI), "2,086.91", "43 nights"),
        (datetime(2026, 4, 18, 0, 1, tzinfo=SHANGHAI), "2,087.84", "44 nights"),
    ],
    ids=["23:59", "00:01"],
)
def test_a_night_ends_at_midnight_in_the_lenders_zone(
    sqlite_url: str, tmp_path: Path, moment: datetime, due: str, nights: str
) -> None:
    clock = FixedClock(datetime(2026, 4, 17, 12, 0, tzinfo=SHANGHAI))
    settings = Settings.load({"PORTAL_DATABASE_URL": sqlite_url, "PORTAL_DATA_DIR": str(tmp_path)})
    app = create_app(settings, clock)
    assert make.load(app) == 0
    clock.set(moment)
    with Client(app, headers={"Accept-Language": "en"}) as visitor:
        lin = make.as_person(app, visitor, LIN_YI)
        account = lin.get("/account").text
        assert due in account
        found = re.search(r'href="(/loans/[^"]+/instalments/3/penalty)"', account)
        assert found is not None
        assert nights in lin.get(found[1]).text
