"""What people type into a field for an amount, read as minor units: one reader, one set of words beside the field."""

import re
import unicodedata

from portal.core.money import parse_major
from portal.platform.formats import figure_signs
from portal.platform.i18n import gettext as _

LARGEST = 10**15
"""Above any debt, and far below what a column holds."""


def plain_entry(typed: str) -> str:
    """An entry with full-width digits and signs as plain ones, without spaces and commas."""
    return unicodedata.normalize("NFKC", typed).replace(" ", "").replace(",", "").strip()


def read_amount(typed: str, currency: str, *, zero: bool = False) -> int:
    """An amount above zero as typed, `1,000.00`, `¥500` or full-width digits; ValueError with the words for the field.

    With `zero` it may be nothing. A comma that parts no thousands is a mistake: `1000,5` may mean either.
    """
    try:
        amount = parse_major(_plain_amount(typed, currency), currency)
    except ValueError:
        raise ValueError(_("Type an amount in digits, for example 1000 or 1000.50.")) from None
    if amount == 0 and not zero:
        raise ValueError(_("Type an amount above zero."))
    if amount > LARGEST:
        raise ValueError(_("This amount is too large."))
    return amount


def _plain_amount(typed: str, currency: str) -> str:
    signs = figure_signs(currency)
    entry = unicodedata.normalize("NFKC", typed).replace(" ", "")
    for sign in signs.currency:
        entry = entry.removeprefix(sign).removesuffix(sign)
    whole, point, part = entry.partition(signs.point)
    if re.fullmatch(rf"[0-9]{{1,3}}(?:{re.escape(signs.group)}[0-9]{{3}})+", whole):
        whole = whole.replace(signs.group, "")
    return f"{whole}.{part}" if point else whole
