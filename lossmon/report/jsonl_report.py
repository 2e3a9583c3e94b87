"""The report as JSON lines: one object a run, as in `runs` of the JSON report.

For sweeps: a line can be written as soon as its run is read, and read without
holding the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lossmon.model import RunView
from lossmon.report import json_report

if TYPE_CHECKING:
    from lossmon.report.comparison import Digest


def render(runs: Iterable[RunView]) -> str:
    """Return a line a run."""
    return assemble(piece(run) for run in runs)


def piece(run: RunView) -> str:
    """Return one run's line."""
    return json_report.piece(run) + "\n"


def assemble(pieces: Iterable[str], digests: Sequence[Digest] = ()) -> str:
    """Return all lines."""
    return "".join(pieces)
