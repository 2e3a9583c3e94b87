"""`Journal`: the events of one run as they are raised and cleared, bounded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lossmon.model import Event, EventKind, Severity

RESUMED: Final = "The run was resumed from before."
MAX_EVENTS: Final = 2000
"""Events kept; a log that spikes without end keeps the first ones and all that stand."""


class Moment:
    """A point's step, its time if the log has one, and its place in the order of arrival.

    Made at every look: a plain class is made in a third of the time that a record takes.
    """

    __slots__ = ("row", "step", "time")

    def __init__(self, step: float, time: float | None = None, row: int = 0) -> None:
        self.step = step
        self.time = time
        self.row = row


class Journal:
    """Events in the order in which they were raised.

    At most one event of a kind stands for a series at any time: raising it
    again changes nothing, clearing one that does not stand neither.
    """

    __slots__ = ("_events", "_rows", "_standing", "dropped")

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._rows: list[int] = []
        self._standing: dict[tuple[EventKind, str | None], int] = {}
        self.dropped = 0

    @property
    def events(self) -> tuple[Event, ...]:
        """All events in the order of the points at which they were raised."""
        order = sorted(range(len(self._events)), key=self._rows.__getitem__)
        return tuple(self._events[index] for index in order)

    def standing(self, kind: EventKind, series: str | None = None) -> Event | None:
        """Return the event of this kind that stands for the series, if one does."""
        index = self._standing.get((kind, series))
        return None if index is None else self._events[index]

    def record(
        self,
        kind: EventKind,
        severity: Severity,
        moment: Moment,
        message: str,
        *,
        series: str | None = None,
        onset: float | None = None,
        evidence: Mapping[str, float] | None = None,
        stands: bool = True,
    ) -> None:
        """Raise an event; with `stands` False it is cleared at once (it only happened)."""
        if stands and (kind, series) in self._standing:
            return
        if len(self._events) >= MAX_EVENTS and (not stands or kind == "spike"):
            self.dropped += 1
            return
        event = Event(
            kind=kind,
            severity=severity,
            step=moment.step,
            onset_step=onset,
            cleared_step=None if stands else moment.step,
            message=message,
            series=series,
            evidence=_finite(evidence or {}),
            time=moment.time,
        )
        if stands:
            self._standing[kind, series] = len(self._events)
        self._events.append(event)
        self._rows.append(moment.row)

    def clear(
        self, kind: EventKind, moment: Moment, note: str = "", *, series: str | None = None
    ) -> None:
        """Clear the standing event of this kind; `note` is added to its message."""
        index = self._standing.pop((kind, series), None)
        if index is None:
            return
        event = self._events[index]
        message = f"{event.message} {note}" if note else event.message
        self._events[index] = replace(event, cleared_step=moment.step, message=message)

    def amend(
        self,
        kind: EventKind,
        *,
        series: str | None = None,
        severity: Severity | None = None,
        message: str | None = None,
        evidence: Mapping[str, float] | None = None,
    ) -> None:
        """Change what a standing event says (a single NaN that turned out to last)."""
        index = self._standing.get((kind, series))
        if index is None:
            return
        event = self._events[index]
        self._events[index] = replace(
            event,
            severity=severity or event.severity,
            message=message or event.message,
            evidence=_finite(evidence) if evidence is not None else event.evidence,
        )

    def rewind(self, step: float, moment: Moment, series: str | None) -> None:
        """Clear what stands for `series` and began at or after `step`: that part was undone."""
        for (kind, name), index in list(self._standing.items()):
            event = self._events[index]
            if name == series and event.step >= step:
                self.clear(kind, moment, RESUMED, series=series)

    def drop(self, series: str | None) -> None:
        """Remove all events of a series (it turned out not to be the one to judge)."""
        kept = [i for i, event in enumerate(self._events) if event.series != series]
        self._events = [self._events[i] for i in kept]
        self._rows = [self._rows[i] for i in kept]
        self._standing = {
            (event.kind, event.series): index
            for index, event in enumerate(self._events)
            if event.stands
        }


def _finite(evidence: Mapping[str, float]) -> dict[str, float]:
    """Numbers that overflowed are no evidence."""
    return {name: float(value) for name, value in evidence.items() if math.isfinite(value)}
