"""The words of text messages, in the receiver's language, and how many segments they take.

A text names no debt, amount, loan or person, since a stranger may read it on a locked screen (security.md SL-04);
a code and a link never share one. English ones name the sender themselves; where a language's text does not, the
network or the gateway puts the signature, 【name】, in front. Quotes stay straight: one curly mark would turn 160
characters into 70.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from portal.platform.i18n import pgettext_for

TEMPLATES = ("sms.news", "sms.today", "sms.code", "sms.answer", "sms.question", "sms.link")
WITH_LINK = frozenset(TEMPLATES) - {"sms.code"}
CONTACTS = frozenset(("sms.news", "sms.today", "sms.question"))
"""What counts as a contact about a debt, and so waits for the window and the cap; the rest was asked for."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Text:
    """A rendered text message. `signature` is empty where the text itself names the sender."""

    body: str
    signature: str

    @property
    def whole(self) -> str:
        """What the phone shows."""
        return self.signature + self.body


def render_text(template: str, language: str, public_name: str, values: Mapping[str, str]) -> Text:
    """The text of a template in a language; `values` are link, phone, code, number and so on, as strings."""
    pattern = _patterns(pgettext_for(language))[template]
    named = "%(public_name)s" in pattern
    body = pattern % {"public_name": public_name, **values}
    return Text(body, "" if named else f"【{public_name}】")


def _patterns(pgettext: Callable[[str, str], str]) -> dict[str, str]:
    return {
        "sms.news": pgettext(
            "sms.news",
            "%(public_name)s: we have a personal message for you. We first check that it is you: "
            "%(link)s Questions: %(phone)s",
        ),
        "sms.today": pgettext(
            "sms.today",
            "%(public_name)s: we have a message for you. Please read it today, before midnight: "
            "%(link)s Questions: %(phone)s",
        ),
        "sms.code": pgettext(
            "sms.code",
            "%(public_name)s: code %(code)s, good for %(minutes)s min. "
            "The page must show: %(word_one)s %(word_two)s. Tell it to nobody.\n@%(host)s #%(code)s",
        ),
        "sms.answer": pgettext(
            "sms.answer",
            "%(public_name)s: there is an answer to your request %(number)s. Read it here: %(link)s",
        ),
        "sms.question": pgettext(
            "sms.question",
            "%(public_name)s: we need one more thing for your request %(number)s. See what: %(link)s",
        ),
        "sms.link": pgettext(
            "sms.link",
            "%(public_name)s: here is the link you asked for, good for 7 days: %(link)s Not you? Ignore it.",
        ),
    }


def segments(text: str) -> int:
    """How many segments a text is charged as: GSM-7 160, or 153 each; UCS-2 70, or 67 each."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        length, alone, joined = len(text) + sum(char in _EXTENDED for char in text), 160, 153
    else:
        length, alone, joined = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= alone else ceil(length / joined)


def mask_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """The text as the diary keeps it: link references and codes as dots."""
    for secret in secrets.values():
        if secret:
            text = text.replace(secret, "•" * 6)
    return text
