"""Languages: which one a reader gets, and the catalogues.

The language of a request, or of a message's receiver, is a context variable, so that any text can be translated
where it is written. English is the source; the others come from `locales`.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from markupsafe import Markup, escape

from portal.platform.resources import resource

SOURCE = "en"
DOMAIN = "portal"

_LANGUAGE: ContextVar[str] = ContextVar("language", default=SOURCE)


# --- Texts ----------------------------------------------------------------------------------------------------


def gettext(text: str, /, **values: object) -> str:
    """A text in the reader's language, its placeholders filled."""
    return _filled(_catalogue(_LANGUAGE.get()).ugettext(text), values)


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """A text that depends on a count; `%(count)s` needs to be given as well."""
    return _filled(_catalogue(_LANGUAGE.get()).ungettext(one, many, count), values)


def pgettext(context: str, text: str, /, **values: object) -> str:
    """A text that means something else in another place."""
    return _filled(_catalogue(_LANGUAGE.get()).upgettext(context, text), values)


def npgettext(context: str, one: str, many: str, count: int, /, **values: object) -> str:
    """Both."""
    return _filled(_catalogue(_LANGUAGE.get()).unpgettext(context, one, many, count), values)


def gettext_for(language: str) -> Callable[[str], str]:
    """Texts of one language, whoever reads the page."""
    found: Callable[[str], str] = _catalogue(language).ugettext
    return found


def pgettext_for(language: str) -> Callable[[str, str], str]:
    """Texts with a context, of one language."""
    found: Callable[[str, str], str] = _catalogue(language).upgettext
    return found


class Lazy:
    """A text that is translated when it is shown, for tables of words at module level."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return gettext(self._text)

    def __mod__(self, values: object) -> str:
        return str(self) % values

    def __html__(self) -> str:
        return str(escape(str(self)))


def lazy(text: str) -> Lazy:
    """Mark a text at module level for translation."""
    return Lazy(text)


def _filled(text: str, values: dict[str, object]) -> str:
    return text % values if values else text


# --- Texts in templates ---------------------------------------------------------------------------------------


def _markup(text: str, values: Mapping[str, object]) -> Markup:
    return Markup(text % {name: escape(value) for name, value in values.items()})  # noqa: S704 - a text of ours


def in_page(text: str, /, **values: object) -> Markup:
    """A text of ours, in the reader's language already, as part of a page: an element among the values stays one."""
    return _markup(text, values)


def _gettext(text: str, /, **values: object) -> Markup:
    return _markup(_catalogue(_LANGUAGE.get()).ugettext(text), values)


def _ngettext(one: str, many: str, num: int, /, **values: object) -> Markup:
    return _markup(_catalogue(_LANGUAGE.get()).ungettext(one, many, num), {"num": num, **values})


def _pgettext(context: str, text: str, /, **values: object) -> Markup:
    return _markup(_catalogue(_LANGUAGE.get()).upgettext(context, text), values)


def _npgettext(context: str, one: str, many: str, num: int, /, **values: object) -> Markup:
    return _markup(_catalogue(_LANGUAGE.get()).unpgettext(context, one, many, num), {"num": num, **values})


TEMPLATE_TEXTS: Mapping[str, Callable[..., Markup]] = {
    "_": _gettext,
    "gettext": _gettext,
    "ngettext": _ngettext,
    "pgettext": _pgettext,
    "npgettext": _npgettext,
}
"""What templates call: texts are markup, their values are escaped, and a percent sign is always written twice.

The same as Jinja's own functions of the new style, which make a context anew for every text inside a loop.
"""


# --- Languages ------------------------------------------------------------------------------------------------


def language() -> str:
    """The language that is spoken now."""
    return _LANGUAGE.get()


def speak(chosen: str) -> None:
    """Speak this language for the rest of the request."""
    _LANGUAGE.set(chosen)


def sentences(*texts: str) -> Markup:
    """Whole sentences one after the other, as the reader's language sets them: Chinese leaves no gap."""
    gap = Markup("") if language().startswith(("zh", "ja")) else Markup(" ")
    return gap.join(text for text in texts if text)


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Speak a language inside the block: that of a message's receiver."""
    token = _LANGUAGE.set(chosen)
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


@cache
def available() -> tuple[str, ...]:
    """The languages that the portal has texts for."""
    found = {path.parent.parent.name for path in resource("locales").glob(f"*/LC_MESSAGES/{DOMAIN}.[mp]o")}
    return (SOURCE, *sorted(found - {SOURCE}))


def choose(wanted: Iterable[str], offered: tuple[str, ...]) -> str:
    """The first wanted language that is offered, itself or its wider form (`zh-Hant-HK`, `zh-Hant`, `zh`).

    Where none is, the lender's first; where the portal has no texts of that, English.
    """
    known = {tag.lower(): tag for tag in offered if tag in available()}
    for tag in wanted:
        parts = tag.replace("_", "-").lower().split("-")
        for length in range(len(parts), 0, -1):
            if (found := known.get("-".join(parts[:length]))) is not None:
                return found
    return next(iter(known.values()), SOURCE)


def accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the dearest first."""
    weighed = []
    for place, part in enumerate(header[:300].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, tag))
        except ValueError:
            continue
    return [tag for weight, _, tag in sorted(weighed) if weight < 0 and tag and tag != "*"]


@cache
def native_name(tag: str) -> str:
    """What the speakers of a language call it."""
    if tag == "zh":
        return "简体中文"
    name = Locale.parse(tag, sep="-").get_display_name(tag.replace("-", "_")) or tag
    return name[0].upper() + name[1:]


@cache
def direction(tag: str) -> str:
    """`ltr` or `rtl`."""
    return str(Locale.parse(tag, sep="-").text_direction)


# --- Catalogues -----------------------------------------------------------------------------------------------


@cache
def _catalogue(tag: str) -> Any:
    folder = resource("locales") / tag / "LC_MESSAGES"
    source, compiled = folder / f"{DOMAIN}.po", folder / f"{DOMAIN}.mo"
    if source.is_file():
        return _compiled(source, tag)  # in a checkout a compiled one may be older
    if compiled.is_file():
        with compiled.open("rb") as file:
            return Translations(file, DOMAIN)
    return NullTranslations()


def _compiled(source: Path, tag: str) -> Translations:
    with source.open("rb") as file:
        messages = read_po(file, locale=tag)
    written = io.BytesIO()
    write_mo(written, messages)
    written.seek(0)
    return Translations(written, DOMAIN)
