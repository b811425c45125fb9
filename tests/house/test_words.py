"""The linter of our wording: it reads every text of the catalogues in both languages."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from scripts.messages import LANGUAGES, read
from tests.house.words_list import (
    ALLOWED,
    BEFORE_CHECK,
    BEFORE_CHECK_CONTEXTS,
    BEFORE_CHECK_PLACES,
    CAPITALS,
    DOCUMENTS,
    NEVER,
    Rule,
)

HAN = r"[\u3400-\u9fff]"
PLACEHOLDER = r"%\(\w+\)[sd]"


@dataclass(frozen=True)
class Text:
    """One text as a reader meets it."""

    language: str
    words: str
    context: str
    places: tuple[str, ...]

    @property
    def is_before_check(self) -> bool:
        """Whether a stranger may read it."""
        return self.context.split(".")[0] in BEFORE_CHECK_CONTEXTS or any(
            re.search(BEFORE_CHECK_PLACES, place) for place in self.places
        )


def texts() -> Iterator[Text]:
    """Every text of every catalogue, the English source beside each translation."""
    for language in LANGUAGES:
        for message in read(language):
            if not message.id:
                continue
            places = tuple(place for place, _ in message.locations)
            for tongue, forms in (("en", message.id), (language, message.string or "")):
                for form in (forms,) if isinstance(forms, str) else forms:
                    yield Text(tongue, form, message.context or "", places)


def plain(words: str) -> str:
    """Lower case, after NFKC, without placeholders, allowed pieces, and tricks between Han characters."""
    text = unicodedata.normalize("NFKC", words).lower()
    for piece in ALLOWED:
        text = text.replace(piece, "")
    text = re.sub(PLACEHOLDER, "\ufffc", text)
    return re.sub(rf"(?<={HAN})[^\w\ufffc。,;:?!、()《》“”]+(?={HAN})", "", text)


def complaints(text: Text) -> Iterator[str]:
    """Every rule that a text breaks."""
    words = plain(text.words)
    rules: list[Rule] = [*NEVER, *(rule for rule in DOCUMENTS if not text.context.startswith(rule.contexts))]
    if text.is_before_check:
        rules += BEFORE_CHECK
    for rule in rules:
        if rule.language in {text.language, "any"} and (found := rule.find(words)):
            yield f"«{text.words[:70]}»: «{found}»: {rule.why}"
    yield from setting(text)


def setting(text: Text) -> Iterator[str]:
    """How a text is set: marks and spaces in Chinese, capitals in English."""
    bare = re.sub(PLACEHOLDER, "", text.words)
    if text.language == "zh":
        if re.search(rf"{HAN}[,;:?!]", bare):
            yield f"«{text.words[:70]}»: half-width marks in Chinese text"
        if re.search(rf"{HAN} +[\w%]|[A-Za-z0-9] +{HAN}", text.words):
            yield f"«{text.words[:70]}»: a space between Han and other characters"
    elif text.language == "en":
        yield from (
            f"«{text.words[:70]}»: capitals for stress: {word}"
            for word in re.findall(r"\b[A-Z]{4,}\b", bare)
            if word not in CAPITALS
        )


def test_no_text_breaks_a_rule_of_wording() -> None:
    found = [complaint for text in texts() for complaint in complaints(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", "我们会上门"),
        ("zh", "催 收部门"),
        ("zh", "催*收"),
        ("zh", "请立即还清"),
        ("zh", "联系您的家人"),
        ("zh", "你好"),
        ("en", "Please pay the sum at once."),
        ("en", "ＦＩＮＡＬ ＷＡＲＮＩＮＧ"),
        ("en", "We will contact your employer."),
        ("en", "You don't owe anything."),
        ("en", "Thank you!"),
        ("en", "READ this."),
    ],
)
def test_linter_finds(language: str, words: str) -> None:
    assert list(complaints(Text(language, words, "", ())))


@pytest.mark.parametrize(
    ("language", "words", "context"),
    [
        ("zh", "我们不会联系您的家人", ""),
        ("zh", "您可以向警方报案", ""),
        ("en", "We stop reminders at once.", ""),
        ("en", "We do not contact your employer.", ""),
        ("zh", "您有一条信息需要本人查看：%(link)s", "sms.news"),
        ("en", "The fee is due on %(date)s.", "account.due"),
    ],
)
def test_linter_lets_pass(language: str, words: str, context: str) -> None:
    assert not list(complaints(Text(language, words, context, ())))


def test_no_debt_is_named_where_a_stranger_reads() -> None:
    assert list(complaints(Text("en", "Your payment is due", "sms.news", ())))
    assert list(complaints(Text("zh", "您的贷款", "", ("templates/access/landing.html",))))
