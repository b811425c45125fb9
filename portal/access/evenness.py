"""Answers that all take the same time, so that time tells nothing (SL-13, SL-23)."""

from collections.abc import Awaitable, Callable
from functools import wraps

import anyio
from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]

SECONDS = 0.1
"""No answer that could tell something by its time leaves sooner than this after its request."""


def evenly(endpoint: Endpoint, times: int = 1) -> Endpoint:
    """Let every answer of an endpoint take the same time, `times` as long, as long as the work is done by then."""

    @wraps(endpoint)
    async def paced(request: Request) -> Response:
        due = anyio.current_time() + SECONDS * times
        response = await endpoint(request)
        await anyio.sleep_until(due)
        return response

    return paced
