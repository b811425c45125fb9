"""The sandboxed reader of pictures of statements, run as a child process: `python -m portal.evidence.picture_reading`.

It speaks as `reading.py` does, and only of statements: the view copy has been made by then. A local model needs more
memory and time than the other readers, so it gets a process of its own; the network is left all the same. Nothing
here may be imported by the portal itself: `picture_sandbox.py` starts it.
"""

import json
import os
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from portal.core.card_numbers import masked
from portal.evidence.file_kinds import hides_another_file, kind_of
from portal.evidence.reading import Unreadable, check_pdf, confine

MEMORY_BYTES = 2 * 1024 * 1024 * 1024
CPU_SECONDS = 180
MOST_COLUMNS, MOST_HEADER_TEXT, MOST_SAMPLE_TEXT = 80, 60, 24


def main() -> None:
    """Read the request, answer it, and leave; any failure of a library is the plain answer "broken"."""
    confine(MEMORY_BYTES, CPU_SECONDS)
    if sys.platform != "win32":
        os.nice(10)  # pages are served meanwhile
    warnings.simplefilter("ignore")
    request = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    told = b""
    try:
        kind = taken(request["name"], data, request["password"])
        answer, told = statements(kind, data, request)
    except Unreadable as problem:
        answer = {"problem": problem.code}
    except MemoryError:
        answer = {"problem": "too_large"}
    except Exception:
        answer = {"problem": "broken"}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + told)
    sys.stdout.buffer.flush()


def taken(name: str, data: bytes, password: str) -> str:
    """The kind of a file that may be read; raises `Unreadable`. The same gate as for the view copy."""
    kind = kind_of(name, data)
    if kind is None:
        raise Unreadable("wrong_type")
    if hides_another_file(kind, data):
        raise Unreadable("two_files")
    if kind == "pdf":
        check_pdf(data, password)
    return kind


def statements(kind: str, data: bytes, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The statements on the picture as JSON, or why there are none."""
    from portal.evidence.statements import pictures
    from portal.evidence.statements.outcomes import ColumnsUnknown, NotAStatement
    from portal.evidence.statements.wire import to_json

    head: dict[str, Any] = {"kind": kind, "pages": []}
    try:
        found = pictures.read(
            request["name"],
            kind,
            data,
            password=request["password"],
            columns=request["want"]["columns"],
            currency=request["want"]["currency"],
            covered=request["want"]["covered"],
        )
    except NotAStatement as outcome:
        return head | {"no_statement": outcome.code}, b""
    except ColumnsUnknown as unknown:
        header = [masked(cell)[:MOST_HEADER_TEXT] for cell in unknown.header[:MOST_COLUMNS]]
        samples = [[masked(cell)[:MOST_SAMPLE_TEXT] for cell in row[:MOST_COLUMNS]] for row in unknown.samples]
        asked = {"header": header, "missing": list(unknown.missing), "samples": samples}
        return head | {"no_statement": "columns_unknown"} | asked, b""
    told = json.dumps(to_json(found)).encode()
    return head | {"statements": len(told)}, told


if __name__ == "__main__":
    os.umask(0o077)
    main()
