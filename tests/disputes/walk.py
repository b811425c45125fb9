"""A person walks through the steps of a new dispute over HTTP, without scripts."""

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

from tests.client import Client, fields_of
from tests.markup import Element, parsed

ALL = ["2026-03-06_2026-03-20", "2026-03-21_2026-03-31", "2026-04-01_2026-04-17"]
FUNDS = {"tail": "6789"}
FACTS: dict[str, dict[str, Any]] = {
    "funds": FUNDS,
    "paid": {"paid_on_day": "5", "paid_on_month": "3", "paid_on_year": "2026", "paid": "1,180.00", "channel": "bank"},
    "amount": {"figure": "penalty", "should_be": "8.85"},
    "not_mine": {},
    "lent": {},
    "explained": {"told_you": "That the first month is free.", "told_by": "The shop"},
    "claim": {"claim_number": "K-88 17", "insurer": "A mutual", "last_answer": "They wait for the surveyor."},
    "hardship": {},
    "other": {"words": "It is something else."},
}
"""Right entries for the facts of each reason."""


def said_of(answer: Any) -> str:
    """What a page or a part of one says, without its tags."""
    whole: str = answer.text.partition("<main")[2] or answer.text
    return " ".join(unescape(re.sub(r"<[^>]+>", "", whole)).split())


def send(client: Client, page: Any, values: dict[str, Any], form: str, files: Any = None) -> Any:
    """Fill in the form of a page that posts to an address which ends so; None takes a field out."""
    chosen = next(each for each in _forms(page) if str(each.attributes.get("action", "")).endswith(form))
    fields = {name: value for name, value in {**fields_of(page, chosen), **values}.items() if value is not None}
    return client.post(urljoin(str(page.url), str(chosen.attributes["action"])), fields, files=files)


def _forms(page: Any) -> list[Element]:
    return parsed(page.text).all("form")


def begin(client: Client, form_path: str, ticks: dict[str, Any] | None = None, act: str = "next") -> Any:
    """Tick nights; the answer."""
    values = {"stretch": ALL, **(ticks or {}), "act": act}
    return send(client, client.get(form_path), values, "/dispute")


def code_of(answer: Any) -> str:
    """The code of the draft to which an answer leads."""
    found: str = answer.headers["location"].split("/drafts/")[1].split("/")[0]
    return found


def choose(client: Client, page: Any, reason: str, act: str = "next") -> Any:
    """Choose a reason on its page; the answer."""
    return send(client, page, {"reason": reason, "act": act}, "/reason")


def tell(client: Client, page: Any, values: dict[str, Any], act: str = "next") -> Any:
    """Fill in what the reason needs; the answer."""
    return send(client, page, {**values, "act": act}, "/details")


def upload(client: Client, page: Any, files: Any = None, act: str = "next") -> Any:
    """Give files; the answer."""
    return send(client, page, {"act": act}, "/files", files)


def to_check(
    client: Client,
    form_path: str,
    reason: str = "funds",
    ticks: dict[str, Any] | None = None,
    words: str = "",
    files: Any = None,
) -> Any:
    """All steps up to the page on which everything is looked over."""
    page = client.follow(begin(client, form_path, ticks))
    page = client.follow(choose(client, page, reason))
    page = client.follow(tell(client, page, {**FACTS[reason], **({"words": words} if words else {})}))
    page = client.follow(upload(client, page, files))
    if str(page.url).endswith("/files"):  # a file failed: go on without it
        page = client.follow(upload(client, page))
    return page


def take_out(client: Client, page: Any) -> Any:
    """Take the first file that waits out again; the answer."""
    acts = next(each for each in _forms(page) if each.attributes.get("id") == "file-acts")
    button = next(each for each in parsed(page.text).all("button") if each.attributes.get("data-act") == "remove")
    return client.post(urljoin(str(page.url), str(button.attributes["formaction"])), fields_of(page, acts))


def send_off(client: Client, page: Any, **values: Any) -> Any:
    """Send what was looked over; the answer."""
    return send(client, page, values, str(page.url).rsplit("/", 1)[1])


def file(client: Client, form_path: str, reason: str = "funds", **given: Any) -> Any:
    """The whole way; the page that says that it was sent."""
    consent = {"consent": "yes"} if given.get("files") else {}
    return client.follow(send_off(client, to_check(client, form_path, reason, **given), **consent))
