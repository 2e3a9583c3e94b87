"""Steps for MLflow metrics that were logged without one.

`log_metric(key, value)` without `step` stores step 0 at every call. As long as
a run has no other step, the points of a metric are counted instead.
"""

from __future__ import annotations


class CountedSteps:
    """Replaces a step that is always 0 by the number of the metric's points before it."""

    def __init__(self) -> None:
        self.estimated = False
        self._seen: dict[str, int] = {}
        self._real = False

    def step(self, key: str, step: float) -> float:
        """Return the step for the next point of metric `key`, logged at `step`."""
        if self._real or step != 0:
            self._real = True
            return step
        count = self._seen.get(key, 0)
        if key in self._seen or len(self._seen) < 4096:
            self._seen[key] = count + 1
        self.estimated |= count > 0
        return float(count)
