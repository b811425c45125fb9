"""What a person called a file, made safe to show as text (security.md EV-07). It never becomes a path."""

import unicodedata

MAX_LENGTH = 100
_UNSHOWN = frozenset(("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"))


def clean_name(given: str) -> str:
    """At most 100 characters without folders, controls or marks that turn the reading direction; never empty."""
    normal = unicodedata.normalize("NFC", given)
    last = normal.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(" " if char.isspace() else char for char in last if unicodedata.category(char) not in _UNSHOWN)
    name = " ".join(shown.split()).strip(". ")
    if len(name) > MAX_LENGTH:
        stem, dot, ending = name.rpartition(".")
        keep = MAX_LENGTH - len(ending) - 2
        name = f"{stem[:keep]}…{dot}{ending}" if dot and keep > 0 else name[:MAX_LENGTH]
    return name or "file"
