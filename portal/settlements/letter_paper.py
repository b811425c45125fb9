"""What the letter of a paid settlement says, part by part: the page and the PDF say the same."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from portal.platform import formats, labels
from portal.platform.i18n import gettext as _
from portal.platform.papers import Paper, Part, Rows, Words
from portal.settlements.queries import SettlementRecord


def paper_of(found: SettlementRecord, language: str) -> Paper:
    """The letter in a language, which has to be the one that is spoken now; it names the lender as it was then."""
    letter = found.letter
    said = letter["lender"].get(language) or next(iter(letter["lender"].values()))
    head = " · ".join(filter(None, (said["legal_name"], said["licence"], said["phone"])))
    engine = _("engine %(version)s", version=letter["engine"])
    return Paper(
        language=language,
        title=_("Letter: paid in full"),
        sender=head,
        facts=(
            _("Number %(number)s", number=found.number),
            f"{letter['name']} · {letter['person_ref']}",
            f"{engine} · {labels.fingerprint(letter['fingerprint'])}",
        ),
        parts=tuple(_parts(letter, head)),
        foot=said["public_name"],
    )


def _parts(letter: Mapping[str, Any], head: str) -> Iterator[Part]:
    yield Words(
        _(
            "Your %(contract)s %(reference)s was paid in full on %(date)s. Nothing is due and nothing will follow."
            " Please keep this letter.",
            contract=formats.contract_word(letter["contract_type"]),
            reference=letter["loan_ref"],
            date=formats.long_date(date.fromisoformat(letter["paid_on"])),
        )
    )
    if letter["payments"]:
        yield from _payments(letter)
    if letter["taken_off"] > 0:
        amount = formats.money(letter["taken_off"], letter["currency"])
        yield Words(_("Taken off by agreement: %(amount)s.", amount=amount))
    yield Words(head, "note")


def _payments(letter: Mapping[str, Any]) -> Iterator[Part]:
    currency = letter["currency"]
    total = sum(amount for _reference, _day, amount in letter["payments"])
    rows = [
        (_payment(reference, day), formats.amount(amount, currency)) for reference, day, amount in letter["payments"]
    ]
    yield Rows((_("Payment"), _("Amount")), rows, [(_("Total"), formats.money(total, currency))])
    if capitals := formats.capitals(total, currency):
        yield Words(_("Paid in words: %(capitals)s", capitals=capitals))


def _payment(reference: str, day: str) -> str:
    return f"{formats.long_date(date.fromisoformat(day))} · {reference}"
