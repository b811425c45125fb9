"""A borrower goes through the pages of a proposal as a browser without JavaScript does."""

import httpx2

from tests.client import Client
from tests.make.plans import answers

HOUSEHOLD = {"income": "5000", "spending": "2500", "others": "470"}
"""What leaves Lin 850.00 a month beside the instalment of 1,180.00, as in the picture."""


def begin(owner: Client, household: dict[str, str] | None = None, anyway: bool = False, **given: str) -> str:
    """Answer every page but the last; the code of the draft."""
    typed = answers(**given)
    page = owner.get("/plans/new", params={"currency": typed["currency"]})
    code = of(owner.submit(page, {"first": typed["first"], "when": typed["when"]}, "/plans/new"))
    place = f"/plans/drafts/{code}"
    _answered(owner, f"{place}/household", {**household, "act": "next"} if household else {"act": "skip"})
    rhythm = typed["rhythm"] if typed.get("rhythm") else "monthly"
    days = {"rhythm": rhythm, "pay_day": typed["pay_day"], "first_on": typed.get("first_on", "")}
    _answered(owner, f"{place}/days", days)
    assert owner.submit(owner.get(f"{place}/amount"), {"amount": "own"}, "/amount").status_code == 303
    own = {name: typed[name] for name in ("way", "monthly", "payments")}
    _answered(owner, f"{place}/own", {**own, "act": "anyway" if anyway else "next"})
    return code


def of(answer: httpx2.Response) -> str:
    """The code of the draft to which an answer leads."""
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).split("/")[3]


def look_over(owner: Client, code: str) -> httpx2.Response:
    """The page on which all answers stand once more."""
    page = owner.get(f"/plans/drafts/{code}")
    assert page.status_code == 200, page.text
    return page


def send(owner: Client, household: dict[str, str] | None = None, anyway: bool = False, **given: str) -> str:
    """Go through all pages to the status page; its path."""
    code = begin(owner, household, anyway, **given)
    answer = owner.submit(look_over(owner, code), {"consent": "yes"}, code)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def _answered(owner: Client, place: str, values: dict[str, str]) -> None:
    answer = owner.submit(owner.get(place), values, place)
    assert answer.status_code == 303, answer.text
