"""Logs hold what helps an operator, in one line an event, and nothing about anybody (SL-19, ST-16)."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from portal.platform import log


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a production log writes."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    log.set_up(as_json=True, stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def lines(written: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_an_event_is_one_line_whatever_it_holds(written: io.StringIO) -> None:
    structlog.get_logger("x").info("noted", what='a\nb\r\x1b[31m"}', name="林一")
    (line,) = lines(written)
    assert line["what"] == 'a\nb\r\x1b[31m"}'
    assert "林一" in written.getvalue()


def test_what_a_database_says_of_a_row_stays_out(written: io.StringIO) -> None:
    logger = structlog.get_logger("x")
    try:
        raise IntegrityError("INSERT INTO person", {"mobile": "1380"}, Exception("Key (mobile)=(1380) exists"))
    except IntegrityError:
        logger.exception("failed")
    (line,) = lines(written)
    assert "IntegrityError" in line["exception"]
    assert "(1380)" not in line["exception"].splitlines()[-1]


def test_a_storm_of_equal_lines_is_counted(written: io.StringIO) -> None:
    for _ in range(2_500):
        logging.getLogger("asyncio").error("Too many open files")
    assert [line["event"] for line in lines(written)][-1].endswith("(1000 equal lines left out)")
    assert len(lines(written)) == 3
