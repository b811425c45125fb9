"""The machine that a figure was measured on: its cores, its load, and what a process has used of it."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


def described() -> str:
    """System, cores and the load of the last minute: other work makes every figure worse."""
    return f"{platform.system()} {platform.machine()}, {len(cores())} cores, load {os.getloadavg()[0]:.1f}"


def cores() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def keep_to(core: int) -> None:
    """Let this process, and those that it starts, use one core only, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


@contextmanager
def kept_to(core: int) -> Iterator[None]:
    """The same inside the block."""
    before = cores()
    keep_to(core)
    try:
        yield
    finally:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, before)


def most_memory() -> int:
    """The most megabytes that this process ever held (Linux). Not `ru_maxrss`, which begins with the parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def cpu_seconds(process_id: int) -> float:
    """What a process has used so far, in user and system mode together (Linux)."""
    after_name = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) * TICK_SECONDS
