"""What holds now: status by severity, shape, one plain sentence, advice and evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from lossmon.analysis.advice import Facts, advise, points_wanted
from lossmon.analysis.causes import benign_causes
from lossmon.analysis.curve import CLEAN
from lossmon.analysis.eval_track import EvalTrack
from lossmon.analysis.journal import Journal
from lossmon.analysis.outlook import FIRST as LINE_POINTS
from lossmon.analysis.outlook import MIN_POINTS as RESUMED_POINTS
from lossmon.analysis.overfitting import MIN_BUCKETS as MIN_EVALUATIONS
from lossmon.analysis.shape import MIN_BUCKETS, fit_shape, shape_of
from lossmon.analysis.spike import MIN_POINTS as SPIKE_POINTS
from lossmon.analysis.track import Track
from lossmon.model import EventKind, Shape, Status, Summary, Verdict, rounded

MIN_POINTS: Final = 16
"""Fewer points of the judged loss say nothing yet, unless they fall in order."""
MIN_ORDERED: Final = 5
ORDERED: Final = 1.65
"""Kendall's S over its standard deviation: one chance in twenty without a trend."""
HARDLY: Final = 0.02
"""A positive loss that changed by less than this share of itself has hardly moved (a reading,
shown in the verdict while it holds; never an event)."""
MIN_HARDLY: Final = 24
RISES: Final = 2.0
"""A rise is said where the gain lies below 0 by so many times its margin: 4.4 standard errors."""
STRAIGHT: Final = 3.0
"""Residuals of a line that rises, over what noise explains: a sawtooth or a bump is no line."""
RATE_BEFORE: Final = 0.1
"""A rise of the learning rate within this share of the run before the loss's is named with it."""
_ORDER: Final[tuple[tuple[EventKind, Status], ...]] = (
    ("nonfinite", "nonfinite"),
    ("divergence", "diverging"),
    ("overfitting", "overfitting"),
    ("plateau", "plateau"),
    ("not_learning", "plateau"),
)


def judge(
    journal: Journal,
    trend: Track | None,
    evaluation: EvalTrack | None,
    summary: Summary,
    others: Sequence[EvalTrack] = (),
    gradients: float | None = None,
) -> Verdict:
    """Return the verdict; `trend` is the judged track, `summary` its numbers.

    `others` are further evaluation sets: one that rises is named in headline,
    evidence and advice, and does not decide the status. `gradients`: the norm
    of the newest gradients over the usual one.
    """
    status: Status = "unknown"
    headline = ""
    elsewhere = {other.name for other in others}
    standing = [event for event in journal.events if event.stands and event.series not in elsewhere]
    for kind, name in _ORDER:
        found = [event for event in standing if event.kind == kind]
        if found:
            # What the judged loss itself shows says more than what went wrong in its wake.
            own = [event for event in found if trend is not None and event.series == trend.name]
            status, headline = name, (own or found)[-1].message
            break
    points = trend.curve.n if trend is not None else 0
    unlearned = any(event.kind == "not_learning" for event in standing)
    if status == "unknown" and trend is not None and _hardly_moved(trend):
        assert trend.first is not None
        change = trend.curve.loss(trend.curve.level) / trend.first.value - 1
        status, unlearned = "plateau", True
        headline = (
            f"{trend.name} has hardly moved so far: {change:+.1%} over {points} points, "
            "no more than they scatter."
        )
    elif status == "unknown" and trend is not None and points >= MIN_POINTS:
        if _rises(trend):
            headline = _risen(trend)
        else:
            status, headline = "healthy", _healthy(trend, evaluation, unlearned)
    elif status == "unknown" and trend is not None and _falls_in_order(trend):
        status = "healthy"
        headline = (
            f"{trend.name} falls so far; {points} points are too few to say more "
            f"(at least {MIN_POINTS})."
        )
    elif status == "unknown":
        headline = (
            f"Too early to say: {points} of at least {MIN_POINTS} points of "
            f"{trend.name if trend else 'a loss'} were read."
        )
    rising = [other for other in others if other.overfitting.stands]
    for other in rising:
        if status not in ("nonfinite", "diverging"):
            headline += f" {other.name} {other.course}."
    evidence: dict[str, float | str] = {"points": float(points)}
    shape = _shape(trend, status, evidence)
    if trend is not None:
        _add_trend(trend, evidence, status)
        _add_missing(trend, evidence)
        causes = benign_causes(trend)
        if causes:
            evidence["benign_causes"] = "; ".join(causes)
    if evaluation is None:
        evidence["overfitting"] = "not checked: no evaluation loss was found"
    else:
        seen = evaluation.overfitting.evaluations
        evidence["evaluations"] = float(seen)
        if seen < MIN_EVALUATIONS:
            evidence["overfitting"] = (
                f"not checked yet: {seen} of at least {MIN_EVALUATIONS} evaluations"
            )
    if gradients is not None:
        evidence["gradient_norm_share"] = gradients
    if others:
        evidence["other_evaluations"] = "; ".join(
            f"{other.name} {other.course}" for other in others
        )
    evidence = {
        name: value
        for name, value in evidence.items()
        if isinstance(value, str) or math.isfinite(value)
    }
    for note in summary.notes:
        key, _, reason = note.partition(" unknown: ")
        if reason:
            evidence[f"{key.lower()}_unknown"] = reason
    return Verdict(status, shape, headline, advise(status, _facts(
        journal, trend, evaluation, summary, unlearned, rising, gradients)), evidence)  # fmt: skip


