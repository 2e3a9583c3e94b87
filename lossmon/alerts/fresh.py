"""Which events of a snapshot are news: each once, and again only after it cleared."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.model import Event, RunView
from lossmon.monitor import Snapshot
from lossmon.record import record


@record
class Alert:
    """One event of one run, as alerts tell it."""

    run: str
    source: str
    event: Event

    @property
    def title(self) -> str:
        """A few words: the kind and the run."""
        return f"{self.event.kind.replace('_', ' ')}: {self.run}"


class FreshEvents:
    """Picks the events of some kinds that were not told yet.

    What stands, or was, when a run that was there from the start has been read
    for the first time is history (unless `from_start`); of runs that appear
    later, and of standard input, everything is news.
    """

    def __init__(self, kinds: Sequence[str], from_start: bool = False) -> None:
        self._kinds = frozenset(kinds)
        self._from_start = from_start
        self._told: dict[str, set[tuple[str, str | None, float]]] = {}
        self._old: set[str] = set()
        """Runs that were there from the start and whose first reading is not over yet."""
        self._started = False

    def take(self, snapshot: Snapshot) -> list[Alert]:
        """Return what is new in a snapshot, in order of steps within each run."""
        if not self._started:
            self._old.update(run.id for run in snapshot.runs if run.source != "-")
            self._started = not snapshot.scanning
        found = []
        for run in snapshot.runs:
            if run.loading is not None:
                continue  # half a log: what stands in its middle may clear before its end
            history = run.id in self._old and not self._from_start
            self._old.discard(run.id)
            found += [Alert(run.name, run.source, event) for event in self._new(run, history)]
        return found

    def _new(self, run: RunView, history: bool) -> list[Event]:
        told = self._told.setdefault(run.id, set())
        found = []
        for event in run.events:
            if event.kind not in self._kinds:
                continue
            key = (event.kind, event.series, event.step)
            if key in told:
                continue
            # A log that was written anew is judged anew: the same event may come a point
            # earlier or later, and is no news while its like was told and stands.
            again = event.stands and any(
                other.kind == event.kind
                and other.series == event.series
                and other.stands
                and (other.kind, other.series, other.step) in told
                for other in run.events
            )
            told.add(key)
            if not history and not again:
                found.append(event)
        return found
