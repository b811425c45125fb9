"""Words for the answer of the funds rule: its readings, what is missing, what a handler should look at (words.md 3)."""

from collections.abc import Callable, Mapping
from datetime import date

from portal.core.funds_rule import Fact
from portal.core.money import MINOR_DIGITS
from portal.core.statement import NoteData
from portal.platform import formats
from portal.platform.i18n import gettext as _
from portal.platform.i18n import ngettext

Words = Callable[[NoteData, str], str]


def reading_word(reading: str) -> str:
    """Which balance of the due date counts."""
    return {
        "opening": _("at its beginning"),
        "closing": _("at its end"),
        "all_day": _("at its lowest"),
        "any_moment": _("at its highest"),
    }[reading]


def result_word(result: str) -> str:
    """What the rule says."""
    return {"met": _("met"), "not_met": _("not met"), "cannot_tell": _("cannot tell")}[result]


def missing_words(fact: Fact, currency: str) -> str:
    """What is missing for an answer, as the end of a sentence that says so."""
    return _worded(MISSING, fact, currency)


def signal_words(fact: Fact, currency: str) -> str:
    """Something that a handler should look at; never a reason by itself."""
    return _worded(SIGNALS, fact, currency)


def unread_words(code: str) -> str:
    """Why there is no statement in a file."""
    words = {
        "wrong_type": _("it is not what its name says, or of a kind that cannot be read"),
        "two_files": _("there is a second file or a program inside it"),
        "too_large": _("it is too large"),
        "too_long": _("it is too long"),
        "password": _("it has a password"),
        "active": _("it carries a script or another file"),
        "moving": _("it is a moving picture"),
        "no_table": _("there is no table of bookings in it"),
        "columns_unknown": _("its columns have names that the program does not know"),
        "no_rows": _("there are no bookings in it"),
        "notification": _("it is a notice of single bookings, which has no balances"),
        "image_not_read": _("it is a picture, and no program here reads pictures; a person will"),
        "image_unclear": _("the picture is too unclear to read"),
        "kind_unsupported": _("statements of this kind cannot be read here"),
    }
    return words.get(code, _("it could not be opened; a part of it may be missing"))


def _worded(words: Mapping[str, Words], fact: Fact, currency: str) -> str:
    told = words.get(fact.code)
    return told(fact.data, currency) if told else fact.code.replace("_", " ")


def _day(data: NoteData, name: str) -> str:
    return formats.long_date(date.fromisoformat(str(data[name]))) if data.get(name) else "?"


def _amount(data: NoteData, name: str, currency: str) -> str:
    return formats.amount(int(data.get(name, 0)), currency if currency in MINOR_DIGITS else "CNY")


def _count(data: NoteData) -> int:
    return int(data.get("count", 1))


# --- What is missing ------------------------------------------------------------------------------------------


def _not_covered(data: NoteData, currency: str) -> str:
    return _(
        "the days before and after %(date)s. Please add the pages that reach it on both sides.", date=_day(data, "date")
    )


def _account_unmatched(data: NoteData, currency: str) -> str:
    if data.get("holder"):
        return _(
            "the holder's name of the account we debit. The number ending %(tail)s is the same, but this file names "
            "%(holder)s.",
            tail=data["tail"],
            holder=data["holder"],
        )
    if data.get("tail"):
        return _("the account we debit, ending %(tail)s. This file shows another one, or none.", tail=data["tail"])
    return _("the account of the holder we debit. This file shows another one, or none.")


def _no_balance(data: NoteData, currency: str) -> str:
    return _("the balances. This file lists movements only.")


def _chain_broken(data: NoteData, currency: str) -> str:
    return _(
        "a page or line: between %(from)s and %(to)s the balances do not add up.",
        **{"from": _day(data, "from"), "to": _day(data, "to")},
    )


