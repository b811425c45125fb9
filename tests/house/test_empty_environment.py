"""Importing any module needs no environment, writes nothing and connects to nothing."""

import json
import subprocess
import sys
from pathlib import Path

from tests.house.sources import ROOT, modules

PROBE = """
import importlib, json, os, sys
sys.path.insert(0, sys.argv[1])
seen = []

def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append(f"writes {arguments[0]}")
    elif event in ("socket.connect", "sqlite3.connect", "subprocess.Popen", "os.mkdir"):
        seen.append(f"{event} {arguments[0]}")

class Watched(type(os.environ)):
    def __getitem__(self, name):
        if str(name).startswith("PORTAL_"):
            seen.append(f"reads {name}")
        return super().__getitem__(name)

os.environ.__class__ = Watched
sys.addaudithook(watch)
failures = {}
for name in json.loads(sys.argv[2]):
    seen.clear()
    try:
        importlib.import_module(name)
    except BaseException as error:
        failures[name] = f"{type(error).__name__}: {error}"
    if seen:
        failures[name] = ", ".join(seen)
print(json.dumps(failures))
"""


def test_every_module_is_importable_with_an_empty_environment(tmp_path: Path) -> None:
    names = [module.name for module in modules() if not module.is_migration]
    done = subprocess.run(
        [sys.executable, "-B", "-X", "utf8", "-c", PROBE, str(ROOT), json.dumps(names)],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    failures = json.loads(done.stdout.splitlines()[-1])
    assert not failures, "\n".join(f"{name}: {what}" for name, what in failures.items())
    assert not list(tmp_path.iterdir())
