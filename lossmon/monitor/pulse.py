"""A run's pulse: is it still being written, and the two events that follow from it.

`stalled` and `finished` are the only events that come from the clock and not
from a point; the decision itself is `analysis.liveness`, which knows no clock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lossmon.analysis.liveness import Liveness, duration, liveness
from lossmon.model import Event, RunState

ARRIVALS: Final = 64
"""Moments of growth that are remembered: the rhythm of the last hour matters, not of last week."""

ABANDONED_SECONDS: Final = 86_400.0
"""A log that was silent for a day before anyone looked is an old log, not a hung run."""


class Pulse:
    """Watches one run's growth; `look` decides, `events` remembers."""

    def __init__(self, stalled_after: float | None = None) -> None:
        self.events: tuple[Event, ...] = ()
        self.reason = ""
        self.lasts = 0.0
        """Seconds from the last look in which the clock alone cannot change the state."""
        self._stalled_after = stalled_after
        self._grown: deque[float] = deque(maxlen=ARRIVALS)
        self._state: RunState = "unknown"

    @property
    def state(self) -> RunState:
        """The state at the last look."""
        return self._state

    def grew(self, now: float) -> None:
        """Note that rows came at time `now` (seconds since 1970)."""
        self._follow_clock(now)
        self._grown.append(now)

    def _follow_clock(self, now: float) -> None:
        """Where the clock was set back, move what was seen with it: the rhythm stays known."""
        if self._grown and self._grown[-1] > now:
            ahead = self._grown[-1] - now
            self._grown = deque((time - ahead for time in self._grown), maxlen=ARRIVALS)

    def look(
        self,
        now: float,
        *,
        modified: float | None,
        finished: bool,
        crashed: bool,
        ended: bool,
        last_step: float | None,
        total_steps: float | None,
        point_times: Sequence[float],
    ) -> bool:
        """Decide the state at time `now`; True if the state or an event changed."""
        self._follow_clock(now)
        progress = None
        if total_steps and last_step is not None:
            progress = last_step / total_steps
        found = liveness(
            self._arrivals(modified, point_times, now),
            now,
            finished=finished,
            crashed=crashed,
            ended=ended,
            progress=progress,
            stalled_after=self._stalled_after,
        )
        self.lasts = math.inf
        if found.state == "live":
            self.lasts = found.evidence["patience_seconds"] - found.evidence["silence_seconds"]
        found = self._unless_ended(found, now, modified, progress)
        self.reason = found.reason
        if found.state == self._state:
            return False
        # A run that ended before anybody looked ended when it last wrote, not when it was read.
        ended_at = now if modified is None else min(modified, now)
        self._change(found, 0.0 if last_step is None else last_step, now, ended_at)
        return True

    def _arrivals(
        self, modified: float | None, point_times: Sequence[float], now: float
    ) -> list[float]:
        """Moments of growth: those that were seen, or the points' own times before that.

        The first growth seen is the first load, a moment that says nothing of
        the run; the source's time of writing stands for it. Clocks that run
        ahead (another host's) are cut at now; what was seen to grow needs none.
        """
        seen = list(self._grown)[1:]
        times = [*point_times, *seen] if len(seen) < ARRIVALS // 2 else seen
        if modified is not None and (modified <= now or not seen):
            times.append(modified)
        return sorted(min(time, now) for time in times)

    def _unless_ended(
        self, found: Liveness, now: float, modified: float | None, progress: float | None
    ) -> Liveness:
        """Take `stalled` back where the run may as well have ended before anyone looked.

        Most logs that lie still were finished, and many formats do not say so.
        A run that was seen growing, or whose log names steps that are still to
        come, is missed when it stops; of others only the user can know.
        """
        if found.state != "stalled" or self._stalled_after is not None or len(self._grown) > 1:
            return found
        silence = 0.0 if modified is None else now - modified
        if progress is not None and silence < ABANDONED_SECONDS:
            return found
        reason = f"Nothing was written for {duration(silence)}: it ended or hangs, the log is mute."
        return Liveness("unknown", reason, found.evidence)

    def _change(self, found: Liveness, step: float, now: float, ended_at: float) -> None:
        if self._state == "stalled":
            self.events = tuple(
                replace(event, cleared_step=step)
                if event.kind == "stalled" and event.stands
                else event
                for event in self.events
            )
        self._state = found.state
        if found.state == "stalled":
            self._add(Event("stalled", "warning", step, step, None, found.reason,
                            evidence=found.evidence, time=now))  # fmt: skip
        elif found.state == "finished":
            self._add(Event("finished", "info", step, step, None, found.reason,
                            evidence=found.evidence, time=ended_at))  # fmt: skip

    def _add(self, event: Event) -> None:
        self.events = (*self.events[-ARRIVALS:], event)
