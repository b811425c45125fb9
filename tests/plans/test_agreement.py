"""The agreement: the same bytes each time, what it says, hostile names as text, and a calendar that tells nobody."""

import io
import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from sqlalchemy import select, update

from portal.loans.tables import table_of
from portal.plans.agreement_calendar import calendar_file
from portal.plans.queries import AGREEMENT
from portal.plans.tables import PlanPaper
from portal.platform import formats, labels
from portal.platform.clock import FixedClock
from portal.platform.db import Doors
from tests.client import Client
from tests.databases import Databases, lent
from tests.make import plan_pages
from tests.make import plans as make
from tests.make.disputes import Cast
from tests.make.installation import holding
from tests.make.loans import borrower, import_tables
from tests.plans.conftest import PROPOSED

Visit = Callable[..., Client]


@pytest.fixture
def database_url(sqlite_databases: Databases) -> Iterator[str]:
    """Pages do not depend on the kind of database; what they do is tested on both beside them."""
    yield from lent(sqlite_databases, holding(make.lin_with_limits, PROPOSED))


HOSTILE = '#eval("1+1") #panic() $x^2$ *粗* _a_ `raw` <label> @ref // note \\ \u202e反 䶮𬱖'


@pytest.fixture
def agreed(visit: Visit, doors: Doors, cast: Cast) -> str:
    """The path of a plan that runs: 364.00 a month on the 12th."""
    path = plan_pages.send(visit("B1"))
    assert make.approve(doors, cast.staff("Qiao", "plan_approver"), path.removeprefix("/plans/")) == "running"
    return path


def text_of(pdf: bytes) -> str:
    """What stands in a PDF, without the gaps between characters."""
    if folder := os.environ.get("PORTAL_TEST_PICTURES"):
        pypdfium2.PdfDocument(io.BytesIO(pdf))[0].render(scale=2).to_pil().save(f"{folder}/agreement-{len(pdf)}.png")
    pages = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return re.sub(r"\s+", "", "".join(page.get_textpage().get_text_range() for page in pages))


