"""Starts the reader of pictures of statements as a child process; what it answers is checked as in `sandbox.py`.

Where the extra `ocr` is not installed nothing is started: a picture is then evidence that no program has read, and
a person will.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace

from portal.evidence import sandbox
from portal.evidence.sandbox import Reading, Want

WAIT_SECONDS = 300
NOT_READ = "image_not_read"
_ENVIRONMENT = sandbox.ENVIRONMENT | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def is_installed() -> bool:
    """Is there a model to read pictures with?"""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def with_pictures_read(
    reading: Reading, name: str, data: bytes, password: str = "", want: Want | None = None
) -> Reading:
    """What the first reader found, and where it met pictures, what the reader of pictures makes of the file.

    Takes minutes for many pages and never raises for a bad file. The pages of the view copy stay as they were.
    """
    want = want or Want(pages=False, statements=True)
    if not want.statements or not can_say_more(reading):
        return reading
    seen = read_pictures(name, data, password, want)
    if seen.problem or (reading.statements and not seen.statements):
        return reading
    return replace(reading, statements=seen.statements, no_statement=seen.no_statement, columns=seen.columns)


def can_say_more(reading: Reading) -> bool:
    """Did the first reader meet pictures that the reader of pictures could read?"""
    notes = (note for statement in reading.statements for note in statement.notes)
    met = reading.no_statement == NOT_READ or any(note.code == NOT_READ for note in notes)
    return met and is_installed()


def read_pictures(name: str, data: bytes, password: str, want: Want) -> Reading:
    """Read a photo, a screenshot or a scan in a child process of its own."""
    asked = replace(want, pages=False, statements=True)
    request = json.dumps({"name": name, "password": password, "want": asdict(asked)}).encode() + b"\n"
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "portal.evidence.picture_reading"],
                input=request + data,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=WAIT_SECONDS,
                cwd=sandbox.ROOT,
                env=_ENVIRONMENT,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return sandbox.problem_of("too_long")
        if done.returncode != 0:
            return sandbox.problem_of("broken")
        answer.seek(0)
        return sandbox.parse_answer(answer, name, asked)
