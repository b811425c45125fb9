"""What a journey needs done before it begins: coming in and signing in, by the pages' own forms, without drawing them.

The requests share the profile's cookies. tests/journeys/test_borrower.py goes the borrower's way with a finger.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from playwright.sync_api import APIResponse, Page

from portal.demo.people import DemoPerson, DemoStaff
from tests.client import fields_of
from tests.journeys.steps import CODE
from tests.markup import parsed

PATIENCE_SECONDS = 20
"""How long one looks for a text that a worker is about to send."""

LOOKS_EVERY = 0.1
SECONDS_OF_A_CODE = 35
_typed: set[tuple[str, str, str]] = set()


@dataclass(frozen=True)
class Answer:
    """A page that was fetched and not drawn."""

    url: str
    text: str

    def texts(self, kind: str) -> list[str]:
        """What the elements of this class say."""
        return [each.text for each in parsed(self.text).elements if each.attributes.get("class") == kind]


def come_in(page: Page, person: DemoPerson) -> None:
    """From the link in the person's text to the account, without a mistake."""
    links = [link for link in parsed(_phone_of(page, person).text).all("a") if "/l/" in (link.attributes["href"] or "")]
    check = _submit(page, _get(page, str(links[-1].attributes["href"])))
    answers = {"last4": person.id_last4} if person.id_last4 else {}
    if day := person.birth_date:
        answers |= {"birth_day": str(day.day), "birth_month": str(day.month), "birth_year": str(day.year)}
    asked = _submit(page, check, answers)
    (words,) = asked.texts("proof")
    _submit(page, asked, {"code": _code(page, person, words)})
    page.goto("/account")


def sign_in(page: Page, staff: DemoStaff) -> None:
    """Sign in as staff with what the demo phone shows."""
    answers = {"name": staff.name, "password": staff.password, "code": code_of(page, staff)}
    _submit(page, _get(page, "/staff/sign-in"), answers)
    page.goto("/staff/")


def code_of(page: Page, staff: DemoStaff) -> str:
    """What the demo phone shows for them now; a code is taken once only, so one that was typed is waited out."""
    for _ in range(SECONDS_OF_A_CODE):
        phone = _get(page, "/demo/phone")
        (row,) = (row.text for row in parsed(phone.text).all("tr") if staff.password in row.text)
        code = CODE.findall(row)[-1]
        if (phone.url, staff.name, code) not in _typed:
            _typed.add((phone.url, staff.name, code))
            return code
        time.sleep(1)
    raise AssertionError("no new code came")


def _phone_of(page: Page, person: DemoPerson) -> Answer:
    phone = _get(page, "/demo/phone")
    links = [link for link in parsed(phone.text).all("a") if link.text.strip().startswith(person.name)]
    return _get(page, str(links[0].attributes["href"])) if links else phone


def _code(page: Page, person: DemoPerson, words: str) -> str:
    """The code in the text that brings these two words."""
    phone = _phone_of(page, person)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = [text for text in phone.texts("phone__text") if all(word in text for word in words.split())]
        if found:
            return CODE.findall(found[-1])[0]
        time.sleep(LOOKS_EVERY)
        phone = _get(page, phone.url)
    raise AssertionError(f"no code arrived with the words {words}")


def _get(page: Page, path: str) -> Answer:
    return _good(page.context.request.get(path, headers=_headers(page)))


def _submit(page: Page, asked: Answer, values: Mapping[str, str] | None = None) -> Answer:
    """Send the first form that posts, with its hidden fields, and follow where it leads."""
    form = next(each for each in parsed(asked.text).all("form") if each.attributes.get("method") == "post")
    origin = re.match("https?://[^/]+", asked.url)
    assert origin
    return _good(
        page.context.request.post(
            urljoin(asked.url, form.attributes.get("action") or asked.url),
            form={**fields_of(asked, form), **(values or {})},
            headers={**_headers(page), "Origin": origin[0], "Sec-Fetch-Site": "same-origin"},
        )
    )


def _headers(page: Page) -> dict[str, str]:
    return {"Accept-Language": page.evaluate("navigator.language")}


def _good(answer: APIResponse) -> Answer:
    assert answer.status == 200, f"{answer.url}: {answer.status}"
    return Answer(answer.url, answer.text())