def _falls_in_order(trend: Track) -> bool:
    """Whether a few points fall significantly (Mann–Kendall, one-sided)."""
    means = trend.curve.buckets.means(CLEAN)
    n = len(means)
    if n < MIN_ORDERED:
        return False
    signs = np.sign(means[None, :] - means[:, None])
    s = float(np.triu(signs, 1).sum())
    return s + 1 < -ORDERED * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)


def _hardly_moved(trend: Track) -> bool:
    """Whether the loss is where it began, within 2 % of itself and what its noise hides."""
    first, curve = trend.first, trend.curve
    if first is None or first.value <= 0 or curve.n < MIN_HARDLY or not trend.plateau.unlearned:
        return False
    return abs(curve.loss(curve.level) / first.value - 1) < HARDLY


def _rises(trend: Track) -> bool:
    """Whether a line over the newest points surely rises, though it is no divergence (yet)."""
    outlook = trend.plateau.outlook
    if outlook is None or outlook.misfit >= STRAIGHT:
        return False
    return outlook.gain + RISES * (outlook.high - outlook.gain) < 0


def _risen(trend: Track) -> str:
    """Return what is said of a loss that rises and may yet come down, as a warm-up's bump does."""
    outlook = trend.plateau.outlook
    assert outlook is not None
    low, high = (rounded(-trend.curve.loss(gain), 2) for gain in (outlook.high, outlook.low))
    return (
        f"{trend.name} rises over the last {outlook.window:,} points; whether it diverges is not "
        f"sure yet: half as much training again at this pace would add {low} to {high}."
    )


def _healthy(trend: Track, evaluation: EvalTrack | None, unlearned: bool) -> str:
    name, curve, plateau = trend.name, trend.curve, trend.plateau
    if unlearned:
        return f"{name} has not left its start in {curve.n} points."
    unchecked = "."
    if evaluation is None:
        unchecked = "; overfitting is not checked (no evaluation loss)."
    outlook = plateau.outlook
    if outlook is None:
        falls = _falls_in_order(trend)
        seen = f"{name} falls so far" if falls else f"Nothing is wrong with {name}"
        points, least = curve.n, LINE_POINTS
        if points >= least:  # it was resumed
            points, least = points - curve.segment_start, RESUMED_POINTS
        text = f"{seen}; {points} points are too few to tell whether it goes on (at least {least})"
        return f"{text}{unchecked}"
    low, high = curve.loss(outlook.low), curve.loss(outlook.high)
    gain = f"half as much training again would gain {rounded(low, 2)} to {rounded(high, 2)}"
    if plateau.improving:
        likely, spread = curve.loss(outlook.gain), curve.loss(outlook.high - outlook.gain)
        text = (
            f"{name} still falls: half as much training again is expected to gain "
            f"{rounded(likely, 3)} ± {rounded(spread, 2)}"
        )
    elif plateau.points_needed:
        needed = points_wanted(plateau.points_needed, curve.n)
        text = f"Nothing is wrong, but noise hides whether {name} still falls: {gain}; {needed}"
    elif plateau.flat:
        text = f"{name} hardly falls any more: {gain}; it is called a plateau once that has lasted"
    else:
        text = f"Nothing is wrong with {name}: {gain}"
    return f"{text}{unchecked}"


