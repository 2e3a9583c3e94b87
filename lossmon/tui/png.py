"""A picture of the screen as PNG, drawn in a process of its own.

resvg holds the interpreter while it draws, most of a second: in the screen's
own process no key would be answered meanwhile.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from lossmon.charts.png import available, png

_PATIENCE: Final = 60.0


def write_png(svg: Path, target: Path) -> str | None:
    """Draw `svg` into `target`; return None, or why there is none, in a few words."""
    if not available():
        return "needs pip install 'lossmon[png]'"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lossmon.tui.png", str(svg), str(target)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{type(error).__name__} while drawing it"
    if done.returncode == 0:
        return None
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:120] if lines else f"drawing it ended with {done.returncode}"


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(png(Path(sys.argv[1]).read_text(encoding="utf-8")))