def test_the_pdf_says_balance_dates_penalty_breaks_and_changes(visit: Visit, agreed: str) -> None:
    answer = visit("B1").get(f"{agreed}/agreement/en.pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    said = text_of(answer.content)
    for words in (
        "Agreement on a plan",
        "CN¥2,086.91",
        "2,008.85",  # principal
        "60.00",
        "18.06",  # penalty
        "Tue 12 May 2026",
        "Mon 13 July 2026 · 12 July 2026 is no working day",
        "363.84",
        "CN¥2,183.84",
        "penalty goes on counting",
        "One late payment does not end the plan",
        "To change the plan, ask on your page or ring",
        "(Civil Code",
        "I propose this plan to",
        "Instalment 10, 5 October 2026",
    ):
        assert re.sub(r"\s+", "", words) in said, words


def test_the_chinese_one_has_the_sum_in_capitals_and_every_character(
    visit: Visit, doors: Doors, tmp_path: Path, cast: Cast
) -> None:
    import_tables(doors, tmp_path / "second", {"borrowers": [borrower(name="林䶮𬱖·㛃", payday="12")]})
    path = plan_pages.send(visit("B1"))
    make.approve(doors, cast.staff("Qiao", "plan_approver"), path.removeprefix("/plans/"), freeze=True)
    said = text_of(visit("B1").get(f"{path}/agreement/zh.pdf").content)
    for words in (
        "林䶮𬱖·㛃",
        "人民币贰仟零捌拾陆元玖角壹分",
        "按计划还款期间停计违约金",
        "《民法典》第一百九十五条",
        "266.91",
    ):
        assert words in said, words


def test_it_is_tagged_and_names_its_language(visit: Visit, agreed: str) -> None:
    lin = visit("B1")
    for language in ("zh", "en"):
        with pikepdf.open(io.BytesIO(lin.get(f"{agreed}/agreement/{language}.pdf").content)) as pdf:
            assert pdf.Root.MarkInfo.Marked
            assert str(pdf.Root.Lang).startswith(language)
            assert "/StructTreeRoot" in pdf.Root
            with pdf.open_metadata() as told:
                assert told["pdfuaid:part"] == "1"
                assert "dc:title" in told


def test_the_same_bytes_each_time_whoever_fetches_it(
    visit: Visit, agreed: str, doors: Doors, clock: FixedClock
) -> None:
    """Even if the program would set it otherwise by then."""
    first = visit("B1").get(f"{agreed}/agreement/zh.pdf").content
    clock.advance(days=40)
    with doors.engines.write.begin() as connection:  # as another version would word it
        content = json.loads(connection.execute(select(AGREEMENT.c.content)).scalar_one()) | {"engine": "99"}
        connection.execute(update(AGREEMENT).values(content=json.dumps(content)))
    assert visit("B1").get(f"{agreed}/agreement/zh.pdf").content == first
    staff = visit("Qiao", "plan_approver").get(f"/staff{agreed}/agreement/zh.pdf")
    assert staff.content == first
    (kept,) = doors.read_as(doors.system(), lambda connection, _: list(connection.execute(select(table_of(PlanPaper)))))
    assert (kept.language, kept.content) == ("zh", first)


def test_a_hostile_name_stays_text(visit: Visit, doors: Doors, tmp_path: Path, cast: Cast) -> None:
    import_tables(doors, tmp_path / "second", {"borrowers": [borrower(name=HOSTILE, payday="12")]})
    path = plan_pages.send(visit("B1"))
    make.approve(doors, cast.staff("Qiao", "plan_approver"), path.removeprefix("/plans/"))
    said = text_of(visit("B1").get(f"{path}/agreement/en.pdf").content)
    assert re.sub(r"\s+", "", HOSTILE.replace("\u202e", "")) in said


def test_the_page_and_the_pdf_say_the_same(visit: Visit, agreed: str) -> None:
    lin = visit("B1")
    page = lin.get(f"{agreed}/agreement")
    assert page.status_code == 200
    said = text_of(lin.get(f"{agreed}/agreement/en.pdf").content)
    main = page.text.partition("<main")[2].partition("</main>")[0]
    paragraphs = re.findall(r"<p>([^<]{40,})</p>", main)
    assert len(paragraphs) > 7
    for paragraph in paragraphs:
        assert re.sub(r"\s+", "", paragraph.replace("&#39;", "'")) in said, paragraph
    assert f'href="{agreed}/agreement/zh.pdf"' in page.text
    assert f'href="{agreed}/dates.ics"' in page.text


LAW = "By agreeing you confirm that this sum is due. The period in which it can be claimed starts anew (Civil Code"
LATE = ("If a payment is late", "After a second one you have 3 days to make it good", "These are no breaks: moving")


def test_what_agreeing_means_is_said_before_it_in_the_words_of_the_paper(
    visit: Visit, doors: Doors, cast: Cast
) -> None:
    """On the page that sends a proposal and on the one that accepts a counter-offer, before the button."""
    lin, qiao = visit("B1"), cast.staff("Qiao", "plan_approver")
    checked = plan_pages.look_over(lin, plan_pages.begin(lin)).text
    path = plan_pages.send(lin)
    make.counter(doors, qiao, path.removeprefix("/plans/"))
    offered = lin.get(path)
    for shown, button in ((checked, "Send the proposal"), (offered.text, "Accept this change")):
        assert LAW in shown.partition(button)[0]
        for words in LATE:
            assert words in shown, words
    assert lin.submit(offered, {}, "/accept").status_code == 303
    paper = lin.get(f"{path}/agreement").text
    for words in (LAW, *LATE[1:]):
        assert words in paper, words


def test_after_a_counter_offer_the_paper_has_the_words_the_moment_and_the_mark_of_accepting(
    visit: Visit, doors: Doors, clock: FixedClock, cast: Cast
) -> None:
    """In every language, as page and as PDF; nothing of what was proposed before it."""
    lin = visit("B1")
    path = plan_pages.send(lin)
    number = path.removeprefix("/plans/")
    make.counter(doors, cast.staff("Qiao", "plan_approver"), number)
    proposed = make.record(doors, number).figures.loans[0].fingerprint
    clock.advance(minutes=7)
    offered = lin.get(path)
    mark = labels.fingerprint(make.standing(doors, number).mark)
    assert f"Fingerprint {mark}" in offered.text
    assert lin.submit(offered, {}, "/accept").status_code == 303
    at = formats.moment(clock.now(), "Asia/Shanghai")
    words = (
        "By accepting I agree to this plan with Example Finance. Example Finance may use these answers and my payment"
        f" record for it, and for nothing else. ({at})"
    )
    page = re.sub(r"\s+", "", lin.get(f"{path}/agreement").text)
    english, chinese = (text_of(lin.get(f"{path}/agreement/{tag}.pdf").content) for tag in ("en", "zh"))
    for said in (page, english):
        assert re.sub(r"\s+", "", words) in said
    assert "ByacceptingIagree" in chinese
    for said in (page, english, chinese):
        assert mark.replace(" ", "") in said
        assert "Iproposethisplan" not in said
        assert labels.fingerprint(proposed).replace(" ", "") not in said


@pytest.mark.parametrize("end", ["agreement", "agreement/en.pdf", "dates.ics"])
def test_nobody_else_fetches_it(visit: Visit, agreed: str, end: str) -> None:
    assert visit("B1").get(f"{agreed}/{end}").status_code == 200
    assert visit().get(f"{agreed}/{end}").status_code in {303, 401}
    assert visit("Qiao", "plan_approver").get(f"{agreed}/{end}").status_code in {303, 403}
    assert visit("B1").get(f"/plans/XXX-XXX/{end}").status_code == 404


def test_there_is_none_in_another_language_or_of_a_plan_that_waits(visit: Visit, agreed: str) -> None:
    lin = visit("B1")
    for language in ("xx", "..", "EN"):
        assert lin.get(f"{agreed}/agreement/{language}.pdf").status_code == 404
    assert visit("administrator-1", "administrator").get(f"/staff{agreed}/agreement/en.pdf").status_code in {303, 403}


# --- The calendar -------------------------------------------------------------------------------------------------


def test_the_calendar_has_the_dates_and_tells_nobody_what_for(visit: Visit, agreed: str) -> None:
    answer = visit("B1").get(f"{agreed}/dates.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert 'filename="dates.ics"' in answer.headers["content-disposition"]
    days = re.findall(r"DTSTART;VALUE=DATE:(\d+)", answer.text)
    assert days == ["20260512", "20260612", "20260713", "20260812", "20260914", "20261012"]
    shown = re.sub(r"(UID|DTSTAMP|DTSTART|DTEND)\S*", "", answer.text).lower()
    number = agreed.rsplit("/", 1)[1].lower()
    for word in ("plan", "pay", "loan", "debt", "due", "finance", "instalment", "http", "364", "¥", "lin", number):
        assert word not in shown, word
    assert visit("B1").get(f"{agreed}/dates.ics").content == answer.content


@pytest.mark.parametrize("words", ["Reminder", "提醒" * 60, "a,b;c\\d\ne"])
def test_the_calendar_keeps_the_rules_of_its_format(words: str) -> None:
    """RFC 5545: CRLF, lines of at most 75 octets, escaped text, unique entries."""
    made = calendar_file("K42", [date(2026, 5, 12), date(2026, 5, 12), date(2024, 2, 29)], NOON, words)
    text = made.decode()
    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    lines = text.replace("\r\n ", "").split("\r\n")
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2
    assert lines.count("BEGIN:VALARM") == lines.count("END:VALARM") == 2
    summary = next(line for line in lines if line.startswith("SUMMARY:")).removeprefix("SUMMARY:")
    assert re.sub(r"\\(.)", lambda sign: "\n" if sign[1] == "n" else sign[1], summary) == words
    assert len({line for line in lines if line.startswith("UID:")}) == 2
    assert "DTEND;VALUE=DATE:20240301" in lines
    assert "DTSTAMP:20260417T060600Z" in lines


NOON = datetime(2026, 4, 17, 6, 6, tzinfo=UTC)
