"""What the worker thread hands up: all runs as they were at one moment."""

from __future__ import annotations

from lossmon.model import RunView
from lossmon.record import record


@record
class Snapshot:
    """All runs at one moment, in order of discovery."""

    runs: tuple[RunView, ...] = ()
    notices: tuple[str, ...] = ()
    """One line each on what a person should know of the watching itself (polling, limits)."""
    scanning: bool = False
    """Whether sources are still being searched or read for the first time."""
    version: int = 0

    def get(self, run_id: str) -> RunView | None:
        """Return the run of that id, or None."""
        return next((run for run in self.runs if run.id == run_id), None)
