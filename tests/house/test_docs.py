"""What the docs list and what there is are the same: events, settings, commands."""

import re
from pathlib import Path

import typer

from portal.cli import app
from portal.desk.event_labels import EVENTS
from portal.platform.settings import GROUPS, Settings
from tests.house import events_page, interactions_page

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATION = (ROOT / "docs/operation.md").read_text(encoding="utf-8")


def test_the_page_of_events_is_up_to_date() -> None:
    assert events_page.PAGE.read_text(encoding="utf-8") == events_page.page(), events_page.__doc__


def test_the_page_of_interactions_is_up_to_date() -> None:
    assert interactions_page.PAGE.read_text(encoding="utf-8") == interactions_page.page(), interactions_page.__doc__


def test_no_two_events_share_a_name() -> None:
    kinds = [event.kind for _, event in events_page.events()]
    assert len(kinds) == len(set(kinds))
    assert all(event.__doc__ for _, event in events_page.events())


def test_every_event_has_its_words_on_the_pages_of_the_log() -> None:
    assert set(EVENTS) == {event.kind for _, event in events_page.events()}


def test_every_setting_is_in_the_readme_and_every_one_there_exists() -> None:
    named = {f"PORTAL_{name.upper()}" for name in Settings.model_fields if name not in ("lender", *GROUPS)}
    named |= {f"PORTAL_{group.upper()}_{name.upper()}" for group in GROUPS for name in GROUPS[group].model_fields}
    told = set(re.findall(r"PORTAL_[A-Z_]+", README))
    table = README.partition("| variable |")[2].partition("\n\n")[0]
    for group, names in re.findall(r"`(PORTAL_[A-Z]+)_[A-Z]+`((?:, `_[A-Z_]+`)+)", table):
        told |= {f"{group}{name}" for name in re.findall(r"`(_[A-Z_]+)`", names)}
    assert named == told


def test_every_command_is_told_of_and_every_one_told_of_exists() -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    told = set(re.findall(r"portal ([a-z][a-z-]+)", f"{README}\n{OPERATION}"))
    assert commands <= told | {"demo"}, commands - told
    shell = re.findall(r"bin/portal ([a-z-]+)", f"{README}\n{OPERATION}")
    assert set(shell) <= commands
