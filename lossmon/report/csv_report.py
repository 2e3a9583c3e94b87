"""The report as CSV, one row a point: run,series,step,epoch,time,value.

The long form is what spreadsheets pivot and what `pandas.read_csv` groups; a
row is one point of one series, in order of arrival. Points that a resumed run
overlapped are in it too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lossmon.model import RunView, SeriesView
from lossmon.model.batch import FloatArray
from lossmon.report.tables import safe_cell

if TYPE_CHECKING:
    from lossmon.report.comparison import Digest

HEAD = ("run", "series", "step", "epoch", "time", "value")


def render(runs: Iterable[RunView]) -> str:
    """Return all points of all series; an absent epoch or time is an empty cell."""
    return assemble([piece(run) for run in runs])


def piece(run: RunView) -> str:
    """Return the rows of one run."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    name = safe_cell(run.name)
    for series in run.series:
        label = safe_cell(series.name)
        writer.writerows((name, label, *row) for row in _rows(series))
    return out.getvalue()


def assemble(pieces: Iterable[str], digests: Sequence[Digest] = ()) -> str:
    """Return the head and the rows of all runs."""
    return "".join([head(), *pieces])


def head() -> str:
    """Return the first line."""
    return ",".join(HEAD) + "\n"


def _rows(series: SeriesView) -> Iterator[tuple[str, str, str, str]]:
    n = len(series)
    values = [repr(value) for value in series.values.tolist()]
    return zip(
        _cells(series.steps, n), _cells(series.epochs, n), _cells(series.times, n), values,
        strict=True,
    )  # fmt: skip


def _cells(column: FloatArray | None, n: int) -> list[str]:
    if column is None:
        return [""] * n
    absent = np.isnan(column).tolist()
    return [
        "" if missing else (str(int(value)) if value.is_integer() else repr(value))
        for value, missing in zip(column.tolist(), absent, strict=True)
    ]