def _rows_unreadable(data: NoteData, currency: str) -> str:
    return ngettext(
        "%(count)s line that we could not read. The original file from your bank reads best.",
        "%(count)s lines that we could not read. The original file from your bank reads best.",
        _count(data),
        count=_count(data),
    )


def _rows_covered(data: NoteData, currency: str) -> str:
    return ngettext(
        "%(count)s line that is covered. The rule needs it; you can send the file again with that line shown.",
        "%(count)s lines that are covered. The rule needs them; you can send the file again with those lines shown.",
        _count(data),
        count=_count(data),
    )


def _image_unclear(data: NoteData, currency: str) -> str:
    return _("a clearer picture: flat, in daylight, all four corners.")


def _mixed(data: NoteData, currency: str) -> str:
    return _("one account and one currency a file. Here there are several.")


def _dates_ambiguous(data: NoteData, currency: str) -> str:
    return _(
        "which part of a date such as %(example)s is the day. The original file from your bank reads best.",
        example=data.get("example", ""),
    )


def _order_unknown(data: NoteData, currency: str) -> str:
    return _(
        "the order of the bookings on %(date)s. This file has no balance beside each line.", date=_day(data, "date")
    )


def _attempts_missing(data: NoteData, currency: str) -> str:
    return _("our own debit record for that day. We are fetching it; you need do nothing.")


MISSING: Mapping[str, Words] = {
    "not_covered": _not_covered,
    "account_unmatched": _account_unmatched,
    "no_balance": _no_balance,
    "chain_broken": _chain_broken,
    "rows_unreadable": _rows_unreadable,
    "rows_covered": _rows_covered,
    "image_unclear": _image_unclear,
    "mixed": _mixed,
    "dates_ambiguous": _dates_ambiguous,
    "order_unknown": _order_unknown,
    "attempts_missing": _attempts_missing,
}


# --- What a handler should look at ----------------------------------------------------------------------------


def _first_break(data: NoteData, currency: str) -> str:
    return _(
        "The balances do not add up: %(file)s, line %(row)s is off by %(amount)s.",
        file=data.get("file", ""),
        row=data.get("row", ""),
        amount=_amount(data, "by", currency),
    )


def _files_differ(data: NoteData, currency: str) -> str:
    return _(
        "%(file)s and %(other)s show different balances at the end of %(date)s.",
        file=data.get("file", ""),
        other=data.get("other", ""),
        date=_day(data, "date"),
    )


def _other_account(data: NoteData, currency: str) -> str:
    if data.get("holder"):
        return _(
            "%(file)s names another holder, %(holder)s, and was left out.",
            file=data.get("file", ""),
            holder=data["holder"],
        )
    return _("%(file)s shows another account and was left out.", file=data.get("file", ""))


def _set_aside(data: NoteData, currency: str) -> str:
    return _("%(file)s was set aside: the answer rests on the other files alone.", file=data.get("file", ""))


def _movements_only(data: NoteData, currency: str) -> str:
    return _("%(file)s lists movements only and was left out.", file=data.get("file", ""))


def _file_unread(data: NoteData, currency: str) -> str:
    return _("%(file)s was left out: %(reason)s.", file=data["file"], reason=unread_words(str(data["reason"])))


def _refused(data: NoteData, currency: str) -> str:
    return _(
        "Debit attempt %(reference)s came back for want of money; the statement shows %(balance)s then.",
        reference=data["reference"],
        balance=_amount(data, "balance", currency),
    )


def _rows_elsewhere(data: NoteData, currency: str) -> str:
    return ngettext(
        "%(count)s line of %(file)s could not be read, away from the due date.",
        "%(count)s lines of %(file)s could not be read, away from the due date.",
        _count(data),
        count=_count(data),
        file=data.get("file", ""),
    )


def _unclear_elsewhere(data: NoteData, currency: str) -> str:
    return _("A part of the picture %(file)s is unclear, away from the due date.", file=data.get("file", ""))


