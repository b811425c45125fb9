"""How the lender is named on the pages and papers of plans."""

from collections.abc import Mapping

from starlette.requests import Request

from portal.plans import words
from portal.platform.visit import visit_of


def lender_of(request: Request) -> dict[str, str]:
    """The lender as the reader's language names it."""
    return words.lender_names(request.app.state.portal.settings.lender, visit_of(request).language)


def lender_in_all_languages(request: Request) -> Mapping[str, Mapping[str, str]]:
    """The lender in each of its languages, for a paper that both sides keep."""
    lender = request.app.state.portal.settings.lender
    return {language: words.lender_names(lender, language) for language in lender.languages}
