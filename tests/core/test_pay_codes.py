"""What a QR code for paying says, by the form that the lender chose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.pay_codes import EPC, NONE, REFERENCE, Payee, code_text, form_fault, is_iban

IBAN = "DE89 3704 0044 0532 0130 00"
LENDER = Payee("Example Finance Leasing", IBAN, EPC, "COBADEFFXXX")


def test_by_default_it_is_the_reference_alone() -> None:
    assert code_text(Payee("X", "0000"), "L-1", 1_00, "CNY") == "L-1"
    assert code_text(Payee("X", "0000", NONE), "L-1", 1_00, "CNY") == ""


def test_a_european_transfer_line_by_line() -> None:
    """EPC069-12 version 2: service tag, version, UTF-8, SCT, BIC, name, IBAN, amount, purpose, structured, text."""
    assert code_text(LENDER, "L-1", 1_180_00, "EUR").split("\n") == [
        "BCD",
        "002",
        "1",
        "SCT",
        "COBADEFFXXX",
        "Example Finance Leasing",
        "DE89370400440532013000",
        "EUR1180.00",
        "",
        "",
        "L-1",
    ]


def test_without_an_amount_the_line_is_empty() -> None:
    assert code_text(LENDER, "L-1", None, "EUR").split("\n")[7] == ""


@pytest.mark.parametrize(
    ("reference", "amount", "currency"),
    [("L-1", 1_00, "CNY"), ("L-1", 100_000_000_000, "EUR"), ("L" * 141, 1_00, "EUR"), ("L-1", 0, "EUR")],
)
def test_outside_its_limits_it_is_the_reference(reference: str, amount: int, currency: str) -> None:
    assert code_text(LENDER, reference, amount, currency) == reference


def test_a_form_of_the_lenders_own() -> None:
    form = "SPD*1.0*ACC:{account}*AM:{amount}*CC:{currency}*X-VS:{reference}"
    payee = Payee("X", "CZ65 0800 0000 1920 0014 5399", form)
    assert code_text(payee, "42", 450_50, "CZK") == "SPD*1.0*ACC:CZ6508000000192000145399*AM:450.50*CC:CZK*X-VS:42"


def test_what_is_filled_in_is_not_read_again() -> None:
    assert code_text(Payee("{reference}", "1", "{name}|{reference}"), "{amount}", 1, "CNY") == "{reference}|{amount}"


@pytest.mark.parametrize(
    ("form", "account", "currency", "fault"),
    [
        (REFERENCE, "0000", "CNY", None),
        (NONE, "0000", "CNY", None),
        (EPC, IBAN, "EUR", None),
        (EPC, IBAN, "CNY", "is for accounts in EUR"),
        (EPC, "DE88 3704 0044 0532 0130 00", "EUR", "needs an IBAN"),
        ("plain", "0000", "CNY", "is none of"),
        ("{reference}{purpose}", "0000", "CNY", "names purpose"),
        ("{reference}", "0000", "CNY", None),
    ],
)
def test_a_wrong_form_is_told(form: str, account: str, currency: str, fault: str | None) -> None:
    found = form_fault(form, account, currency)
    assert found is None if fault is None else fault in str(found)


@given(st.integers(0, 96))
def test_one_pair_of_check_digits_is_right(check: int) -> None:
    digits = f"{check:02d}"
    assert is_iban(f"DE{digits}370400440532013000") == (digits == "89")
