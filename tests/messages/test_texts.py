"""The words of text messages: whose language, what a stranger may read, how long they are."""

import re

import pytest

from portal.messages.texts import CONTACTS, TEMPLATES, WITH_LINK, Text, mask_secrets, render_text, segments

VALUES = {
    "link": "https://portal.lender-example.com/l/" + "a1B2-_c3D4e",
    "phone": "400-800-1234",
    "code": "482916",
    "minutes": "10",
    "word_one": "river",
    "word_two": "lamp",
    "host": "portal.exa.com",
    "number": "4K7-2GH",
}
CHINESE_WORDS = {"word_one": "春风", "word_two": "木桥"}
NAMES = {"en": "Example Lending.", "zh": "示例消费金融"}
# words.md 1, list L: never where a stranger can read it.
GIVES_AWAY = {
    "zh": "贷|借|还款|欠|债|逾期|到期|账单|分期|扣款|罚|违约|金额|余额|[¥￥$€]",
    "en": r"\b(loan|debt|credit|due|overdue|arrears|pay|repay|instalment|balance|penalty|owe|amount)\w*|[¥$€]",
}


def text(template: str, language: str) -> Text:
    """A template as it would be sent, with values of the lengths that words.md counts with."""
    values = VALUES | (CHINESE_WORDS if language == "zh" else {})
    return render_text(template, language, NAMES[language], values)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_text_is_one_segment_and_neutral(template: str, language: str) -> None:
    """One segment each; no debt, amount, loan or person; the sender is named once (SL-04)."""
    sent = text(template, language)
    assert segments(sent.whole) == 1, (len(sent.whole), sent.whole)
    assert sent.whole.count(NAMES[language]) == 1
    body = sent.body.replace(NAMES[language], "")
    assert not re.search(GIVES_AWAY[language], body, re.IGNORECASE)
    assert not re.search("[“”‘’—–…]", body.replace("页面上应有：", ""))
    assert ("http" in body) == (template in WITH_LINK)
    assert ("482916" in body) == (template == "sms.code")
    assert "%" not in body


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_code_is_bound_to_the_host(language: str) -> None:
    """The last line lets a phone fill in the code on our own pages only."""
    assert text("sms.code", language).whole.splitlines()[-1] == "@portal.exa.com #482916"


def test_the_words_are_the_receivers() -> None:
    """Word for word; Chinese ones leave the name to the signature."""
    assert text("sms.answer", "en").whole == (
        "Example Lending.: there is an answer to your request 4K7-2GH. Read it here: " + VALUES["link"]
    )
    assert text("sms.answer", "zh").whole == "【示例消费金融】4K7-2GH已有答复：" + VALUES["link"]


def test_an_unknown_language_falls_back_to_english() -> None:
    """No text is ever missing."""
    assert "personal message" in render_text("sms.news", "fr", "Name", VALUES).body


@pytest.mark.parametrize(
    ("sent", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("字" * 70, 1),
        ("字" * 71, 2),
        ("字" * 134, 2),
        ("字" * 135, 3),
        ("’" + "a" * 70, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments(sent: str, count: int) -> None:
    """GSM-7 160 and 153, the euro sign twice; everything else UCS-2 70 and 67, by code units."""
    assert segments(sent) == count


def test_the_diary_shows_no_secret() -> None:
    """The words stay, link and code go."""
    sent = text("sms.code", "en")
    masked = mask_secrets(sent.whole, {"code": "482916"})
    assert "482916" not in masked
    assert masked.startswith("Example Lending.: code ••••••")


def test_only_reminders_and_questions_of_ours_wait_for_the_window() -> None:
    """Codes, links and answers were asked for (SL-22)."""
    assert {"sms.code", "sms.link", "sms.answer"}.isdisjoint(CONTACTS)
