"""A test client that calls the application directly and looks at every HTML answer it gets.

It is synchronous outside and runs the application on a loop in a thread of its own, because the browser tests
leave a running loop in the main thread. Redirects are not followed.
"""

from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urljoin

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.applications import Starlette

from tests.markup import Element, faults_of_headers, faults_of_page, faults_of_part, parsed

BUTTONS = frozenset(("submit", "button", "image", "file"))
REDIRECTS = frozenset((301, 302, 303, 307, 308))


class Client:
    """One visitor with cookies of its own; as a context manager it starts and stops the application."""

    def __init__(
        self,
        app: Starlette,
        base_url: str = "http://127.0.0.1:8000",
        headers: dict[str, str] | None = None,
        check: bool = True,
        address: str = "127.0.0.1",
    ) -> None:
        self._app = app
        self._check = check
        self._exit = ExitStack()
        self._loop: BlockingPortal | None = None
        transport = httpx2.ASGITransport(app=app, client=(address, 50000))
        self.http = httpx2.AsyncClient(transport=transport, base_url=base_url, headers=headers)

    def __enter__(self) -> Self:
        self._loop = self._exit.enter_context(start_blocking_portal())
        lifespan = self._app.router.lifespan_context(self._app)
        self._exit.enter_context(self._loop.wrap_async_context_manager(lifespan))
        self._exit.callback(self._loop.call, self.http.aclose)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def another(self, **options: Any) -> "Client":
        """A second visitor without cookies of the same running application; needs no `with`."""
        visitor = Client(self._app, str(self.http.base_url), **options)
        visitor._loop = self._loop
        return visitor

    def request(self, method: str, url: str, **options: Any) -> httpx2.Response:
        """One request; fails where an HTML answer breaks a rule of tests/markup.py."""
        assert self._loop is not None, "use `with Client(app) as client:`"
        answer = self._loop.call(partial(self.http.request, method, url, **options))
        if self._check:
            faults = faults_of(answer)
            assert not faults, f"{method} {url} ({answer.status_code}): " + "; ".join(faults)
        return answer

    def get(self, url: str, **options: Any) -> httpx2.Response:
        """GET, without following a redirect."""
        return self.request("GET", url, **options)

    def post(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> httpx2.Response:
        """POST of plain form fields as a browser sends them from our own pages; adds no form token."""
        origin = str(self.http.base_url).rstrip("/")
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin", **options.pop("headers", {})}
        return self.request("POST", url, data=data, headers=headers, **options)

    def follow(self, answer: httpx2.Response) -> httpx2.Response:
        """GET where redirects lead, until a page comes."""
        for _ in range(10):
            if answer.status_code not in REDIRECTS:
                return answer
            answer = self.get(urljoin(str(answer.url), answer.headers["location"]))
        raise AssertionError(f"redirects in a circle at {answer.url}")

    def submit(
        self, page: httpx2.Response, values: dict[str, Any] | None = None, form: int | str = 0, **options: Any
    ) -> httpx2.Response:
        """Fill in a form of `page` and post it with its hidden fields, as a person would.

        `form` is its place on the page or a piece of its action address.
        """
        chosen = form_of(page, form)
        fields = {**fields_of(page, chosen), **(values or {})}
        action = urljoin(str(page.url), chosen.attributes.get("action") or str(page.url))
        if (chosen.attributes.get("method") or "get").lower() == "get":
            return self.get(action, params=fields, **options)
        return self.post(action, fields, **options)


def faults_of(answer: httpx2.Response) -> list[str]:
    """What is wrong with an answer; answers without HTML have nothing to check."""
    if not answer.headers.get("content-type", "").startswith("text/html") or not answer.content:
        return []
    whole = "<html" in answer.text[:500].lower()
    markup = faults_of_page(answer.text) if whole else faults_of_part(answer.text)
    if "&lt;time datetime=" in answer.text or "&lt;data value=" in answer.text:
        markup = [*markup, "an element of ours is shown as its text"]
    return [*markup, *faults_of_headers({name.lower(): value for name, value in answer.headers.items()})]


class Shown(Protocol):
    """A page that was fetched, whoever fetched it."""

    @property
    def text(self) -> str:
        """Its markup."""
        ...


def form_of(page: Shown, form: int | str = 0) -> Element:
    """A form of the page, by place or by a piece of its action."""
    forms = parsed(page.text).all("form")
    if isinstance(form, int):
        return forms[form]
    found = [each for each in forms if form in (each.attributes.get("action") or "")]
    assert found, f"no form posts to {form}: {[each.attributes.get('action') for each in forms]}"
    return found[0]


def fields_of(page: Shown, form: Element) -> dict[str, Any]:
    """What the browser would send if the person changed nothing and pressed a button without a name."""
    fields: dict[str, Any] = {}
    for element in parsed(page.text).elements:
        own = element.attributes
        name = own.get("name")
        if not name or not _belongs(element, form):
            continue
        if element.tag == "textarea":
            fields[name] = element.text.removeprefix("\n")
        elif element.tag == "input" and own.get("type") not in BUTTONS and _is_ticked(element):
            fields[name] = own.get("value") or ""
    return {**fields, **_chosen_options(page, form)}


def _is_ticked(element: Element) -> bool:
    return element.attributes.get("type") not in {"checkbox", "radio"} or "checked" in element.attributes


def _belongs(element: Element, form: Element) -> bool:
    return any(parent.tag == "form" and parent.attributes == form.attributes for parent in element.parents) or bool(
        form.attributes.get("id") and element.attributes.get("form") == form.attributes["id"]
    )


def _chosen_options(page: Shown, form: Element) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for option in parsed(page.text).all("option"):
        select = next((parent for parent in option.parents if parent.tag == "select"), None)
        name = select.attributes.get("name") if select else None
        if select and name and _belongs(select, form) and ("selected" in option.attributes or name not in chosen):
            value = option.attributes.get("value")
            chosen[name] = option.text.strip() if value is None else value
    return chosen
