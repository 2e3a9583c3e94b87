"""What `e` writes: the screen as SVG, PNG and text, the runs' points as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lossmon.model import RunView
from lossmon.tui.png import write_png

if TYPE_CHECKING:
    from lossmon.tui.screens.view import View

_BLOCK: Final = 10_000
"""Rows written at a time, so that a run of millions is never held as text."""

_NAME: Final = 50
"""Characters of a run's name that its files are called after, …"""
_STEM: Final = 60
"""… and of all that: longest file names of a system are 255 bytes."""

_ENDINGS: Final = (".svg", ".png", ".txt", ".csv")


@dataclass(frozen=True)
class Export:
    """What is to be written: the picture, its text, and the runs that it shows."""

    svg: str
    text: str
    runs: tuple[RunView, ...]
    name: str
    """What the files are called after."""

    def write(self, directory: Path) -> str:
        """Write all files; return in one line what was written, and what was not and why."""
        try:
            stem = free_stem(directory, self.name)
            svg = Path(f"{stem}.svg")
            svg.write_text(self.svg, encoding="utf-8")
            Path(f"{stem}.txt").write_text(self.text + "\n", encoding="utf-8")
            points = write_csv(Path(f"{stem}.csv"), self.runs)
        except OSError as error:
            return f"nothing exported: {error}"
        missing = write_png(svg, Path(f"{stem}.png"))
        where = "here" if directory == Path() else f"in {directory}"
        if missing is None:
            return f"wrote {stem.name}.png, .svg, .txt and .csv ({points:,} points) {where}"
        return (
            f"wrote {stem.name}.svg, .txt and .csv ({points:,} points) {where}; no PNG: {missing}"
        )


def export_of(view: View, svg: str) -> Export:
    """Return what a view gives to write; `svg` is its picture."""
    runs = tuple(view.runs())
    # A run's long name leaves room for the view's: its files do not look like another view's.
    name = f"{runs[0].name[:_NAME]}-{view.NAME}" if len(runs) == 1 else view.NAME
    return Export(svg, view.as_text(), runs, name)


def free_stem(directory: Path, name: str) -> Path:
    """Return a path in `directory`, without suffix, that no export of before has taken.

    Names come from logs: all but letters, digits, dot, dash and underscore is replaced.
    """
    safe = "".join(char if char.isalnum() or char in "._-" else "_" for char in name)
    safe = safe.strip("._") or "run"
    for number in range(1, 10_000):
        stem = directory / f"lossmon-{safe[:_STEM]}-{number}"
        if not any(stem.with_name(stem.name + end).exists() for end in _ENDINGS):
            return stem
    raise FileExistsError(f"{directory}: 9,999 exports of {safe} are there already")


def write_csv(path: Path, runs: Sequence[RunView]) -> int:
    """Write every point of `runs`, one a line; return how many. Overlapped points say so."""
    written = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("run", "series", "step", "epoch", "time", "value", "counts"))
        for run in runs:
            for block in _rows(run):
                writer.writerows(block)
                written += len(block)
    return written


def _rows(run: RunView) -> Iterable[list[tuple[object, ...]]]:
    for series in run.series:
        size = len(series)
        for begin in range(0, size, _BLOCK):
            at = slice(begin, min(begin + _BLOCK, size))
            n = at.stop - begin
            epochs = [""] * n if series.epochs is None else _known(series.epochs[at].tolist())
            times = [""] * n if series.times is None else _known(series.times[at].tolist())
            yield [
                (run.name, series.name, step, epoch, when, value, int(counts))
                for step, epoch, when, value, counts in zip(
                    series.steps[at].tolist(),
                    epochs,
                    times,
                    series.values[at].tolist(),
                    series.current[at].tolist(),
                    strict=True,
                )
            ]


def _known(values: list[float]) -> list[object]:
    return ["" if value != value else value for value in values]
