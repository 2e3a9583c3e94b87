"""Running the real command, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo_logs"
KEPT = ("PATH", "LANG", "PYTHONPATH", "SYSTEMROOT")


def environment(home: Path) -> dict[str, str]:
    """An environment that knows nothing of the developer's own settings."""
    keep = {
        key: os.environ[key]
        for key in ("PATH", "LANG", "PYTHONPATH", "SYSTEMROOT")
        if key in os.environ
    }
    return {
        **keep,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "COLUMNS": "100",
        "PYTHONUTF8": "1",
    }


def lossmon(
    *arguments: str | Path,
    cwd: Path,
    stdin: bytes | None = None,
    timeout: float = 60,
    **extra: str,
) -> subprocess.CompletedProcess[bytes]:
    """Run `lossmon ARGUMENTS` in `cwd` and return what it did."""
    return subprocess.run(
        [sys.executable, "-m", "lossmon", *map(str, arguments)],
        cwd=cwd,
        input=stdin if stdin is not None else b"",
        capture_output=True,
        timeout=timeout,
        check=False,
        env={**environment(cwd), **extra},
    )
