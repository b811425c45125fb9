"""How the lender is named: on a page in the reader's language, in a paper in each language that it may be read in."""

from collections.abc import Mapping

from starlette.requests import Request

from portal.platform.settings import Lender
from portal.platform.visit import visit_of

_NAMES = ("public_name", "legal_name", "licence", "phone")


def lender_names(lender: Lender, language: str) -> dict[str, str]:
    """What a paper in a language calls the lender."""
    said = lender.in_language(language)
    return {name: getattr(said, name) for name in _NAMES}


def lender_of(request: Request) -> dict[str, str]:
    """The lender as the reader's language names it."""
    return lender_names(request.app.state.portal.settings.lender, visit_of(request).language)


def lender_in_all_languages(request: Request) -> Mapping[str, Mapping[str, str]]:
    """The lender in each of its languages, for a paper that both sides keep."""
    lender = request.app.state.portal.settings.lender
    return {language: lender_names(lender, language) for language in lender.languages}
