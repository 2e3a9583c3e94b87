"""`--dask` of `report` and `compare`: the same reading on the workers of a cluster."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from lossmon.model import clean_text
from lossmon.settings import Settings

if TYPE_CHECKING:
    from lossmon.cluster import Outcome, Told

TOLD_SECONDS: Final = 10.0
"""How often progress is told where standard error is no terminal."""
MAX_LOST: Final = 20
"""Lost shares named one by one; more are counted."""


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add `--dask`."""
    group = parser.add_argument_group("cluster")
    group.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="read on the workers of this Dask scheduler (tcp://host:8786), which have lossmon and "
        "see the same paths; trust it as you trust your own shell; needs lossmon[cluster]",
    )


def read_spread(
    address: str,
    sources: Sequence[str],
    settings: Settings,
    renderer: str | None = None,
    on_piece: Callable[[str], object] | None = None,
) -> list[Outcome]:
    """Read all sources on a cluster; return each run's outcome, in order of the sources.

    With `on_piece`, each run's part of the report is handed over as it comes and then let go;
    only without it are logs of one training in different places folded into one run.
    """
    from lossmon.cluster import Job, Outcome, gather, once, spread

    found = spread(sources, settings)
    progress = _Progress()
    runs: dict[int, tuple[Outcome, ...]] = {}
    lost: list[str] = []
    for one in gather(address, found, Job(found.root, settings, renderer), progress):
        outcomes = one.runs
        if one.lost is not None:
            lost.append(f"{found.shares[one.index].label}: {one.lost}")
        if on_piece is not None:
            for outcome in outcomes:
                on_piece(outcome.piece)
            outcomes = tuple(Outcome(outcome.digest, "") for outcome in outcomes)
        runs[one.index] = outcomes
    progress.end()
    for line in lost[:MAX_LOST]:
        sys.stderr.write(f"lossmon: {clean_text(line)}\n")
    if len(lost) > MAX_LOST:
        sys.stderr.write(f"lossmon: and {len(lost) - MAX_LOST} more shares were lost\n")
    ordered = [outcome for index in sorted(runs) for outcome in runs[index]]
    return ordered if on_piece is not None else once(ordered)


class _Progress:
    """One line on standard error: written over on a terminal, else said now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._due = time.monotonic() + TOLD_SECONDS

    def __call__(self, told: Told) -> None:
        text = (
            f"{told.done:,} of {told.shares:,} places read by {told.workers} workers: "
            f"{told.runs:,} runs" + (f", {told.unread:,} without a loss" if told.unread else "")
        )
        if self._terminal:
            sys.stderr.write(f"\r{text}\x1b[K")
        elif time.monotonic() >= self._due:
            self._due = time.monotonic() + TOLD_SECONDS
            sys.stderr.write(f"lossmon: {text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Clear the line."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
