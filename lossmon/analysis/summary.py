"""The numbers beside a verdict, read from the state of the analysis (`Summary`)."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lossmon.analysis import probability, ratings
from lossmon.analysis.curve import CLEAN, RAW
from lossmon.analysis.divergence import slope_test
from lossmon.analysis.ema import automatic_time_constant
from lossmon.analysis.eval_track import EvalTrack
from lossmon.analysis.outlook import FIRST as FIRST_LINE
from lossmon.analysis.outlook import MIN_POINTS
from lossmon.analysis.track import Track
from lossmon.model import Summary

MIN_RISE: Final = 6
"""Buckets since a divergence began from which its slope is told."""


def smoothed_level(track: Track) -> float | None:
    """Debiased EMA of the loss at its end, in the loss's units; None without points.

    Of every point while there are under 128 of them, of bucket means (a
    fraction of the time constant wide) after that, and of the points since the
    last block: the number moves with each of them. Raw means, as in the chart's
    strong line: the detectors' winsorised ones would show a loss that diverged
    where it was before.
    """
    curve = track.curve
    means = curve.buckets.means(RAW)
    newest = curve.buckets.open_mean(RAW)
    block = track.newest
    if len(means) == 0 and newest is None and len(block) == 0:
        return None if track.last is None else track.last.value
    width, filled = curve.buckets.width, curve.buckets.filled
    counts = np.full(len(means), float(width))
    if newest is not None:
        means, counts = np.append(means, newest), np.append(counts, float(filled))
    if len(block):
        means, counts = np.append(means, block.mean()), np.append(counts, float(len(block)))
    origin = float(means[-1])
    tau = automatic_time_constant(int(counts.sum()))
    if tau <= 0:
        return curve.loss(origin)
    after = np.cumsum(counts[::-1])[::-1] - counts
    weights = np.exp(-after / tau) - np.exp(-(after + counts) / tau)
    return curve.loss(origin + float(((means - origin) * weights).sum() / weights.sum()))


def _finite(number: float | None) -> float | None:
    """None instead of what overflowed (a loss of ±1e308 scatters by more than a float holds)."""
    return number if number is not None and math.isfinite(number) else None


def half_way_step(track: Track) -> float | None:
    """First step at which half of the whole reduction was done; None where nothing was reduced."""
    means = track.curve.buckets.means(CLEAN)
    if len(means) < 8:
        return None
    start, end = track.curve.start, track.curve.level
    if not start - end > 3 * track.curve.sigma:
        return None
    below = np.flatnonzero(means <= 0.5 * (start + end))
    return float(track.curve.buckets.steps_first[below[0]]) if len(below) else None


def _steps_per_point(track: Track) -> float:
    buckets = track.curve.buckets
    span = float(buckets.steps_last[-1] - buckets.steps_first[0])
    return span / max(buckets.count * buckets.width - 1, 1)


def _rise(track: Track) -> tuple[float | None, float | None]:
    """Slope and error per 1,000 steps of a loss that diverges, since it began to; None: too short.

    Of the values as they are: the plateau test's line lies through clipped ones, so that a spike
    is no trend, and clipped a divergence is hardly one either.
    """
    curve = track.curve
    means = curve.buckets.means(RAW)[track.divergence.since // curve.buckets.width :]
    per_bucket = _steps_per_point(track) * curve.buckets.width if len(means) else 0.0
    if len(means) < MIN_RISE or not per_bucket > 0:
        return None, None
    slope, error, _ = slope_test(means)
    return curve.loss(slope) / per_bucket * 1000, curve.loss(error) / per_bucket * 1000


def summarise(train: Track | None, evaluation: EvalTrack | None, trend: Track | None) -> Summary:
    """Return the numbers; `trend` is the track that is judged (train, else eval)."""
    notes: list[str] = []
    if trend is None or trend.last is None or trend.first is None:
        return Summary(
            train=train.name if train else None,
            eval=evaluation.name if evaluation else None,
            notes=("Nothing to judge yet: no finite loss was read.",),
        )
    curve = trend.curve
    level = _finite(smoothed_level(trend))
    share, why = ratings.reduction(trend.first.value, level)
    if why:
        notes.append(f"Reduction unknown: {why}.")
    sigma = _finite(curve.loss(curve.noise.sigma))
    if sigma is None and curve.n < 9:
        notes.append(f"Noise unknown: {curve.n} points, at least 9 are needed.")
    slope = error = None
    outlook = trend.plateau.outlook
    if trend.telling.stands("divergence"):
        slope, error = _rise(trend)
        if slope is None:
            notes.append("Slope unknown: the rise is too short to measure.")
    elif outlook is not None:
        per_point = _steps_per_point(trend)
        if per_point > 0:
            slope = curve.loss(outlook.slope) / per_point * 1000
            error = curve.loss(outlook.slope_error) / per_point * 1000
    elif curve.n < FIRST_LINE:
        notes.append(f"Slope unknown: {curve.n} points, at least {FIRST_LINE} are needed.")
    else:
        notes.append(f"Slope unknown: under {MIN_POINTS} points since the run was resumed.")
    train_now = smoothed_level(train) if train is not None else None
    eval_now = evaluation.last.value if evaluation is not None and evaluation.last else None
    gap, why = ratings.gap(train_now, eval_now)
    rating, why_not = ratings.rate_gap(gap)
    notes.extend(f"Gap unknown: {reason}." for reason in (why, why_not) if reason)
    steps = max(point.step for point in (trend.last, evaluation.last if evaluation else None)
                if point is not None)  # fmt: skip
    epochs = [point.epoch for point in (trend.last, evaluation.last if evaluation else None)
              if point is not None and point.epoch is not None]  # fmt: skip
    nats = level is not None and probability.is_cross_entropy(trend.name, trend.first.value)
    return Summary(
        train=train.name if train else None,
        eval=evaluation.name if evaluation else None,
        steps=steps,
        epochs=max(epochs) if epochs else None,
        reduction=share,
        reduction_rating=ratings.rate_reduction(share),
        smoothed=level,
        slope_per_1000_steps=_finite(slope),
        slope_error_per_1000_steps=_finite(error),
        noise=sigma,
        noise_rating=ratings.rate_noise(curve.noise.sigma, curve.descent),
        gap=gap,
        gap_rating=rating,
        best_eval=evaluation.best if evaluation else None,
        probability=probability.probability(level) if nats and level is not None else None,
        perplexity=probability.perplexity(level) if nats and level is not None else None,
        half_way_step=half_way_step(trend),
        notes=tuple(notes),
    )
