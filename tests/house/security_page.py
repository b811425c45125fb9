"""The security requirements and the tests that hold them, as docs/security-requirements.md shows them.

A test holds a requirement by naming its number in its docstring, a file of tests by naming it in the file's.
`python -m tests.house.security_page` writes the page anew.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.sources import ROOT

FILE = ROOT / "docs" / "security-requirements.md"
NUMBER = re.compile(r"\b([A-Z]{2})-(\d{2})(?: to (?:\1-)?(\d{2}))?\b")

HEAD = """# Security requirements and the tests that hold them

Made from the tests by `python -m tests.house.security_page`; a test compares it with them. A drill is long or
statistical and runs by `make drills`; most drills have a short version in the suite. What is open or not yet held
says why.
"""

AREAS = {
    "SL": "Links, recipient check, disclosure",
    "SB": "Session and browser",
    "EV": "Evidence",
    "ST": "Staff, authorisation, audit",
    "MO": "Money, effects that happen once",
    "RE": "Durability and operation",
    "CF": "Build and configuration",
}

REQUIREMENTS = {
    "SL-01": "Opening a link changes nothing, whoever opens it",
    "SL-02": "Nothing is decided by the kind of browser",
    "SL-03": "Before the check a page tells nothing, the same for every link",
    "SL-04": "A text message names no debt and fits two segments",
    "SL-05": "A link's reference has 128 random bits and is stored as a hash",
    "SL-06": "A token carries no data",
    "SL-07": "Forged, expired, foreign and altered tokens are refused",
    "SL-08": "Another writing of a used token is the same token",
    "SL-09": "Signatures are SHA-256 with a salt a purpose; keys rotate",
    "SL-10": "Expiry lies in the row; a minute of skew is forgiven",
    "SL-11": "A code has six digits, ten minutes, one use, one session",
    "SL-12": "Five wrong codes a challenge, three challenges an hour, fifteen wrong a day",
    "SL-13": "Five wrong answers end the link, never the person; same words, same time",
    "SL-14": "A known browser is not locked out by a thief",
    "SL-15": "Limits count the true address",
    "SL-16": "Limits outlive a restart and parallel tries",
    "SL-17": "Links and redirects lead to the configured origin only",
    "SL-18": "The route decides, never the address as the client wrote it",
    "SL-19": "A token is in no log, row, referrer or page",
    "SL-20": "Search engines keep nothing",
    "SL-21": '"Not me" stops reminders; old numbers are confirmed again',
    "SL-22": "Reminders keep their hours and their number a day, judged when sent",
    "SL-23": "Asking for a link tells nothing and has its limits",
    "SB-01": "A session that ended is over at once",
    "SB-02": "A new session id at each stage; none can be planted",
    "SB-03": "Cookies are __Host-, Secure, HttpOnly, SameSite",
    "SB-04": "Fifteen minutes idle, twelve hours in all",
    "SB-05": "What was typed outlives a session's end",
    "SB-06": "Personal pages are not cached",
    "SB-07": "Signing out leaves nothing to go back to",
    "SB-08": "The browser's storage keeps nothing",
    "SB-09": "Every unsafe form needs its own token, from our own page",
    "SB-10": "Referrers stay on this origin",
    "SB-11": "A strict content policy, without inline script",
    "SB-12": "Security headers on everything",
    "SB-13": "Stored text never comes alive",
    "SB-14": "Nothing comes from another host",
    "EV-01": "Too much is refused before it is read",
    "EV-02": "A file is one thing: PDF, JPEG, PNG or HEIC",
    "EV-03": "Pictures have limits and are read in a sandbox",
    "EV-04": "The view copy is a fresh canvas",
    "EV-05": "Place and device are gone before staff look",
    "EV-06": "A PDF that acts is refused",
    "EV-07": "The stored name is ours",
    "EV-08": "A served file cannot act",
    "EV-09": "Every opening asks whose it is",
    "EV-10": "A virus scan before anybody opens a file",
    "EV-11": "Each file is encrypted by itself",
    "EV-12": "Quotas hold at once",
    "EV-13": "A file and its row belong together",
    "EV-14": "An upload goes on after the network broke",
    "EV-15": "The same file twice is one",
    "EV-16": "Card numbers are masked",
    "EV-17": "Keeping time, and what deleting takes",
    "ST-01": "Route by role, generated and replayed",
    "ST-02": "What is somebody else's is not there",
    "ST-03": "No column is set by naming it",
    "ST-04": "Four eyes, held by the database",
    "ST-05": "Authority is judged on the whole effect, today",
    "ST-06": "The second person confirms what the first one saw",
    "ST-07": "Of many decisions at once one takes effect",
    "ST-08": "Final states are final",
    "ST-09": "Staff sign in with two factors, and again for what matters",
    "ST-10": "No credential opens another door",
    "ST-11": "Disabling acts on the next request",
    "ST-12": "Reading personal data is logged",
    "ST-13": "The audit row is in the change's transaction and stays",
    "ST-14": "Every tampering with the audit log is found",
    "ST-15": "Exports neutralise formulas",
    "ST-16": "A log cannot be forged and holds no secret",
    "ST-17": "Staff see nothing that opens an account",
    "MO-01": "Double entry",
    "MO-02": "Facts never change",
    "MO-03": "Whole minor units everywhere",
    "MO-04": "What is due is always computed",
    "MO-05": "A schedule adds up",
    "MO-06": "A payment is allocated in full",
    "MO-07": "Days and zones",
    "MO-08": "A form that is sent twice acts once",
    "MO-09": "A key counts for its actor, action and object",
    "MO-10": "A fault before or after the commit, and a retry: one effect",
    "MO-11": "Text messages through an outbox, never twice unawares",
    "MO-12": "Incoming payment events count once",
    "MO-13": "A proof that names every damage",
    "MO-14": "Amounts are recomputed on the server",
    "MO-15": "What is disputed is not chased",
    "MO-16": "Mutation tests of the money",
    "RE-01": "SQLite keeps what it acknowledged",
    "RE-02": "Writers take turns from the start",
    "RE-03": "PostgreSQL keeps what it acknowledged, and has limits",
    "RE-04": "Kill -9 of the portal",
    "RE-05": "Power loss",
    "RE-06": "Disk full",
    "RE-07": "The database is cut off mid-request",
    "RE-08": "Slow clients",
    "RE-09": "A backup comes back, a bad one is refused",
    "RE-10": "Every released schema upgrades",
    "RE-11": "Old code on a new schema",
    "RE-12": "Clocks that differ",
    "RE-13": "A stopping server finishes what it has in hand",
    "RE-14": "/healthz and /readyz tell the truth",
    "RE-15": "A job runs once, and again if its process died",
    "RE-16": "Memory stays flat",
    "CF-01": "Versions that advisories ask for",
    "CF-02": "An audit that was skipped is a failure",
    "CF-03": "Unsafe configuration does not start",
    "CF-04": "An error tells a reference and nothing else",
    "CF-05": "Scanners find nothing",
    "CF-06": "A person's data can be given out and erased",
    "CF-07": "Test data is invented, no secret is in the repository",
    "CF-08": "Locked by hash",
}

OPEN = {
    "SL-21": "asking again for a number after 60 days comes with the rule packs that want it",
    "ST-08": "the random walks take hundreds of steps, not ten thousand",
    "ST-09": "staff sign in with password and authenticator; passkeys come later",
    "ST-12": "nothing warns yet of one person who reads many cases",
    "ST-15": "the only exports are files for the lender's own system and a borrower's own receipt",
    "MO-01": "there is no journal: facts and what follows from them take its place, see MO-04",
    "MO-02": "as MO-01; that a changed row is a new version is part of the tests of the import",
    "MO-12": "payments come by import alone, whose references count once; there are no callbacks yet",
    "MO-14": "no form carries an amount that is believed: what is agreed is computed anew when it is sent",
    "MO-16": "no mutation run yet",
    "RE-05": "not drilled on the portal itself; its database settings are those that the measurements asked for",
    "RE-06": "SQLite only, by a limit of the file; a full disk below PostgreSQL is not drilled",
    "RE-08": "the shipped nginx configuration cuts slow clients off; not drilled",
    "RE-10": "there is no released schema to upgrade from yet",
    "RE-11": "there is no release before this one",
    "RE-14": "a damaged audit log is told within an hour of the damage, not within seconds",
    "RE-16": "not drilled",
    "CF-02": "no audit of advisories is run; versions are held by CF-01",
    "CF-05": "ruff's security rules run with every check; no scanner is run against the served portal yet",
    "CF-06": "giving out and erasing a person's data comes later",
    "CF-07": "demo and tests are invented; no scan for secrets yet",
}
"""What is not held yet, or not to the full, and why."""


@dataclass(frozen=True)
class Holder:
    """A test, or a file of tests where `name` is empty, that names requirements."""

    file: str
    name: str
    is_drill: bool

    def __str__(self) -> str:
        what = f"`{self.file}`" + (f" {self.name}" if self.name else "")
        return f"{what} (drill)" if self.is_drill else what


def numbers_in(text: str) -> Iterator[str]:
    """The numbers that a docstring names, ranges written out."""
    for match in NUMBER.finditer(text):
        first = int(match[2])
        for number in range(first, int(match[3] or first) + 1):
            yield f"{match[1]}-{number:02}"


def holders() -> dict[str, list[Holder]]:
    """Which tests name which requirement."""
    found: dict[str, list[Holder]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for holder, text in _docstrings(path):
            for number in dict.fromkeys(numbers_in(text)):
                found.setdefault(number, []).append(holder)
    return found


def _docstrings(path: Path) -> Iterator[tuple[Holder, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    file = path.relative_to(ROOT / "tests").as_posix()
    yield Holder(file, "", False), ast.get_docstring(tree) or ""
    for node in ast.walk(tree):
        is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if isinstance(node, ast.FunctionDef) and is_test:
            marks = [ast.unparse(each) for each in node.decorator_list]
            words = node.name.removeprefix("test_").replace("_", " ")
            yield Holder(file, words, "pytest.mark.drill" in marks), ast.get_docstring(node) or ""


def text() -> str:
    """The page."""
    held = holders()
    lines = [HEAD]
    for area, title in AREAS.items():
        lines += [f"## {title}", "", "| Number | What it asks | Held by |", "|---|---|---|"]
        for number, asks in REQUIREMENTS.items():
            if number.startswith(area):
                by = "; ".join(map(str, held.get(number, [])))
                reason = f"{'open' if by else 'not yet'}: {OPEN[number]}" if number in OPEN else ""
                lines.append(f"| {number} | {asks} | {'; '.join(filter(None, (by, reason)))} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write the page."""
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
