"""Load on one address over eight connections: by wrk where it is installed, else by asyncio in its own process.

Run as `python -m bench.load SECONDS HOST PORT PATH COOKIE`, it prints how many answers came and how long it took.
"""

import asyncio
import re
import shutil
import subprocess
import sys
import time

CONNECTIONS = 8


def requests_answered(seconds: float, port: int, path: str, cookie: str) -> tuple[int, float]:
    """How many requests were answered with 200, and in how many seconds. RuntimeError for any other answer."""
    if shutil.which("wrk"):
        return _by_wrk(seconds, port, path, cookie)
    command = [sys.executable, "-m", "bench.load", str(seconds), "127.0.0.1", str(port), path, cookie]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return int(said[0]), float(said[1])


def _by_wrk(seconds: float, port: int, path: str, cookie: str) -> tuple[int, float]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-H", f"Cookie: {cookie}"]
    said = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True)
    found = re.search(r"(\d+) requests in ([\d.]+)s", said.stdout)
    if found is None or "Non-2xx" in said.stdout:
        raise RuntimeError(said.stdout)
    return int(found[1]), float(found[2])


async def _load(seconds: float, host: str, port: int, request: bytes) -> tuple[int, float]:
    began = time.perf_counter()
    ends = began + seconds
    answered = await asyncio.gather(*(_ask(ends, host, port, request) for _ in range(CONNECTIONS)))
    return sum(answered), time.perf_counter() - began


async def _ask(ends: float, host: str, port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    count = 0
    while time.perf_counter() < ends:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if b" 200 " not in head.split(b"\r\n", 1)[0] or length is None:
            raise RuntimeError(head.decode())
        await reader.readexactly(int(length[1]))
        count += 1
    writer.close()
    return count


def main() -> None:
    """Print how many answers came and in how many seconds."""
    seconds, host, port, path, cookie = sys.argv[1:]
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode()
    print(*asyncio.run(_load(float(seconds), host, int(port), request)))


if __name__ == "__main__":
    main()
