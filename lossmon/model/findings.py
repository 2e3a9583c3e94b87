"""What was found in a run: events, the verdict, and the numbers beside it.

Plain immutable records, shared by the analysis that makes them and by every
screen and report that shows them. Wordings of kinds and ratings are part of
the report's contract; a test pins them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from lossmon.record import record

if TYPE_CHECKING:
    import numpy.typing as npt


EventKind = Literal[
    "plateau",
    "divergence",
    "spike",
    "overfitting",
    "nonfinite",
    "resume",
    "restart",
    "stalled",
    "finished",
    "not_learning",
]
EVENT_KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)
Severity = Literal["info", "warning", "critical"]
Status = Literal["healthy", "plateau", "diverging", "overfitting", "nonfinite", "unknown"]
Shape = Literal["exponential", "power", "linear", "plateau", "diverging", "unknown"]
RunState = Literal["live", "finished", "stalled", "crashed", "unknown"]
ReductionRating = Literal["strong", "moderate", "weak", "unknown"]
NoiseRating = Literal["smooth", "moderate", "noisy", "unknown"]
GapRating = Literal["healthy", "monitor", "overfitting", "unknown"]


@record
class Point:
    """One point of a series; `epoch` is None where the log has none."""

    step: float
    epoch: float | None
    value: float


@record
class Event:
    """Something that happened at a step: raised, maybe cleared later.

    `step` is that of the point at which it was raised, `onset_step` the best
    estimate of when it began, `cleared_step` None while it stands. `series`
    is the metric it was seen in. `evidence` holds the numbers of `message`.
    """

    kind: EventKind
    severity: Severity
    step: float
    onset_step: float | None
    cleared_step: float | None
    message: str
    series: str | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    time: float | None = None
    """Wall time of the point (seconds since 1970), where the log has it."""

    @property
    def stands(self) -> bool:
        """Whether it was never cleared."""
        return self.cleared_step is None


@record
class Verdict:
    """What holds now: a status, the curve's shape, one sentence, what to do, and why."""

    status: Status = "unknown"
    shape: Shape = "unknown"
    headline: str = "Nothing read yet."
    advice: tuple[str, ...] = ()
    evidence: Mapping[str, float | str] = field(default_factory=dict)


@record(eq=False)
class Forecast:
    """Where a loss is expected at later steps; arrays of shape (m,), from the last step to the end.

    `mean`, `low` and `high` are in the loss's unit and speak of its smoothed
    level (one bucket of the analysis), not of a single point. `low` to `high`
    holds the truth in a share `coverage` of runs.
    """

    series: str
    steps: npt.NDArray[np.float64] = field(repr=False)
    mean: npt.NDArray[np.float64] = field(repr=False)
    low: npt.NDArray[np.float64] = field(repr=False)
    high: npt.NDArray[np.float64] = field(repr=False)
    coverage: float


@record
class Summary:
    """The numbers of one run; None where they are unknown, never a guess.

    `reduction`, `gap`: fractions (0.63 is 63 %). `smoothed`, `noise`: in units
    of the loss (`noise` is the robust standard deviation of one point around
    the trend). `slope_per_1000_steps`: loss units. `probability` e^−loss and
    `perplexity` e^loss only where the loss is a cross-entropy in nats.
    """

    train: str | None = None
    eval: str | None = None
    steps: float | None = None
    epochs: float | None = None
    reduction: float | None = None
    reduction_rating: ReductionRating = "unknown"
    smoothed: float | None = None
    slope_per_1000_steps: float | None = None
    slope_error_per_1000_steps: float | None = None
    noise: float | None = None
    noise_rating: NoiseRating = "unknown"
    gap: float | None = None
    gap_rating: GapRating = "unknown"
    best_eval: Point | None = None
    best_checkpoint: str | None = None
    probability: float | None = None
    perplexity: float | None = None
    half_way_step: float | None = None
    notes: tuple[str, ...] = ()
    """Why a number is unknown, or what it leaves out, one sentence each."""
