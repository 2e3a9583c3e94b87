"""`Telling`: what the detectors of one loss series found, as events in words with their evidence.

Losses in it are in the series' own unit; detectors hand theirs over in the
curve's internal one (see `scale`). When something is said is `Track`'s to decide.
"""

from __future__ import annotations

import math
from typing import Final

from lossmon.analysis.curve import Curve
from lossmon.analysis.journal import Journal, Moment
from lossmon.analysis.not_learning import NotLearningDetector
from lossmon.analysis.plateau import PlateauDetector
from lossmon.analysis.rates import LearningRate
from lossmon.analysis.spike import SpikeDetector
from lossmon.model import EventKind

KEEP_DECAYED: Final = 0.1
"""Under this share of its highest value the learning rate itself explains a plateau."""
_DIVERGES: Final = {
    "exploded": "it exploded far above its start",
    "above start": "it is above its start",
    "rising": "its slope since then is significantly positive",
    "slow": "its line over that stretch surely rises",
    "stuck": "it jumped and did not recover",
}


class Telling:
    """The journal as one series writes into it."""

    def __init__(self, name: str, journal: Journal, curve: Curve) -> None:
        self.name = name
        self.journal = journal
        self._curve = curve

    def stands(self, kind: EventKind) -> bool:
        """Whether an event of this kind was raised and not cleared."""
        return self.journal.standing(kind, self.name) is not None

    def clear(self, kind: EventKind, moment: Moment, note: str) -> None:
        """Say that what was raised is over; nothing where nothing stands."""
        self.journal.clear(kind, moment, note, series=self.name)

    def spike(
        self, moment: Moment, value: float, spike: SpikeDetector, held: float, onset: float
    ) -> None:
        """Tell of a jump to `value`; `held`: σ of the point before (at `onset`) that counts too."""
        loss = self._curve.loss
        seen = f"{(value - spike.base) / spike.sigma:.1f} σ"
        if held:
            seen = f"{held:.1f} σ and {seen} in a row"
        self.journal.record(
            "spike", "warning", moment,
            f"{self.name} jumped to {loss(value):.4g} at step {moment.step:,.12g}, "
            f"{seen} above its level of {loss(spike.base):.4g} "
            f"(limit {spike.threshold:.1f} σ).",
            series=self.name, onset=onset,
            evidence={"z": spike.z, "limit": spike.threshold, "amplitude": loss(spike.amplitude)},
        )  # fmt: skip

    def explained_jump(self, moment: Moment, z: float) -> None:
        """Tell of a jump that a learning rate that rose, or a resume, explains."""
        self.journal.record(
            "restart", "info", moment,
            f"{self.name} jumped at step {moment.step:,.12g}, just after the learning rate rose "
            "or the run was resumed: expected, no spike.",
            series=self.name, onset=moment.step, evidence={"z": z}, stands=False,
        )  # fmt: skip

    def summary_row(self, moment: Moment, value: float, z: float) -> None:
        """Tell of a last row that is the mean of all points before it."""
        self.journal.record(
            "spike", "info", moment,
            f"{self.name} is {self._curve.loss(value):.4g} at step {moment.step:,.12g}, the "
            f"mean of all {self._curve.n - 1} points before it: a summary row, no spike.",
            series=self.name, onset=moment.step, evidence={"z": z}, stands=False,
        )  # fmt: skip

    def plateau(
        self, moment: Moment, found: PlateauDetector, rates: LearningRate, onset: float
    ) -> None:
        """Tell of a plateau since step `onset`."""
        outlook = found.outlook
        assert outlook is not None
        descent, loss = self._curve.descent, self._curve.loss
        share = outlook.high / descent if descent > 0 else 0.0
        decayed = rates.known and rates.decayed < KEEP_DECAYED
        rate = (
            f", at a learning rate decayed to {rates.decayed:.1%} of its highest" if decayed else ""
        )
        self.journal.record(
            "plateau", "info" if decayed else "warning", moment,
            f"{self.name} is flat since about step {onset:,.12g}{rate}: half as much training "
            f"again would gain at most {loss(outlook.high):.3g}, "
            f"{max(share, 0):.1%} of what the last 90 % of the run brought.",
            series=self.name, onset=onset,
            evidence={"gain": loss(outlook.gain), "gain_high": loss(outlook.high),
                      "share_of_descent": share, "learning_rate_share": rates.decayed},
        )  # fmt: skip

    def not_learning(self, moment: Moment, found: NotLearningDetector, onset: float | None) -> None:
        """Tell of a loss that has not left its start."""
        loss = self._curve.loss
        descent, noise = loss(found.descent), loss(self._curve.sigma)
        self.journal.record(
            "not_learning", "warning", moment,
            f"{self.name} has not left its start after {self._curve.n} points: it changed by "
            f"{descent:.3g}, while single points scatter by {noise:.3g}.",
            series=self.name, onset=onset,
            evidence={"descent": descent, "noise": noise, "descent_error": loss(found.error)},
        )  # fmt: skip

    def divergence(self, moment: Moment, word: str, height: float, onset: float) -> None:
        """Tell of a loss that rises since `onset`; `word` is the detector's for how it knows."""
        descent, loss = self._curve.descent, self._curve.loss
        share = height / descent if descent > 0 else math.inf
        evidence = {"rise": loss(height), "noise": loss(self._curve.sigma)}
        if math.isfinite(share):
            evidence["rise_share_of_descent"] = share
        self.journal.record(
            "divergence", "critical", moment,
            f"{self.name} rises since about step {onset:,.12g}: {loss(height):.3g} above "
            f"its lowest level, and {_DIVERGES[word]}.",
            series=self.name, onset=onset, evidence=evidence,
        )  # fmt: skip

    def resume(self, moment: Moment, step: float) -> None:
        """Tell of a step that went back."""
        self.journal.record(
            "resume", "info", moment,
            f"{self.name}: the step went back to {step:,.12g}; points from there on that came "
            "before do not count.",
            series=self.name, onset=step, stands=False,
        )  # fmt: skip
