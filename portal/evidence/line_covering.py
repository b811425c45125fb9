"""Covers lines of one table, as a child process: `python -m portal.evidence.line_covering`.

It takes a line of JSON (the file's name, the lines for each statement, what a person said of its columns) and the file
on standard input, and answers with the new file. Like the reader it gives up its network and most of its memory first,
and may not be imported by the portal itself.
"""

import json
import os
import sys
import warnings

from portal.evidence.reading import confine, read


def main() -> None:
    """Read the request, answer it, and leave; an error is a status, and what was made is read again by the portal."""
    confine()
    warnings.simplefilter("ignore")
    request = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    want = {"pages": False, "statements": True}
    kind, _pages = read(request["name"], data, "", want)
    from portal.evidence.statements.covering import covered_copy

    sys.stdout.buffer.write(covered_copy(kind, data, request["lines"], columns=request["columns"]))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    os.umask(0o077)
    main()
