"""What a page says is wrong with the form that was sent."""

import httpx2

from tests.markup import Element, parsed


def said_at_the_top(page: httpx2.Response) -> dict[str, str]:
    """What the summary of mistakes says, by the entry to which each of its links leads."""
    links = [link for link in parsed(page.text).all("a") if any("problems" in _classes(each) for each in link.parents)]
    return {str(link.attributes["href"]).removeprefix("#"): link.text for link in links}


def _classes(element: Element) -> list[str]:
    return (element.attributes.get("class") or "").split()
