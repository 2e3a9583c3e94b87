"""Whether a run still lives, from its own rhythm of writing and from what its log says.

A run that logs every second is late after a minute; one that evaluates for an
hour between lines is not. The gaps between arrivals are the measure: a run is
stalled when it has been silent for much longer than its longest usual gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

import numpy as np

from lossmon.model import RunState
from lossmon.record import record

MIN_SILENCE: Final = 60.0
"""Seconds: buffered writers (Python's stdout, `.wandb` blocks) are often this late."""
MIN_GAPS: Final = 4
"""Fewer gaps say nothing of a rhythm; then only `DEFAULT_SILENCE` counts."""
DEFAULT_SILENCE: Final = 3600.0
FACTOR_TYPICAL: Final = 10.0
"""Silence over so many typical gaps …"""
FACTOR_LONGEST: Final = 3.0
"""… and over so many times the longest gap seen (evaluation, checkpointing) is a stall."""


@record
class Liveness:
    """A run's state, one sentence that says why, and the numbers of that sentence (seconds)."""

    state: RunState
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


def patience(arrivals: Sequence[float], stalled_after: float | None = None) -> float:
    """Seconds of silence after which a run that wrote at `arrivals` (increasing) is stalled."""
    if stalled_after is not None:
        return stalled_after
    gaps = np.diff(np.asarray(arrivals, dtype=np.float64))
    gaps = gaps[np.isfinite(gaps) & (gaps > 0)]
    if len(gaps) < MIN_GAPS:
        return DEFAULT_SILENCE
    ordered = np.sort(gaps)
    typical = float(ordered[(len(gaps) - 1) // 2] + ordered[len(gaps) // 2]) / 2
    longest = float(gaps.max())
    return max(MIN_SILENCE, FACTOR_TYPICAL * typical, FACTOR_LONGEST * longest)


def liveness(
    arrivals: Sequence[float],
    now: float,
    *,
    finished: bool = False,
    crashed: bool = False,
    ended: bool = False,
    progress: float | None = None,
    stalled_after: float | None = None,
) -> Liveness:
    """Judge whether a run lives.

    `arrivals`: when it was seen to grow, or the rows' own times (seconds,
    increasing; a bounded recent part is enough). `now` on the same clock.
    `finished`, `crashed`: what the log itself says. `ended`: no byte can come
    any more (standard input closed). `progress`: last step over the total,
    where the log names one.
    """
    if crashed:
        return Liveness("crashed", "The log says that training failed.")
    if finished:
        return Liveness("finished", "The log says that training ended.")
    if progress is not None and progress >= 1:
        return Liveness("finished", "The last planned step is in the log.", {"progress": progress})
    if ended:
        return Liveness("finished", "The stream was closed.")
    if not arrivals:
        return Liveness("unknown", "Nothing was written yet.")
    silence = now - arrivals[-1]
    limit = patience(arrivals, stalled_after)
    evidence = {"silence_seconds": silence, "patience_seconds": limit}
    if silence > limit:
        return Liveness(
            "stalled",
            f"Nothing was written for {duration(silence)}; "
            f"this run's own rhythm allows {duration(limit)}.",
            evidence,
        )
    return Liveness("live", f"Last written {duration(max(silence, 0.0))} ago.", evidence)


def duration(seconds: float) -> str:
    """A duration for people: `45 s`, `12 min`, `3.5 h`, `4 d`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds / 3600:.3g} h"
    return f"{seconds / 86400:.3g} d"
