"""`Absence`: which warnings were raised while nobody looked.

Away is who pressed no key for a while, or whose terminal lost the focus or was
suspended. Ends with the next key, focus or resumption, which are told here;
nothing ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lossmon.model import Event, RunView
from lossmon.tui.marks import event_key

IDLE: Final = 180.0
"""Seconds without a key after which a person is taken to be away: longer than one reads a chart."""
_MOST: Final = 500
"""Warnings remembered: the latest."""


class Absence:
    """Is told of news and of signs of life; times are seconds of one monotonic clock."""

    def __init__(self, now: float) -> None:
        self._last_sign = now
        self._left: float | None = None
        self._known: dict[str, tuple[Event, ...]] = {}
        self._raised: list[tuple[float, str, Event]] = []

    def news(self, runs: Sequence[RunView], now: float, settled: bool) -> None:
        """Take note of warnings that are new; those that were there at the start are none."""
        for run in runs:
            before = self._known.get(run.id)
            if before is run.events:
                continue
            self._known[run.id] = run.events
            if not settled or run.loading is not None:
                continue
            old = {(event.kind, event.step, event.series) for event in before or ()}
            self._raised += [
                (now, run.id, event)
                for event in run.events
                if event.severity != "info" and (event.kind, event.step, event.series) not in old
            ]
        del self._raised[:-_MOST]

    def leave(self, now: float) -> None:
        """The focus went, or the program is suspended."""
        if self._left is None:
            self._left = now

    def sign(self, now: float) -> list[tuple[str, Event]]:
        """Someone is there; return what was raised while nobody was (ids of runs, events)."""
        since = self._left
        if since is None and now - self._last_sign > IDLE:
            since = self._last_sign
        self._left = None
        self._last_sign = now
        found = [] if since is None else [one for one in self._raised if one[0] >= since]
        self._raised.clear()
        return [(run, event) for _, run, event in found]


def warnings_of(runs: Sequence[RunView]) -> list[str]:
    """Return the keys of all warnings, for the next session to know which ones are new."""
    found = [
        event_key(run, event) for run in runs for event in run.events if event.severity != "info"
    ]
    return found[-2000:]