def _columns_named(data: NoteData, currency: str) -> str:
    return _("What the columns of %(file)s mean is what the borrower said.", file=data.get("file", ""))


def _lines_covered(data: NoteData, currency: str) -> str:
    return ngettext(
        "%(count)s line of %(file)s was covered by the borrower before it was sent.",
        "%(count)s lines of %(file)s were covered by the borrower before they were sent.",
        _count(data),
        count=_count(data),
        file=data.get("file", ""),
    )


def _out_of_order(data: NoteData, currency: str) -> str:
    return _("The dates are out of order from line %(row)s of %(file)s.", row=data["row"], file=data.get("file", ""))


def _rows_repeated(data: NoteData, currency: str) -> str:
    return _("Lines of %(file)s occur twice; they were counted once.", file=data.get("file", ""))


def _count_differs(data: NoteData, currency: str) -> str:
    return _(
        "%(file)s says that it has %(declared)s bookings; %(found)s were found.",
        file=data.get("file", ""),
        declared=data["declared"],
        found=data["found"],
    )


def _totals_differ(data: NoteData, currency: str) -> str:
    return _("The totals that %(file)s states are not those of its lines.", file=data.get("file", ""))


def _unproven(data: NoteData, currency: str) -> str:
    return _("%(file)s states one balance only, so nothing in it shows whether a line is missing.", file=data["file"])


def _later_balance(data: NoteData, currency: str) -> str:
    return _("The balance in %(file)s is of a later day than its bookings.", file=data.get("file", ""))


def _image_not_read(data: NoteData, currency: str) -> str:
    return _("Pages of %(file)s are pictures that no program has read; a person will.", file=data.get("file", ""))


def _pages_missing(data: NoteData, currency: str) -> str:
    return _(
        "%(file)s has %(total)s pages by its own count; %(seen)s of them are here.",
        file=data.get("file", ""),
        total=data["total"],
        seen=data["seen"],
    )


def _pdf_editor(data: NoteData, currency: str) -> str:
    return _("%(file)s was written by %(program)s.", file=data.get("file", ""), program=data["program"])


def _pdf_changed(data: NoteData, currency: str) -> str:
    return _(
        "%(file)s was made on %(created)s and changed on %(changed)s.",
        file=data.get("file", ""),
        created=data["created"],
        changed=data["changed"],
    )


def _pdf_saved_again(data: NoteData, currency: str) -> str:
    return _("%(file)s was saved again after it was made.", file=data.get("file", ""))


def _pdf_text_hidden(data: NoteData, currency: str) -> str:
    return _("%(file)s holds text that nobody sees; it was not read.", file=data.get("file", ""))


def _pdf_text_overlaid(data: NoteData, currency: str) -> str:
    return _("In %(file)s texts lie over each other; neither was believed.", file=data.get("file", ""))


SIGNALS: Mapping[str, Words] = {
    "image_not_read": _image_not_read,
    "pages_missing": _pages_missing,
    "pdf_editor": _pdf_editor,
    "pdf_changed": _pdf_changed,
    "pdf_saved_again": _pdf_saved_again,
    "pdf_text_hidden": _pdf_text_hidden,
    "pdf_text_overlaid": _pdf_text_overlaid,
    "chain_broken": _first_break,
    "files_differ": _files_differ,
    "other_account": _other_account,
    "set_aside": _set_aside,
    "movements_only": _movements_only,
    "file_unread": _file_unread,
    "refused_though_enough": _refused,
    "rows_unreadable": _rows_elsewhere,
    "image_unclear": _unclear_elsewhere,
    "columns_named": _columns_named,
    "lines_covered": _lines_covered,
    "out_of_order": _out_of_order,
    "rows_repeated": _rows_repeated,
    "count_differs": _count_differs,
    "totals_differ": _totals_differ,
    "unproven": _unproven,
    "balance_of_later_day": _later_balance,
}
