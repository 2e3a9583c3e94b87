"""What `e` writes: the screen as SVG and as text, the runs' points as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from lossmon.model import RunView

_BLOCK: Final = 10_000
"""Rows written at a time, so that a run of millions is never held as text."""


def free_stem(directory: Path, name: str) -> Path:
    """Return a path in `directory`, without suffix, that no export of before has taken.

    Names come from logs: all but letters, digits, dot, dash and underscore is replaced.
    """
    safe = "".join(char if char.isalnum() or char in "._-" else "_" for char in name)
    safe = safe.strip("._") or "run"
    for number in range(1, 10_000):
        stem = directory / f"lossmon-{safe[:60]}-{number}"
        if not any(stem.with_name(stem.name + end).exists() for end in (".svg", ".txt", ".csv")):
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
