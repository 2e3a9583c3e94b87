"""Every view at three sizes in light, dark, 16 colours and ASCII, as it stands; a tiny one too.

A picture is its text and, cell by cell, its styles. Data, day and time zone
are fixed and no clock is on screen, so one changes only when what is drawn
does. `python -m tests.tui.test_pictures` writes them anew: look at the
difference before it is kept.
"""

from __future__ import annotations

import asyncio
import math
import os
import string
import time
from pathlib import Path

import pytest

from lossmon.tui import studio
from lossmon.tui.machine_watch import MachineWatch
from tests.tui.runs import BUSY, make_run, some_runs
from tests.tui.screens import app_over, shown

GOLDEN = Path(__file__).parent / "golden"
SIZES = ((80, 24), (120, 40), (200, 60))
THEMES = ("dark", "light", "16", "ascii")
SHOTS = [
    *((size, theme) for size in SIZES for theme in THEMES),
    ((60, 16), "dark"),
    ((80, 24), "none"),
]
"""A start of the app each; every page in it is a picture."""
PAGES = {
    "overview": ("1",),
    "focus": ("2", "right_square_bracket", "right_square_bracket"),
    "panes": ("3",),
    "compare": ("4", "B"),
    "metrics": ("5", "v"),
    "log": ("6",),
    "help": ("question_mark",),
    "palette": ("escape", "ctrl+p", "c", "o"),
    "events": ("escape", "E"),
    "filter": ("escape", "1", "slash", "a"),
    "crosshair": ("escape", "2", "c", "left", "left"),
    "machine-focus": ("c", "H"),
    "machine-overview": ("1",),
    "machine-panes": ("3",),
    "machine-compare": ("4",),
    "machine-metrics": ("5",),
    "machine-log": ("6",),
}
"""Each page, and the keys that lead to it from the one before."""

_LETTERS = string.ascii_letters + string.digits


class _StillMachine(MachineWatch):
    """Sees one machine that does always the same."""

    def once(self) -> None:
        self._tell(BUSY)

    def steadily(self, wanted: bool) -> None:
        self.once()


async def pages(size: tuple[int, int], theme: str) -> dict[str, tuple[str, str]]:
    """Return text and styles of each page: one start of the app, all pages in turn."""
    ascii_ = theme == "ascii"
    seeds = [make_run(f"base-s{i}", 120, final=1.2 + i / 10, seed=7 + i) for i in range(2)]
    app = app_over(*some_runs(), *seeds, theme="dark" if ascii_ else theme, ascii=ascii_)
    app._watch = _StillMachine(app._machine_seen)
    made = {}
    async with shown(app, size) as pilot:
        for page, keys in PAGES.items():
            await pilot.press(*keys)
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            texts, styles, names = [], [], dict[str, str]()
            for y, strip in enumerate(strips):
                texts.append(strip.text.rstrip())
                runs: list[list[object]] = []
                for segment in strip:
                    name = str(segment.style)
                    letter = names.setdefault(name, _LETTERS[len(names)])
                    if runs and runs[-1][0] == letter:
                        runs[-1][1] += segment.cell_length  # type: ignore[operator]
                    else:
                        runs.append([letter, segment.cell_length])
                styles.append(f"{y}: " + " ".join(f"{letter}{n}" for letter, n in runs))
            styles += [f"{letter} = {name}" for name, letter in names.items()]
            made[page] = "\n".join(texts) + "\n", "\n".join(styles) + "\n"
    return made


def files(page: str, size: tuple[int, int], theme: str) -> tuple[Path, Path]:
    """Return where text and styles of a page are kept; colours share one text."""
    stem = f"{page}-{size[0]}x{size[1]}"
    text = GOLDEN / (f"{stem}-ascii.txt" if theme == "ascii" else f"{stem}.txt")
    return text, GOLDEN / f"{stem}-{theme}.styles"


@pytest.mark.parametrize(
    ("size", "theme"), SHOTS, ids=[f"{width}x{height}-{theme}" for (width, height), theme in SHOTS]
)
async def test_every_view_looks_as_it_did(size: tuple[int, int], theme: str) -> None:
    differ = []
    for page, (text, styles) in (await pages(size, theme)).items():
        for path, now in zip(files(page, size, theme), (text, styles), strict=True):
            if path.read_text(encoding="utf-8") != now:
                differ.append(f"{path.name}:\n{now}")
    assert not differ, "\n".join(differ)


def main() -> None:
    """Write all pictures anew."""
    studio.PATIENCE = math.inf
    os.environ.update(TZ="UTC", TERM="xterm-256color")
    os.environ.pop("NO_COLOR", None)
    time.tzset()
    GOLDEN.mkdir(exist_ok=True)
    for old in GOLDEN.iterdir():
        old.unlink()
    for size, theme in SHOTS:
        for page, made in asyncio.run(pages(size, theme)).items():
            for path, now in zip(files(page, size, theme), made, strict=True):
                path.write_text(now, encoding="utf-8")


if __name__ == "__main__":
    main()
