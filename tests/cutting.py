"""A proxy between a browser and the portal that cuts connections in the middle, as a phone's network does."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

_AT_ONCE = 16 * 1024


@dataclass
class Cutting:
    """The proxy: where it listens, how many connections it has cut, how many bytes came from the browser."""

    target: str
    chance: random.Random
    cut_within: int | None = None
    cuts_left: int = 0
    cuts: int = 0
    port: int = 0
    taken: int = 0
    is_dark: bool = False
    slowness: float = 0.0

    @property
    def url(self) -> str:
        """The address for the browser."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, up: threading.Event, down: asyncio.Event) -> None:
        """Pass on until told to stop."""
        server = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        up.set()
        async with server:
            await down.wait()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for each in left:
                each.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_dark:
            writer.transport.abort()
            return
        place = urlsplit(self.target)
        inner_reader, inner_writer = await asyncio.open_connection(place.hostname, place.port)
        pipes = [
            asyncio.ensure_future(self._pass(reader, inner_writer, upwards=True)),
            asyncio.ensure_future(self._pass(inner_reader, writer, upwards=False)),
        ]
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        for each in pipes:
            each.cancel()
        for each in (writer, inner_writer):
            each.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, upwards: bool) -> None:
        patience: int | None = None
        while data := await reader.read(_AT_ONCE):
            if self.is_dark:
                return
            if upwards:
                self.taken += len(data)
                await asyncio.sleep(self.slowness)
                if patience is None and self.cut_within is not None:
                    patience = self.chance.randrange(2_000, self.cut_within)
                if patience is not None:
                    patience -= len(data)
                    if patience < 0 and self.cuts_left > 0:
                        self.cuts_left -= 1
                        self.cuts += 1
                        return
            writer.write(data)
            await writer.drain()


@contextmanager
def cutting(target: str, *, seed: int = 1) -> Iterator[Cutting]:
    """A proxy in front of `target`, on a loop in a thread of its own; it cuts nothing until `cut_within` is set."""
    proxy = Cutting(target, random.Random(seed))
    up, loop = threading.Event(), asyncio.new_event_loop()
    down = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.serve(up, down),), daemon=True)
    thread.start()
    up.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(down.set)
        thread.join(10)
        loop.close()
