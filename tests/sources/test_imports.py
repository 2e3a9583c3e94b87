"""What importing the room costs, and that it can be imported where Unix is not."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def run(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


IMPORT_ALL = """
import importlib, pkgutil, sys
import lossmon.sources
for module in pkgutil.iter_modules(lossmon.sources.__path__):
    importlib.import_module("lossmon.sources." + module.name)
"""


def test_nothing_heavy_is_imported() -> None:
    run(
        IMPORT_ALL
        + """
heavy = {"watchdog", "fsspec", "s3fs", "pandas", "textual", "plotext", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    )


def test_other_systems_can_import_and_tail(tmp_path) -> None:
    """Without what only Unix has: reading falls back to what every system has."""
    log = tmp_path / "train.log"
    log.write_bytes(b"one\n")
    run(
        """
import os, select, sys
for name in ("SEEK_DATA", "SEEK_HOLE", "pread", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC"):
    delattr(os, name) if hasattr(os, name) else None
if hasattr(select, "poll"):
    del select.poll
sys.modules["resource"] = None
"""
        + IMPORT_ALL
        + f"""
from lossmon.sources.files import FileTail
from lossmon.sources.mounts import filesystem
tail = FileTail({str(log)!r})
assert tail.read(100).data == b"one\\n"
assert filesystem("/", "/nonexistent").events
"""
    )
