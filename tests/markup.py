"""What must hold for every page the portal answers with, whoever asked for it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
LABELLED = frozenset(("input", "select", "textarea"))
RUNNING_TEXT = frozenset("caption dd h1 h2 h3 label legend p summary".split())
GAP_AFTER_FULL_STOP = re.compile(r"[。！？；]\s+[\u3400-\u9fff\w]")
NEEDS_NO_LABEL = frozenset(("hidden", "submit", "button", "image", "reset"))
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)


@dataclass
class Element:
    """One start tag with its attributes, the elements around it and the text inside it."""

    tag: str
    attributes: dict[str, str | None]
    parents: tuple["Element", ...]
    page_says: list[str] = field(repr=False)
    begins: int
    ends: int | None = None

    @property
    def text(self) -> str:
        """What is written in it, other elements inside it included."""
        return "".join(self.page_says[self.begins : self.ends])

    def is_in(self, tag: str) -> bool:
        """Whether an element with this tag is around it."""
        return any(parent.tag == tag for parent in self.parents)


@dataclass
class Markup(HTMLParser):
    """A parsed page: its elements in order, and what is wrong with how they are nested."""

    source: str
    elements: list[Element] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []
        self._says: list[str] = []
        self.feed(self.source)
        self.close()
        self.faults += [f"<{element.tag}> is never closed" for element in self._open]

    def all(self, tag: str) -> list[Element]:
        """The elements with this tag, in order."""
        return [element for element in self.elements if element.tag == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element and, unless it is void, everything until its end as inside it."""
        twice = [name for name, count in Counter(name for name, _ in attrs).items() if count > 1]
        self.faults += [f"<{tag}> has {name} twice" for name in twice]
        element = Element(tag, dict(attrs), tuple(self._open), self._says, len(self._says))
        self.elements.append(element)
        if tag in VOID:
            element.ends = element.begins
        else:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A self-closing tag, as in SVG."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._shut()

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element; another tag than that is a fault."""
        if tag in VOID:
            self.faults.append(f"</{tag}> closes what cannot be open")
        elif self._open and self._open[-1].tag == tag:
            self._shut()
        else:
            inside = self._open[-1].tag if self._open else "nothing"
            self.faults.append(f"</{tag}> inside <{inside}> at line {self.getpos()[0]}")
            if any(element.tag == tag for element in self._open):
                while self._shut().tag != tag:
                    pass

    def handle_data(self, data: str) -> None:
        """Text belongs to every element around it."""
        self._says.append(data)

    def _shut(self) -> Element:
        element = self._open.pop()
        element.ends = len(self._says)
        return element


@lru_cache(maxsize=8)
def parsed(source: str) -> Markup:
    """A page as it was parsed before: a test looks at it, fills in its forms and sends them."""
    return Markup(source)


def faults_of_page(source: str) -> list[str]:
    """Everything that is wrong with a whole page, one readable line each; empty is good."""
    page = parsed(source)
    found = list(page.faults)
    if not source.lstrip().lower().startswith("<!doctype html>"):
        found.append("does not start with <!doctype html>")
    for tag in ("h1", "title", "main"):
        outside_drawings = [element for element in page.all(tag) if not element.is_in("svg")]
        if len(outside_drawings) != 1:
            found.append(f"has {len(outside_drawings)} <{tag}>, not one")
    found += [
        f"<{element.tag}> is empty" for tag in ("h1", "title") for element in page.all(tag) if not element.text.strip()
    ]
    if not any(element.attributes.get("lang") for element in page.all("html")):
        found.append("<html> has no lang")
    return [*found, *_gaps_in_chinese(page), *_faults_of_elements(page)]


def faults_of_part(source: str) -> list[str]:
    """The same for a part that htmx puts into a page."""
    page = parsed(source)
    return [*page.faults, *_faults_of_elements(page)]


def _faults_of_elements(page: Markup) -> Iterator[str]:
    yield from _double_ids(page)
    yield from _missing_labels(page)
    yield from _dangling_references(page)
    for element in page.elements:
        yield from _forbidden_attributes(element)
        if element.tag == "img" and element.attributes.get("alt") is None:
            yield f"<img src={element.attributes.get('src')}> has no alt"
        if element.tag == "script" and element.text.strip():
            yield "has a script inside the page"
        if element.tag == "style":
            yield "has a style sheet inside the page"


def _gaps_in_chinese(page: Markup) -> Iterator[str]:
    """Two sentences that stand side by side in a template are joined by a blank, which Chinese does not have."""
    if not any((element.attributes.get("lang") or "").startswith("zh") for element in page.all("html")):
        return
    for element in page.elements:
        if element.tag in RUNNING_TEXT and (gap := GAP_AFTER_FULL_STOP.search(element.text)):
            yield f"<{element.tag}> has a gap in Chinese: «{element.text[max(0, gap.start() - 20) : gap.end() + 10]}»"


def _double_ids(page: Markup) -> Iterator[str]:
    ids = Counter(element.attributes["id"] for element in page.elements if "id" in element.attributes)
    yield from (f"id {name} occurs {count} times" for name, count in ids.items() if count > 1)


def _missing_labels(page: Markup) -> Iterator[str]:
    named = {label.attributes.get("for") for label in page.all("label")}
    for element in page.elements:
        own = element.attributes
        if element.tag not in LABELLED or own.get("type") in NEEDS_NO_LABEL:
            continue
        inside_label = any(parent.tag == "label" for parent in element.parents)
        if not (inside_label or own.get("aria-label") or own.get("aria-labelledby") or own.get("id", "") in named):
            yield f"<{element.tag} name={own.get('name')}> has no label"


def _dangling_references(page: Markup) -> Iterator[str]:
    ids = {element.attributes.get("id") for element in page.elements}
    for element in page.elements:
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            targets = (element.attributes.get(name) or "").split()
            yield from (f"{name}={target} points at nothing" for target in targets if target not in ids)


def _forbidden_attributes(element: Element) -> Iterator[str]:
    for name in element.attributes:
        if name == "style" or (name.startswith("on") and len(name) > 3):
            yield f"<{element.tag}> has the inline attribute {name}"
        if name.startswith("hx-"):
            yield f"<{element.tag}> has {name}: write data-{name}"


def faults_of_headers(headers: Mapping[str, str]) -> list[str]:
    """Security headers that an answer with HTML lacks; names in `headers` are lower case."""
    found = [f"{name} is not {value}" for name, value in HEADERS.items() if headers.get(name) != value]
    directives = [part.strip() for part in headers.get("content-security-policy", "").split(";")]
    found += [f"content-security-policy lacks {part}" for part in POLICY if part not in directives]
    if "no-store" not in headers.get("cache-control", ""):
        found.append("cache-control is not no-store")
    if "noindex" not in headers.get("x-robots-tag", "noindex"):
        found.append("x-robots-tag lets search engines in")
    return found