def _shape(trend: Track | None, status: Status, evidence: dict[str, float | str]) -> Shape:
    if status == "diverging":
        return "diverging"
    if trend is None:
        return "unknown"
    means = trend.curve.buckets.means(CLEAN)
    if len(means) < MIN_BUCKETS:
        return "unknown"
    if status == "nonfinite" and trend.nonfinite.stands:
        return "diverging"
    variance, _ = trend.curve.bucket_variance(max(16, len(means) // 3))
    if trend.fit is None or trend.fit[0] != trend.curve.renewals:
        places = np.arange(len(means), dtype=np.float64)
        trend.fit = (trend.curve.renewals, fit_shape(places, means, variance))
    fit = trend.fit[1]
    if fit is not None:
        evidence["shape_margin_bic"] = float(fit.margin)
    return shape_of(fit, means, variance)


def _add_trend(trend: Track, evidence: dict[str, float | str], status: Status) -> None:
    curve, outlook = trend.curve, trend.plateau.outlook
    if math.isfinite(curve.noise.sigma):
        evidence["noise"] = curve.loss(curve.noise.sigma)
        evidence["autocorrelation"] = curve.noise.rho
    if curve.descent > 0:
        evidence["descent"] = curve.loss(curve.descent)
        if math.isfinite(curve.noise.sigma):
            evidence["noise_share_of_descent"] = curve.noise.sigma / curve.descent
    if status not in ("diverging", "nonfinite"):  # training longer brings what goes wrong nothing
        if outlook is not None:
            evidence["gain_of_half_more"] = curve.loss(outlook.gain)
            evidence["gain_low"] = curve.loss(outlook.low)
            evidence["gain_high"] = curve.loss(outlook.high)
        if trend.plateau.points_needed:
            evidence["points_needed"] = float(trend.plateau.points_needed)
    if trend.rates.known:
        evidence["learning_rate_share"] = trend.rates.decayed


def _add_missing(trend: Track, evidence: dict[str, float | str]) -> None:
    """Name what is not looked at yet, and how many points it takes."""
    curve = trend.curve
    if curve.buckets.count < MIN_BUCKETS:
        evidence["shape_unknown"] = f"{curve.n} points, at least {MIN_BUCKETS} are needed"
    if curve.quiet_points < SPIKE_POINTS:
        evidence["spikes_unknown"] = (
            f"{curve.quiet_points} points of usual height, at least {SPIKE_POINTS} are needed"
        )


def _spikes_before(journal: Journal, trend: Track) -> int:
    """Spikes that came, and went, before what stands now began (not those of the rise itself)."""
    began = min(
        (e.onset_step for e in journal.events
         if e.stands and e.kind in ("divergence", "nonfinite") and e.onset_step is not None),
        default=math.inf,
    )  # fmt: skip
    return sum(
        e.kind == "spike" and e.severity != "info" and e.series == trend.name
        and e.cleared_step is not None and e.cleared_step < began
        for e in journal.events
    )  # fmt: skip


def _facts(
    journal: Journal,
    trend: Track | None,
    evaluation: EvalTrack | None,
    summary: Summary,
    unlearned: bool,
    rising: Sequence[EvalTrack],
    gradients: float | None,
) -> Facts:
    share = None
    if trend is not None and trend.curve.descent > 0 and math.isfinite(trend.curve.noise.sigma):
        share = trend.curve.noise.sigma / trend.curve.descent
    hidden = trend is not None and (
        trend.nonfinite.masked > 0 or (
            trend.nonfinite.total == 0
            and any(e.kind == "nonfinite" and e.stands for e in journal.events)
        )
    )  # fmt: skip
    rate_rose = None
    began = trend.divergence.since if trend is not None else 0
    if trend is not None and 0 <= began - trend.rates.rise_at < max(30, RATE_BEFORE * began):
        rate_rose = began - trend.rates.rise_at
    return Facts(
        rate_rose=rate_rose,
        warming=trend is not None and 0 < began <= trend.rates.warmup_end,
        gradients=gradients,
        rate_known=trend is not None and trend.rates.known,
        rate_share=trend.rates.decayed if trend is not None else 1.0,
        noise_share=share,
        gap=summary.gap,
        best_step=summary.best_eval.step if summary.best_eval else None,
        has_eval=evaluation is not None,
        hidden=hidden,
        improving=trend is not None and trend.plateau.improving,
        points=trend.curve.n if trend is not None else 0,
        points_needed=trend.plateau.points_needed if trend is not None else None,
        spikes=_spikes_before(journal, trend) if trend is not None else 0,
        unlearned=unlearned,
        rising_elsewhere=tuple(
            (other.name, other.overfitting.onset_step)
            for other in rising
            if other.overfitting.onset_step is not None
        ),
    )
