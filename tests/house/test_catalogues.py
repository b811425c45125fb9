"""Every catalogue is complete, agrees with the sources, and its translations fit their placeholders."""

import re

import pytest
from babel.messages.catalog import Catalog, Message

from scripts.messages import LANGUAGES, catalogue_path, differences, extract, read
from tests.house.words_list import SAME_IN_BOTH

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language that must be complete."""
    return str(request.param)


@pytest.fixture(scope="module")
def catalogue(language: str) -> Catalog:
    """Its catalogue."""
    assert catalogue_path(language).is_file(), f"there is no catalogue for {language}"
    return read(language)


def messages(catalogue: Catalog) -> list[Message]:
    """The texts of a catalogue without its header."""
    return [message for message in catalogue if message.id]


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """The one form of a text, or its plural forms."""
    return [text] if isinstance(text, str) else list(text or ())


def test_catalogue_holds_what_the_sources_use_and_no_more(catalogue: Catalog) -> None:
    found = list(differences(extract(), catalogue))
    assert not found, "run make messages:\n" + "\n".join(found)


def test_every_text_is_translated(catalogue: Catalog) -> None:
    empty = [message.id for message in messages(catalogue) if not all(forms(message.string or ""))]
    assert not empty, "\n".join(map(str, empty))


def test_no_translation_is_a_guess(catalogue: Catalog) -> None:
    fuzzy = [message.id for message in messages(catalogue) if message.fuzzy]
    assert not fuzzy, "\n".join(map(str, fuzzy))
    assert not catalogue.obsolete


def test_plurals_have_as_many_forms_as_the_language(catalogue: Catalog) -> None:
    wrong = [
        message.id
        for message in messages(catalogue)
        if message.pluralizable and len(forms(message.string)) != catalogue.num_plurals
    ]
    assert not wrong, wrong


def test_translations_add_no_placeholder(catalogue: Catalog) -> None:
    wrong = [
        f"{message.id}: {translated}"
        for message in messages(catalogue)
        for translated in forms(message.string)
        if set(PLACEHOLDER.findall(translated)) - set(PLACEHOLDER.findall(" ".join(forms(message.id))))
    ]
    assert not wrong, "\n".join(wrong)


def test_texts_hold_no_markup_and_no_bare_percent_sign(catalogue: Catalog) -> None:
    wrong = [
        text
        for message in messages(catalogue)
        for text in (*forms(message.id), *forms(message.string))
        if re.search(r"</?[a-zA-Z]", text) or (re.search(r"%(?![(%])", text.replace("%%", "")) and "%(" in text)
    ]
    assert not wrong, "\n".join(wrong)


def test_translations_are_in_their_language(catalogue: Catalog) -> None:
    same = [
        str(message.id)
        for message in messages(catalogue)
        if message.string == message.id
        and message.id not in SAME_IN_BOTH
        and re.search("[A-Za-z]{2}", PLACEHOLDER.sub("", str(message.id)))
    ]
    assert not same, f"translate, or add to SAME_IN_BOTH: {same}"
