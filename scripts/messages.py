"""Bring the catalogues up to date: extract the texts, merge them into each language and compile.

With --check nothing is written and the exit code is 1 where the catalogues lag behind the sources.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
MAPPING = ROOT / "babel.cfg"
LOCALES = ROOT / "locales"
LANGUAGES = ("zh",)  # English is the source and needs no catalogue
WIDTH = 110
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy": None}
COMMENT_TAGS = ("Translators:",)


def main() -> int:
    """Update every catalogue, or with --check tell which text is not in them yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a catalogue lags behind")
    parser.add_argument("--take", nargs="+", type=Path, default=[], help="zh only: .po files to take translations from")
    arguments = parser.parse_args()
    template = extract()
    lagging = [language for language in LANGUAGES if list(differences(template, read(language)))]
    if arguments.check:
        print("\n".join(f"{catalogue_path(language)} lags behind: run make messages" for language in lagging))
        return 1 if lagging else 0
    for language in LANGUAGES:
        update(language, template, arguments.take if language == "zh" else [])
    return 0


def extract() -> Catalog:
    """All texts of the code and the templates, with the places they come from."""
    template = Catalog(project="repayment-portal", charset="utf-8")
    with MAPPING.open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file, filename=str(MAPPING))  # type: ignore[no-untyped-call]
    found = extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, comment_tags=COMMENT_TAGS, strip_comment_tags=True
    )
    for place, line, message, comments, context in found:
        template.add(message, None, [(Path(place).as_posix(), line)], auto_comments=comments, context=context)
    return template


def read(language: str) -> Catalog:
    """The catalogue of a language; empty where there is none yet."""
    path = catalogue_path(language)
    if not path.is_file():
        return Catalog(locale=language, project="repayment-portal", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def differences(template: Catalog, catalogue: Catalog) -> Iterator[str]:
    """Texts that are in the sources and not in the catalogue, or the other way round."""
    wanted = {(message.context, str(message.id)) for message in template if message.id}
    there = {(message.context, str(message.id)) for message in catalogue if message.id}
    yield from (f"missing: {text}" for _, text in sorted(wanted - there, key=str))
    yield from (f"no longer used: {text}" for _, text in sorted(there - wanted, key=str))


def update(language: str, template: Catalog, sources: Sequence[Path] = ()) -> None:
    """Merge new texts into a language without guessing, drop what is not used, write .po and .mo.

    Translations of the files in `sources` fill what has none yet.
    """
    catalogue = read(language)
    created = catalogue.creation_date
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    say_what_it_is(catalogue, created)
    for source in sources:
        take(catalogue, source)
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=WIDTH, sort_by_file=True, include_lineno=False, omit_header=False)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    missing = sum(1 for message in catalogue if message.id and not message.string)
    print(f"{language}: {len(catalogue)} texts" + (f", {missing} without translation" if missing else ""))


def say_what_it_is(catalogue: Catalog, created: datetime | str) -> None:
    """A plain header without placeholders; its dates stay, so that only texts make a difference."""
    catalogue.header_comment = "# The portal's texts; English is their source. `make messages` keeps this file."
    catalogue.fuzzy = False
    catalogue.project, catalogue.version = "repayment", "portal"
    catalogue.creation_date = catalogue.revision_date = created
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = ""


def take(catalogue: Catalog, source: Path) -> None:
    """Fill what is not translated yet from another .po file."""
    with source.open("rb") as file:
        offered = read_po(file, locale=catalogue.locale)
    for message in catalogue:
        found = offered.get(message.id, message.context) if message.id else None
        if found and found.string and not any(message.string or ()):
            message.string = found.string


def catalogue_path(language: str) -> Path:
    """Where the catalogue of a language lives."""
    return LOCALES / language / "LC_MESSAGES" / "portal.po"


if __name__ == "__main__":
    sys.exit(main())
