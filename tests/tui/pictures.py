"""Draws the README's pictures from the demo logs: `python -m tests.tui.pictures`.

The program draws them itself: what they show is what the screen shows.
"""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import tempfile
from pathlib import Path

from lossmon.monitor import Monitor
from lossmon.settings import Settings
from lossmon.tui import studio
from lossmon.tui.app import LossmonApp

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / ".readme"

PICTURES: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "focus": ((120, 36), ("run:overfitting",)),
    "overview": ((120, 20), ("1",)),
    "compare": ((120, 32), ("4", "w")),
    "spike": ((120, 32), ("E", "v", "enter")),
    "panes": ((120, 36), ("3", "g", "g")),
    "metrics": ((120, 32), ("run:healthy", "5")),
}
"""Each picture's size and the keys that lead to it; `run:NAME` chooses a run."""


async def draw(directory: Path) -> None:
    """Draw all pictures over the logs in `directory`."""
    for name, (size, keys) in PICTURES.items():
        app = LossmonApp(Monitor([str(directory)]), Settings(theme="dark"), (str(directory),))
        async with app.run_test(size=size) as pilot:
            while not app.desk.runs or any(run.loading is not None for run in app.desk.runs):
                await pilot.pause(0.1)
            await pilot.pause(0.5)
            for key in keys:
                if key.startswith("run:"):
                    wanted = key.removeprefix("run:")
                    app.desk.choose(next(run.id for run in app.desk.runs if run.name == wanted))
                    if app.view is not None:
                        app.view.show()
                else:
                    await pilot.press(key)
                await pilot.pause(0.2)
            svg = app.picture()
        (TARGET / f"{name}.svg").write_text(svg, encoding="utf-8")


def main() -> None:
    """Draw over a copy with a short name, so that no path of this machine is in a picture."""
    TARGET.mkdir(exist_ok=True)
    studio.PATIENCE = math.inf
    with tempfile.TemporaryDirectory() as scratch:
        runs = Path(scratch) / "runs"
        shutil.copytree(ROOT / "demo_logs", runs)
        os.chdir(scratch)
        asyncio.run(draw(Path("runs")))


if __name__ == "__main__":
    main()
