"""What people type into a field for an amount, read as minor units: one reader, one set of words beside the field."""

import unicodedata

from portal.core.money import parse_major
from portal.platform.i18n import gettext as _

LARGEST = 10**15
"""Above any debt, and far below what a column holds."""


def plain_entry(typed: str) -> str:
    """An entry with full-width digits and signs as plain ones, without spaces and commas."""
    return unicodedata.normalize("NFKC", typed).replace(" ", "").replace(",", "").strip()


def read_amount(typed: str, currency: str, *, zero: bool = False) -> int:
    """An amount above zero as typed, `1,000.00` or full-width digits; ValueError with the words beside the field.

    With `zero` it may be nothing.
    """
    try:
        amount = parse_major(plain_entry(typed), currency)
    except ValueError:
        raise ValueError(_("Type an amount in digits, for example 1000 or 1000.50.")) from None
    if amount == 0 and not zero:
        raise ValueError(_("Type an amount above zero."))
    if amount > LARGEST:
        raise ValueError(_("This amount is too large."))
    return amount
