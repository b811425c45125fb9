"""The one consent that files need, as it is shown and kept."""

from starlette.requests import Request

from portal.platform.i18n import gettext as _
from portal.platform.i18n import ngettext


def consent_words(request: Request, keep_days: int, number: str | None = None) -> str:
    """The one consent: for what, by whom, until when (PIPL 28, 29). It is stored as it was shown."""
    lender = request.app.state.portal.settings.lender.in_language(request.scope["portal.visit"].language)
    kept = ngettext(
        "%(count)s day after the case is closed", "%(count)s days after the case is closed", keep_days, count=keep_days
    )
    if number is None:
        return _(
            "I agree that %(lender)s reads these files to decide this dispute, and for nothing else. They are deleted "
            "%(keep)s. I can withdraw this at any time; the dispute then goes on without them.",
            lender=lender.legal_name,
            keep=kept,
        )
    return _(
        "I agree that %(lender)s reads these files to decide dispute %(number)s, and for nothing else. They are "
        "deleted %(keep)s. I can withdraw this at any time; the dispute then goes on without them.",
        lender=lender.legal_name,
        number=number,
        keep=kept,
    )
