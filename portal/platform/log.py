"""Logs: one line of JSON an event in production, readable ones in development. No secret and no address in them.

A request is logged by the name of its route, never by its path: paths hold links (SL-19).
"""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError


def set_up(as_json: bool, stream: TextIO | None = None) -> None:
    """Write all logs, those of libraries too, to the terminal or the service's journal."""
    stream = stream or sys.stderr
    shared: list[Any] = [
        _without_values,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_one_line),
        ]
        if as_json
        else [
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(),
                exception_formatter=structlog.dev.plain_traceback,  # others print variables, and so secrets
            )
        ]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    handler.addFilter(_Flood())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def _one_line(event: structlog.typing.EventDict, default: Callable[[Any], Any]) -> str:
    try:
        return _PLAIN.encode(event)
    except TypeError:
        return json.dumps(event, ensure_ascii=False, sort_keys=True, default=default)


_PLAIN = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
"""Made once; most lines hold only texts and numbers."""


def _without_values(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Drop what a database says about an error: its statement and its message may hold personal data."""
    given = event.get("exc_info")
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, DBAPIError):
        plain = SQLAlchemyError(f"{type(error).__name__}: {type(error.orig).__name__}")
        event["exc_info"] = plain.with_traceback(error.__traceback__)
    return event


class _Flood(logging.Filter):
    """Lets the first of many equal lines through, then every thousandth, with how many were left out.

    Under attack a server that is out of file descriptors writes millions of equal lines.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[str, int, str] | None = None
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        this = (record.name, record.lineno, str(record.msg))
        if this != self._last:
            self._last, self._left_out = this, 0
            return True
        self._left_out += 1
        if self._left_out % 1000:
            return False
        record.msg = f"{record.msg} (1000 equal lines left out)"
        return True
