"""Where points of MLflow stand that were logged without a step.

`log_metric(key, value)` without `step` stores step 0 at every call. As long as
a run has no other step, the points of a metric are counted instead. Once a
metric has steps, a value at step 0 is its final one, logged when training had
ended: a number about the run, no point of the curve. Only if training goes on
from there (the next step is one that was reached before) was it a start anew.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from lossmon.model import RunInfo, clean_name, clean_text

_MAX_KEYS: Final = 4096
"""Metrics that are remembered: beyond it the points stand where they were logged."""
_MAX_FACTS: Final = 100


class Point(NamedTuple):
    """One value of a metric: its step, its time in seconds or milliseconds, the value."""

    step: float
    time: float
    value: float


class CountedSteps:
    """Says which points a logged value stands for: itself, none, or also one held back."""

    def __init__(self) -> None:
        self.estimated = False
        self._seen: dict[str, int] = {}
        self._real = False
        self._last: dict[str, float] = {}
        self._held: dict[str, Point] = {}

    def points(self, key: str, point: Point, info: RunInfo) -> list[Point]:
        """Return the points that are due with the next logged one of metric `key`, in order."""
        if not self._real and point.step == 0:
            return [point._replace(step=self._count(key))]
        self._real = True
        last = self._last.get(key, 0.0)
        if point.step == 0 and last > 0:
            self._held[key] = point
            if len(info.facts) < _MAX_FACTS:
                info.facts[_fact(key)] = clean_text(f"{point.value:.6g}")
            return []
        held = self._held.pop(key, None)
        if point.step > 0 and (key in self._last or len(self._last) < _MAX_KEYS):
            self._last[key] = point.step
        if held is None or point.step > last:
            return [point]
        info.facts.pop(_fact(key), None)
        return [held, point]

    def _count(self, key: str) -> float:
        count = self._seen.get(key, 0)
        if key in self._seen or len(self._seen) < _MAX_KEYS:
            self._seen[key] = count + 1
        self.estimated |= count > 0
        return float(count)


def _fact(key: str) -> str:
    return f"{clean_name(key)} (logged without a step)"
