"""What commands that read once have in common: reading, and saying what could not be read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lossmon.errors import FormatError
from lossmon.model import RunView, clean_text
from lossmon.monitor import Monitor
from lossmon.settings import Settings

if TYPE_CHECKING:
    from lossmon.report.comparison import Digest


def read_now(sources: Sequence[str], settings: Settings) -> tuple[RunView, ...]:
    """Read all sources to their present end and return their runs."""
    with Monitor(sources, settings) as monitor:
        snapshot = monitor.read_all()
    for notice in snapshot.notices:
        sys.stderr.write(f"lossmon: {clean_text(notice)}\n")
    return snapshot.runs


def exit_code_of(digests: Sequence[Digest]) -> int:
    """Do as `exit_code` for runs that were read elsewhere."""
    code = 0
    for digest in digests:
        run = digest.run
        if digest.empty:
            code = _unread(run)
    return code


def exit_code(runs: Sequence[RunView]) -> int:
    """Say on stderr which runs gave no series; return 4 if there is one, else 0."""
    code = 0
    for run in runs:
        if not run.series:
            code = _unread(run)
    return code


def _unread(run: RunView) -> int:
    reason = run.error or "no series found in it"
    sys.stderr.write(f"lossmon: {run.source}: taken for {run.format}: {reason}\n")
    return FormatError.exit_code
