"""What a QR code for paying says: the reference alone, a European transfer, or a form that the lender writes."""

import re
from dataclasses import dataclass

from portal.core.money import format_major

NONE, REFERENCE, EPC = "none", "reference", "epc069-12"
PLACEHOLDERS = frozenset({"reference", "amount", "currency", "account", "name", "bic"})

_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_EPC_NAME, _EPC_TEXT = 70, 140
_EPC_MOST = 99_999_999_999
"""999,999,999.99 euros."""


@dataclass(frozen=True, slots=True)
class Payee:
    """An account of the lender to pay into; `form` is what its QR code says."""

    name: str
    account: str
    form: str = REFERENCE
    bic: str = ""


def form_fault(form: str, account: str, currency: str) -> str | None:
    """What is wrong with the form of a QR code for an account, None if nothing."""
    if form in {NONE, REFERENCE}:
        return None
    if form == EPC:
        if currency != "EUR":
            return f"{EPC} is for accounts in EUR"
        return None if is_iban(account) else f"{EPC} needs an IBAN as the account's number"
    named = set(_PLACEHOLDER.findall(form))
    if "reference" not in named:
        return f"is none of {NONE}, {REFERENCE} and {EPC}, and no text with {{reference}} in it"
    if unknown := named - PLACEHOLDERS:
        return f"names {', '.join(sorted(unknown))}; known are {', '.join(sorted(PLACEHOLDERS))}"
    return None


def is_iban(account: str) -> bool:
    """Whether an account's number is an IBAN whose check digits are right (ISO 13616)."""
    plain = account.replace(" ", "").upper()
    if not _IBAN.fullmatch(plain):
        return False
    digits = "".join(str(int(mark, 36)) for mark in plain[4:] + plain[:4])
    return int(digits) % 97 == 1


def code_text(payee: Payee, reference: str, amount: int | None, currency: str) -> str:
    """What the QR code says; empty for an account without one. `amount` is in minor units, None for any.

    A European transfer outside its limits (another currency, too much, too long a reference) becomes the reference.
    """
    if payee.form == NONE:
        return ""
    if payee.form == REFERENCE:
        return reference
    if payee.form == EPC:
        return _epc(payee, reference, amount) if _fits_epc(reference, amount, currency) else reference
    values = {
        "reference": reference,
        "amount": "" if amount is None else format_major(amount, currency),
        "currency": currency,
        "account": payee.account.replace(" ", ""),
        "name": payee.name,
        "bic": payee.bic,
    }
    return _PLACEHOLDER.sub(lambda found: values[found[1]], payee.form)


def _fits_epc(reference: str, amount: int | None, currency: str) -> bool:
    return currency == "EUR" and len(reference) <= _EPC_TEXT and (amount is None or 0 < amount <= _EPC_MOST)


def _epc(payee: Payee, reference: str, amount: int | None) -> str:
    """EPC069-12, version 2, UTF-8: the reference as unstructured text, since it is the lender's own."""
    lines = [
        "BCD",
        "002",
        "1",
        "SCT",
        payee.bic.replace(" ", "").upper(),
        payee.name[:_EPC_NAME],
        payee.account.replace(" ", "").upper(),
        "" if amount is None else f"EUR{format_major(amount, 'EUR')}",
        "",
        "",
        reference,
    ]
    return "\n".join(lines)
